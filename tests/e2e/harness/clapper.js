// Runs in a studio before its own scripts: a camera and a microphone of one clock, so that sound is in step at the
// source. Number n is there from n/30 s of the page's clock on; a beep begins with each number that divides by 30.
(() => {
  const FPS = 30, FRAMES = 900, CELLS = 20, WIDTH = 640, HEIGHT = 360, CELL = WIDTH / CELLS;
  const BEEP_SECS = 0.1, AHEAD_SECS = 0.3, STEP_MS = 20, WINDOW = 50, SOON = 10;
  if (!navigator.mediaDevices || !window.MediaStreamTrackGenerator) return;
  const clapper = { longestMs: 0, frames: 0, lateMs: [] };
  window.__clapper = clapper;
  // Whoever is one of several (harness/cast.py): a plain ground of one colour, and a tone without a break.
  const { ground = '', hz = 0 } = window.__part ?? {};
  // harness/scale.py: each second's beep has a note of its own.
  const { lowestHz = 0, ratio = 1, notes = 1 } = window.__scale ?? {};

  /** 16 bits of number and their checksum, as camera.py draws them. */
  const wordOf = (number) => {
    const sum = (number & 15) + ((number >> 4) & 15) + ((number >> 8) & 15) + ((number >> 12) & 15) + 5;
    return (number << 4) | (sum & 15);
  };

  const draw = (pen, number) => {
    pen.fillStyle = ground || '#6e5a46';
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    for (let i = 0; i < (ground ? 0 : 12); i++) {
      pen.fillStyle = `hsl(${i * 30} 45% 45%)`;
      pen.fillRect(((i * 61 + number * 3) % (WIDTH + 60)) - 60, 80 + i * 22, 60, 40);
    }
    const word = wordOf(number);
    for (let i = 0; i < CELLS; i++) {
      const bit = (word >> (CELLS - 1 - i)) & 1;
      pen.fillStyle = bit ? '#fff' : '#000';
      pen.fillRect(i * CELL, 0, CELL, CELL);
      pen.fillStyle = bit ? '#000' : '#fff';
      pen.fillRect(i * CELL, CELL, CELL, CELL);
    }
  };

  const camera = () => {
    const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
    const pen = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
    const track = new MediaStreamTrackGenerator({ kind: 'video' });
    const writer = track.writable.getWriter();
    let count = -1, before = 0;
    const step = () => {
      if (track.readyState === 'ended') return;
      const now = performance.now();
      const due = Math.floor((now * FPS) / 1000);
      if (due !== count && writer.desiredSize > 0) {
        if (before) clapper.longestMs = Math.max(clapper.longestMs, now - before);
        before = now;
        count = due;
        clapper.frames++;
        draw(pen, count % FRAMES);
        const frame = new VideoFrame(canvas, { timestamp: Math.round((count * 1e6) / FPS) });
        writer.write(frame).catch(() => frame.close());
      }
      setTimeout(step, Math.max(0, ((due + 1) * 1000) / FPS - performance.now()) + 0.5);
    };
    step();
    return track;
  };

  const microphone = () => {
    const context = new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' });
    const out = context.createMediaStreamDestination();
    const tone = new OscillatorNode(context, { frequency: hz || 1000 });
    const gain = new GainNode(context, { gain: hz ? 0.3 : 0 });
    tone.connect(gain).connect(out);
    tone.start();
    // Without a tap a page makes no sound.
    window.addEventListener('click', () => void context.resume(), true);
    void context.resume().catch(() => {});
    if (hz) return out.stream.getAudioTracks()[0];
    let offsets = [], planned = 0;
    setInterval(() => {
      if (context.state !== 'running') return void (offsets = []);
      const now = performance.now() / 1000;
      // The sound's clock goes by quanta: where it was quickest lately is where it is.
      offsets = [...offsets, now - context.currentTime].slice(-WINDOW);
      const second = Math.ceil(now);
      if (offsets.length < WINDOW || second === planned || second - now > AHEAD_SECS) return;
      planned = second;
      const quickest = Math.min(...offsets);
      const at = second - quickest;
      if (lowestHz) tone.frequency.setValueAtTime(lowestHz * ratio ** (second % notes), Math.max(at, context.currentTime));
      gain.gain.setValueAtTime(0.6, Math.max(at, context.currentTime));
      gain.gain.setValueAtTime(0, at + BEEP_SECS);
      // A busy machine's sound stands still at times, and loses them for good: what was planned before comes later.
      const told = () => clapper.lateMs.push(Math.max(0, Math.min(...offsets.slice(-SOON)) - quickest) * 1000);
      setTimeout(told, (second - now) * 1000 + SOON * STEP_MS);
    }, STEP_MS);
    return out.stream.getAudioTracks()[0];
  };

  navigator.mediaDevices.getUserMedia = async ({ video, audio }) =>
    new MediaStream([...(video ? [camera()] : []), ...(audio ? [microphone()] : [])]);
})();
