/** Owns the studio's health line: reads getStats of what is sent, shows it, reports it every 5 s. */

import { gettext, t } from "../i18n.js";
import { healthOf } from "./health.js";
import { need, say } from "./page.js";
import { reportOf, totalsOf } from "./stats.js";
import { adviceWords } from "./studio-words.js";

/** @import {LiveSocket} from "./socket.js" */
/** @import {OnAir} from "./on-air.js" */
/** @import {Report} from "./types.js" */
/** @import {Totals} from "./stats.js" */

const EVERY_MS = 1_000;
// A busy page may run two steps at once; figures of a few milliseconds would be nonsense.
const SHORTEST_MS = 700;
const REPORT_EVERY = 5;
// One bad second is a hiccup; three are worth a sentence.
const BAD_SECONDS = 3;

export class HealthLine {
  #root;
  #socket;
  #publisher;
  #hasVideo;
  /** @type {{session: NonNullable<OnAir["session"]>, history: Totals[]} | null} */
  #last = null;
  #seconds = 0;
  #badSeconds = 0;

  /**
   * @param {HTMLElement} root
   * @param {LiveSocket} socket
   * @param {OnAir} publisher
   * @param {boolean} hasVideo
   */
  constructor(root, socket, publisher, hasVideo) {
    this.#root = root;
    this.#socket = socket;
    this.#publisher = publisher;
    this.#hasVideo = hasVideo;
    setInterval(() => void this.#step(), EVERY_MS);
  }

  async #step() {
    const { session } = this.#publisher;
    this.#root.dataset.on = String(session !== null);
    if (session === null) {
      this.#last = null;
      this.#badSeconds = 0;
      say(need("[data-advice]", this.#root), "");
      return;
    }
    const stats = await session.stats();
    const totals = totalsOf(stats.values(), "outbound", performance.now());
    if (this.#last?.session !== session) {
      this.#last = { session, history: [totals] };
      return;
    }
    const { history } = this.#last;
    const before = /** @type {Totals} */ (history.at(-1));
    if (totals.atMs - before.atMs < SHORTEST_MS) return;
    this.#show(reportOf(before, totals, ""), totals.limited);
    history.push(totals);
    if (++this.#seconds % REPORT_EVERY !== 0) return;
    const first = /** @type {Totals} */ (history[0]);
    this.#last.history = [totals];
    const fields = session.id === null ? {} : { session_id: session.id };
    this.#socket.send("report", reportOf(first, totals, ""), fields);
  }

  /**
   * @param {Report} report
   * @param {boolean} limited
   */
  #show(report, limited) {
    const mbps = (report.video_bitrate + report.audio_bitrate) / 1e6;
    this.#fact("bitrate", t(gettext("{n} Mbps"), { n: mbps.toFixed(mbps < 10 ? 2 : 1) }));
    this.#fact("fps", this.#hasVideo ? String(report.fps) : "–");
    this.#fact("size", report.height > 0 ? `${Math.min(report.width, report.height)}p` : "–");
    this.#fact("loss", `${(report.packet_loss * 100).toFixed(1)} %`);
    this.#fact("rtt", t(gettext("{n} ms"), { n: Math.round(report.round_trip_time) }));
    const health = healthOf(report, limited, this.#hasVideo);
    this.#badSeconds = health.level === "ok" ? 0 : this.#badSeconds + 1;
    const worth = this.#badSeconds >= BAD_SECONDS;
    this.#root.dataset.level = worth ? health.level : "ok";
    say(need("[data-advice]", this.#root), worth ? adviceWords(health, report) : "");
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  #fact(name, text) {
    say(need(`[data-fact="${name}"]`, this.#root), text);
  }
}
