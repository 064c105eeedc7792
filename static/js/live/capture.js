/** Owns asking the browser for cameras and microphones. */

/** @typedef {"video" | "audio"} Kind */

const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/**
 * @param {Kind} kind
 * @returns {Promise<PermissionStatus | null>}
 */
export async function permissionFor(kind) {
  const name = /** @type {PermissionName} */ (kind === "video" ? "camera" : "microphone");
  try {
    return (await navigator.permissions?.query({ name })) ?? null;
  } catch {
    // Not every browser tells.
    return null;
  }
}

/**
 * The devices that were chosen, or any where those are gone. Not by "ideal": a camera of few pixels that somebody
 * picks would lose against one nearer to the ideal size.
 * @param {string | null} cameraId null: no picture is wanted
 * @param {string | null} micId null: no sound is wanted
 * @returns {Promise<MediaStream>}
 */
export async function capture(cameraId, micId) {
  const video = cameraId === null ? false : VIDEO;
  const audio = micId === null ? false : AUDIO;
  if (!cameraId && !micId) return navigator.mediaDevices.getUserMedia({ video, audio });
  try {
    return await navigator.mediaDevices.getUserMedia({
      video: video && { ...video, ...exactly(cameraId) },
      audio: audio && { ...audio, ...exactly(micId) },
    });
  } catch (error) {
    // Not a DOMException in every browser.
    if (/** @type {any} */ (error)?.name !== "OverconstrainedError") throw error;
    return navigator.mediaDevices.getUserMedia({ video, audio });
  }
}

/**
 * @param {Kind} kind
 * @param {string} deviceId
 */
export function captureOne(kind, deviceId) {
  return kind === "video" ? capture(deviceId, null) : capture(null, deviceId);
}

/** @param {string | null} deviceId */
function exactly(deviceId) {
  return deviceId ? { deviceId: { exact: deviceId } } : {};
}
