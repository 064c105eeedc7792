/** Owns what the streamer sees of itself: the camera, or the screen with the camera in its corner. */

import { need } from "./page.js";

/** @import {LocalMedia} from "./local-media.js" */

export class Preview {
  #root;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
  }

  /** @param {LocalMedia} media */
  render(media) {
    const screen = media.screen?.getVideoTracks()[0] ?? null;
    const main = /** @type {HTMLVideoElement} */ (need("[data-preview]", this.#root));
    const corner = /** @type {HTMLVideoElement} */ (need("[data-preview-corner]", this.#root));
    show(main, screen ?? media.video);
    show(corner, screen === null ? null : media.video);
    // One knows oneself from the mirror; viewers get the picture as it is.
    main.classList.toggle("is-mirrored", screen === null && media.mirrored);
    corner.classList.toggle("is-mirrored", media.mirrored);
    corner.hidden = screen === null || media.video === null;
    this.#root.dataset.picture = String((screen ?? media.video) !== null);
  }
}

/**
 * @param {HTMLVideoElement} video
 * @param {MediaStreamTrack | null} track
 */
function show(video, track) {
  const shown = /** @type {MediaStream | null} */ (video.srcObject)?.getTracks()[0] ?? null;
  if (shown === track) return;
  video.srcObject = track === null ? null : new MediaStream([track]);
  if (track !== null) void video.play().catch(() => {});
}
