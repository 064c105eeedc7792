/** Owns what the OBS card says: the raised hand, a refusal, the stream doctor's advice. Pure. */

import { gettext, t } from "../i18n.js";

/**
 * @typedef {object} Figures (docs/ingest.md, "Figures"); what is not known is left out
 * @property {string} [video_codec]
 * @property {number} [width]
 * @property {number} [height]
 * @property {number} [fps] declared
 * @property {number} [measured_fps]
 * @property {number} [video_bitrate] bit/s
 * @property {number} [audio_bitrate] bit/s
 *
 * @typedef {{code: string, values?: Record<string, any>}} Advice
 *
 * @typedef {object} Ingest `GET live/{room_id}/ingest`
 * @property {boolean} connected
 * @property {boolean} media
 * @property {string | null} accepted_at
 * @property {string} encoder
 * @property {Figures} figures
 * @property {Advice[]} advice
 * @property {{at: string, why: string} | null} refused
 * @property {string | null} reason why OBS can't publish here now
 *
 * @typedef {"waiting" | "coming" | "seen" | "refused" | "away"} Look
 * @typedef {{look: Look, title: string, detail: string}} Words
 * @typedef {{code: string, level: "good" | "hint" | "warn" | "bad", title: string, detail: string}} Finding
 */

// Older refusals are history: the streamer has gone on.
const REFUSED_FOR_MS = 30 * 60_000;

/**
 * @param {Ingest} ingest
 * @param {number} nowMs
 * @param {(at: string) => string} time how a time of day is written
 * @returns {Words}
 */
export function statusWords(ingest, nowMs, time) {
  if (ingest.connected && ingest.media) {
    return {
      look: "seen",
      title: t(gettext("We see you: {what}"), { what: summary(ingest.figures) || gettext("your stream") }),
      detail: [ingest.encoder, ingest.accepted_at ? t(gettext("since {time}"), { time: time(ingest.accepted_at) }) : ""]
        .filter(Boolean)
        .join(" · "),
    };
  }
  if (ingest.connected) {
    return { look: "coming", title: gettext("OBS is here"), detail: gettext("Waiting for its first picture.") };
  }
  const { refused } = ingest;
  if (refused !== null && nowMs - Date.parse(refused.at) < REFUSED_FOR_MS) {
    return { look: "refused", ...refusalWords(refused.why, time(refused.at)) };
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
  return [
    figures.width && figures.height ? `${figures.width}×${figures.height}` : "",
    fps > 0 ? t(gettext("{n} fps"), { n: Math.round(fps) }) : "",
    bitrate > 0 ? mbps(bitrate / 1000) : "",
  ]
    .filter(Boolean)
    .join(gettext(", "));
}

/** 2400 → "2.4 Mbps". @param {number} kbps */
export function mbps(kbps) {
  const n = kbps / 1000;
  return t(gettext("{n} Mbps"), { n: n < 10 ? n.toFixed(1) : String(Math.round(n)) });
}

/**
 * @param {string} why
 * @param {string} time
 * @returns {{title: string, detail: string}}
 */
export function refusalWords(why, time) {
  switch (why) {
    case "mode_webrtc":
      return {
        title: t(gettext("OBS tried at {time}, but this room takes the browser only"), { time }),
        detail: gettext("Choose “Browser or OBS” in the room's settings, then press “Start Streaming” again."),
      };
    case "just_ended":
      return {
        title: t(gettext("OBS came back at {time}, right after you ended"), { time }),
        detail: gettext("OBS reconnects by itself, so for a moment after the end it is kept out. To go on air again press “Start Streaming”."),
      };
    case "already_live":
      return {
        title: t(gettext("A second OBS tried at {time}"), { time }),
        detail: gettext("One is sending in this room already. Stop that one first."),
      };
    case "too_many_streams":
      return {
        title: t(gettext("OBS tried at {time}, but there are too many streams"), { time }),
        detail: gettext("You, or this server, send as many as allowed. End another one, then press “Start Streaming” again."),
      };
    case "banned":
      return {
        title: t(gettext("OBS tried at {time}, but this room is banned"), { time }),
        detail: gettext("If you think this is a mistake, write to the people who run this site."),
      };
    default:
      return {
        title: t(gettext("OBS tried at {time} and was refused"), { time }),
        detail: gettext("Copy server and key from here once more, then press “Start Streaming” again."),
      };
  }
}

/**
 * The stream doctor, worst first.
 *
 * @param {Advice[]} advice
 * @returns {Finding[]}
 */
export function findings(advice) {
  const order = { bad: 0, warn: 1, hint: 2, good: 3 };
  return advice
    .map(finding)
    .filter((found) => found !== null)
    .sort((a, b) => order[a.level] - order[b.level]);
}

/**
 * @param {Advice} advice
 * @returns {Finding | null} null: a code this page does not know yet
 */
function finding({ code, values = {} }) {
  switch (code) {
    case "all_good":
      return { code, level: "good", title: gettext("All good: nothing to change"), detail: "" };
    case "hevc":
      return {
        code,
        level: "bad",
        title: gettext("HEVC can't be played by browsers"),
        detail: gettext("OBS: Settings → Output → Video Encoder: choose one with H.264 in its name."),
      };
    case "no_video":
      return {
        code,
        level: "bad",
        title: gettext("No picture comes"),
        detail: gettext("Is a scene chosen in OBS, and does its preview show something?"),
      };
    case "no_audio":
      return {
        code,
        level: "warn",
        title: gettext("No sound comes"),
        detail: gettext("OBS: Settings → Audio: choose a microphone, and see that its bar moves in the mixer."),
      };
    case "audio_codec":
      return {
        code,
        level: "bad",
        title: t(gettext("The sound is {codec}: browsers need AAC"), { codec: values.codec ?? "?" }),
        detail: gettext("OBS: Settings → Output → Audio Encoder: choose AAC."),
      };
    case "keyframes_far":
      return {
        code,
        level: "warn",
        title: t(gettext("A keyframe comes only every {secs} s"), { secs: short(values.secs) }),
        detail: gettext("Viewers wait that long for the picture and see you later. OBS: Settings → Output → Keyframe Interval: 1 s."),
      };
    case "b_frames":
      return {
        code,
        level: "hint",
        title: gettext("B-frames are on"),
        detail: gettext("They cost some delay. OBS: Settings → Output: Tune “zerolatency”, or Max B-frames 0."),
      };
    case "bitrate_low":
      return {
        code,
        level: "warn",
        title: t(gettext("{now} is little for this picture"), { now: mbps(values.kbps ?? 0) }),
        detail: t(gettext("It looks blurred when things move. OBS: Settings → Output → Bitrate: {kbps} Kbps, or a smaller picture."), { kbps: Math.round(values.wanted_kbps ?? 0) }),
      };
    case "bitrate_high":
      return {
        code,
        level: "warn",
        title: t(gettext("{now} is a lot for this picture"), { now: mbps(values.kbps ?? 0) }),
        detail: t(gettext("Viewers on phones may stutter. OBS: Settings → Output → Bitrate: {kbps} Kbps is enough."), { kbps: Math.round(values.wanted_kbps ?? 0) }),
      };
    case "fps_drops":
      return {
        code,
        level: "warn",
        title: t(gettext("{fps} of {declared} frames a second arrive"), { fps: short(values.fps), declared: short(values.declared) }),
        detail: gettext("The computer or the network can't keep up. Close other programs, use a cable, or lower the bitrate."),
      };
    default:
      return null;
  }
}

/** @param {unknown} n 8.33 → "8.3", 8 → "8" */
function short(n) {
  const number = Number(n) || 0;
  return number < 10 ? String(Math.round(number * 10) / 10) : String(Math.round(number));
}
