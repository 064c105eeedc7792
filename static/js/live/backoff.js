/** Owns how long to wait before the next try. Pure. */

export const FIRST_MS = 250;
export const LAST_MS = 8000;

// Not 2: a server that was away for T seconds is then found again within 0.6 T instead of T.
const GROWTH = 1.6;

/**
 * From 0.25 s to 8 s; the upper half is jitter, so that a thousand pages do not come back in the
 * same instant.
 * @param {number} attempt counted from 0
 * @param {number} [random] 0–1
 * @returns {number} ms
 */
export function backoffMs(attempt, random = Math.random()) {
  const full = Math.min(LAST_MS, FIRST_MS * GROWTH ** Math.max(0, Math.min(attempt, 16)));
  return Math.round(full * (0.5 + random / 2));
}
