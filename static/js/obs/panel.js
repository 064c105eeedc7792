/** Owns the OBS card of one room (`[data-obs]`, templates/parts/obs_card.html): asks, and shows hand and doctor. */

import { api, ApiError } from "../api.js";
import { gettext } from "../i18n.js";
import { make, need, say } from "../live/page.js";
import { statusWords } from "./ingest-words.js";
import { Poll } from "./poll.js";
import { RoomKey } from "./room-key.js";

/** @import {Advice, Ingest, Words} from "./ingest-words.js" */

// The page has lost its session or its right to the room: asking on would help nobody.
const FINAL = new Map([
  ["unauthenticated", () => gettext("You are signed out. Sign in again, then reload the page.")],
  ["forbidden", () => gettext("This room is no longer yours.")],
  ["room_not_found", () => gettext("This room is gone.")],
  ["banned", () => gettext("This room or account is banned.")],
]);

export class ObsPanel {
  #root;
  #room;
  #changed;
  #poll = new Poll(() => this.#ask());
  #said = "";

  /**
   * @param {HTMLElement} root
   * @param {(ingest: Ingest) => void} [changed] told after every answer
   */
  constructor(root, changed = () => {}) {
    this.#root = root;
    this.#room = root.dataset.obs ?? "";
    this.#changed = changed;
    new RoomKey(this.#room, root);
    if (root.querySelector("[data-obs-status]") === null) return; // RTMP is not part of this server
    // Only what is on the screen is asked for: somebody may have fifty rooms.
    const seen = (/** @type {IntersectionObserverEntry[]} */ entries) => this.#poll.show(entries.some((entry) => entry.isIntersecting));
    new IntersectionObserver(seen, { rootMargin: "200px" }).observe(root);
  }

  async #ask() {
    try {
      /** @type {Ingest} */
      const ingest = await api("GET", `live/${this.#room}/ingest`);
      this.#show(statusWords(ingest, timeOfDay), ingest.advice);
      this.#showReason(ingest.state === "live" ? null : ingest.reason);
      this.#changed(ingest);
      return ingest.state === "live" || ingest.state === "connected" ? "busy" : "quiet";
    } catch (error) {
      const final = error instanceof ApiError ? FINAL.get(String(error.code)) : undefined;
      if (final) {
        this.#show({ look: "away", title: final(), detail: "" }, []);
        return "stop";
      }
      this.#show(
        {
          look: "away",
          title: gettext("The server does not answer"),
          detail: gettext("What OBS sends goes on. It is asked again by itself."),
        },
        [],
      );
      return "failed";
    }
  }

  /**
   * @param {Words} words
   * @param {Advice[]} found
   */
  #show(words, found) {
    const status = need("[data-obs-status]", this.#root);
    status.hidden = words.look === "none";
    status.dataset.look = words.look;
    say(need("[data-obs-words]", status), words.title);
    say(need("[data-obs-detail]", status), words.detail);
    this.#showAdvice(found);
    this.#speak(words, found);
  }

  /** @param {Advice[]} found */
  #showAdvice(found) {
    const list = need("[data-doctor]", this.#root);
    const shown = new Map([...list.children].map((item) => [/** @type {HTMLElement} */ (item).dataset.code, item]));
    const items = found.map((one) => {
      const item = shown.get(one.code) ?? this.#newItem(one);
      say(need("[data-title]", item), one.title);
      say(need("[data-detail]", item), one.detail);
      return item;
    });
    // Replaced only when the list is another one: what is being read stays where it is.
    const same = items.length === list.childElementCount && items.every((item, n) => list.children[n] === item);
    if (!same) list.replaceChildren(...items);
    list.hidden = items.length === 0;
  }

  /** @param {Advice} advice */
  #newItem({ code, severity }) {
    const item = make("li", "doctor-item");
    item.dataset.code = code;
    item.dataset.level = severity;
    const icons = /** @type {HTMLTemplateElement} */ (need("[data-doctor-icons]", this.#root));
    const icon = icons.content.querySelector(`[data-level="${severity}"]`);
    if (icon) item.append(icon.cloneNode(true));
    const words = make("p", "doctor-words");
    const [title, detail] = [make("strong"), make("span")];
    title.dataset.title = detail.dataset.detail = "";
    words.append(title, " ", detail);
    item.append(words);
    return item;
  }

  /**
   * The bitrate changes all the time, so what is spoken is only what is new: who is there, what is advised.
   *
   * @param {Words} words
   * @param {Advice[]} found
   */
  #speak(words, found) {
    const key = [words.look === "seen" ? "seen" : words.title, ...found.map(({ code }) => code)].join(" ");
    if (key === this.#said) return;
    const first = this.#said === "";
    this.#said = key;
    if (first && (words.look === "waiting" || words.look === "none")) return;
    say(
      need("[data-obs-spoken]", this.#root),
      [words.title, words.detail, ...found.flatMap(({ title, detail }) => [title, detail])].map(sentence).join(" "),
    );
  }

  /** RTMP may go and come while the page is open. @param {string | null} reason */
  #showReason(reason) {
    for (const note of /** @type {NodeListOf<HTMLElement>} */ (this.#root.querySelectorAll("[data-why]"))) {
      note.hidden = note.dataset.why !== reason;
    }
  }
}

/** Read out with a pause after it. @param {string} text */
function sentence(text) {
  return text === "" || /[.!?。！？]$/.test(text) ? text : `${text}.`;
}

/** @param {string} at */
function timeOfDay(at) {
  return new Date(at).toLocaleTimeString(document.documentElement.lang || undefined, { hour: "numeric", minute: "2-digit" });
}
