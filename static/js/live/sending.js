/** Owns one publisher peer connection: camera and microphone, screens beside them, one offer at a time. */

import { CandidateQueue } from "./candidates.js";
import { namesHost, orderCodecs, withoutHostNames } from "./sdp.js";

/** @import {Source} from "./types.js" */

/**
 * @typedef {object} SendingEvents
 * @property {(sdp: string, tracks: {stream_id: string, source: Source}[]) => void} offered
 * @property {(candidate: RTCIceCandidateInit | null) => void} candidate
 * @property {() => void} connected
 * @property {(why: string) => void} failed
 *
 * @typedef {object} SendingOptions
 * @property {RTCIceServer[]} iceServers
 * @property {string | null} codec asked for in the address: nothing else is offered then
 * @property {boolean} simulcast
 */

const CONNECT_WITHIN_MS = 15_000;
const DISCONNECTED_MS = 2_000;

// Listed f first: below 720p browsers send only the first two, and those must be the better ones.
/** @type {RTCRtpEncodingParameters[]} */
const SIMULCAST = [
  { rid: "f", scaleResolutionDownBy: 1, maxBitrate: 2_500_000 },
  { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 700_000 },
  { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 200_000 },
];
/** @type {RTCRtpEncodingParameters[]} */
const SINGLE = [{ maxBitrate: 2_500_000 }];

export class SendingSession {
  /** The server's name for it; known from its answer on. @type {string | null} */
  id = null;
  #pc;
  #queue;
  #events;
  #options;
  /** @type {Map<string, Source>} stream id → what it is */
  #sources = new Map();
  // A stream of its own for each session: two sessions with one stream id would melt together at the viewers.
  #camera = new MediaStream();
  /** @type {RTCRtpSender | null} */
  #video = null;
  /** @type {RTCRtpSender | null} */
  #audio = null;
  /** @type {RTCRtpTransceiver[]} */
  #screen = [];
  #offering = false;
  #again = false;
  #closed = false;
  #timer = 0;

  /**
   * @param {SendingOptions} options
   * @param {SendingEvents} events
   */
  constructor(options, events) {
    this.#options = options;
    this.#events = events;
    this.#pc = new RTCPeerConnection({ iceServers: options.iceServers, bundlePolicy: "max-bundle" });
    this.#queue = new CandidateQueue(this.#pc);
    this.#pc.onicecandidate = ({ candidate }) => {
      if (candidate === null) events.candidate(null);
      else if (candidate.candidate && !namesHost(candidate.candidate)) {
        events.candidate(candidate.toJSON());
      }
    };
    this.#pc.onconnectionstatechange = () => this.#stateChanged();
    this.#expect(CONNECT_WITHIN_MS, "no connection in time");
  }

  get connected() {
    return this.#pc.connectionState === "connected";
  }

  /** Packets get there and back; keys may still be on their way. */
  get reached() {
    return ["connected", "completed"].includes(this.#pc.iceConnectionState);
  }

  /** @returns {Promise<RTCStatsReport>} */
  stats() {
    return this.#pc.getStats();
  }

  /**
   * @param {MediaStreamTrack | null} video
   * @param {MediaStreamTrack | null} audio
   */
  addCamera(video, audio) {
    this.#sources.set(this.#camera.id, "camera");
    if (audio !== null) this.#addAudio(audio);
    if (video !== null) this.#addVideo(video);
  }

  /** @param {MediaStream} captured what getDisplayMedia gave */
  addScreen(captured) {
    const stream = new MediaStream();
    this.#sources.set(stream.id, "screen");
    for (const track of captured.getTracks()) {
      const video = track.kind === "video";
      // Always a fresh transceiver: one that was stopped before is not understood by every SFU when it comes back.
      const transceiver = this.#pc.addTransceiver(track, {
        direction: "sendonly",
        streams: [stream],
        ...(video ? { sendEncodings: SINGLE } : {}),
      });
      if (video) this.#preferCodec(transceiver);
      this.#screen.push(transceiver);
    }
  }

  async removeScreen() {
    for (const transceiver of this.#screen.splice(0)) {
      if (this.#closed) return;
      await transceiver.sender.replaceTrack(null).catch(() => {});
      if (this.#closed) return;
      // Not stop(): that frees the section, and SFUs choke on its reuse.
      transceiver.direction = "inactive";
    }
    for (const [id, source] of this.#sources) if (source === "screen") this.#sources.delete(id);
  }

  /**
   * @param {MediaStreamTrack | null} track
   * @returns {Promise<boolean>} whether it is the first one, which has to be negotiated
   */
  async replaceVideo(track) {
    if (this.#closed) return false;
    if (this.#video === null) return track !== null && this.#addVideo(track);
    await this.#video.replaceTrack(track);
    return false;
  }

  /**
   * @param {MediaStreamTrack | null} track
   * @returns {Promise<boolean>} as above
   */
  async replaceAudio(track) {
    if (this.#closed) return false;
    if (this.#audio === null) return track !== null && this.#addAudio(track);
    await this.#audio.replaceTrack(track);
    return false;
  }

  /** @param {MediaStreamTrack} track */
  #addAudio(track) {
    const init = /** @type {RTCRtpTransceiverInit} */ ({ direction: "sendonly", streams: [this.#camera] });
    this.#audio = this.#pc.addTransceiver(track, init).sender;
    return true;
  }

  /** @param {MediaStreamTrack} track */
  #addVideo(track) {
    const transceiver = this.#pc.addTransceiver(track, {
      direction: "sendonly",
      streams: [this.#camera],
      sendEncodings: this.#options.simulcast ? SIMULCAST : SINGLE,
    });
    this.#preferCodec(transceiver);
    this.#video = transceiver.sender;
    return true;
  }

  /** Offers what is there now; while an offer is unanswered, once more after its answer. */
  async negotiate() {
    if (this.#closed) return;
    if (this.#offering) {
      this.#again = true;
      return;
    }
    this.#offering = true;
    try {
      const offer = await this.#pc.createOffer();
      if (this.#closed) return;
      await this.#pc.setLocalDescription(offer);
      const tracks = [...this.#sources].map(([stream_id, source]) => ({ stream_id, source }));
      this.#events.offered(withoutHostNames(offer.sdp ?? ""), tracks);
    } catch (error) {
      if (!this.#closed) this.#events.failed(`offer: ${error}`);
    }
  }

  /** @param {string} sdp */
  async gotAnswer(sdp) {
    try {
      await this.#pc.setRemoteDescription({ type: "answer", sdp });
      await this.#queue.flush();
    } catch (error) {
      if (!this.#closed) this.#events.failed(`answer: ${error}`);
      return;
    }
    this.#offering = false;
    if (!this.#again) return;
    this.#again = false;
    await this.negotiate();
  }

  /** The server did not take the last offer: back to what was agreed before. */
  async rollBack() {
    this.#offering = this.#again = false;
    await this.#pc.setLocalDescription({ type: "rollback" }).catch(() => {});
  }

  /** @param {RTCIceCandidateInit | null} candidate */
  gotCandidate(candidate) {
    void this.#queue.add(candidate);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#pc.onicecandidate = this.#pc.onconnectionstatechange = null;
    this.#pc.close();
  }

  /** @param {RTCRtpTransceiver} transceiver */
  #preferCodec(transceiver) {
    const { codec } = this.#options;
    for (const side of [RTCRtpReceiver, RTCRtpSender]) {
      const codecs = side.getCapabilities("video")?.codecs ?? [];
      try {
        transceiver.setCodecPreferences(orderCodecs(codecs, codec ?? "h264", codec !== null));
        return;
      } catch {
        // Browsers differ in which of the two lists they take.
      }
    }
  }

  #stateChanged() {
    clearTimeout(this.#timer);
    switch (this.#pc.connectionState) {
      case "connected":
        this.#events.connected();
        break;
      case "disconnected":
        this.#expect(DISCONNECTED_MS, "disconnected");
        break;
      case "failed":
      case "closed":
        this.#events.failed(`connection ${this.#pc.connectionState}`);
        break;
      default:
        this.#expect(CONNECT_WITHIN_MS, "no connection in time");
    }
  }

  /**
   * @param {number} ms
   * @param {string} why
   */
  #expect(ms, why) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#events.failed(why), ms);
  }
}
