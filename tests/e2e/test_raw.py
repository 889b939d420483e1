"""The raw link: JPEGs one behind the other in one direction, texts in the other."""

import re
import struct

import cv2
import numpy
import pytest

from camloop_process import wait_until
from http_answers import curl
from raw_client import RawClient
from raw_server import RawServer
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


# ---- Sending ----


def tables(jpeg):
    """The quantisation tables, in the order of the file."""
    found, at = [], 2
    while jpeg[at + 1] != 0xda:
        size = struct.unpack(">H", jpeg[at + 2:at + 4])[0]
        if jpeg[at + 1] == 0xdb:
            segment = jpeg[at + 4:at + 2 + size]
            found += [segment[i + 1:i + 65] for i in range(0, len(segment), 65)]
        at += 2 + size
    return found


def tables_of_quality(quality):
    colours = numpy.zeros((16, 16, 3), numpy.uint8)
    return tables(cv2.imencode(".jpg", colours, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())


def test_frames_are_sent_in_the_links_quality(serve):
    with RawServer() as server:
        camera = serve(SIZE="320x240", FPS=30, RAW_TO=server.address)
        wait_until("frames come", lambda: len(server.frames) >= 5)
        for frame in server.frames[:5]:
            assert decode(frame).shape == (240, 320, 3)
            assert tables(frame) == tables_of_quality(25)
        assert tables(camera.get("/snapshot")) == tables_of_quality(80)
        facts = link(camera, "sender")
        assert facts["accepted"] >= 5 and facts["fault"] == ""
        assert b'camloop_raw_accepted_total{role="sender"}' in camera.get("/metrics")


def test_a_slow_server_gets_fewer_frames_not_older_ones(serve):
    with RawServer(receive_buffer=4096) as server:
        camera = serve(SIZE="640x480", FPS=30, RAW_TO=server.address, RAW_QUALITY=95, QUALITY=95)
        wait_until("a frame comes", lambda: server.frames)
        server.paused.set()
        wait_until("frames are left out",
                   lambda: link(camera, "sender")["dropped"]["replaced"] > 30)
        before = len(server.frames), link(camera, "sender")["rounds"]
        server.paused.clear()
        server.resumed.set()
        wait_until("frames come again", lambda: len(server.frames) >= before[0] + 5)
        # What was under way when it stopped; the next ones are of now.
        assert before[1] - before[0] <= 3


def test_a_server_that_restarts_is_found_again(serve):
    with RawServer() as server:
        camera = serve(RAW_TO=server.address)
        wait_until("a frame comes", lambda: server.frames)
        wait_until("it counts", lambda: link(camera, "sender")["bytes_sent"])
    wait_until("the loss is seen", lambda: link(camera, "sender")["fault"])
    with RawServer(port=server.port) as again:
        wait_until("frames come again", lambda: again.frames)
        assert link(camera, "sender")["connects"] == 2


def test_texts_are_logged_and_cannot_steer_a_terminal(serve):
    greeting = "Grüß Gott\n\x1b[31mred\x07\u009b2J".encode() + b"\xff\n"
    with RawServer(greeting=greeting) as server:
        camera = serve(RAW_TO=server.address)
        wait_until("they are logged", lambda: "red" in camera.log())
        says = re.findall(r"raw link: 127.0.0.1:\d+ says: (.*)", camera.log())
        assert says == ["Grüß Gott", "?[31mred???2J�"]
        assert link(camera, "sender")["texts"] == 2


def test_ours_to_ours(serve):
    base = serve(SOURCE="raw:127.0.0.1:0", RAW_GREETING="welcome")
    camera = serve(SIZE="320x240", FPS=30, RAW_TO=f"127.0.0.1:{port_of(base)}")
    with WireReader(base) as stream:
        for part in stream:
            picture_shape = decode(part.jpeg).shape
            if picture_shape == (240, 320, 3):
                break
    wait_until("it is greeted", lambda: "says: welcome" in camera.log())
    wait_until("many have passed", lambda: link(base)["accepted"] >= 30)
    facts = link(base)
    assert facts["rubbish_bytes"] == 0
    assert facts["dropped"] == {"cut": 0, "broken": 0}


def test_a_reload_changes_the_quality_under_the_connection(service):
    with RawServer() as server:
        settings = {"RAW_TO": server.address, "SIZE": "64x48"}
        base = service(**settings)
        wait_until("a frame comes", lambda: server.frames)
        base.change(**settings, RAW_QUALITY=50)
        wait_until("it is of the new quality",
                   lambda: tables(server.frames[-1]) == tables_of_quality(50))
        assert link(base.camera, "sender")["connects"] == 1
        base.change(SIZE="64x48")
        wait_until("the link is gone", lambda: base.camera.state()["links"] == [])
