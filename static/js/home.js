// Home: asks for the cards every 10 s and brings those on the page up to date, pictures too, without moving any under the thumb.

import { refreshTimes } from "./format.js";
import { gettext } from "./i18n.js";

const EVERY_MS = 10_000;
const box = /** @type {HTMLElement} */ (document.getElementById("live-cards"));
const total = document.getElementById("home-total");

/**
 * @param {Element} card
 * @param {Element} fresh
 */
function update(card, fresh) {
  for (const what of ["[data-viewers]", "[data-title]"]) {
    const [old, now] = [card.querySelector(what), fresh.querySelector(what)];
    if (old && now && old.textContent !== now.textContent) old.textContent = now.textContent;
  }
  const [state, freshState] = [card.querySelector("[data-state]"), fresh.querySelector("[data-state]")];
  if (state && freshState && state.className + state.textContent !== freshState.className + freshState.textContent) {
    state.replaceWith(freshState);
  }
  card.classList.remove("is-over");
}

/** @param {Element} card */
function markOver(card) {
  if (card.classList.contains("is-over")) return;
  card.classList.add("is-over");
  const state = card.querySelector("[data-state]");
  if (state) {
    state.className = "badge on-picture";
    state.textContent = gettext("Ended");
  }
}

/** @param {DocumentFragment} fragment */
function merge(fragment) {
  const [list, fresh] = [box.querySelector(".card-grid"), fragment.querySelector(".card-grid")];
  if (total) {
    total.hidden = !fresh;
    if (fresh instanceof HTMLElement) total.textContent = fresh.dataset.total ?? "";
  }
  if (!list) {
    if (fresh) box.replaceChildren(fragment);
    return;
  }
  const byId = new Map([...(fresh?.children ?? [])].map((card) => [card.getAttribute("data-room"), card]));
  for (const card of list.children) {
    const now = byId.get(card.getAttribute("data-room"));
    byId.delete(card.getAttribute("data-room"));
    if (now) update(card, now);
    else markOver(card);
  }
  list.append(...byId.values());
  refreshTimes(box);
}

/**
 * The picture of now, swapped only when it is there: nothing flickers, and an old one stays when none comes.
 *
 * @param {HTMLImageElement} picture
 */
async function renew(picture) {
  const [path] = picture.src.split("?");
  const next = new Image();
  next.src = `${path}?at=${Math.floor(Date.now() / EVERY_MS)}`;
  try {
    await next.decode();
    picture.src = next.src;
  } catch {
    // Not there for a moment.
  }
}

async function refresh() {
  if (document.hidden) return;
  try {
    const response = await fetch(box.dataset.refreshUrl ?? "", { headers: { "X-Requested-With": "fetch" } });
    if (!response.ok) return;
    const template = document.createElement("template");
    template.innerHTML = await response.text();
    merge(template.content);
    for (const card of box.querySelectorAll(".room-card:not(.is-over) [data-live-picture]")) {
      void renew(/** @type {HTMLImageElement} */ (card));
    }
  } catch {
    // Offline for a moment: the cards stay as they are, the next round tries again.
  }
}

setInterval(refresh, EVERY_MS);
document.addEventListener("visibilitychange", refresh);
