"""A client of the MJPEG stream that checks what it reads, and JPEG helpers that know no camloop."""

import http.client
import re
import subprocess
from typing import NamedTuple

SILENCE_TIMEOUT_S = 30


class Part(NamedTuple):
    captured_s: float
    jpeg: bytes


class MjpegStream:
    """Iterates over the parts of one connection, which it never opens again."""

    def __init__(self, port, path="/stream"):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SILENCE_TIMEOUT_S)
        self.connection.request("GET", path)
        self.body = self.connection.getresponse()
        assert self.body.status == 200
        content_type = self.body.getheader("Content-Type")
        boundary = re.fullmatch(r"multipart/x-mixed-replace; ?boundary=(\w+)", content_type)[1]
        self.delimiter = b"--" + boundary.encode() + b"\r\n"
        assert self.body.readline() == self.delimiter

    def __iter__(self):
        return self

    def __next__(self):
        headers = {}
        while (line := self.read_line()) != b"\r\n":
            name, value = line.decode().split(":", 1)
            headers[name.lower()] = value.strip()
        assert headers["content-type"] == "image/jpeg"
        jpeg = self.body.read(int(headers["content-length"]))
        assert self.read_line() == b"\r\n"
        assert self.read_line() == self.delimiter
        return Part(float(headers["x-timestamp"]), jpeg)

    def read_line(self):
        line = self.body.readline()
        assert line.endswith(b"\n"), f"the board ended the connection, behind {line}"
        return line

    def close(self):
        self.body.close()
        self.connection.close()


def decode_grey(jpeg):
    """The rows of the picture's luma. A warning of the decoder is an error."""
    decoded = subprocess.run(["djpeg", "-strict", "-grayscale", "-pnm"], input=jpeg,
                             capture_output=True, check=False)
    assert decoded.returncode == 0, decoded.stderr.decode()
    header = re.match(rb"P5\s(\d+)\s(\d+)\s255\s", decoded.stdout)
    width, height = int(header[1]), int(header[2])
    pixels = decoded.stdout[header.end():]
    assert len(pixels) == width * height
    return [pixels[width * row:width * (row + 1)] for row in range(height)]


def without_huffman_tables(jpeg):
    """Without the DHT segments, which many cameras leave out as their tables are the standard's."""
    start_of_scan, huffman_tables = 0xDA, 0xC4
    kept, at = jpeg[:2], 2
    while (marker := jpeg[at + 1]) != start_of_scan:
        end = at + 2 + int.from_bytes(jpeg[at + 2:at + 4], "big")
        if marker != huffman_tables:
            kept += jpeg[at:end]
        at = end
    return kept + jpeg[at:]
