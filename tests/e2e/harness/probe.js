// Runs in every page before its own scripts: remembers peer connections, reads frame numbers from pixels.
(() => {
  const FRAMES = 900, CELLS = 20, WIDTH = 320, HEIGHT = 180, CELL = WIDTH / CELLS;
  const probe = {
    connections: [], sockets: [], firstFrames: [], openedAt: Date.now(),
    sent: [], welcomes: [], tracks: [], sessions: [],
  };
  window.__probe = probe;

  const RealConnection = window.RTCPeerConnection;
  if (RealConnection) {
    window.RTCPeerConnection = class extends RealConnection {
      constructor(...args) {
        super(...args);
        probe.connections.push(this);
      }
    };
  }
  const RealSocket = window.WebSocket;
  window.WebSocket = class extends RealSocket {
    constructor(...args) {
      super(...args);
      probe.sockets.push(this);
      this.addEventListener('message', (event) => {
        const message = JSON.parse(event.data);
        if (message.type === 'welcome') probe.welcomes.push(message.payload);
        if (message.type === 'tracks') probe.tracks = message.payload.tracks;
        const session = message.type === 'offer' || message.type === 'answer' ? message.session_id : null;
        if (session && !probe.sessions.includes(session)) probe.sessions.push(session);
      });
    }
    send(data) {
      try {
        probe.sent.push({ type: JSON.parse(data).type, at: Date.now() });
      } catch {
        // not ours to judge
      }
      super.send(data);
    }
  };

  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = CELL * 2;
  const pen = canvas.getContext('2d', { willReadFrequently: true });

  /** The frame number in the picture, or null where it can't be read. */
  probe.read = (video) => {
    if (!video || video.readyState < 2 || !video.videoWidth) return null;
    pen.drawImage(video, 0, 0, video.videoWidth, (video.videoHeight * CELL * 2) / HEIGHT, 0, 0, WIDTH, CELL * 2);
    const pixels = pen.getImageData(0, 0, WIDTH, CELL * 2).data;
    const light = (x, y) => pixels[(Math.round(y) * WIDTH + Math.round(x)) * 4 + 1];
    let word = 0;
    for (let i = 0; i < CELLS; i++) {
      const x = (i + 0.5) * CELL;
      const difference = light(x, CELL / 2) - light(x, CELL * 1.5);
      if (Math.abs(difference) < 60) return null;
      word = word * 2 + (difference > 0 ? 1 : 0);
    }
    const number = word >> 4;
    const sum = (number & 15) + ((number >> 4) & 15) + ((number >> 8) & 15) + ((number >> 12) & 15) + 5;
    return (sum & 15) === (word & 15) && number < FRAMES ? number : null;
  };

  /** Frame numbers as they are shown: [[ms since 1970, number], …], for `ms` milliseconds. */
  probe.watch = (selector, ms) =>
    new Promise((done) => {
      const video = document.querySelector(selector);
      const seen = [];
      const until = Date.now() + ms;
      let last = 0;
      setTimeout(() => done(seen), ms + 100);
      const look = (now) => {
        const at = performance.timeOrigin + now;
        if (at - last > 90) {
          last = at;
          const number = probe.read(video);
          if (number !== null) seen.push([at, number]);
        }
        if (Date.now() < until) video.requestVideoFrameCallback(look);
      };
      if (video) video.requestVideoFrameCallback(look);
      // A window that another one covers decodes frames, but presents none: then the picture is looked at.
      const began = Date.now();
      const poll = setInterval(() => {
        const at = Date.now();
        if (at >= until) clearInterval(poll);
        if (!video || at - Math.max(last, began) < 250) return;
        const number = probe.read(video);
        if (number !== null) seen.push([at, number]);
      }, 100);
    });

  /**
   * From now on, ten times a second: [ms since 1970, number or null, rung, state]. Over changes of the video
   * element, which `watch` does not survive.
   */
  probe.keepDiary = (selector) => {
    probe.diary = [];
    clearInterval(probe.diaryTimer);
    probe.diaryTimer = setInterval(() => {
      const { rung, state } = document.querySelector('#player').dataset;
      probe.diary.push([Date.now(), probe.read(document.querySelector(selector)), rung ?? '', state ?? '']);
    }, 100);
  };

  /** What an element plays, once more: [context, node]. */
  const tap = (element) => {
    const context = new AudioContext({ latencyHint: 'interactive' });
    // Of an element with a stream an element's source is silent.
    if (element.srcObject) return [context, context.createMediaStreamSource(element.srcObject)];
    const node = context.createMediaElementSource(element);
    node.connect(context.destination);
    return [context, node];
  };

  /** How much later than its picture Chromium itself takes the sound of WebRTC to be, in ms; null: not known yet. */
  probe.reckon = async () => {
    const plays = {};
    for (const report of await probe.stats()) plays[report.kind] = report.estimatedPlayoutTimestamp ?? plays[report.kind];
    const late = plays.video - plays.audio;
    return Number.isFinite(late) ? late : null;
  };

  /**
   * For `ms`: when beeps began and when each number was shown, [ms, number].
   *
   * By itself it adds 6 to 8 ms (camera and microphone of the very page that listens). Over WebRTC sound is late
   * for the first 10 to 20 s, by 50 to 150 ms on a busy machine, in a loop within one page as well: Chromium's
   * buffer of sound begins with 80 to 120 ms, that of pictures with 20 to 50. It moves the picture, once it has two
   * sender reports of each, by half the difference every few seconds, down to 30 ms; `reckoned` is what it says.
   */
  probe.listen = async (selector, ms) => {
    const video = document.querySelector(selector);
    const [context, node] = tap(video);
    const analyser = new AnalyserNode(context, { fftSize: 256 });
    node.connect(analyser);
    const wave = new Float32Array(analyser.fftSize);
    const heard = { beeps: [], shown: [], reckoned: [], state: '' };
    const reckoning = setInterval(async () => video.srcObject && heard.reckoned.push(await probe.reckon()), 500);
    let quietSince = 0;
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(wave);
      const now = performance.now();
      if (!wave.some((value) => Math.abs(value) > 0.05)) return void (quietSince ||= now);
      if (quietSince && now - quietSince > 300) heard.beeps.push(now);
      quietSince = 0;
    }, 4);
    const look = (_, { expectedDisplayTime }) => {
      const number = probe.read(video);
      if (number !== null) heard.shown.push([expectedDisplayTime, number]);
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
    await new Promise((done) => setTimeout(done, ms));
    clearInterval(timer);
    clearInterval(reckoning);
    heard.state = context.state;
    return heard;
  };

  /** For `ms`: beeps and their notes (harness/scale.py), [ms since 1970, Hz]. Needs no picture. */
  probe.hear = async (selector, ms) => {
    const [context, node] = tap(document.querySelector(selector));
    const quick = new AnalyserNode(context, { fftSize: 256 });
    // 43 ms of sound: of a beep's 100 ms, looked at when it has lasted longer than that.
    const slow = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0 });
    node.connect(quick);
    node.connect(slow);
    const wave = new Float32Array(quick.fftSize), spectrum = new Float32Array(slow.frequencyBinCount);
    const beeps = [];
    let quietSince = 0;
    const name = (at) => {
      slow.getFloatFrequencyData(spectrum);
      const loudest = spectrum.reduce((best, value, bin) => (value > spectrum[best] ? bin : best), 0);
      beeps.push([performance.timeOrigin + at, (loudest * context.sampleRate) / slow.fftSize]);
    };
    const timer = setInterval(() => {
      quick.getFloatTimeDomainData(wave);
      const now = performance.now();
      if (!wave.some((value) => Math.abs(value) > 0.05)) return void (quietSince ||= now);
      if (quietSince && now - quietSince > 300) setTimeout(() => name(now), 55);
      quietSince = 0;
    }, 4);
    await new Promise((done) => setTimeout(done, ms));
    clearInterval(timer);
    return beeps;
  };

  // The time at which each video of the page first shows a readable number.
  const noticed = new WeakSet();
  const notice = (video) => {
    if (noticed.has(video) || !video.requestVideoFrameCallback) return;
    noticed.add(video);
    let found = false;
    const look = () => {
      if (found) return;
      found = probe.read(video) !== null;
      if (found) probe.firstFrames.push(Date.now());
      else video.requestVideoFrameCallback(look);
    };
    // As above, for a window that is covered.
    const poll = setInterval(() => {
      if (!found && probe.read(video) !== null) {
        found = true;
        probe.firstFrames.push(Date.now());
      }
      if (found || !video.isConnected) clearInterval(poll);
    }, 500);
    video.requestVideoFrameCallback(look);
  };
  const search = () => document.querySelectorAll('video').forEach(notice);
  new MutationObserver(search).observe(document, { childList: true, subtree: true });

  /** All inbound and outbound RTP of this page's connections, as plain objects. */
  probe.stats = async () => {
    const found = [];
    for (const connection of probe.connections) {
      if (connection.connectionState === 'closed') continue;
      for (const report of (await connection.getStats()).values()) {
        if (report.type === 'inbound-rtp' || report.type === 'outbound-rtp' || report.type === 'codec') {
          found.push({ ...report });
        }
      }
    }
    return found;
  };
})();
