/** Owns which engine plays a rung in this browser, and from where its library comes. */

import { FlvEngine } from "./flv-engine.js";
import { HlsEngine } from "./hls-engine.js";
import { library } from "./libraries.js";
import { NativeEngine, playsHlsItself } from "./native-engine.js";

/** @import {Engine, EngineEvents, EngineOptions} from "./stream-rung.js" */

const HAS_MSE = "MediaSource" in globalThis || "ManagedMediaSource" in globalThis;

/** Before any library is loaded: whether it is worth trying. */
export const able = { flv: HAS_MSE, hls: HAS_MSE || playsHlsItself() };

/**
 * @param {string} scriptUrl
 * @returns {(options: EngineOptions, events: EngineEvents) => Promise<Engine | null>}
 */
export function flvOpener(scriptUrl) {
  return async (options, events) => {
    const lib = await library(scriptUrl, "mpegts");
    return lib.isSupported() ? new FlvEngine(lib, options, events) : null;
  };
}

/**
 * Some browsers claim HLS of their own and play it badly, so hls.js comes first wherever it runs.
 * @param {string} scriptUrl
 * @returns {(options: EngineOptions, events: EngineEvents) => Promise<Engine | null>}
 */
export function hlsOpener(scriptUrl) {
  return async (options, events) => {
    const lib = HAS_MSE ? await library(scriptUrl, "Hls") : null;
    if (lib?.isSupported()) return new HlsEngine(lib, options, events);
    return playsHlsItself() ? new NativeEngine(options, events) : null;
  };
}
