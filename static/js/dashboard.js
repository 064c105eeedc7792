// Dashboard: copy with confirmation in place; the OBS card of each room, which keeps itself and its room true.

import { DashboardRoom } from "./dashboard-room.js";
import { bindCopyButtons } from "./obs/copy.js";
import { ObsPanel } from "./obs/panel.js";
import { Restreams } from "./restreams.js";

for (const card of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-room]"))) {
  const panel = /** @type {HTMLElement | null} */ (card.querySelector("[data-obs]"));
  const room = new DashboardRoom(card);
  if (panel) new ObsPanel(panel, (ingest) => room.got(ingest));
  const others = /** @type {HTMLElement | null} */ (card.querySelector("[data-restreams]"));
  if (others) new Restreams(others);
}
bindCopyButtons(document);
