"""Makes the *.sdp files of this folder anew, with the Chromium of this machine."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-quic", "--no-first-run"]

SCRIPT = """async () => {
  const out = {};
  const picture = () => {
    const canvas = document.createElement('canvas');
    canvas.width = 1280; canvas.height = 720; canvas.getContext('2d').fillRect(0, 0, 9, 9);
    return canvas.captureStream(30);
  };
  const sound = () => new AudioContext().createMediaStreamDestination().stream;
  const stream = () => new MediaStream([...sound().getTracks(), ...picture().getTracks()]);
  const prefer = (transceiver, name) => {
    const all = RTCRtpSender.getCapabilities('video').codecs;
    const first = all.filter(c => c.mimeType.toLowerCase() === 'video/' + name);
    const repair = all.filter(c => c.mimeType.toLowerCase() === 'video/rtx');
    transceiver.setCodecPreferences([...first, ...repair]);
  };
  const layers = ['f', 'h', 'q'].map((rid, i) => ({rid, scaleResolutionDownBy: 2 ** i}));
  const gathered = pc => new Promise(done => {
    if (pc.iceGatheringState === 'complete') return done();
    pc.addEventListener('icegatheringstatechange',
      () => pc.iceGatheringState === 'complete' && done());
    setTimeout(done, 3000);
  });

  const publisher = (name, simulcast) => {
    const pc = new RTCPeerConnection(), s = stream();
    pc.addTransceiver(s.getAudioTracks()[0], {direction: 'sendonly', streams: [s]});
    const video = pc.addTransceiver(s.getVideoTracks()[0],
      {direction: 'sendonly', streams: [s], sendEncodings: simulcast ? layers : undefined});
    if (name) prefer(video, name);
    return pc;
  };
  for (const [file, name, simulcast] of [
    ['publisher-all', '', false],
    ['publisher-h264', 'h264', false], ['publisher-h264-simulcast', 'h264', true],
    ['publisher-vp8', 'vp8', false], ['publisher-vp8-simulcast', 'vp8', true],
    ['publisher-vp9', 'vp9', false], ['publisher-av1', 'av1', false],
  ]) {
    const pc = publisher(name, simulcast);
    out[file] = (await pc.createOffer()).sdp;
    pc.close();
  }

  { // as the seed's snippet does: addTrack, sendrecv, after gathering
    const pc = new RTCPeerConnection(), s = stream();
    s.getTracks().forEach(track => pc.addTrack(track, s));
    await pc.setLocalDescription(await pc.createOffer());
    await gathered(pc);
    out['publisher-addtrack'] = pc.localDescription.sdp;
    pc.close();
  }

  { // a screen added while live, then taken away again
    const pc = publisher('h264', true), sfu = new RTCPeerConnection();
    const negotiate = async () => {
      await pc.setLocalDescription();
      await sfu.setRemoteDescription(pc.localDescription);
      await sfu.setLocalDescription();
      await pc.setRemoteDescription(sfu.localDescription);
    };
    await negotiate();
    const screen = picture();
    const added = pc.addTransceiver(screen.getVideoTracks()[0],
      {direction: 'sendonly', streams: [screen]});
    out['publisher-screen-added'] = (await pc.createOffer()).sdp;
    await negotiate();
    added.direction = 'inactive';
    out['publisher-screen-removed'] = (await pc.createOffer()).sdp;
    await negotiate();
    added.stop();
    out['publisher-screen-stopped'] = (await pc.createOffer()).sdp;
    pc.close(); sfu.close();
  }

  { // a viewer: the offer stands in for an SFU's
    const sfu = publisher('h264', false), viewer = new RTCPeerConnection();
    sfu.createDataChannel('ion-sfu');
    await sfu.setLocalDescription();
    out['sfu-offer'] = sfu.localDescription.sdp;
    await viewer.setRemoteDescription(sfu.localDescription);
    out['viewer-answer'] = (await viewer.createAnswer()).sdp;
    sfu.close(); viewer.close();
  }

  { // what a viewer of ion-sdk-js joins with: nothing here wants it
    const pc = new RTCPeerConnection();
    pc.createDataChannel('ion-sfu');
    out['data-channel-only'] = (await pc.createOffer()).sdp;
    pc.close();
  }
  return out;
}"""

if __name__ == "__main__":
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page()
        for name, sdp in page.evaluate(SCRIPT).items():
            (HERE / f"{name}.sdp").write_bytes(sdp.encode("ascii"))
            print(name, len(sdp))
        browser.close()
