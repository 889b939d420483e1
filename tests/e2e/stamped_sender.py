"""A sender on the stamped channel, written from the wire text as the field's is: plain sockets,
three small sends a round, and recv(n, MSG_WAITALL)."""

import socket
import time

FIELD = 32
REPLY = 1024


def jpegs_in(path):
    """The frames of an MJPEG file without thumbnails."""
    data = path.read_bytes()
    return [b"\xff\xd8" + piece for piece in data.split(b"\xff\xd8")[1:]]


def field(text):
    return str(text).encode().ljust(FIELD)


class StampedSender:
    def __init__(self, address, patience_s=30):
        self.socket = socket.create_connection(address, timeout=patience_s)
        # A timeout makes Python's sockets non-blocking, and MSG_WAITALL void.
        self.socket.setblocking(True)
        self.verdicts = []

    def read(self, size):
        data = self.socket.recv(size, socket.MSG_WAITALL)
        if len(data) < size:
            raise ConnectionError(f"closed by the receiver, {len(data)} of {size} bytes before")
        return data

    def read_stamp(self):
        stamp = self.read(FIELD)
        float(stamp)
        return stamp

    def answer(self, stamp, jpeg):
        self.socket.send(field(len(jpeg)))
        self.socket.sendall(jpeg)
        self.socket.send(stamp)

    def read_verdict(self):
        verdict = self.read(1)
        assert verdict in (b"0", b"1"), verdict
        if verdict == b"1":
            assert self.read(REPLY).decode().rstrip()
        self.verdicts.append(verdict == b"1")
        return self.verdicts[-1]

    def send(self, jpeg):
        """A round; whether it was accepted."""
        self.answer(self.read_stamp(), jpeg)
        return self.read_verdict()

    def stream(self, frames, fps, seconds):
        """The field's loop: take a frame from a camera of that rate, then send it. The share of
        those that were accepted."""
        start, begun = time.monotonic(), 0
        while time.monotonic() - start < seconds:
            pictures = int((time.monotonic() - start) * fps) + 1  # that the camera has taken so far
            time.sleep(max(start + pictures / fps - time.monotonic(), 0))
            self.send(frames[begun % len(frames)])
            begun += 1
        return sum(self.verdicts) / len(self.verdicts)

    def ended(self):
        """Whether the receiver closes, whatever it may have sent before."""
        try:
            while self.socket.recv(4096):
                pass
        except ConnectionResetError:
            pass
        return True

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
