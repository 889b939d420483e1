"""Readers of the MJPEG stream that take it apart as its real clients do, and no other way."""

import http.client
import re
from typing import NamedTuple

import cv2
import numpy


def decode(jpeg):
    """The picture, once the frame is seen to be one whole JPEG that any client can show."""
    assert jpeg[:2] == b"\xff\xd8" and jpeg[-2:] == b"\xff\xd9", (jpeg[:2], jpeg[-2:])
    assert jpeg.count(b"\xff\xd8") == 1, "a thumbnail"
    assert b"\xff\xc4" in jpeg, "no Huffman tables"
    picture = cv2.imdecode(numpy.frombuffer(jpeg, numpy.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


class Part(NamedTuple):
    headers: dict
    jpeg: bytes

    @property
    def captured_s(self):
        return float(self.headers["X-Timestamp"])


def open_stream(camera, path="/stream", method="GET", receive_buffer=None):
    """The head of the reply, and its body to read from."""
    connection = http.client.HTTPConnection("127.0.0.1", camera.port)
    connection.sock = camera.connect(receive_buffer)
    connection.request(method, path)
    reply = connection.getresponse()
    assert reply.status == 200, reply.read()
    return reply


class WireReader:
    """To the letter of the wire text: every byte is the one expected."""

    def __init__(self, camera, path="/stream", **options):
        self.reply = open_stream(camera, path, **options)
        media = self.reply.headers["Content-Type"]
        self.boundary = re.fullmatch(r"multipart/x-mixed-replace;boundary=([\w.]+)", media)[1]
        self.delimiter = b"--" + self.boundary.encode() + b"\r\n"
        assert self.reply.read(len(self.delimiter)) == self.delimiter

    def __iter__(self):
        return self

    def __next__(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.reply.readline()
        lines = head.decode("ascii").split("\r\n")[:-2]
        headers = dict(line.split(": ") for line in lines)
        assert list(headers) == ["Content-Type", "Content-Length", "X-Timestamp"], head
        assert headers["Content-Type"] == "image/jpeg"
        assert re.fullmatch(r"\d+\.\d{6}", headers["X-Timestamp"])
        jpeg = self.reply.read(int(headers["Content-Length"]))
        assert self.reply.read(2) == b"\r\n"
        assert self.reply.read(len(self.delimiter)) == self.delimiter
        return Part(headers, jpeg)

    def close(self):
        self.reply.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def advance_frames(camera, path):
    """Of a stream with the heads in advance: a picture is over when the next head is there."""
    reply = open_stream(camera, path)
    boundary = reply.headers["Content-Type"].partition("boundary=")[2].encode()
    head = b"--" + boundary + b"\r\nContent-Type: image/jpeg\r\n\r\n"
    assert reply.read(len(head)) == head
    jpeg = b""
    while True:
        jpeg += reply.read1()
        while (end := jpeg.find(b"\r\n" + head)) >= 0:
            yield jpeg[:end]
            jpeg = jpeg[end + 2 + len(head):]


def maixpy_frames(camera, path="/"):
    """MaixPy3's MjpgReader: the boundary is all behind `boundary=`, the delimiter is looked for in
    ten lines, and the length has exactly one spelling."""
    reply = open_stream(camera, path)
    boundary = reply.headers["Content-Type"].split("boundary=")[-1].encode() + b"\r\n"
    while True:
        assert any(boundary in reply.readline() for _ in range(10)), "no boundary within ten lines"
        length = 0
        while (line := reply.readline()) != b"\r\n":
            if line.startswith(b"Content-Length"):
                length = int(line.decode().split(": ")[1])
        assert length > 0
        yield reply.read(length)


def go2rtc_frames(camera, path="/stream"):
    """go2rtc: only blank lines may stand before a delimiter, and the length must be given."""
    reply = open_stream(camera, path)
    while True:
        while not (line := reply.readline()).startswith(b"--"):
            assert line in (b"\r\n", b"\n"), line
        headers = http.client.parse_headers(reply)
        yield reply.read(int(headers["Content-Length"]))


def mainsail_frames(camera, path="/?action=stream&bypassCache=1"):
    """Mainsail's worker: text up to the first SOI holds the length, a second SOI would start over,
    and a picture is shown on the byte behind it."""
    reply = open_stream(camera, path)
    text, frame, length = b"", None, 0
    while piece := reply.read1():
        for index in range(len(piece)):
            byte = piece[index:index + 1]
            if frame is None or len(frame) >= length:
                if frame is not None:
                    yield frame
                    text, frame = b"", None
                text += byte
                if text.endswith(b"\xff\xd8"):
                    length = int(re.search(rb"Content-Length: (\d+)", text, re.I)[1])
                    frame = b"\xff\xd8"
            else:
                frame += byte
                assert not frame.endswith(b"\xff\xd8"), "a second SOI: the picture would be cut"
