/** Owns encoding for a broadcast by WebSocket: H.264 and Opus by WebCodecs, a keyframe each second. */

import { TrackClock } from "./push-clock.js";
import { AUDIO, VIDEO, base64, mediaFrame } from "./push-frames.js";
import { audioData, videoFrames } from "./push-sources.js";

/** @import {PushConfig} from "./push-frames.js" */

/**
 * @typedef {object} EncoderEvents
 * @property {(config: PushConfig) => void} config what comes next is like this
 * @property {(kind: typeof VIDEO | typeof AUDIO, frame: Uint8Array<ArrayBuffer>, keyframe: boolean, lateMs: number) => void} encoded
 *   lateMs: since the moment it shows
 * @property {(why: string) => void} failed
 */

const FPS = 30;
const LONG_SIDE = 1280;
const SMALL_LONG_SIDE = 640;
const KEYFRAME_EVERY_US = 1_000_000;
// More than this waits for the encoder: the machine is too slow, so some pictures are left out.
const MOST_WAITING = 2;
const AUDIO_BPS = 96_000;
const MOST_GAP_US = 30_000;

/**
 * @param {number} width
 * @param {number} height
 * @param {number} bps
 * @returns {VideoEncoderConfig}
 */
function videoConfig(width, height, bps) {
  return {
    // Constrained baseline up to 1280×720 at 30, what every decoder plays; main above.
    codec: width * height <= 1280 * 720 ? "avc1.42E01F" : "avc1.4D0028",
    width, height, bitrate: bps, framerate: FPS,
    latencyMode: "realtime", hardwareAcceleration: "no-preference", avc: { format: "avc" },
  }; // prettier-ignore
}

/** Whether this browser can do it at all. @param {boolean} audioOnly */
export async function canEncode(audioOnly) {
  try {
    const sound = { codec: "opus", sampleRate: 48_000, numberOfChannels: 1, bitrate: AUDIO_BPS };
    if (!(await AudioEncoder.isConfigSupported(sound)).supported) return false;
    return audioOnly || ((await VideoEncoder.isConfigSupported(videoConfig(1280, 720, 1_500_000))).supported ?? false);
  } catch {
    return false;
  }
}

export class PushEncoder {
  #events;
  /** @type {VideoEncoder | null} */
  #video = null;
  /** @type {AudioEncoder | null} */
  #audio = null;
  #shape = "";
  #heard = "";
  /** @type {PushConfig} */
  #config = { video: null, audio: null };
  #wantsVideo = false;
  #bps;
  #longSide = LONG_SIDE;
  #keyframe = true;
  #keyframeUs = -Infinity;
  #lastUs = -Infinity;
  #nextSoundUs = -Infinity;
  #stopVideo = () => {};
  #stopAudio = () => {};
  /** Nothing is encoded but sound. */
  paused = false;
  frames = 0;
  dropped = 0;
  width = 0;
  height = 0;

  /**
   * @param {number} bps
   * @param {EncoderEvents} events
   */
  constructor(bps, events) {
    this.#bps = bps;
    this.#events = events;
  }

  /** @param {MediaStreamTrack | null} track */
  setVideo(track) {
    this.#stopVideo();
    this.#stopVideo = () => {};
    this.#wantsVideo = track !== null;
    if (track === null) {
      this.#config.video = null;
      return;
    }
    const clock = new TrackClock();
    this.#stopVideo = videoFrames(track, (frame) => this.#gotFrame(frame, clock));
  }

  /** @param {MediaStreamTrack | null} track */
  setAudio(track) {
    this.#stopAudio();
    this.#stopAudio = () => {};
    this.#config.audio = track === null ? null : { codec: "opus", sample_rate: 48_000, channels: 1 };
    if (this.#config.video !== null || (!this.#wantsVideo && track !== null)) this.#tell();
    if (track === null) return;
    const clock = new TrackClock();
    this.#stopAudio = audioData(track, (data) => this.#gotSound(data, clock));
  }

  /**
   * @param {number} bps
   * @param {boolean} small
   */
  setRate(bps, small) {
    this.#bps = bps;
    this.#longSide = small ? SMALL_LONG_SIDE : LONG_SIDE;
    if (this.#video?.state === "configured" && this.width > 0) {
      this.#video.configure(videoConfig(this.width, this.height, bps));
    }
  }

  /** The next picture stands for itself; who comes anew is told what is sent. */
  restart() {
    this.#keyframe = true;
    if (this.#config.video !== null || (!this.#wantsVideo && this.#config.audio !== null)) this.#tell();
  }

  close() {
    this.#stopVideo();
    this.#stopAudio();
    for (const encoder of [this.#video, this.#audio]) if (encoder && encoder.state !== "closed") encoder.close();
    this.#video = this.#audio = null;
  }

  /**
   * @param {VideoFrame} frame
   * @param {TrackClock} clock
   */
  #gotFrame(frame, clock) {
    const timeUs = Math.round(clock.time(frame.timestamp, performance.now()));
    const early = timeUs - this.#lastUs < (0.7 * 1e6) / FPS;
    const busy = (this.#video?.encodeQueueSize ?? 0) > MOST_WAITING;
    if (this.paused || early || busy) {
      if (busy || this.paused) this.dropped += 1;
      frame.close();
      return;
    }
    try {
      this.#fit(frame);
      const keyFrame = this.#keyframe || timeUs - this.#keyframeUs >= KEYFRAME_EVERY_US - 5e5 / FPS;
      if (keyFrame) this.#keyframeUs = timeUs;
      this.#keyframe = false;
      this.#lastUs = timeUs;
      const stamped = new VideoFrame(frame, { timestamp: timeUs });
      this.#video?.encode(stamped, { keyFrame });
      stamped.close();
      this.frames += 1;
    } catch (error) {
      this.#events.failed(`picture: ${error}`);
    } finally {
      frame.close();
    }
  }

  /** Another size means another stream: only when the source or the path asks for it. @param {VideoFrame} frame */
  #fit(frame) {
    const { displayWidth, displayHeight } = frame;
    const scale = Math.min(1, this.#longSide / Math.max(displayWidth, displayHeight));
    const even = (/** @type {number} */ n) => Math.max(2, Math.round((n * scale) / 2) * 2);
    const shape = `${even(displayWidth)}×${even(displayHeight)}`;
    if (this.#video !== null && this.#video.state !== "closed" && shape === this.#shape) return;
    this.#shape = shape;
    this.width = even(displayWidth);
    this.height = even(displayHeight);
    if (this.#video === null || this.#video.state === "closed") {
      this.#video = new VideoEncoder({
        output: (chunk, meta) => this.#gotPicture(chunk, meta),
        error: (error) => this.#events.failed(`picture: ${error}`),
      });
    }
    this.#video.configure(videoConfig(this.width, this.height, this.#bps));
    this.#keyframe = true;
  }

  /**
   * @param {EncodedVideoChunk} chunk
   * @param {EncodedVideoChunkMetadata | undefined} meta
   */
  #gotPicture(chunk, meta) {
    const decoder = meta?.decoderConfig;
    if (decoder?.description) {
      const video = {
        codec: decoder.codec,
        width: decoder.codedWidth ?? this.width,
        height: decoder.codedHeight ?? this.height,
        description: base64(decoder.description),
      };
      if (JSON.stringify(video) !== JSON.stringify(this.#config.video)) {
        this.#config.video = video;
        this.#tell();
      }
    }
    this.#events.encoded(VIDEO, mediaFrame(VIDEO, chunk), chunk.type === "key", lateMs(chunk));
  }

  /**
   * @param {AudioData} data
   * @param {TrackClock} clock
   */
  #gotSound(data, clock) {
    const timeUs = Math.round(clock.time(data.timestamp, performance.now()));
    try {
      const heard = `${data.sampleRate} ${data.numberOfChannels}`;
      // The encoder counts on from what it got first: after a gap, as a busy machine leaves them, it has to begin anew.
      const gap = Math.abs(timeUs - this.#nextSoundUs) > MOST_GAP_US;
      if (this.#audio === null || this.#audio.state === "closed" || heard !== this.#heard || gap) {
        this.#heard = heard;
        if (this.#audio && this.#audio.state !== "closed") this.#audio.close();
        this.#audio = new AudioEncoder({
          output: (chunk) => this.#events.encoded(AUDIO, mediaFrame(AUDIO, chunk), false, lateMs(chunk)),
          error: (error) => this.#events.failed(`sound: ${error}`),
        });
        const { sampleRate, numberOfChannels } = data;
        this.#audio.configure({ codec: "opus", sampleRate, numberOfChannels, bitrate: AUDIO_BPS });
        this.#nextSoundUs = timeUs;
      }
      // As the encoder counts, not as the sound says: what the clock learns meanwhile is a gap, too.
      this.#nextSoundUs += (data.numberOfFrames * 1e6) / data.sampleRate;
      const stamped = restamped(data, timeUs);
      this.#audio.encode(stamped);
      stamped.close();
    } catch (error) {
      this.#events.failed(`sound: ${error}`);
    } finally {
      data.close();
    }
  }

  #tell() {
    this.#events.config(structuredClone(this.#config));
  }
}

/** @param {EncodedVideoChunk | EncodedAudioChunk} chunk */
function lateMs({ timestamp }) {
  return performance.now() - timestamp / 1000;
}

/**
 * @param {AudioData} data
 * @param {number} timestamp
 */
function restamped(data, timestamp) {
  const { sampleRate, numberOfChannels, numberOfFrames } = data;
  const samples = new Float32Array(numberOfChannels * numberOfFrames);
  for (let planeIndex = 0; planeIndex < numberOfChannels; planeIndex += 1) {
    data.copyTo(samples.subarray(planeIndex * numberOfFrames), { planeIndex, format: "f32-planar" });
  }
  return new AudioData({ format: "f32-planar", sampleRate, numberOfChannels, numberOfFrames, timestamp, data: samples });
}
