/** Owns which layer of which stream was asked for, so that each wish is sent once per session. */

/** @import {ReceivingSession} from "./receiving.js" */
/** @import {Subscriber} from "./subscriber.js" */
/** @import {LayerWish} from "./types.js" */

export class LayerWishes {
  #subscriber;
  /** @type {Map<string, {wish: LayerWish, ref: string}>} by session and stream */
  #asked = new Map();

  /** @param {Subscriber} subscriber */
  constructor(subscriber) {
    this.#subscriber = subscriber;
  }

  /**
   * @param {string} streamId
   * @param {LayerWish} wish
   */
  ask(streamId, wish) {
    const { active, next } = this.#subscriber;
    const session = next?.streams.has(streamId) ? next : active;
    if (!session?.answered || !session.streams.has(streamId)) return;
    const key = `${session.id} ${streamId}`;
    // "auto" is where every stream begins.
    if ((this.#asked.get(key)?.wish ?? "auto") === wish) return;
    const ref = this.#subscriber.askLayer(streamId, wish, session);
    if (ref === null) return;
    this.#forgetAllBut([active, next]);
    this.#asked.set(key, { wish, ref });
  }

  /** Not taken: it is asked for again with the next change. @param {string | undefined} ref */
  refused(ref) {
    for (const [key, asked] of this.#asked) if (asked.ref === ref) this.#asked.delete(key);
  }

  /** @param {(ReceivingSession | null)[]} sessions */
  #forgetAllBut(sessions) {
    for (const old of this.#asked.keys()) {
      if (!sessions.some((session) => old.startsWith(`${session?.id} `))) this.#asked.delete(old);
    }
  }
}
