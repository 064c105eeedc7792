/** Owns the player's settings menu: quality, way and delay, each a page of its own, so that it fits into a phone's picture. */

import { gettext } from "../i18n.js";
import { delayItems, delayName, heightOf, layoutItems, layoutName, notes, qualityItems, qualityName, wayItems } from "./menu-items.js";
import { make, need, say } from "./page.js";
import { WAYS } from "./words.js";

/** @import {Item, MenuEvents, MenuState} from "./menu-items.js" */

/** @typedef {"" | "quality" | "way" | "delay" | "layout"} Page "" is the first one */

/** @type {Page[]} in the order of the first page */
const PAGES = ["quality", "way", "delay", "layout"];

export class PlayerMenu {
  #root;
  #menu;
  #button;
  #events;
  /** @type {Page} */
  #page = "";
  /** @type {MenuState | null} */
  #state = null;
  #signature = "";

  /**
   * @param {HTMLElement} root the player
   * @param {MenuEvents} events
   */
  constructor(root, events) {
    this.#root = root;
    this.#events = events;
    this.#menu = need("[data-menu]", root);
    this.#button = need('[data-do="menu"]', root);
    this.#button.addEventListener("click", () => (this.#menu.hidden ? this.#open("") : this.#close()));
    document.addEventListener("click", ({ target }) => {
      const inside = target instanceof Node && (this.#menu.contains(target) || this.#button.contains(target));
      // A page that was just exchanged is no longer in the document.
      if (!this.#menu.hidden && !inside && target instanceof Node && target.isConnected) this.#close(false);
    });
    this.#menu.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {MenuState} state */
  show(state) {
    this.#root.dataset.layer = state.layer ?? "";
    const signature = JSON.stringify(state);
    if (signature === this.#signature) return;
    this.#signature = signature;
    this.#state = state;
    const playing = state.choices.find(({ wish }) => wish === (state.layer ?? "auto"));
    say(need("[data-quality-now]", this.#root), playing?.height ? `${playing.height}p` : "");
    if (!this.#menu.hidden) this.#fill();
  }

  /** @param {Page} page */
  #open(page) {
    const from = this.#page;
    this.#page = page;
    this.#menu.hidden = false;
    this.#button.setAttribute("aria-expanded", "true");
    this.#fill();
    const items = this.#items();
    // Back on the first page, one stands where one came from.
    const back = page === "" && from !== "" ? items[PAGES.indexOf(from)] : undefined;
    (back ?? items.find((item) => item.getAttribute("aria-checked") === "true") ?? items[0])?.focus();
  }

  #close(focus = true) {
    this.#menu.hidden = true;
    this.#page = "";
    this.#button.setAttribute("aria-expanded", "false");
    if (focus) this.#button.focus();
  }

  #items() {
    return /** @type {HTMLButtonElement[]} */ ([...this.#menu.querySelectorAll("button")]);
  }

  #fill() {
    const state = this.#state;
    if (state === null) return;
    const at = this.#items().indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    this.#menu.replaceChildren(...this.#pageOf(state));
    if (at >= 0) this.#items()[at]?.focus();
  }

  /** @param {MenuState} state */
  #pageOf(state) {
    switch (this.#page) {
      case "quality":
        return [this.#back(gettext("Quality")), ...this.#radios(qualityItems(state, this.#events)), ...notes(state).map((text) => make("p", "player-menu-note", text))];
      case "way":
        return [this.#back(gettext("Way")), ...this.#radios(wayItems(state, this.#events))];
      case "delay":
        return [this.#back(gettext("Delay")), ...this.#radios(delayItems(state, this.#events))];
      case "layout":
        // The others may have left while one chose.
        if (state.layout === null) return this.#firstPage(state);
        return [this.#back(gettext("Layout")), ...this.#radios(layoutItems(state.layout, this.#events))];
      default:
        return this.#firstPage(state);
    }
  }

  /** @param {MenuState} state */
  #firstPage(state) {
    const { choices, wish, layer } = state;
    const now = choices.find((choice) => choice.wish === (layer ?? "auto"))?.height ?? null;
    const way = state.pinned === null ? gettext("Automatic") : WAYS[state.pinned];
    const figures = this.#item({ text: gettext("Stats for nerds"), act: () => this.#events.stats() }, "menuitemcheckbox");
    figures.setAttribute("aria-checked", String(state.stats));
    const { layout } = state;
    const layouts = layout && this.#door(gettext("Layout"), layout.chosen ? layoutName(layout.chosen) : gettext("Automatic"), "layout");
    return [
      this.#door(gettext("Quality"), qualityName(wish, wish === "auto" ? now : heightOf(choices, wish)), "quality"),
      this.#door(gettext("Way"), way, "way"),
      this.#door(gettext("Delay"), delayName(state.delay), "delay"),
      ...(layouts ? [layouts] : []),
      figures,
    ];
  }

  /**
   * @param {string} text
   * @param {string} value
   * @param {Page} page
   */
  #door(text, value, page) {
    const item = this.#item({ text, act: () => this.#open(page) }, "menuitem");
    item.classList.add("player-menu-door");
    item.append(make("span", "player-menu-value", value));
    return item;
  }

  /** @param {string} text */
  #back(text) {
    const item = this.#item({ text, act: () => this.#open("") }, "menuitem");
    item.classList.add("player-menu-back");
    return item;
  }

  /** @param {Item[]} items */
  #radios(items) {
    return items.map((one) => {
      const choose = () => {
        one.act();
        this.#close();
      };
      const item = this.#item({ ...one, act: choose }, "menuitemradio");
      item.setAttribute("aria-checked", String(one.checked === true));
      return item;
    });
  }

  /**
   * @param {Item} one
   * @param {string} role
   */
  #item({ text, detail, disabled, act }, role) {
    const item = make("button", "player-menu-item");
    item.type = "button";
    item.setAttribute("role", role);
    const words = make("span", "player-menu-words", text);
    if (detail) words.append(make("small", "", detail));
    item.append(words);
    // Not `disabled`: whoever walks by keyboard is to hear why.
    if (disabled) item.setAttribute("aria-disabled", "true");
    else item.addEventListener("click", act);
    return item;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const items = this.#items();
    const at = items.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) items[(at + step + items.length) % items.length]?.focus();
    else if (event.key === "Escape" && this.#page === "") this.#close();
    else if ((event.key === "Escape" || event.key === "ArrowLeft") && this.#page !== "") this.#open("");
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
