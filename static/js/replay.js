/** Owns the replay page: joins the video, its controls, where it comes from, and the chat in step with it. */

import { gettext } from "./i18n.js";
import { need, readConfig, say } from "./live/page.js";
import { bindCopyButtons } from "./obs/copy.js";
import { ReplayChat } from "./replay-chat.js";
import { ReplayControls } from "./replay-controls.js";
import { ReplaySource } from "./replay-source.js";

/** @import {SourceState} from "./replay-source.js" */

/**
 * @typedef {object} Shown `GET recordings/{recording_id}`
 * @property {string} recording_id
 * @property {string} title
 * @property {"recording" | "processing" | "ready" | "failed"} state
 * @property {string | null} url
 * @property {string | null} thumbnail_url
 */

const shown = /** @type {Shown} */ (/** @type {unknown} */ (readConfig()));
const page = need("#replay");
const root = need("#replay-player");
const video = /** @type {HTMLVideoElement} */ (need("[data-video]", root));
const again = need("[data-again]", root);
const placeKey = `replay ${shown.recording_id}`;

const controls = new ReplayControls(root, video);
const chat = new ReplayChat(need("#chat"), shown.recording_id);
const source = new ReplaySource(video, shown, show);
let hasChat = false;

/** @param {SourceState} state */
function show(state) {
  page.dataset.state = state;
  const ready = state === "ready";
  controls.show(ready);
  need("[data-status]", root).hidden = ready;
  const words = wordsOf(state);
  if (words !== null) {
    say(need("[data-words]", root), words.title);
    say(need("[data-detail]", root), words.detail);
  }
  again.hidden = state !== "away" && state !== "unplayable";
  if (ready && !hasChat) {
    hasChat = true;
    void chat.load();
  }
}

/**
 * @param {SourceState} state
 * @returns {{title: string, detail: string} | null} null: as the template has it
 */
function wordsOf(state) {
  switch (state) {
    case "ready":
    case "failed":
      return null;
    case "recording":
      return {
        title: gettext("Still on air"),
        detail: gettext("It is being recorded now. The replay comes here by itself when the broadcast is over."),
      };
    case "processing":
      return { title: gettext("The replay is being made ready"), detail: gettext("It comes here by itself in a moment.") };
    case "gone":
      return { title: gettext("This replay is not there any more"), detail: gettext("It was deleted, or is private now.") };
    case "away":
      return { title: gettext("The server does not answer"), detail: gettext("Check your network, then try again.") };
    case "unplayable":
      return {
        title: gettext("Can't play just now"),
        detail: gettext("The video does not come through, or this browser can't play it."),
      };
  }
}

/** "#t=90" in the address, or where this tab was before a reload. */
function startSecs() {
  const asked = Number(new URLSearchParams(location.hash.slice(1)).get("t"));
  return asked > 0 ? asked : Number(sessionStorage.getItem(placeKey)) || 0;
}

function goToStart() {
  const secs = startSecs();
  if (secs > 0 && secs < video.duration - 3) controls.to(secs);
}

if (video.readyState > 0) goToStart();
else video.addEventListener("loadedmetadata", goToStart, { once: true });
for (const name of ["timeupdate", "seeked"]) video.addEventListener(name, () => chat.at(video.currentTime * 1000));
addEventListener("pagehide", () => {
  if (video.currentTime > 0) sessionStorage.setItem(placeKey, String(Math.floor(video.currentTime)));
});
again.addEventListener("click", () => source.again());
bindCopyButtons(document);
if ("mediaSession" in navigator) {
  navigator.mediaSession.metadata = new MediaMetadata({
    title: shown.title,
    artwork: shown.thumbnail_url ? [{ src: shown.thumbnail_url, type: "image/jpeg" }] : [],
  });
}
if (shown.url !== null) show("ready");
