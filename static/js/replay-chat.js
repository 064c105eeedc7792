/** Owns the chat of a recording: loads it page by page and shows it in step with the video. */

import { api } from "./api.js";
import { clock } from "./format.js";
import { gettext, t } from "./i18n.js";
import { make, need, say } from "./live/page.js";
import { countUntil, LINES_KEPT, step } from "./replay-lines.js";

/** @import {Line} from "./replay-lines.js" */

const PAGE = 500;
const COLOURS = 8;

export class ReplayChat {
  #root;
  #list;
  #more;
  #recording;
  /** @type {Line[]} */
  #lines = [];
  #shown = 0;
  #unread = 0;
  #nowMs = 0;

  /**
   * @param {HTMLElement} root
   * @param {string} recording
   */
  constructor(root, recording) {
    this.#root = root;
    this.#recording = recording;
    this.#list = need("[data-chat-lines]", root);
    this.#more = need("[data-chat-more]", root);
    this.#list.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#more.addEventListener("click", () => this.#toEnd());
  }

  async load() {
    let after = 0;
    try {
      for (;;) {
        const page = await api("GET", `recordings/${this.#recording}/chat?after=${after}&limit=${PAGE}`);
        this.#lines = [...this.#lines, ...page.items, ...page.gifts].sort((a, b) => a.at_ms - b.at_ms);
        this.#shown = 0;
        this.at(this.#nowMs, true);
        if (page.next === null) break;
        after = page.next;
      }
    } catch {
      this.#note(gettext("The chat can't be loaded just now."));
      return;
    }
    if (this.#lines.length === 0) this.#note(gettext("Nobody wrote anything in this broadcast."));
  }

  /**
   * @param {number} ms where the video is
   * @param {boolean} [anew] show all of it again
   */
  at(ms, anew = false) {
    this.#nowMs = ms;
    const next = step(this.#shown, countUntil(this.#lines, ms));
    if (!anew && !next.anew && next.from === next.to) return;
    const again = anew || next.anew;
    const from = again ? Math.max(0, next.to - LINES_KEPT) : next.from;
    const items = this.#lines.slice(from, next.to).map(itemOf);
    this.#shown = next.to;
    need("[data-chat-empty]", this.#root).hidden = next.to > 0;
    if (again) {
      this.#list.replaceChildren(...items);
      this.#toEnd();
      return;
    }
    const stick = this.#atEnd();
    this.#list.append(...items);
    while (this.#list.childElementCount > LINES_KEPT) this.#list.firstElementChild?.remove();
    if (stick) this.#toEnd();
    else this.#showUnread(this.#unread + items.length);
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

  /** @param {string} text */
  #note(text) {
    say(need("[data-chat-empty]", this.#root), text);
  }
}

/** @param {Line} line */
function itemOf(line) {
  const item = make("div", line.gift ? "chat-line chat-gift" : "chat-line");
  item.append(make("span", "chat-at", clock(line.at_ms / 1000)));
  const name = line.user?.name ?? gettext("Somebody");
  if (line.gift) {
    const words = { name, gift: line.name ?? line.gift, count: line.count ?? 1 };
    item.append(make("span", "chat-gift-emoji", line.emoji ?? ""));
    item.append(
      make(
        "span",
        "chat-text",
        words.count > 1 ? t(gettext("{name} gave {gift} × {count}"), words) : t(gettext("{name} gave {gift}"), words),
      ),
    );
    return item;
  }
  item.append(make("span", `chat-name chat-colour-${(line.user?.id ?? 0) % COLOURS}`, name));
  if (line.by_owner) item.append(make("span", "chat-owner", gettext("Host")));
  item.append(make("span", "chat-text", line.text ?? ""));
  return item;
}
