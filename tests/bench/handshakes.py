#!/usr/bin/python3
"""What TLS handshakes cost those who are served already, for `make bench`: while a sender and a
viewer have their frames, clients come 20 at a time, once with TLS 1.2 and once with 1.3."""

import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from channel import Ours, free_port, wait_for
from run import CAMLOOP, DATA, make_input, print_table, undisturbed, verdict

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from authority import Authority

FPS = 15
CLIENTS = 20
ROUNDS = 10
VERSIONS = {"TLS 1.2": ssl.TLSVersion.TLSv1_2, "TLS 1.3": ssl.TLSVersion.TLSv1_3}


class Viewer:
    """Notes when each frame of a stream arrives."""

    def __init__(self, port):
        self.times = []
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(b"GET /stream HTTP/1.0\r\n\r\n")
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while data := self.socket.recv(1 << 20):
            if b"image/jpeg" in data:
                self.times.append(time.monotonic())

    def longest_gap_ms(self, begin):
        times = self.times[begin:]
        return 1000 * max(after - before for before, after in zip(times, times[1:]))


def come_at_once(authority, port, version):
    """A process of its own, as 20 clients elsewhere would be. Each waits for its first stamp."""
    code = f"""
import socket, ssl, threading
context = ssl.create_default_context(cafile={authority!r})
context.minimum_version = context.maximum_version = ssl.TLSVersion({int(version)})
def come():
    plain = socket.create_connection(("127.0.0.1", {port}))
    with context.wrap_socket(plain, server_hostname="localhost") as connection:
        assert connection.recv(32)
threads = [threading.Thread(target=come) for _ in range({CLIENTS})]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
    subprocess.run(["/usr/bin/python3", "-c", code], check=True)


def main():
    if not (DATA / "frames.mjpeg").exists():
        make_input()
    authority = Authority(Path(tempfile.mkdtemp()))
    authority.make("server", "DNS:localhost")
    trusted, port = authority.path("ca", "crt"), free_port()
    with Ours(undisturbed([CAMLOOP]), SOURCE=f"channel:127.0.0.1:{port}", CHANNEL_TLS="on",
              **authority.of("server")) as base, \
            Ours(SOURCE=f"file:{DATA / 'frames.mjpeg'}", FPS=FPS, CHANNEL_TLS="on",
                 CHANNEL_TO=f"localhost:{port}", CHANNEL_CA=trusted) as camera:
        wait_for("a frame is accepted", lambda: camera.link()["accepted"])
        viewer = Viewer(base.port)
        wait_for("frames come", lambda: len(viewer.times) > 3 * FPS)
        quiet_ms = viewer.longest_gap_ms(0)
        rows = []
        for name, version in VERSIONS.items():
            begin = len(viewer.times) - 1
            for _ in range(ROUNDS):
                come_at_once(trusted, port, version)
            gap_ms = viewer.longest_gap_ms(begin)
            rows.append([name, f"{quiet_ms:.1f}", f"{gap_ms:.1f}",
                         verdict(gap_ms - 1000 / FPS, round(1000 / FPS, 1), " ms")])
        stall_ms = base.state()["loop"]["stall_us"]["max"] / 1000
    print_table(f"{ROUNDS} times {CLIENTS} handshakes at once (P-256) beside a stream of {FPS} fps",
                ["clients", "longest gap before ms", "during ms", "a frame later by"], rows)
    print(f"\nNo callback held the loop longer than {verdict(stall_ms, 5.0, ' ms')}")


if __name__ == "__main__":
    main()
