/** Owns where each of several pictures is on the screen: the same rectangles as live/layouts.py. Pure. */

/** @import {LayoutName} from "./types.js" */

/** @typedef {{x: number, y: number, w: number, h: number}} Rect fractions of the screen, from its upper left */

/** @type {readonly LayoutName[]} */
export const LAYOUTS = ["speaker", "grid", "pip"];
/** @type {Rect} */
const FULL = { x: 0, y: 0, w: 1, h: 1 };
const SIDE = 0.25;
const SMALL = 0.22;
const MARGIN = 0.02;

/**
 * @param {LayoutName} layout
 * @param {number} count of pictures
 * @param {number} [large] which one has the large place
 * @param {boolean} [portrait] the screen is taller than wide
 * @returns {Rect[]} in the order of the pictures
 */
export function rectangles(layout, count, large = 0, portrait = false) {
  if (count <= 1) return count === 1 ? [FULL] : [];
  if (layout === "grid") return grid(count, portrait);
  const others = count - 1;
  let place = 0;
  return Array.from({ length: count }, (_, index) => {
    if (index === large) return layout === "pip" ? FULL : speakers(portrait);
    const at = place++;
    return layout === "pip" ? upon(at, others) : beside(at, others, portrait);
  });
}

/** @param {boolean} portrait @returns {Rect} */
function speakers(portrait) {
  return portrait ? { x: 0, y: 0, w: 1, h: 1 - SIDE } : { x: 0, y: 0, w: 1 - SIDE, h: 1 };
}

/**
 * @param {number} at
 * @param {number} others
 * @param {boolean} portrait
 * @returns {Rect}
 */
function beside(at, others, portrait) {
  const size = Math.min(SIDE, 1 / others);
  const start = (1 - size * others) / 2 + size * at;
  return portrait ? { x: start, y: 1 - SIDE, w: size, h: SIDE } : { x: 1 - SIDE, y: start, w: SIDE, h: size };
}

/**
 * @param {number} at
 * @param {number} others
 * @returns {Rect}
 */
function upon(at, others) {
  const h = Math.min(SMALL, (1 - 2 * MARGIN) / others);
  return { x: 1 - MARGIN - SMALL, y: 1 - MARGIN - h * (at + 1), w: SMALL, h };
}

/**
 * @param {number} count
 * @param {boolean} portrait
 * @returns {Rect[]}
 */
function grid(count, portrait) {
  const more = Math.ceil(Math.sqrt(count));
  const fewer = Math.ceil(count / more);
  const [columns, rows] = portrait ? [fewer, more] : [more, fewer];
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, count - row * columns);
    const start = (1 - inRow / columns) / 2;
    return { x: start + (index % columns) / columns, y: row / rows, w: 1 / columns, h: 1 / rows };
  });
}
