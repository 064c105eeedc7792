/** Owns the notices about devices that come, go or fail. */

import { gettext, t } from "../i18n.js";
import { toast } from "./page.js";

/** @import {MediaEvents} from "./local-media.js" */

/**
 * @param {{camera: string, mic: string}} gone what it means that there is none any more
 * @returns {Pick<MediaEvents, "unplugged" | "plugged" | "failed">}
 */
export function deviceNotices(gone) {
  return {
    unplugged: (kind, next) => {
      if (next !== null) toast(t(gettext("A device was unplugged. Now using: {name}"), { name: next }));
      else toast(gone[kind]);
    },
    plugged: (kind, name) => {
      if (kind === "camera") toast(t(gettext("Camera found: {name}"), { name }));
      else toast(t(gettext("Microphone found: {name}"), { name }));
    },
    failed: (kind) => {
      if (kind === "camera") toast(gettext("That camera could not be opened. Another program may be using it."));
      else toast(gettext("That microphone could not be opened. Another program may be using it."));
    },
  };
}
