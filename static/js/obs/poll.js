/** Owns when the server is asked again: often while something happens, seldom when nothing does, never when hidden. */

const BUSY_MS = 2_000;
const QUIET_MS = 3_000;
const IDLE_MS = 8_000;
// A nervous streamer looks here for some minutes before OBS is set up.
const IDLE_AFTER_MS = 5 * 60_000;
const LONGEST_MS = 30_000;

/**
 * Pure: how long to wait.
 *
 * @param {object} facts
 * @param {boolean} facts.busy OBS is connected
 * @param {number} facts.quietMs since something happened, or since somebody looked
 * @param {number} facts.failures in a row
 */
export function waitMs({ busy, quietMs, failures }) {
  if (failures > 0) return Math.min(LONGEST_MS, QUIET_MS * 2 ** failures);
  if (busy) return BUSY_MS;
  return quietMs < IDLE_AFTER_MS ? QUIET_MS : IDLE_MS;
}

export class Poll {
  #ask;
  #timer = 0;
  #asking = false;
  #stopped = false;
  #shown = true;
  #failures = 0;
  #busy = false;
  #lookedMs = performance.now();

  /** @param {() => Promise<"busy" | "quiet" | "failed" | "stop">} ask */
  constructor(ask) {
    this.#ask = ask;
    document.addEventListener("visibilitychange", () => this.#looked());
    addEventListener("focus", () => this.#looked());
    addEventListener("online", () => this.#looked());
  }

  /** Whether what is asked for is on the screen. @param {boolean} shown */
  show(shown) {
    if (shown === this.#shown && this.#timer !== 0) return;
    this.#shown = shown;
    if (shown) void this.#now();
    else this.#clear();
  }

  start() {
    void this.#now();
  }

  #looked() {
    this.#lookedMs = performance.now();
    if (document.hidden) this.#clear();
    else void this.#now();
  }

  #clear() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  async #now() {
    this.#clear();
    if (this.#asking || this.#stopped || !this.#shown || document.hidden) return;
    this.#asking = true;
    const said = await this.#ask();
    this.#asking = false;
    if (said === "stop") this.#stopped = true;
    this.#failures = said === "failed" ? this.#failures + 1 : 0;
    if (said === "busy" || this.#busy) this.#lookedMs = performance.now();
    this.#busy = said === "busy";
    if (this.#stopped || !this.#shown || document.hidden) return;
    const facts = { busy: this.#busy, quietMs: performance.now() - this.#lookedMs, failures: this.#failures };
    this.#timer = setTimeout(() => void this.#now(), waitMs(facts));
  }
}
