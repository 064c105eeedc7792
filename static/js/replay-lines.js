/** Owns which lines of the chat belong to a second of the video. Pure. */

/**
 * @typedef {{id: number, name: string} | null} Who
 * @typedef {object} Line said, or given when it has a `gift`
 * @property {number} at_ms where in the video
 * @property {Who} user
 * @property {string} [text]
 * @property {boolean} [by_owner]
 * @property {string} [gift]
 * @property {string} [emoji]
 * @property {string} [name]
 * @property {number} [count]
 */

/** So many are kept on the page, however long the broadcast was. */
export const LINES_KEPT = 200;
/** More at once is a jump, not the next seconds. */
const MOST_AT_ONCE = 50;

/**
 * How many lines were there at `ms`.
 *
 * @param {readonly Line[]} lines by time
 * @param {number} ms
 */
export function countUntil(lines, ms) {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {Line} */ (lines[middle]).at_ms <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * What to do with the list on the page: `add` to what is there, or show anew `from` (a seek).
 *
 * @param {number} shown how many of the lines are on the page, counted from the first of all
 * @param {number} wanted
 * @returns {{anew: boolean, from: number, to: number}}
 */
export function step(shown, wanted) {
  const anew = wanted < shown || wanted - shown > MOST_AT_ONCE;
  return { anew, from: anew ? Math.max(0, wanted - LINES_KEPT) : shown, to: wanted };
}
