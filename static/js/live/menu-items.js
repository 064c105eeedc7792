/** Owns what stands in the player's menu: the choices, their words, why one can't be chosen. */

import { gettext, t } from "../i18n.js";
import { LAYOUTS } from "./layout.js";
import { WAYS } from "./words.js";

/** @import {RungName} from "./ladder.js" */
/** @import {Delay} from "./stream-rung.js" */
/** @import {LayerWish, LayoutName, Rung, StreamQuality} from "./types.js" */

/**
 * @typedef {object} MenuEvents
 * @property {(wish: LayerWish | StreamQuality) => void} quality
 * @property {(rung: RungName | null) => void} way
 * @property {(delay: Delay) => void} delay
 * @property {(layout: LayoutName | null) => void} layout
 * @property {() => void} stats
 *
 * @typedef {object} MenuState
 * @property {{wish: LayerWish | StreamQuality, height: number | null}[]} choices
 * @property {LayerWish | StreamQuality} wish
 * @property {LayerWish | null} layer what is forwarded now
 * @property {boolean} savesData why the picture is small
 * @property {Rung[]} rungs
 * @property {RungName | null} rung what plays
 * @property {RungName | null} pinned
 * @property {Delay} delay
 * @property {{chosen: LayoutName | null, owners: LayoutName} | null} layout null: there is one picture
 * @property {boolean} stats whether the figures are shown
 *
 * @typedef {{text: string, detail?: string, checked?: boolean, disabled?: boolean, act: () => void}} Item
 */

/**
 * @param {MenuState} state
 * @param {MenuEvents} events
 * @returns {Item[]}
 */
export function qualityItems({ choices, wish: chosen }, events) {
  return choices.map(({ wish, height }) => ({
    text: qualityName(wish, wish === "auto" && chosen !== "auto" ? null : height),
    checked: wish === chosen,
    act: () => events.quality(wish),
  }));
}

/**
 * @param {MenuState} state
 * @param {MenuEvents} events
 * @returns {Item[]}
 */
export function wayItems({ rungs, rung, pinned }, events) {
  /** @type {Record<RungName, string>} */
  const about = {
    webrtc: gettext("Least delay"),
    flv: gettext("About half a second more"),
    hls: gettext("A few seconds more, gets through everywhere"),
  };
  const automatic = pinned === null && rung !== null ? t(gettext("Now: {way}"), { way: WAYS[rung] }) : "";
  const ways = rungs.map(({ rung: name, available, detail }) => ({
    text: WAYS[/** @type {RungName} */ (name)] ?? name,
    detail: available ? about[/** @type {RungName} */ (name)] : (detail ?? ""),
    checked: pinned === name,
    disabled: !available,
    act: () => events.way(/** @type {RungName} */ (name)),
  }));
  return [{ text: gettext("Automatic"), detail: automatic, checked: pinned === null, act: () => events.way(null) }, ...ways];
}

/**
 * @param {MenuState} state
 * @param {MenuEvents} events
 * @returns {Item[]}
 */
export function delayItems({ delay, rung }, events) {
  const webrtc = rung === "webrtc";
  /** @param {Delay} one @param {string} detail */
  const item = (one, detail) => ({ text: delayName(one), detail, checked: delay === one, act: () => events.delay(one) });
  return [
    item("low", webrtc ? gettext("WebRTC always plays like this") : gettext("As close to the streamer as it goes")),
    item("smooth", webrtc ? gettext("For FLV and HLS") : gettext("A little later, with fewer stops on a bad network")),
  ];
}

/**
 * @param {NonNullable<MenuState["layout"]>} layout
 * @param {MenuEvents} events
 * @returns {Item[]}
 */
export function layoutItems({ chosen, owners }, events) {
  const others = LAYOUTS.map((one) => ({ text: layoutName(one), checked: chosen === one, act: () => events.layout(one) }));
  const detail = t(gettext("As the streamer has it: {layout}"), { layout: layoutName(owners) });
  return [{ text: gettext("Automatic"), detail, checked: chosen === null, act: () => events.layout(null) }, ...others];
}

/** @param {LayoutName} layout */
export function layoutName(layout) {
  return { speaker: gettext("Speaker"), grid: gettext("Grid"), pip: gettext("Picture in picture") }[layout];
}

/** What explains the qualities. @param {MenuState} state */
export function notes({ choices, savesData, rung, rungs }) {
  const found = [];
  const there = rungs.find((one) => one.rung === rung)?.qualities ?? [];
  if (rung !== null && rung !== "webrtc") {
    // Several that can't be chosen: the browser does so by itself, or they are just coming.
    if (choices.length === 1 && there.length < 2) found.push(gettext("This way has one quality."));
  } else if (choices.length === 1) found.push(gettext("The streamer sends one quality."));
  if (savesData) found.push(gettext("Your browser saves data, so the picture is small."));
  return found;
}

/** @param {Delay} delay */
export function delayName(delay) {
  return delay === "low" ? gettext("Lowest") : gettext("Smooth");
}

/**
 * @param {MenuState["choices"]} choices
 * @param {LayerWish | StreamQuality} wish
 */
export function heightOf(choices, wish) {
  return choices.find((choice) => choice.wish === wish)?.height ?? null;
}

/**
 * @param {LayerWish | StreamQuality} wish
 * @param {number | null} height
 */
export function qualityName(wish, height) {
  /** @type {Record<string, string>} */
  const names = {
    auto: gettext("Automatic"),
    f: gettext("High"),
    h: gettext("Medium"),
    q: gettext("Low"),
    off: gettext("Sound only"),
    audio: gettext("Sound only"),
    source: gettext("Source"),
  };
  if (height === null) return names[wish] ?? wish;
  if (wish === "source") return t(gettext("{height}p (source)"), { height });
  if (wish === "auto") return t(gettext("Automatic ({height}p)"), { height });
  return t(gettext("{height}p"), { height });
}
