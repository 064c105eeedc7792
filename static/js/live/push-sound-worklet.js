/** Owns handing sound from the audio thread to the page, 10 ms at a time, where no track processor does it. */

const SAMPLES = 480;
/** @type {any} */
const scope = globalThis;

class PushSound extends scope.AudioWorkletProcessor {
  #samples = new Float32Array(SAMPLES);
  #filled = 0;

  /** @param {Float32Array[][]} inputs */
  process([input]) {
    const heard = input?.[0];
    for (let at = 0; at < 128; at += 1) {
      this.#samples[this.#filled++] = heard?.[at] ?? 0;
      if (this.#filled < SAMPLES) continue;
      const samples = this.#samples;
      /** @type {any} */ (this).port.postMessage({ samples, frame: scope.currentFrame + at + 1 - SAMPLES }, [samples.buffer]);
      this.#samples = new Float32Array(SAMPLES);
      this.#filled = 0;
    }
    return true;
  }
}

scope.registerProcessor("push-sound", PushSound);
