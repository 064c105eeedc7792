/** Owns the dashboard's card of other platforms (`[data-restreams]`): asks how they are, switches, adds, removes. */

import { api, ApiError } from "./api.js";
import { gettext, t } from "./i18n.js";
import { need, say } from "./live/page.js";
import { Poll } from "./obs/poll.js";
import { badgeOf, SERVERS } from "./restream-words.js";

/** @import {Restream} from "./restream-words.js" */

export class Restreams {
  #root;
  #path;
  #list;
  #poll = new Poll(() => this.#ask());
  /** @type {Map<number, HTMLElement>} */
  #shown = new Map();
  #spoken = "";
  #adding = false;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    this.#path = `live/${root.dataset.restreams}/restreams`;
    this.#list = need("[data-list]", root);
    this.#bindForm();
    const card = root.closest("[data-room]") ?? root;
    const seen = (/** @type {IntersectionObserverEntry[]} */ entries) =>
      this.#poll.show(entries.some((entry) => entry.isIntersecting));
    new IntersectionObserver(seen, { rootMargin: "200px" }).observe(card);
  }

  async #ask() {
    try {
      const { items, limit } = await api("GET", this.#path);
      this.#show(items, limit);
      return items.some((/** @type {Restream} */ { state }) => state === "live" || state === "starting") ? "busy" : "quiet";
    } catch (error) {
      const final = error instanceof ApiError && ["unauthenticated", "forbidden", "room_not_found", "banned"].includes(String(error.code));
      return final ? "stop" : "failed";
    }
  }

  /**
   * @param {Restream[]} items
   * @param {number} limit
   */
  #show(items, limit) {
    this.#root.hidden = limit === 0;
    need("[data-none]", this.#root).hidden = items.length > 0;
    const full = need("[data-full]", this.#root);
    need("[data-add]", this.#root).hidden = items.length >= limit;
    full.hidden = items.length < limit;
    say(full, t(gettext("These are as many as a room may have ({n}). Remove one to add another."), { n: limit }));
    const ids = new Set(items.map(({ id }) => id));
    for (const [id, element] of this.#shown) {
      if (ids.has(id)) continue;
      element.remove();
      this.#shown.delete(id);
    }
    for (const item of items) this.#fill(this.#shown.get(item.id) ?? this.#make(item.id), item);
    const words = items.map((item) => `${item.name}: ${badgeOf(item).words}. ${item.detail ?? ""}`).join(" ");
    if (this.#spoken !== "" && this.#spoken !== words) say(need("[data-spoken]", this.#root), words);
    this.#spoken = words;
  }

  /** @param {number} id */
  #make(id) {
    const template = /** @type {HTMLTemplateElement} */ (need("[data-item]", this.#root));
    const element = /** @type {HTMLElement} */ (need("li", template.content).cloneNode(true));
    need("[data-switch]", element).addEventListener("click", () => {
      const on = need("[data-switch]", element).getAttribute("aria-pressed") === "true";
      void this.#do("PATCH", id, { enabled: !on });
    });
    need("[data-remove]", element).addEventListener("click", () => {
      const name = need("[data-name]", element).textContent ?? "";
      if (confirm(t(gettext("Remove {name}? Its key is forgotten."), { name }))) void this.#do("DELETE", id);
    });
    this.#shown.set(id, element);
    this.#list.append(element);
    return element;
  }

  /**
   * @param {HTMLElement} element
   * @param {Restream} item
   */
  #fill(element, item) {
    const { look, words } = badgeOf(item);
    element.dataset.state = item.state;
    say(need("[data-name]", element), item.name);
    const badge = need("[data-badge]", element);
    say(badge, words);
    badge.className = `badge ${look}`;
    badge.hidden = !item.enabled; // the switch says so
    const rate = item.kbps > 0 ? t(gettext("{n} Mbps"), { n: (item.kbps / 1000).toFixed(1) }) : "";
    say(need("[data-detail]", element), [item.detail, rate, item.url].filter(Boolean)[0] ?? "");
    const button = need("[data-switch]", element);
    button.setAttribute("aria-pressed", String(item.enabled));
    const label = item.enabled ? gettext("On") : gettext("Off");
    say(need("[data-label]", button), label);
    button.setAttribute("aria-label", t(gettext("Send to {name}: {state}"), { name: item.name, state: label }));
  }

  /**
   * @param {"PATCH" | "DELETE"} method
   * @param {number} id
   * @param {object} [body]
   */
  async #do(method, id, body) {
    let problem = "";
    try {
      await api(method, `${this.#path}/${id}`, body);
    } catch (error) {
      problem = error instanceof ApiError ? error.message : gettext("The server does not answer. Try again.");
    }
    // Not in the form: that is folded up, and gone when there are as many as there may be.
    const note = need("[data-problem]", this.#root);
    note.hidden = problem === "";
    say(note, problem);
    await this.#ask();
  }

  #bindForm() {
    const form = /** @type {HTMLFormElement} */ (need("form", this.#root));
    const name = /** @type {HTMLInputElement} */ (form.elements.namedItem("name"));
    const url = /** @type {HTMLInputElement} */ (form.elements.namedItem("url"));
    name.addEventListener("change", () => {
      const known = SERVERS.get(name.value.trim().toLowerCase());
      if (known && url.value === "") url.value = known;
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#add(form);
    });
  }

  /** @param {HTMLFormElement} form */
  async #add(form) {
    if (this.#adding) return; // pressed twice
    this.#adding = true;
    for (const field of ["", "name", "url", "key"]) this.#error(field, "");
    try {
      await api("POST", this.#path, Object.fromEntries(new FormData(form)));
      form.reset();
      /** @type {HTMLDetailsElement} */ (need("[data-add]", this.#root)).open = false;
      need("summary", this.#root).focus();
    } catch (error) {
      const fields = error instanceof ApiError ? error.data.fields : undefined;
      if (fields) for (const [field, reasons] of Object.entries(fields)) this.#error(field, reasons[0]);
      else this.#error("", error instanceof ApiError ? error.message : gettext("The server does not answer. Try again."));
      /** @type {HTMLElement | null} */ (form.querySelector("[aria-invalid=true]"))?.focus();
    } finally {
      this.#adding = false;
    }
    await this.#ask();
  }

  /**
   * @param {string} field
   * @param {string} words
   */
  #error(field, words) {
    const note = need(`[data-error="${field}"]`, this.#root);
    note.hidden = words === "";
    say(note, words);
    this.#root.querySelector(`[name="${field}"]`)?.setAttribute("aria-invalid", String(words !== ""));
  }
}
