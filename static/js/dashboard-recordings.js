// The list of recordings: deleting asks in a dialog first (without scripts on a page of its own).

const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("delete-dialog"));
const form = /** @type {HTMLFormElement | null | undefined} */ (dialog?.querySelector("[data-delete-form]"));
const title = dialog?.querySelector("[data-delete-name]");

if (dialog && form && title) {
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll("a[data-delete]"))) {
    link.addEventListener("click", (event) => {
      // With Ctrl or the middle button somebody wants the page.
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      form.action = link.href;
      title.textContent = link.dataset.title ?? "";
      dialog.showModal();
    });
  }
  dialog.querySelector("[data-delete-cancel]")?.addEventListener("click", () => dialog.close());
}

export {};
