/** Owns the still picture that is sent while the camera is off, so that viewers never see a frozen frame. */

// Viewers take a picture for dead after 1 s without a frame.
const REDRAW_MS = 200;

export class CameraCard {
  #name;
  /** @type {HTMLCanvasElement | null} */
  #canvas = null;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  #timer = 0;
  #tick = 0;

  /** @param {string} name */
  constructor(name) {
    this.#name = name;
  }

  /** @returns {MediaStreamTrack | null} */
  get track() {
    return this.#track;
  }

  start() {
    if (this.#track !== null) return;
    this.#canvas = document.createElement("canvas");
    this.#canvas.width = 1280;
    this.#canvas.height = 720;
    this.#draw();
    this.#track = this.#canvas.captureStream(10).getVideoTracks()[0] ?? null;
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#track?.stop();
    this.#track = this.#canvas = null;
  }

  #draw() {
    const context = this.#canvas?.getContext("2d");
    if (!context) return;
    context.fillStyle = "#14191a";
    context.fillRect(0, 0, 1280, 720);
    context.fillStyle = "#24494a";
    context.beginPath();
    context.arc(640, 360, 130, 0, Math.PI * 2);
    context.fill();
    context.fillStyle = "#f4f6f6";
    context.font = "600 120px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(this.#name.slice(0, 1).toUpperCase(), 640, 368);
    // A canvas that does not change gives no frames.
    this.#tick = (this.#tick + 1) % 2;
    context.fillStyle = this.#tick ? "#14191a" : "#151a1b";
    context.fillRect(0, 0, 2, 2);
  }
}
