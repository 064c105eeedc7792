/** Owns hearing whether sound comes, and how loud: the pulse of a stream without a picture. */

/** @import {Shown} from "./lineup.js" */

// The newest packet of somebody who speaks is never older.
const FRESH_MS = 500;

export class Voice {
  /** Grows while sound comes. */
  beats = 0;
  /** 0–1 */
  level = 0;

  /**
   * @param {RTCRtpReceiver[]} receivers
   * @param {number} nowMs
   */
  listen(receivers, nowMs) {
    const sources = receivers
      .filter(({ track }) => track.kind === "audio")
      .flatMap((receiver) => receiver.getSynchronizationSources());
    // Browsers differ in the clock of the stamp: the page's or the calendar's.
    const fresh = sources.filter(({ timestamp }) => (timestamp > 1e11 ? Date.now() : nowMs) - timestamp < FRESH_MS);
    this.level = Math.max(0, ...sources.map(({ audioLevel }) => audioLevel ?? 0));
    if (fresh.length > 0) this.beats += 1;
  }
}

/**
 * How loud each person is now.
 * @param {RTCRtpReceiver[]} receivers
 * @param {ReadonlyMap<string, MediaStream>} streams by id
 * @param {Shown[]} voices
 * @returns {Map<string, number>} by person, 0–1
 */
export function levelsOf(receivers, streams, voices) {
  /** @type {Map<string, number>} */
  const levels = new Map();
  for (const { person, streamId } of voices) {
    const tracks = streams.get(streamId)?.getAudioTracks() ?? [];
    const own = receivers.filter(({ track }) => tracks.includes(track));
    const level = Math.max(0, ...own.flatMap((one) => one.getSynchronizationSources()).map((s) => s.audioLevel ?? 0));
    levels.set(person, Math.max(level, levels.get(person) ?? 0));
  }
  return levels;
}
