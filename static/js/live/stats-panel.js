/** Owns the figures over the picture, for whoever asks for them: how it comes, how much, how late. */

import { gettext, t } from "../i18n.js";
import { possible } from "./hls-qualities.js";
import { qualityName } from "./menu-items.js";
import { make, need } from "./page.js";
import { Sampler } from "./sampler.js";
import { WAYS } from "./words.js";

/** @import {Figures} from "./sampler.js" */
/** @import {Watching} from "./watching.js" */

const EVERY_MS = 1_000;

export class StatsPanel {
  #box;
  #rows;
  #watching;
  #sampler = new Sampler();
  #timer = 0;

  /**
   * @param {HTMLElement} root the player
   * @param {Watching} watching
   * @param {() => void} changed
   */
  constructor(root, watching, changed) {
    this.#watching = watching;
    this.#box = need("[data-stats]", root);
    this.#rows = need("[data-stats-rows]", this.#box);
    this.changed = changed;
    need("[data-stats-close]", this.#box).addEventListener("click", () => this.toggle());
  }

  get open() {
    return !this.#box.hidden;
  }

  toggle() {
    this.#box.hidden = !this.#box.hidden;
    clearInterval(this.#timer);
    if (this.open) {
      this.#timer = setInterval(() => void this.#step(), EVERY_MS);
      void this.#step();
    }
    this.changed();
  }

  async #step() {
    const { rung } = this.#watching;
    const figures = rung === null ? null : this.#sampler.take(rung, await this.#watching.snapshot());
    if (!this.open) return;
    const rows = [
      ...(rung === null ? [] : [[gettext("Way"), WAYS[rung]]]),
      ...qualityRow(this.#watching),
      ...(figures === null ? [] : rowsOf(figures)),
      [gettext("Made again"), String(this.#watching.restarts)],
      [gettext("Way changed"), String(this.#watching.switches)],
    ];
    this.#rows.replaceChildren(
      ...rows.map(([name, value]) => {
        const row = make("div");
        row.append(make("dt", "", name), make("dd", "number", value));
        return row;
      }),
    );
  }
}

/** Where there are several to choose from. @param {Watching} watching */
function qualityRow({ rung, rungs: { hls } }) {
  const { plays } = hls;
  if (rung !== "hls" || plays === null) return [];
  const name = plays === "source" || plays === "audio" ? qualityName(plays, null) : plays;
  const automatic = possible(hls.qualities, hls.wish) === "auto";
  return [[gettext("Quality"), automatic ? t(gettext("{quality} (automatic)"), { quality: name }) : name]];
}

/**
 * @param {Figures} figures
 * @returns {string[][]}
 */
function rowsOf({ report, codec, dropped, bufferMs, latencyMs }) {
  const mbps = (report.video_bitrate + report.audio_bitrate) / 1e6;
  const rows = [
    [gettext("Behind the server"), t(gettext("about {n} s"), { n: (latencyMs / 1000).toFixed(2) })],
    [gettext("Picture"), report.width > 0 ? `${report.width} × ${report.height}` : "–"],
    [gettext("Frames per second"), String(report.fps)],
    [gettext("Dropped frames"), String(dropped)],
    [gettext("Bitrate"), mbps > 0 ? t(gettext("{n} Mbps"), { n: mbps.toFixed(2) }) : "–"],
    [gettext("Buffer"), t(gettext("{n} ms"), { n: Math.round(bufferMs) })],
    [gettext("Codec"), codec || "–"],
  ];
  if (report.rung !== "webrtc") return rows;
  return [
    ...rows,
    [gettext("Lost packets"), `${(report.packet_loss * 100).toFixed(1)} %`],
    [gettext("Round trip"), t(gettext("{n} ms"), { n: Math.round(report.round_trip_time) })],
  ];
}
