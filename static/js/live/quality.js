/** Owns which qualities there are to choose from and what they are called. Pure. */

/** @import {Layer, LayerWish} from "./types.js" */

/** @type {readonly Layer[]} best first */
export const LAYERS = ["f", "h", "q"];
const SHRUNK = { f: 1, h: 2, q: 4 };
// The word that a layer is forwarded comes before its first picture.
const SETTLED_MS = 1_500;

/** Learns how tall the full layer is from the layers that play. */
export class FullHeight {
  /** @type {number | null} */
  value = null;
  /** @type {Layer | null} */
  #layer = null;
  #height = 0;
  #sinceMs = 0;

  /**
   * @param {Layer | null} layer that plays; null when there is one only
   * @param {number} height of the picture, 0 if there is none
   * @param {number} nowMs
   */
  step(layer, height, nowMs) {
    if (layer !== this.#layer || height !== this.#height) {
      this.#layer = layer;
      this.#height = height;
      this.#sinceMs = nowMs;
    } else if (height > 0 && nowMs - this.#sinceMs >= SETTLED_MS) {
      this.value = height * (layer === null ? 1 : SHRUNK[layer]);
    }
  }

  /** Another picture is shown. */
  forget() {
    this.value = this.#layer = null;
    this.#height = 0;
  }
}

/**
 * @param {Layer[]} layers that are sent
 * @param {Layer | null} current the one that plays
 * @param {number | null} full height of the full layer
 * @returns {{wish: LayerWish, height: number | null}[]} for "auto" with the height it plays at
 */
export function choices(layers, current, full) {
  const sent = LAYERS.filter((layer) => layers.includes(layer));
  /** @param {Layer} layer */
  const heightOf = (layer) => (full === null ? null : Math.round(full / SHRUNK[layer]));
  return [
    { wish: "auto", height: sent.length < 2 ? full : current === null ? null : heightOf(current) },
    ...(sent.length < 2 ? [] : sent).map((layer) => ({ wish: layer, height: heightOf(layer) })),
  ];
}

/**
 * The next smaller layer that is sent; null at the bottom.
 * @param {Layer[]} layers
 * @param {Layer | null} current
 * @returns {Layer | null}
 */
export function lowerLayer(layers, current) {
  const sent = LAYERS.filter((layer) => layers.includes(layer));
  if (sent.length < 2) return null;
  return sent[sent.indexOf(current ?? /** @type {Layer} */ (sent[0])) + 1] ?? null;
}

/**
 * What to ask for a picture that has not the large place.
 * @param {Layer[]} layers that are sent
 * @param {Layer} fits the best that its size is worth
 * @param {LayerWish} wish what the viewer wants of the large one
 * @returns {LayerWish}
 */
export function tileWish(layers, fits, wish) {
  if (wish === "off") return "off";
  const worst = Math.max(LAYERS.indexOf(fits), wish === "auto" ? 0 : LAYERS.indexOf(wish));
  if (worst === 0) return "auto";
  return LAYERS.slice(worst).find((layer) => layers.includes(layer)) ?? "auto";
}
