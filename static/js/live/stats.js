/** Owns turning two getStats snapshots into a report of the last seconds. Pure. */

/** @import {Report} from "./types.js" */

/**
 * @typedef {object} Totals Counters since the session began.
 * @property {number} atMs
 * @property {number} videoBytes
 * @property {number} audioBytes
 * @property {number} packets
 * @property {number} lost
 * @property {number} frames
 * @property {number} jitterMs
 * @property {number} rttMs
 * @property {number} width
 * @property {number} height
 * @property {boolean} limited the sender lowers its quality for want of bandwidth or CPU
 * @property {number} dropped frames that came and were not shown
 * @property {number} waitedMs in a jitter buffer, all frames together
 * @property {number} waited frames that left the jitter buffer
 * @property {string} codec of the picture, as in "H264"
 */

/**
 * @param {Iterable<any>} entries of an RTCStatsReport
 * @param {"inbound" | "outbound"} side
 * @param {number} nowMs
 * @returns {Totals}
 */
export function totalsOf(entries, side, nowMs) {
  /** @type {Totals} */
  const totals = {
    atMs: nowMs, videoBytes: 0, audioBytes: 0, packets: 0, lost: 0, frames: 0,
    jitterMs: 0, rttMs: 0, width: 0, height: 0, limited: false, dropped: 0, waitedMs: 0, waited: 0, codec: "",
  }; // prettier-ignore
  for (const entry of entries) {
    switch (entry.type) {
      case `${side}-rtp`: {
        const bytes = (side === "inbound" ? entry.bytesReceived : entry.bytesSent) ?? 0;
        totals.packets += (side === "inbound" ? entry.packetsReceived : entry.packetsSent) ?? 0;
        if (side === "inbound") {
          totals.lost += Math.max(0, entry.packetsLost ?? 0);
          totals.jitterMs = Math.max(totals.jitterMs, (entry.jitter ?? 0) * 1000);
        }
        if (entry.kind !== "video") {
          totals.audioBytes += bytes;
          break;
        }
        totals.videoBytes += bytes;
        totals.dropped += entry.framesDropped ?? 0;
        totals.waitedMs += (entry.jitterBufferDelay ?? 0) * 1000;
        totals.waited += entry.jitterBufferEmittedCount ?? 0;
        // Of simulcast layers and several pictures, the tallest speaks for all.
        totals.frames = Math.max(totals.frames, entry.framesDecoded ?? entry.framesEncoded ?? 0);
        if ((entry.frameHeight ?? 0) > totals.height) {
          totals.height = entry.frameHeight;
          totals.width = entry.frameWidth ?? 0;
        }
        if (["bandwidth", "cpu"].includes(entry.qualityLimitationReason)) totals.limited = true;
        break;
      }
      case "codec":
        if (entry.mimeType?.startsWith("video/")) totals.codec = entry.mimeType.slice("video/".length);
        break;
      case "remote-inbound-rtp":
        if (side === "outbound") {
          totals.lost += Math.max(0, entry.packetsLost ?? 0);
          totals.jitterMs = Math.max(totals.jitterMs, (entry.jitter ?? 0) * 1000);
        }
        totals.rttMs = Math.max(totals.rttMs, (entry.roundTripTime ?? 0) * 1000);
        break;
      case "candidate-pair":
        if (entry.nominated && entry.currentRoundTripTime !== undefined) {
          totals.rttMs = Math.max(totals.rttMs, entry.currentRoundTripTime * 1000);
        }
        break;
    }
  }
  return totals;
}

/**
 * @param {Totals} before
 * @param {Totals} after
 * @param {string} rung
 * @returns {Report}
 */
export function reportOf(before, after, rung) {
  const secs = Math.max(0.25, (after.atMs - before.atMs) / 1000);
  /** @param {"videoBytes" | "audioBytes" | "packets" | "lost" | "frames"} name */
  const grown = (name) => Math.max(0, after[name] - before[name]);
  const packets = grown("packets");
  const lost = grown("lost");
  return {
    rung,
    video_bitrate: Math.round((grown("videoBytes") * 8) / secs),
    audio_bitrate: Math.round((grown("audioBytes") * 8) / secs),
    packet_loss: packets + lost === 0 ? 0 : Math.min(1, lost / (packets + lost)),
    jitter: Math.round(after.jitterMs * 10) / 10,
    round_trip_time: Math.round(after.rttMs * 10) / 10,
    fps: Math.round(grown("frames") / secs),
    width: after.width,
    height: after.height,
  };
}
