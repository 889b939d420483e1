#!/usr/bin/python3
"""One end of the stamped channel as the Python programs in the field have it: blocking sockets,
three small sends a round, a frame taken before the stamp is read.

  channel_peer.py send PORT FPS SECONDS JPEGS   JPEGS: a bare MJPEG file
  channel_peer.py receive PORT

At its end the sender prints what it saw as JSON; a frame's age is from the camera to the verdict.
"""

import contextlib
import json
import resource
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from stamped_receiver import LAG_MAX_S, take_round
from stamped_sender import StampedSender, jpegs_in


class Camera:
    """Gives a frame every 1/fps s: the newest one where nobody came for the others."""

    def __init__(self, jpegs, fps):
        self.jpegs, self.interval_s = jpegs, 1 / fps
        self.begin, self.taken = time.monotonic(), 0

    def read(self):
        due = max(self.taken + 1, int((time.monotonic() - self.begin) / self.interval_s))
        time.sleep(max(0, self.begin + due * self.interval_s - time.monotonic()))
        self.taken = due
        return self.jpegs[due % len(self.jpegs)], self.begin + due * self.interval_s


def send(port, fps, seconds, jpegs):
    camera = Camera(jpegs_in(Path(jpegs)), float(fps))
    sender = StampedSender(("127.0.0.1", int(port)))
    ages_s = []
    while time.monotonic() - camera.begin < float(seconds):
        jpeg, captured = camera.read()
        if sender.send(jpeg):
            ages_s.append(time.monotonic() - captured)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    json.dump({"frames": camera.taken, "ages_ms": [age_s * 1000 for age_s in ages_s],
               "cpu_s": usage.ru_utime + usage.ru_stime}, sys.stdout)


def receive(port):
    with socket.create_server(("127.0.0.1", int(port))) as listener:
        peer, _ = listener.accept()
    with contextlib.suppress(OSError, EOFError):
        while True:
            _, stamp = take_round(peer)
            if time.time() - float(stamp) > LAG_MAX_S:
                peer.send(b"0")
                continue
            peer.send(b"1")
            peer.send("received and not delay".ljust(1024).encode())
    time.sleep(60)  # what it has cost is read before it is ended


def main():
    role, *arguments = sys.argv[1:]
    {"send": send, "receive": receive}[role](*arguments)


if __name__ == "__main__":
    main()
