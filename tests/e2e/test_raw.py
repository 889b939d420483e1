"""The raw link: JPEGs one behind the other in one direction, texts in the other."""

import re
import struct

import cv2
import numpy
import pytest

from camloop_process import wait_until
from http_answers import curl
from raw_client import RawClient
from stream_readers import WireReader, decode


def link(program, role="receiver"):
    return next(each for each in program.state()["links"] if each["role"] == role)


def picture(value):
    """A JPEG of one brightness, which tells it from the others."""
    return cv2.imencode(".jpg", numpy.full((48, 64), value, numpy.uint8),
                        [cv2.IMWRITE_JPEG_QUALITY, 25])[1].tobytes()


def with_thumbnail(jpeg):
    exif = b"Exif\0\0" + picture(0)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


def brightness(jpeg):
    return int(numpy.median(decode(jpeg)))


def seen_next(stream, values):
    """The brightness of these pictures, as they pass among others."""
    left = list(values)
    for part in stream:
        if abs(brightness(part.jpeg) - left[0]) <= 3:
            left.pop(0)
        if not left:
            return True
    return False


def port_of(base):
    return int(link(base)["address"].rpartition(":")[2])


@pytest.fixture(name="base")
def fixture_base(serve):
    return serve(SOURCE="raw:127.0.0.1:0", RAW_GREETING="Grüß Gott")


@pytest.fixture(name="client")
def fixture_client(base):
    with RawClient(port_of(base)) as client:
        yield client


# ---- Receiving ----


def test_jpegs_back_to_back_are_the_frames_of_the_stream(base, client):
    with WireReader(base) as stream:
        client.send(b"".join(picture(value) for value in (50, 100, 150)))
        assert seen_next(stream, [150])
    assert link(base)["accepted"] == 3


def test_frames_are_found_however_they_are_cut_and_whatever_is_between(base, client):
    stream = b"rubbish" + with_thumbnail(picture(100)) + b"\xff\xff\r\n" + picture(150)
    with WireReader(base) as reader:
        client.send(*(stream[i:i + 1] for i in range(len(stream))))
        assert seen_next(reader, [150])
    facts = link(base)
    assert (facts["rounds"], facts["accepted"]) == (2, 2)
    assert facts["rubbish_bytes"] == 11
    assert facts["peers"][0]["accepted"] == 2


def test_what_comes_is_what_is_shown(base, client):
    jpeg = picture(77)
    with WireReader(base) as stream:
        client.send(jpeg)
        for part in stream:
            if len(part.jpeg) == len(jpeg):
                assert part.jpeg == jpeg
                return


def test_without_a_sender_it_says_so(base):
    wait_until("it is seen", lambda: "no sender is connected" in base.state()["source"]["fault"])
    with WireReader(base) as stream:
        assert decode(next(stream).jpeg).shape == (480, 640, 3)
    with RawClient(port_of(base)) as client:
        client.send(picture(10))
        wait_until("it is well", lambda: base.state()["source"]["fault"] == "")
    wait_until("it is seen again",
               lambda: "no sender is connected" in base.state()["source"]["fault"])
    assert link(base)["ended"]["closed"] == 1


def test_a_client_is_greeted_and_told_the_texts(serve):
    base = serve(SOURCE="raw:127.0.0.1:0", RAW_GREETING="Grüß Gott", HTTP_TOKEN="t0ken")
    port = re.search(r"raw:127.0.0.1:(\d+): waiting", base.log())[1]
    post = ("-H", "Authorization: Bearer t0ken", base.url + "/text", "--data-binary")
    assert curl(*post, "too early")[::2] == (409, b"nobody is connected to the raw link\n")
    with RawClient(int(port)) as one, RawClient(int(port)) as other:
        for client in (one, other):
            assert client.texts("\n") == "Grüß Gott\n"
        assert curl(*post, "links, ← \n")[0] == 204
        for client in (one, other):
            assert client.texts("\n") == "links, ← \n"


def test_a_reload_greets_anew_and_keeps_the_clients(service):
    base = service(SOURCE="raw:127.0.0.1:0", RAW_GREETING="first")
    port = port_of(base.camera)
    with RawClient(port) as before:
        assert before.texts("\n") == "first\n"
        base.change(SOURCE="raw:127.0.0.1:0", RAW_GREETING="second", FPS=5)
        assert port_of(base.camera) == port
        with RawClient(port) as after:
            assert after.texts("\n") == "second\n"
        before.send(picture(1))
        wait_until("it still sends", lambda: link(base.camera)["accepted"] == 1)
