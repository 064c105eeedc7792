/** Owns the little this page reads and changes in SDP and candidates. Pure. */

/**
 * A host name (mDNS) is of no use to an SFU, which sees the address when the browser's check arrives,
 * and some SFUs end the session over it.
 * @param {string} candidate
 */
export function namesHost(candidate) {
  return candidate.includes(".local ");
}

/**
 * @param {string} sdp
 * @returns {string}
 */
export function withoutHostNames(sdp) {
  return sdp
    .split("\r\n")
    .filter((line) => !(line.startsWith("a=candidate:") && namesHost(line)))
    .join("\r\n");
}

/**
 * @typedef {{mimeType: string, sdpFmtpLine?: string}} CodecLike
 */

/**
 * The preferred codec first, the rest kept behind it, so that an SFU without it can still choose.
 * `only`: nothing but that codec and its helpers (tests and support use this).
 * @template {CodecLike} C
 * @param {C[]} codecs
 * @param {string} preferred "h264" or "vp8"
 * @param {boolean} [only]
 * @returns {C[]}
 */
export function orderCodecs(codecs, preferred, only = false) {
  const helpers = ["video/rtx", "video/red", "video/ulpfec", "video/flexfec-03"];
  const wanted = `video/${preferred}`;
  /** @param {C} codec */
  const rank = (codec) => {
    const mime = codec.mimeType.toLowerCase();
    if (mime !== wanted) return helpers.includes(mime) ? 9 : 5;
    const fmtp = codec.sdpFmtpLine ?? "";
    // Constrained baseline in packetization mode 1 is what every receiver, RTMP and HLS take.
    if (fmtp.includes("42e01f") && fmtp.includes("packetization-mode=1")) return 0;
    return fmtp.includes("packetization-mode=0") ? 2 : 1;
  };
  const kept = only ? codecs.filter((codec) => rank(codec) !== 5) : codecs;
  return kept
    .map((codec, index) => ({ codec, index }))
    .sort((a, b) => rank(a.codec) - rank(b.codec) || a.index - b.index)
    .map(({ codec }) => codec);
}
