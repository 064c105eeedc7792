/** Owns the bytes of a broadcast by WebSocket (docs/bridge.md): a head of ten bytes, then the payload. Pure. */

export const VIDEO = 1;
export const AUDIO = 2;
export const CONFIG = 3;
const HEAD_BYTES = 10;

/**
 * @param {typeof VIDEO | typeof AUDIO | typeof CONFIG} kind
 * @param {boolean} keyframe
 * @param {number} timeUs 0 or more
 * @param {number} size of the payload, which is written into the view from byte 10 on
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function emptyFrame(kind, keyframe, timeUs, size) {
  const frame = new Uint8Array(HEAD_BYTES + size);
  frame[0] = kind;
  frame[1] = keyframe ? 1 : 0;
  new DataView(frame.buffer).setBigUint64(2, BigInt(Math.max(0, Math.round(timeUs))));
  return frame;
}

/**
 * @param {typeof VIDEO | typeof AUDIO} kind
 * @param {EncodedVideoChunk | EncodedAudioChunk} chunk
 */
export function mediaFrame(kind, chunk) {
  const frame = emptyFrame(kind, chunk.type === "key" && kind === VIDEO, chunk.timestamp, chunk.byteLength);
  chunk.copyTo(frame.subarray(HEAD_BYTES));
  return frame;
}

/**
 * @typedef {object} PushConfig
 * @property {{codec: string, width: number, height: number, description: string} | null} video
 * @property {{codec: "opus", sample_rate: number, channels: number} | null} audio
 *
 * @param {PushConfig} config
 */
export function configFrame(config) {
  const text = new TextEncoder().encode(JSON.stringify(config));
  const frame = emptyFrame(CONFIG, false, 0, text.length);
  frame.set(text, HEAD_BYTES);
  return frame;
}

/** @param {AllowSharedBufferSource} bytes */
export function base64(bytes) {
  const view = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  return btoa(String.fromCharCode(...view));
}
