// What every page does: the menu, the theme switch, times that stay true.

import { refreshTimes } from "./format.js";
import "./menu.js";
import "./theme.js";

refreshTimes(document);
setInterval(() => {
  if (!document.hidden) refreshTimes(document);
}, 1000);
