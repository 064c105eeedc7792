/** Owns the few things every live page needs from the document: its configuration, its elements, notices. */

/** @import {PageConfig} from "./types.js" */

/** @returns {PageConfig} */
export function readConfig() {
  const text = document.getElementById("page-config")?.textContent ?? "{}";
  return JSON.parse(text);
}

/**
 * The element a template promised. A missing one is a bug of ours, so it is loud.
 * @template {Element} [E=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {E}
 */
export function need(selector, root = document) {
  const element = root.querySelector(selector);
  if (element === null) throw new Error(`the page has no ${selector}`);
  return /** @type {E} */ (/** @type {unknown} */ (element));
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [className]
 * @param {string} [text] always set as text: what comes from others is never markup
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/**
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
  // A live region speaks again for every change of its text, so an equal one is left alone.
  if (element.textContent !== text) element.textContent = text;
}

const TOAST_MS = 5_000;

/** @param {string} text */
export function toast(text) {
  const box = document.getElementById("toasts");
  if (box === null) return;
  for (const old of box.children) if (old.textContent === text) old.remove();
  const note = make("div", "toast", text);
  box.append(note);
  setTimeout(() => note.remove(), TOAST_MS);
}

/**
 * @param {string} key
 * @param {string} fallback
 */
export function recall(key, fallback) {
  return from(() => localStorage, key, fallback);
}

/** As long as this tab is open. @param {string} key @param {string} fallback */
export function recallHere(key, fallback) {
  return from(() => sessionStorage, key, fallback);
}

/**
 * @param {() => Storage} storage
 * @param {string} key
 * @param {string} fallback
 */
function from(storage, key, fallback) {
  try {
    return storage().getItem(key) ?? fallback;
  } catch {
    return fallback;
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
export function remember(key, value) {
  into(() => localStorage, key, value);
}

/** @param {string} key @param {string} value */
export function rememberHere(key, value) {
  into(() => sessionStorage, key, value);
}

/**
 * @param {() => Storage} storage
 * @param {string} key
 * @param {string} value
 */
function into(storage, key, value) {
  try {
    storage().setItem(key, value);
  } catch {
    // Private windows may refuse; then it is not remembered, that is all.
  }
}
