/** Owns the chat panel: its lines, its form, and staying put while one reads back. */

import { gettext, t } from "../i18n.js";
import { giftName } from "./gifts.js";
import { make, need, say } from "./page.js";

/** @import {ChatInvite} from "./chat-invite.js" */
/** @import {LiveSocket} from "./socket.js" */
/** @import {ChatLine, Gift, GiftGiven, Person, Problem, User} from "./types.js" */

const LONGEST = 500;
const COUNT_FROM = 400;
const LINES_KEPT = 200;
const COLOURS = 8;

export class Chat {
  #root;
  #socket;
  #list;
  #more;
  #gifts;
  #unread = 0;
  #lastId = 0;
  /** @type {User | null} */
  #me;
  /** @type {{ref: string, text: string} | null} what was sent last, given back if it is refused */
  #sent = null;
  #invite;

  /**
   * @param {HTMLElement} root
   * @param {LiveSocket} socket
   * @param {User | null} me
   * @param {Gift[]} gifts
   * @param {ChatInvite | null} [invite] where the room's owner reads
   */
  constructor(root, socket, me, gifts, invite = null) {
    this.#invite = invite;
    this.#root = root;
    this.#socket = socket;
    this.#me = me;
    this.#gifts = gifts;
    this.#list = need("[data-chat-lines]", root);
    this.#more = need("[data-chat-more]", root);
    socket.on("welcome", ({ payload }) => this.#gotHistory(payload.history));
    socket.on("chat", ({ payload }) => this.#gotLine(payload));
    socket.on("chat_deleted", ({ payload }) => {
      this.#list.querySelector(`[data-id="${Number(payload.id)}"]`)?.remove();
    });
    socket.on("gift", ({ payload }) => this.#gotGift(payload));
    socket.on("user_joined", ({ payload }) => this.#gotPerson(payload));
    socket.on("error", (message) => {
      if (message.payload.about === "chat") this.#refused(message.payload, message.ref);
      if (message.payload.about === "gift") this.#note(problemWords(message.payload));
    });
    socket.onStatus(({ state }) => (root.dataset.connected = String(state === "open")));
    this.#list.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#more.addEventListener("click", () => this.#toEnd());
    this.#bindForm();
  }

  focus() {
    const input = /** @type {HTMLElement | null} */ (this.#root.querySelector("[data-chat-input]"));
    (input ?? this.#list).focus();
  }

  #bindForm() {
    const form = /** @type {HTMLFormElement | null} */ (this.#root.querySelector("[data-chat-form]"));
    if (form === null) return;
    const input = /** @type {HTMLTextAreaElement} */ (need("[data-chat-input]", form));
    input.addEventListener("input", () => this.#typed(input));
    input.addEventListener("keydown", (event) => {
      // While an input method composes (pinyin), Enter picks a word.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (text === "" || [...text].length > LONGEST) return;
      const ref = this.#socket.send("chat", { text });
      if (ref === null) {
        this.#note(gettext("Not sent: the connection is down for a moment. Your text stays here."));
        return;
      }
      this.#sent = { ref, text };
      input.value = "";
      this.#note("");
      this.#typed(input);
      this.#toEnd();
    });
  }

  /** @param {HTMLTextAreaElement} input */
  #typed(input) {
    const length = [...input.value.trim()].length;
    const left = need("[data-chat-left]", this.#root);
    left.hidden = length < COUNT_FROM;
    left.classList.toggle("is-over", length > LONGEST);
    say(left, String(LONGEST - length));
    const send = /** @type {HTMLButtonElement} */ (need("[data-chat-send]", this.#root));
    send.disabled = length === 0 || length > LONGEST;
    input.style.blockSize = "auto";
    input.style.blockSize = `${Math.min(input.scrollHeight, 120)}px`;
  }

  /** @param {ChatLine[]} history */
  #gotHistory(history) {
    // After a reconnect only what was missed is added.
    for (const line of history) if (line.id > this.#lastId) this.#gotLine(line, true);
    need("[data-chat-empty]", this.#root).hidden = this.#list.childElementCount > 0;
  }

  /**
   * @param {ChatLine} line
   * @param {boolean} [old]
   */
  #gotLine(line, old = false) {
    if (line.id <= this.#lastId) return;
    this.#lastId = line.id;
    const item = make("div", "chat-line");
    item.dataset.id = String(line.id);
    const name = make("span", `chat-name chat-colour-${line.user.id % COLOURS}`, line.user.name);
    item.append(name);
    if (line.by_owner) item.append(make("span", "chat-owner", gettext("Host")));
    item.append(make("span", "chat-text", line.text));
    this.#invite?.decorate(item, line.user);
    item.title = new Date(line.at).toLocaleTimeString(document.documentElement.lang || undefined);
    this.#add(item, !old && line.user.id === this.#me?.id);
  }

  /** @param {GiftGiven} given */
  #gotGift(given) {
    const item = make("div", "chat-line chat-gift");
    item.append(make("span", "chat-gift-emoji", given.emoji));
    const words = { name: given.user.name, gift: giftName(this.#gifts, given), count: given.count };
    item.append(
      make(
        "span",
        "chat-text",
        given.count > 1
          ? t(gettext("{name} gave {gift} × {count}"), words)
          : t(gettext("{name} gave {gift}"), words),
      ),
    );
    this.#add(item, given.user.id === this.#me?.id);
  }

  /** One line for all who come one after the other: people arriving must not push the talk away. @param {Person} person */
  #gotPerson({ user }) {
    if (user === null || user.id === this.#me?.id) return;
    const last = this.#list.lastElementChild;
    if (last?.classList.contains("chat-came")) last.remove();
    this.#add(make("div", "chat-line chat-came", t(gettext("{name} came in"), { name: user.name })), false, true);
  }

  /**
   * @param {HTMLElement} item
   * @param {boolean} mine
   * @param {boolean} [quiet] does not count as unread
   */
  #add(item, mine, quiet = false) {
    const stick = mine || this.#atEnd();
    this.#list.append(item);
    while (this.#list.childElementCount > LINES_KEPT) this.#list.firstElementChild?.remove();
    need("[data-chat-empty]", this.#root).hidden = true;
    if (stick) this.#toEnd();
    else if (!quiet) this.#showUnread(this.#unread + 1);
  }

  #atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    return scrollHeight - scrollTop - clientHeight < 40;
  }

  #toEnd() {
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#showUnread(0);
  }

  #scrolled() {
    if (this.#unread > 0 && this.#atEnd()) this.#showUnread(0);
  }

  /** @param {number} unread */
  #showUnread(unread) {
    this.#unread = unread;
    this.#more.hidden = unread === 0;
    if (unread > 0) say(need("[data-chat-unread]", this.#more), t(gettext("{n} new"), { n: unread }));
  }

  /**
   * @param {Problem} problem
   * @param {string | undefined} ref
   */
  #refused(problem, ref) {
    this.#note(problemWords(problem));
    const input = /** @type {HTMLTextAreaElement | null} */ (this.#root.querySelector("[data-chat-input]"));
    if (input === null || this.#sent === null || this.#sent.ref !== ref) return;
    if (input.value === "") input.value = this.#sent.text;
    this.#typed(input);
  }

  /** @param {string} text */
  #note(text) {
    const note = need("[data-chat-note]", this.#root);
    note.hidden = text === "";
    say(note, text);
  }
}

/** @param {Problem} problem */
function problemWords({ code, message, data }) {
  switch (code) {
    case "rate_limited": {
      const secs = Math.ceil((data?.retry_in_ms ?? 2000) / 1000);
      return t(gettext("A little slower, please. Try again in {secs} s."), { secs });
    }
    case "banned":
      return gettext("You can't write here any more.");
    case "not_live":
      return gettext("Gifts can be given while the room is live.");
    case "unauthenticated":
      return gettext("Sign in to take part.");
    case "chat_too_long":
      return gettext("That is too long: 500 characters at most.");
    default:
      return message;
  }
}
