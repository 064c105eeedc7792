/** Owns the figures of a broadcast by WebSocket in the form of getStats, for the studio's health line. Pure. */

/** @import {PushEncoder} from "./push-encoder.js" */
/** @import {PushRate} from "./push-rate.js" */

export class PushStats {
  #video = 0;
  #audio = 0;
  /** @type {Pick<PushEncoder, "frames" | "width" | "height" | "dropped">} */
  #made = { frames: 0, width: 0, height: 0, dropped: 0 };
  #limited = false;
  #queueMs = 0;
  /** As a session that has not been given a name by the server. @type {string | null} */
  id = null;

  /**
   * @param {boolean} isVideo
   * @param {number} bytes
   */
  sent(isVideo, bytes) {
    if (isVideo) this.#video += bytes;
    else this.#audio += bytes;
  }

  /**
   * @param {Pick<PushEncoder, "frames" | "width" | "height" | "dropped">} made
   * @param {Pick<PushRate, "bps" | "skipping">} rate
   * @param {number} queueMs
   */
  now(made, rate, queueMs) {
    this.#made = { frames: made.frames, width: made.width, height: made.height, dropped: made.dropped };
    this.#limited = rate.skipping || rate.bps < 900_000;
    this.#queueMs = queueMs;
  }

  /** @returns {Promise<ReadonlyMap<string, any>>} */
  async stats() {
    const { frames, width, height } = this.#made;
    return new Map([
      ["v", {
        type: "outbound-rtp", kind: "video", bytesSent: this.#video, packetsSent: 0, framesEncoded: frames,
        frameWidth: width, frameHeight: height, qualityLimitationReason: this.#limited ? "bandwidth" : "none",
      }],
      ["a", { type: "outbound-rtp", kind: "audio", bytesSent: this.#audio, packetsSent: 0 }],
      ["r", { type: "remote-inbound-rtp", packetsLost: 0, roundTripTime: this.#queueMs / 1000 }],
    ]); // prettier-ignore
  }
}
