/** Owns who speaks, from how loud each person is: marks at once, the large place only after a while. Pure. */

/** Not a breath, nor a keyboard. As RTP says it, 0–1. */
const VOICE = 0.01;
/** A syllable's gap does not end a sentence. */
const MARK_MS = 500;
/** A word thrown in does not take the large place. */
const LEAD_MS = 1_500;
const FALL_PER_SEC = 0.12;

/** @typedef {{level: number, atMs: number, heardMs: number}} Heard */

/** The level is that of the newest packet: seldom looked at, it would be one of the gaps between syllables. */
export const LISTEN_MS = 100;

export class ActiveSpeaker {
  /** @type {Map<string, Heard>} by person */
  #heard = new Map();
  /** @type {{person: string, sinceMs: number} | null} who is about to take over */
  #challenger = null;

  /** Who has the large place; stays while nobody speaks. @type {string | null} */
  current = null;

  /**
   * @param {ReadonlyMap<string, number>} levels 0–1 of each person whose sound comes
   * @param {number} nowMs
   * @returns {boolean} whether `current` is another one now
   */
  step(levels, nowMs) {
    const before = this.current;
    for (const person of this.#heard.keys()) if (!levels.has(person)) this.#heard.delete(person);
    for (const [person, level] of levels) {
      const last = this.#heard.get(person);
      const fallen = last ? last.level * FALL_PER_SEC ** ((nowMs - last.atMs) / 1000) : 0;
      const heardMs = level >= VOICE ? nowMs : (last?.heardMs ?? -Infinity);
      this.#heard.set(person, { level: Math.max(level, fallen), atMs: nowMs, heardMs });
    }
    if (this.current !== null && !levels.has(this.current)) this.current = null;
    this.#challenge(this.#loudest(nowMs), nowMs);
    return this.current !== before;
  }

  /** How loud each one is, as rings show it: a syllable's gap is no fall. @returns {Map<string, number>} 0–1 */
  get levels() {
    return new Map([...this.#heard].map(([person, { level }]) => [person, Math.sqrt(level)]));
  }

  /** Who is marked as speaking. @param {number} nowMs @returns {Set<string>} */
  speaking(nowMs) {
    const marked = [...this.#heard].filter(([, { heardMs }]) => nowMs - heardMs < MARK_MS);
    return new Set(marked.map(([person]) => person));
  }

  /** @param {number} nowMs */
  #loudest(nowMs) {
    /** @type {string | null} */
    let loudest = null;
    for (const person of this.speaking(nowMs)) {
      const level = this.#heard.get(person)?.level ?? 0;
      if (loudest === null || level > (this.#heard.get(loudest)?.level ?? 0)) loudest = person;
    }
    return loudest;
  }

  /**
   * @param {string | null} loudest
   * @param {number} nowMs
   */
  #challenge(loudest, nowMs) {
    if (loudest === null || loudest === this.current) this.#challenger = null;
    else if (this.current === null) this.current = loudest;
    else if (this.#challenger?.person !== loudest) this.#challenger = { person: loudest, sinceMs: nowMs };
    else if (nowMs - this.#challenger.sinceMs >= LEAD_MS) {
      this.current = loudest;
      this.#challenger = null;
    }
  }
}
