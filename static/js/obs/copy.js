/** Owns copying to the clipboard with confirmation in place: on the button itself. */

import { gettext } from "../i18n.js";

const CONFIRM_MS = 2_000;

/**
 * @param {HTMLElement} button with a `[data-label]` inside
 * @param {string | Promise<string>} text
 */
export async function copy(button, text) {
  const label = button.querySelector("[data-label]");
  if (!label || button.classList.contains("is-done")) return;
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(await text);
    label.textContent = gettext("Copied");
    button.classList.add("is-done");
  } catch {
    label.textContent = gettext("Select and copy by hand");
  }
  setTimeout(() => {
    label.textContent = before;
    button.classList.remove("is-done");
  }, CONFIRM_MS);
}

/**
 * Every `[data-copy]` (the id of an element) and `[data-copy-link]` (a path) under `root`. Hidden without scripts.
 *
 * @param {ParentNode} root
 */
export function bindCopyButtons(root) {
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-copy], [data-copy-link]"))) {
    const { copy: source, copyLink } = button.dataset;
    if (!source && !copyLink) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      const text = copyLink ? new URL(copyLink, location.href).href : document.getElementById(source ?? "")?.textContent;
      void copy(button, text ?? "");
    });
  }
}
