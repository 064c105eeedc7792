/** Owns OBS in the studio: the card of the dashboard, shown when it helps, and what stands above it. */

import { api } from "../api.js";
import { gettext } from "../i18n.js";
import { bindCopyButtons } from "../obs/copy.js";
import { ObsPanel } from "../obs/panel.js";
import { need, say, toast } from "./page.js";

/** @import {Room, Way} from "./types.js" */
/** @import {Studio} from "./studio-state.js" */

// What OBS gets round, and a browser does not.
const HELPS = new Set(["sfu_unavailable", "sfu_refused", "room_not_webrtc", "no_webrtc", "no_common_codec", "bad_sdp"]);

export class ObsInStudio {
  #root;
  #end;

  /**
   * @param {HTMLElement} root
   * @param {() => void} askToEnd
   */
  constructor(root, askToEnd) {
    this.#root = root;
    this.#end = need("#end-rtmp", root);
    this.#end.addEventListener("click", askToEnd);
    new ObsPanel(need("[data-obs]", root));
    bindCopyButtons(root);
  }

  /**
   * @param {Studio} now
   * @param {Room} room
   * @param {Way | undefined} way to publish by RTMP
   * @param {boolean} stuck nothing gets through from here
   */
  show(now, room, way, stuck) {
    const sends = room.publishing?.includes("rtmp") ?? false;
    const alone = room.streaming_mode === "rtmp";
    const helps = stuck || (now.state === "blocked" && HELPS.has(now.why));
    this.#root.hidden = room.streaming_mode === "webrtc" || !(sends || alone || helps);
    const words = wordsOf({ sends, alone, helps, works: way?.available ?? true, comes: way?.reason !== "rtmp_off" });
    say(need("[data-rtmp-title]", this.#root), words.title);
    say(need("[data-rtmp-words]", this.#root), words.detail);
    // With a picture from here as well, "End" above is the button for both.
    this.#end.hidden = !sends || !["blocked", "preparing", "ready", "ended"].includes(now.state);
  }

  /** @param {string} room */
  end(room) {
    api("POST", `live/${room}/end`).then(
      () => toast(gettext("The broadcast has ended. Press “Stop Streaming” in OBS, too.")),
      () => toast(gettext("It could not be ended just now. Stop it in OBS.")),
    );
  }
}

/**
 * @param {object} facts
 * @param {boolean} facts.sends OBS does, now
 * @param {boolean} facts.alone the room takes nothing else
 * @param {boolean} facts.helps the browser can't send, OBS can
 * @param {boolean} facts.works what OBS sends would be taken
 * @param {boolean} facts.comes if not now, then perhaps later
 * @returns {{title: string, detail: string}}
 */
function wordsOf({ sends, alone, helps, works, comes }) {
  if (sends && (alone || helps)) return { title: gettext("OBS is live in this room"), detail: "" };
  if (sends) {
    return {
      title: gettext("OBS is live in this room"),
      detail: gettext("You can go live from here, too: viewers then see this camera."),
    };
  }
  if (!works) {
    return {
      title: gettext("OBS"),
      detail: comes ? gettext("This page keeps looking: as soon as one way works you read it here.") : "",
    };
  }
  if (alone) {
    return {
      title: gettext("This room goes live with OBS"),
      detail: gettext("Paste these two lines into OBS: Settings → Stream → Service “Custom”. To use the browser, change “How it is sent” below."),
    };
  }
  return {
    title: gettext("Go live with OBS instead"),
    detail: gettext("That works now. Paste these two lines into OBS: Settings → Stream → Service “Custom”."),
  };
}
