/** Owns what the OBS card says first: the raised hand, a refusal, or that nothing comes. Pure. */

import { gettext, t } from "../i18n.js";

/**
 * @typedef {object} Figures docs/ingest.md, "Figures"; what is not known is left out
 * @property {number} [width]
 * @property {number} [height]
 * @property {number} [fps] declared
 * @property {number} [measured_fps]
 * @property {number} [video_bitrate] bit/s
 * @property {number} [audio_bitrate] bit/s
 *
 * @typedef {object} Advice in the reader's language, worst first
 * @property {string} code
 * @property {"bad" | "warn" | "hint" | "good"} severity
 * @property {string} title
 * @property {string} detail
 *
 * @typedef {object} Ingest `GET live/{room_id}/ingest`
 * @property {"off" | "down" | "waiting" | "connected" | "live" | "refused"} state
 * @property {string | null} reason why nobody could begin to publish by RTMP now
 * @property {string} encoder
 * @property {string | null} since of the state
 * @property {Figures} figures
 * @property {Advice[]} advice
 * @property {{at: string, title: string, detail: string} | null} refused
 * @property {boolean} recording
 *
 * @typedef {"none" | "waiting" | "coming" | "seen" | "refused" | "away"} Look
 * @typedef {{look: Look, title: string, detail: string}} Words
 */

/**
 * @param {Ingest} ingest
 * @param {(at: string) => string} time how a time of day is written
 * @returns {Words}
 */
export function statusWords({ state, encoder, since, figures, refused }, time) {
  switch (state) {
    case "live":
      return {
        look: "seen",
        title: t(gettext("We see you: {what}"), { what: summary(figures) || gettext("measuring") }),
        detail: [encoderName(encoder), since ? t(gettext("since {time}"), { time: time(since) }) : ""]
          .filter(Boolean)
          .join(" · "),
      };
    case "connected":
      return { look: "coming", title: gettext("OBS is here"), detail: gettext("Waiting for its first picture.") };
    case "refused":
      if (refused === null) break;
      return {
        look: "refused",
        title: t(gettext("OBS tried at {time}. {why}"), { time: time(refused.at), why: refused.title }),
        detail: refused.detail,
      };
    case "off":
    case "down":
      return { look: "none", title: "", detail: "" }; // the note above says why
  }
  return {
    look: "waiting",
    title: gettext("OBS is not sending"),
    detail: gettext("Press “Start Streaming” in OBS: it shows here by itself."),
  };
}

/**
 * "1280×720, 30 fps, 2.4 Mbps"; what is not known is left out.
 *
 * @param {Figures} figures
 */
export function summary(figures) {
  const bitrate = (figures.video_bitrate ?? 0) + (figures.audio_bitrate ?? 0);
  const fps = figures.measured_fps ?? figures.fps ?? 0;
  const mbps = bitrate / 1e6;
  return [
    figures.width && figures.height ? `${figures.width}×${figures.height}` : "",
    fps > 0 ? t(gettext("{n} fps"), { n: Math.round(fps) }) : "",
    bitrate > 0 ? t(gettext("{n} Mbps"), { n: mbps < 10 ? mbps.toFixed(1) : String(Math.round(mbps)) }) : "",
  ]
    .filter(Boolean)
    .join(gettext(", "));
}

/**
 * What programs call themselves says little: OBS comes as "FMLE/3.0 (compatible; FMSc/1.0)".
 *
 * @param {string} encoder
 */
export function encoderName(encoder) {
  const obs = /libobs version ([\d.]+)/.exec(encoder);
  if (obs) return `OBS ${obs[1]}`;
  return encoder.startsWith("FMLE/") ? "OBS" : encoder;
}
