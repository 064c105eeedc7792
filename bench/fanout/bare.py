"""The bare loop: copy, AES-GCM in place, sendto, for each viewer. The floor under any forwarder.

Run as a process of its own: reads {"ports", "secs"} from stdin, prints {"cpu_us", "packets"}.
It sends the same packets in the same rhythm to as many sockets, with a key of its own for each,
and knows nothing of rooms, sequence numbers, NACK or timers.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time

from bench.fanout.stream import packets
from embedded_sfu.transport import in_place
from embedded_sfu.transport.endpoint import SOCKET_BUFFER_BYTES
from embedded_sfu.transport.srtp import open_outbound_session


def main() -> None:
    order = json.load(sys.stdin)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
    sock.setblocking(False)
    sessions = [open_outbound_session(os.urandom(28), "gcm") for _ in order["ports"]]
    rows = [
        (in_place.context_of(session), ("127.0.0.1", port))
        for session, port in zip(sessions, order["ports"], strict=True)
    ]
    scratch = bytearray(2048)
    view, pointer, cell = memoryview(scratch), in_place.pointer_to(scratch), in_place.length_cell()
    protect, sendto = in_place.protect_rtp, sock.sendto
    sent = 0
    started, cpu_started = time.monotonic(), time.process_time_ns()
    for packet in packets():
        if packet.due_secs >= order["secs"]:
            break
        time.sleep(max(0.0, started + packet.due_secs - time.monotonic()))
        data, length = packet.data, len(packet.data)
        for context, address in rows:
            scratch[:length] = data
            cell[0] = length
            protect(context, pointer, cell)
            try:
                sendto(view[: length + 16], address)
            except BlockingIOError:
                continue
            sent += 1
    cpu_us = (time.process_time_ns() - cpu_started) / 1000
    print(json.dumps({"cpu_us": cpu_us, "packets": sent}))


if __name__ == "__main__":
    main()
