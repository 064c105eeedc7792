/** Owns reading a publisher's report: how well it goes, and the one thing to do about it. Pure. */

/** @import {Report} from "./types.js" */

/** @typedef {{level: "ok" | "weak" | "bad", advice: "none" | "nothing_sent" | "loss" | "slow" | "cpu" | "delay"}} Health */

/**
 * @param {Report} report
 * @param {boolean} limited the browser says that it sends less than it would like
 * @param {boolean} hasVideo
 * @returns {Health}
 */
export function healthOf(report, limited, hasVideo) {
  const sent = report.video_bitrate + report.audio_bitrate;
  if (sent < 2_000) return { level: "bad", advice: "nothing_sent" };
  if (report.packet_loss > 0.1) return { level: "bad", advice: "loss" };
  if (hasVideo && limited && report.video_bitrate < 400_000) return { level: "bad", advice: "slow" };
  if (report.packet_loss > 0.03) return { level: "weak", advice: "loss" };
  if (hasVideo && report.fps > 0 && report.fps < 12 && limited) return { level: "weak", advice: "cpu" };
  if (hasVideo && limited && report.video_bitrate < 900_000) return { level: "weak", advice: "slow" };
  if (report.round_trip_time > 400) return { level: "weak", advice: "delay" };
  return { level: "ok", advice: "none" };
}
