// Runs before the first paint (a plain blocking script), so that a chosen theme never flashes.
(() => {
  const root = document.documentElement;
  root.classList.add("has-js");
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // Storage can be forbidden (private mode, an embedded page): the system's theme then holds.
  }
})();
