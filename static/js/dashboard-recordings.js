// The list of recordings: deleting asks in a dialog first (without scripts on a page of its own), and what is still
// being made ready is looked at again until it is.

import { refreshTimes } from "./format.js";

const EVERY_MS = 5_000;
const list = document.querySelector("[data-recordings]");
const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("delete-dialog"));
const form = /** @type {HTMLFormElement | null | undefined} */ (dialog?.querySelector("[data-delete-form]"));
const title = dialog?.querySelector("[data-delete-name]");

list?.addEventListener("click", (event) => {
  const clicked = /** @type {MouseEvent} */ (event);
  const link = /** @type {HTMLAnchorElement | null} */ (/** @type {Element} */ (clicked.target).closest("a[data-delete]"));
  // With Ctrl or the middle button somebody wants the page.
  if (!link || !dialog || !form || !title || clicked.ctrlKey || clicked.metaKey || clicked.shiftKey) return;
  event.preventDefault();
  form.action = link.href;
  title.textContent = link.dataset.title ?? "";
  dialog.showModal();
});
dialog?.querySelector("[data-delete-cancel]")?.addEventListener("click", () => dialog.close());

/** Rows are taken over from the same page; one in which somebody is stays as it is. */
async function look() {
  if (document.hidden || !list?.querySelector("[data-busy]")) return;
  try {
    const response = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } });
    if (!response.ok || response.redirected) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const row of list.querySelectorAll("[data-busy]")) {
      const fresh = page.getElementById(row.id);
      if (!fresh || fresh.innerHTML === row.innerHTML || row.contains(document.activeElement)) continue;
      row.replaceWith(fresh);
      refreshTimes(fresh);
    }
  } catch {
    // Offline for a moment: the next round tries again.
  }
}

setInterval(() => void look(), EVERY_MS);
