// The theme switch in the menu: system, light or dark, kept in localStorage.

const KEY = "theme";

/** @returns {string} "system", "light" or "dark" */
function stored() {
  try {
    return localStorage.getItem(KEY) ?? "system";
  } catch {
    return "system";
  }
}

/** @param {string} theme */
function apply(theme) {
  const root = document.documentElement;
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  else delete root.dataset.theme;
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Not kept for the next page then; it still holds on this one.
  }
}

/** @param {NodeListOf<HTMLButtonElement>} buttons */
function show(buttons) {
  const theme = stored();
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.theme === theme));
}

/** @type {NodeListOf<HTMLButtonElement>} */
const buttons = document.querySelectorAll("[data-theme-switch] button");
for (const button of buttons) {
  button.addEventListener("click", () => {
    apply(button.dataset.theme ?? "system");
    show(buttons);
  });
}
for (const box of document.querySelectorAll("[data-theme-switch]")) box.removeAttribute("hidden");
show(buttons);
addEventListener("storage", (event) => {
  if (event.key !== KEY) return;
  apply(event.newValue ?? "system");
  show(buttons);
});
