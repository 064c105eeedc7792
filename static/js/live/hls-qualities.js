/** Owns what an HLS master playlist says of its qualities, and what they are called (docs/bridge.md). Pure. */

/** @import {StreamQuality} from "./types.js" */

/** @typedef {{name: StreamQuality, height: number | null, url: string}} Quality height: of the shorter side; null: sound alone */

/**
 * Best first, sound alone last; none for a playlist that is no master. The folder of a quality is its name.
 * @param {{url: string, width?: number, height?: number}[]} levels as hls.js parsed them
 * @returns {Quality[]}
 */
export function qualitiesOf(levels) {
  const found = levels.flatMap(({ url, width = 0, height = 0 }) => {
    const name = /\/ladder\/(source|audio|\d{3,4}p)\/index\.m3u8(?:$|\?)/.exec(url)?.[1];
    if (name === undefined) return [];
    const shown = name === "audio" ? null : Math.min(width, height);
    return [{ name: /** @type {StreamQuality} */ (name), height: shown, url }];
  });
  return found.sort((one, other) => (other.height ?? -1) - (one.height ?? -1));
}

/**
 * What the menu lists.
 * @param {Quality[]} qualities none: there is one, and nothing to choose
 * @param {StreamQuality} wish
 * @param {number | null} height of what plays
 * @returns {{wish: StreamQuality, height: number | null}[]} for "auto" with the height it plays at
 */
export function streamChoices(qualities, wish, height) {
  /** @type {{wish: StreamQuality, height: number | null}} */
  const auto = { wish: "auto", height: wish === "auto" || qualities.length < 2 ? height : null };
  if (qualities.length < 2) return [auto];
  return [auto, ...qualities.map(({ name, height: tall }) => ({ wish: name, height: tall }))];
}

/**
 * A wish that what plays can't fulfil is that of whoever does not care.
 * @param {Quality[]} qualities
 * @param {StreamQuality} wish
 * @returns {StreamQuality}
 */
export function possible(qualities, wish) {
  return qualities.some(({ name }) => name === wish) ? wish : "auto";
}
