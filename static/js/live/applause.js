/** Owns likes and gifts: counting taps, sending them in bunches, hearts that rise over the picture. */

import { count as short } from "../format.js";
import { gettext, t } from "../i18n.js";
import { giftName } from "./gifts.js";
import { make, need, say } from "./page.js";

/** @import {LiveSocket} from "./socket.js" */
/** @import {Gift, GiftGiven} from "./types.js" */

const SEND_EVERY_MS = 400;
const MOST_AT_ONCE = 20;
const HEARTS_AT_ONCE = 12;
const BANNER_MS = 4_000;

export class Applause {
  #socket;
  #root;
  #overlay;
  #gifts;
  #pending = 0;
  #timer = 0;
  #bannerTimer = 0;
  #total = 0;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * @param {HTMLElement} root the bar with the buttons
   * @param {HTMLElement} overlay over the picture
   * @param {LiveSocket} socket
   * @param {Gift[]} gifts
   */
  constructor(root, overlay, socket, gifts) {
    this.#root = root;
    this.#overlay = overlay;
    this.#socket = socket;
    this.#gifts = gifts;
    const like = root.querySelector("[data-like]");
    like?.addEventListener("click", () => this.#tap());
    this.#showGifts(gifts);
    socket.on("welcome", ({ payload }) => this.#showTotal(payload.likes));
    socket.on("like", ({ payload }) => {
      this.#showTotal(payload.total);
      this.#hearts(payload.count);
    });
    socket.on("gift", ({ payload }) => this.#banner(payload));
  }

  #tap() {
    this.#pending = Math.min(MOST_AT_ONCE, this.#pending + 1);
    this.#hearts(1);
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#socket.send("like", { count: this.#pending });
      this.#pending = 0;
    }, SEND_EVERY_MS);
  }

  /** @param {number} total */
  #showTotal(total) {
    this.#total = Math.max(this.#total, total);
    for (const place of document.querySelectorAll("[data-likes]")) say(place, short(this.#total));
  }

  /** @param {number} count */
  #hearts(count) {
    if (this.#calm.matches || document.hidden) return;
    const room = HEARTS_AT_ONCE - this.#overlay.childElementCount;
    for (let i = 0; i < Math.min(count, room); i += 1) {
      const heart = make("span", "heart", "❤");
      heart.style.setProperty("--drift", `${Math.round(Math.random() * 60 - 30)}px`);
      heart.style.animationDelay = `${i * 90}ms`;
      heart.addEventListener("animationend", () => heart.remove());
      this.#overlay.append(heart);
    }
  }

  /** @param {Gift[]} gifts */
  #showGifts(gifts) {
    const list = this.#root.querySelector("[data-gifts]");
    if (list === null) return;
    for (const { gift, emoji, name } of gifts) {
      const button = make("button", "gift");
      button.type = "button";
      button.setAttribute("aria-label", t(gettext("Give: {gift}"), { gift: name }));
      button.append(make("span", "gift-emoji", emoji), make("span", "gift-name", name));
      button.addEventListener("click", () => this.#socket.send("gift", { gift, count: 1 }));
      list.append(button);
    }
  }

  /** @param {GiftGiven} given */
  #banner(given) {
    const banner = need("[data-gift-banner]");
    const gift = giftName(this.#gifts, given);
    banner.replaceChildren(
      make("span", "gift-emoji", given.emoji),
      make("span", "", t(gettext("{name} gave {gift}"), { name: given.user.name, gift })),
    );
    banner.hidden = false;
    clearTimeout(this.#bannerTimer);
    this.#bannerTimer = setTimeout(() => (banner.hidden = true), BANNER_MS);
  }
}
