/**
 * Owns getting raw frames out of tracks. Where there is MediaStreamTrackProcessor they come also while the tab is
 * hidden; elsewhere a hidden tab gives a picture a second, and sound as always.
 */

/** @type {any} */
const Processor = /** @type {any} */ (globalThis).MediaStreamTrackProcessor;
const HIDDEN_EVERY_MS = 500;
const WORKLET = new URL("./push-sound-worklet.js", import.meta.url);

/**
 * @param {MediaStreamTrack} track
 * @param {(frame: VideoFrame) => void} got has to close it
 * @returns {() => void} ends it; the track goes on
 */
export function videoFrames(track, got) {
  return Processor ? read(track, got) : watch(track, got);
}

/**
 * @param {MediaStreamTrack} track
 * @param {(data: AudioData) => void} got has to close it
 * @returns {() => void}
 */
export function audioData(track, got) {
  return Processor && offersSound() ? read(track, got) : listen(track, got);
}

/** Safari's takes pictures only. */
function offersSound() {
  return "AudioData" in globalThis && !/^((?!chrome|android).)*safari/i.test(navigator.userAgent);
}

/**
 * @param {MediaStreamTrack} track
 * @param {(frame: any) => void} got
 */
function read(track, got) {
  // Reading a clone: the end of this must not end what others do with the track.
  const own = track.clone();
  const follow = setInterval(() => (own.enabled = track.enabled), 100);
  const reader = new Processor({ track: own, maxBufferSize: track.kind === "video" ? 2 : 50 }).readable.getReader();
  let over = false;
  void (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (over) value.close();
      else got(value);
    }
  })().catch(() => {});
  return () => {
    over = true;
    clearInterval(follow);
    own.stop();
    void reader.cancel().catch(() => {});
  };
}

/**
 * @param {MediaStreamTrack} track
 * @param {(frame: VideoFrame) => void} got
 */
function watch(track, got) {
  const video = document.createElement("video");
  video.muted = video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  void video.play().catch(() => {});
  let over = false;
  const take = () => {
    if (over || video.readyState < 2 || video.videoWidth === 0) return;
    got(new VideoFrame(video, { timestamp: Math.round(performance.now() * 1000) }));
  };
  const step = () => {
    if (over) return;
    take();
    video.requestVideoFrameCallback(step);
  };
  video.requestVideoFrameCallback(step);
  const timer = setInterval(() => document.hidden && take(), HIDDEN_EVERY_MS);
  return () => {
    over = true;
    clearInterval(timer);
    video.srcObject = null;
  };
}

/**
 * @param {MediaStreamTrack} track
 * @param {(data: AudioData) => void} got
 */
function listen(track, got) {
  const context = new AudioContext({ sampleRate: 48_000 });
  let over = false;
  void (async () => {
    await context.audioWorklet.addModule(WORKLET.href);
    if (over) return;
    const tap = new AudioWorkletNode(context, "push-sound", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
    tap.port.onmessage = ({ data: { samples, frame } }) => {
      if (over) return;
      got(
        new AudioData({
          format: "f32-planar", sampleRate: 48_000, numberOfChannels: 1, numberOfFrames: samples.length,
          timestamp: Math.round((frame / 48_000) * 1e6), data: samples,
        }), // prettier-ignore
      );
    };
    context.createMediaStreamSource(new MediaStream([track])).connect(tap);
    await context.resume();
  })().catch(() => {});
  return () => {
    over = true;
    void context.close().catch(() => {});
  };
}

/**
 * One track of several sounds (a microphone, and what a shared screen plays).
 * @param {MediaStreamTrack[]} tracks two or more
 * @returns {{track: MediaStreamTrack, close: () => void}}
 */
export function mixed(tracks) {
  const context = new AudioContext({ sampleRate: 48_000 });
  const sum = context.createMediaStreamDestination();
  for (const track of tracks) context.createMediaStreamSource(new MediaStream([track])).connect(sum);
  void context.resume().catch(() => {});
  return { track: /** @type {MediaStreamTrack} */ (sum.stream.getAudioTracks()[0]), close: () => void context.close() };
}
