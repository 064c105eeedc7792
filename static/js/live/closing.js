/** Owns what each WebSocket close code means for coming back. Pure. */

/**
 * @typedef {object} Closing
 * @property {string} name
 * @property {boolean} comesBack
 * @property {number} waitMs at least this long before the next try
 */

/** @type {Record<number, Closing>} */
const CLOSINGS = {
  4400: { name: "bad_request", comesBack: false, waitMs: 0 },
  4401: { name: "unauthenticated", comesBack: false, waitMs: 0 },
  4403: { name: "forbidden", comesBack: false, waitMs: 0 },
  4404: { name: "room_not_found", comesBack: false, waitMs: 0 },
  4408: { name: "idle", comesBack: true, waitMs: 0 },
  4409: { name: "replaced", comesBack: false, waitMs: 0 },
  4410: { name: "banned", comesBack: false, waitMs: 0 },
  4413: { name: "too_big", comesBack: false, waitMs: 0 },
  4422: { name: "protocol_abuse", comesBack: false, waitMs: 0 },
  4429: { name: "too_many", comesBack: true, waitMs: 10_000 },
  4500: { name: "internal", comesBack: true, waitMs: 0 },
  4503: { name: "restarting", comesBack: true, waitMs: 0 },
};

/**
 * Codes below 4000 are the network's (1006) or a proxy's: those come back.
 * @param {number} code
 * @returns {Closing}
 */
export function closingOf(code) {
  return CLOSINGS[code] ?? { name: "network", comesBack: true, waitMs: 0 };
}
