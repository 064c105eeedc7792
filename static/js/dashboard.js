// Dashboard: copy with confirmation in place; the OBS card of each room, which keeps itself true.

import { bindCopyButtons } from "./obs/copy.js";
import { ObsPanel } from "./obs/panel.js";

for (const card of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-obs]"))) new ObsPanel(card);
bindCopyButtons(document);
