"""WebRTC without a browser, by way of the relay to any SFU."""
