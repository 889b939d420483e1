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

FIELD = 32
REPLY = 1024
LAG_MAX_S = 0.080


def field(text):
    return str(text).ljust(FIELD).encode()


def receive_all(peer, size):
    data = peer.recv(size, socket.MSG_WAITALL)
    if len(data) < size:
        raise ConnectionError("closed by the peer")
    return data


def split_jpegs(path):
    with open(path, "rb") as file:
        parts = file.read().split(b"\xff\xd9\xff\xd8")
    return [b"\xff\xd8" + part.removeprefix(b"\xff\xd8").removesuffix(b"\xff\xd9") + b"\xff\xd9"
            for part in parts]


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
    camera = Camera(split_jpegs(jpegs), float(fps))
    peer = socket.create_connection(("127.0.0.1", int(port)))
    ages = []
    while time.monotonic() - camera.begin < float(seconds):
        jpeg, captured = camera.read()
        stamp = receive_all(peer, FIELD)
        peer.send(field(len(jpeg)))
        peer.sendall(jpeg)
        peer.send(stamp)
        if receive_all(peer, 1) == b"1":
            ages.append(time.monotonic() - captured)
            receive_all(peer, REPLY)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    json.dump({"frames": camera.taken, "ages_ms": [age * 1000 for age in ages],
               "cpu_s": usage.ru_utime + usage.ru_stime}, sys.stdout)


def receive(port):
    with socket.create_server(("127.0.0.1", int(port))) as listener:
        peer, _ = listener.accept()
    with contextlib.suppress(ConnectionError):
        while True:
            peer.send(field(time.time()))
            receive_all(peer, int(receive_all(peer, FIELD)))
            lag_s = time.time() - float(receive_all(peer, FIELD))
            if lag_s > LAG_MAX_S:
                peer.send(b"0")
                continue
            peer.send(b"1")
            peer.send("received and not delay".ljust(REPLY).encode())
    time.sleep(60)  # what it has cost is read before it is ended


def main():
    role, *arguments = sys.argv[1:]
    {"send": send, "receive": receive}[role](*arguments)


if __name__ == "__main__":
    main()
