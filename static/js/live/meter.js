/** Owns the level meter of the microphone. */

const STEP_MS = 60;
const FALL = 0.82;

export class Meter {
  #element;
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  /** @type {AnalyserNode | null} */
  #analyser = null;
  #level = 0;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
    setInterval(() => this.#step(), STEP_MS);
    // Some browsers keep an audio context asleep until something is tapped.
    addEventListener("pointerdown", () => void this.#context?.resume());
  }

  /** @param {MediaStreamTrack | null} track */
  listen(track) {
    this.#source?.disconnect();
    this.#source = null;
    if (track === null) return;
    this.#context ??= new AudioContext();
    void this.#context.resume().catch(() => {});
    this.#analyser ??= this.#context.createAnalyser();
    this.#analyser.fftSize = 1024;
    this.#source = this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#analyser);
  }

  #step() {
    let loud = 0;
    if (this.#source !== null && this.#analyser !== null) {
      const samples = new Float32Array(this.#analyser.fftSize);
      this.#analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      // -60 dB (a quiet room) to 0 dB, as ears hear it.
      loud = Math.min(1, Math.max(0, 1 + (10 * Math.log10(power + 1e-9)) / 60));
    }
    this.#level = Math.max(loud, this.#level * FALL);
    this.#element.style.setProperty("--level", this.#level.toFixed(2));
    this.#element.setAttribute("aria-valuenow", String(Math.round(this.#level * 100)));
  }
}
