/** Owns which qualities there are to choose from and what they are called. Pure. */

/** @import {Layer, LayerWish} from "./types.js" */

/** @type {readonly Layer[]} best first */
export const LAYERS = ["f", "h", "q"];
const SHRUNK = { f: 1, h: 2, q: 4 };

/**
 * @param {Layer[]} layers that are sent
 * @param {Layer | null} current the one that plays
 * @param {number} height of the picture that plays, 0 if unknown
 * @returns {{wish: LayerWish, height: number | null}[]}
 */
export function choices(layers, current, height) {
  const sent = LAYERS.filter((layer) => layers.includes(layer));
  const full = current !== null && height > 0 ? height * SHRUNK[current] : null;
  return [
    { wish: "auto", height: null },
    ...(sent.length < 2 ? [] : sent).map((layer) => ({
      wish: layer,
      height: full === null ? null : Math.round(full / SHRUNK[layer]),
    })),
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
