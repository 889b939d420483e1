"""The stream and the snapshot: what is on the wire, when it was taken, and who can read it."""

import itertools
import subprocess
import time

import cv2
import pytest

from camloop_process import wait_until
from stream_readers import (WireReader, advance_frames, decode, go2rtc_frames, mainsail_frames,
                            maixpy_frames, open_stream)


def assert_moves(jpegs):
    """Every picture can be shown, and no two of them are the same."""
    for jpeg in jpegs:
        decode(jpeg)
    assert len(set(jpegs)) == len(jpegs)


# ---- On the wire ----


def test_the_stream_is_the_wire_text_to_the_letter(camera):
    with camera.connect() as client:
        client.sendall(b"GET /stream HTTP/1.1\r\nHost: h\r\n\r\n")
        head = b""
        while b"--" not in head:
            head += client.recv(1)
    assert head == (b"HTTP/1.0 200 OK\r\n"
                    b"Connection: close\r\n"
                    b"Cache-Control: no-store, no-cache, must-revalidate, max-age=0\r\n"
                    b"X-Accel-Buffering: no\r\n"
                    b"Access-Control-Allow-Origin: *\r\n"
                    b"Content-Type: multipart/x-mixed-replace;boundary=camloopframe\r\n"
                    b"\r\n--")
    with WireReader(camera) as stream:
        assert_moves([part.jpeg for part in itertools.islice(stream, 10)])


def test_posting_to_the_stream_gives_the_stream(camera):
    with WireReader(camera, method="POST") as stream:
        assert_moves([part.jpeg for part in itertools.islice(stream, 3)])


def test_a_picture_is_over_before_the_next_is_taken(serve):
    with WireReader(serve(FPS=1.25)) as stream:
        arrivals = [(part.captured_s, time.time()) for part in itertools.islice(stream, 4)]
    for (_, arrived), (next_taken, _) in itertools.pairwise(arrivals):
        assert arrived < next_taken


def test_timestamps_are_the_wall_clock_of_capture(camera):
    with WireReader(camera) as stream:
        before = time.time()
        captured = [part.captured_s for part in itertools.islice(stream, 5)]
        after = time.time()
    assert captured == sorted(set(captured))
    assert before - 2 < captured[0] and captured[-1] < after


def test_a_client_gets_as_few_frames_a_second_as_it_asks_for(serve):
    with WireReader(serve(FPS=30), "/stream?fps=5") as stream:
        captured = [part.captured_s for part in itertools.islice(stream, 8)]
    # The first may be one that was there; from then on they are a fifth of a second apart.
    assert captured[-1] - captured[1] > 0.9 * (len(captured) - 2) / 5


def test_a_client_gets_no_frame_older_than_it_asks_for(camera):
    with camera.connect() as client:
        client.sendall(b"GET /stream?max_age=0.000001 HTTP/1.0\r\n\r\n")
        address = "%s:%d" % client.getsockname()

        def drops():
            [facts] = [facts for facts in camera.state()["http"]["clients"]
                       if facts["address"] == address]
            assert facts["frames"] == 0
            return facts["dropped_stale"] > 2

        assert client.recv(1)
        wait_until("frames are dropped as stale", drops)


def test_a_client_that_was_slow_goes_on_with_the_newest(camera):
    with WireReader(camera, receive_buffer=4096) as stream:
        next(stream)
        wait_until("many frames are replaced", lambda: any(
            client["dropped_replaced"] > 20 for client in camera.state()["http"]["clients"]))
        now = time.time()
        # The one in flight, and what the sockets held: a few frames, not the twenty it has missed.
        late = list(itertools.takewhile(lambda part: part.captured_s < now - 0.2, stream))
    assert len(late) <= 3


def test_heads_in_advance_for_who_asks(camera):
    frames = advance_frames(camera, "/stream?advance_headers=1")
    assert_moves(list(itertools.islice(frames, 5)))


# ---- Snapshots ----


def snapshot_time(camera, path="/snapshot"):
    reply = open_stream(camera, path)
    decode(reply.read())
    return float(reply.headers["X-Timestamp"])


def test_a_snapshot_is_taken_after_its_request(camera):
    for _ in range(5):
        asked = time.time()
        # Two clocks are read one after the other: the wall clock is true to a millisecond.
        assert asked - 0.001 < snapshot_time(camera) < time.time() + 0.001


def test_a_snapshot_is_taken_after_its_request_while_others_watch(camera):
    with WireReader(camera) as stream:
        next(stream)
        for _ in range(5):
            asked = time.time()
            assert asked - 0.001 < snapshot_time(camera)


def test_an_older_snapshot_is_given_to_who_allows_it(camera):
    taken = snapshot_time(camera)
    assert abs(snapshot_time(camera, "/snapshot?max_age=60") - taken) < 0.001
    assert snapshot_time(camera, "/snapshot?max_age=0") > taken + 0.001


# ---- Demand ----


def encoded_in_two_seconds(camera):
    before = camera.state()
    after = wait_until("two seconds pass", lambda: (state := camera.state())
                       ["uptime_s"] > before["uptime_s"] + 2 and state)
    return after["encoder"]["encoded"] - before["encoder"]["encoded"]


def test_nothing_is_encoded_while_nobody_watches(serve):
    camera = serve(FPS=30)
    assert encoded_in_two_seconds(camera) == 0
    with WireReader(camera) as stream:
        assert next(stream)
        assert encoded_in_two_seconds(camera) > 2
    wait_until("the client is gone", lambda: not camera.state()["http"]["clients"])
    wait_until("demand ends", lambda: encoded_in_two_seconds(camera) == 0)


def test_a_picture_is_encoded_once_for_all_who_watch(serve):
    camera = serve()
    streams = [WireReader(camera) for _ in range(5)]
    for _ in range(10):
        for stream in streams:
            next(stream)
    state = camera.state()
    for stream in streams:
        stream.close()
    assert state["encoder"]["encoded"] == state["frames"]["published"]
    assert state["encoder"]["encoded"] <= state["source"]["pictures"]
    assert state["http"]["frames_sent"] > 3 * state["encoder"]["encoded"]


# ---- Its clients ----


@pytest.mark.parametrize("options", [[], ["-f", "mpjpeg", "-strict_mime_boundary", "1"]])
def test_ffmpeg_reads_it_without_a_word(camera, options):
    done = subprocess.run(["ffmpeg", "-v", "warning", *options, "-i", camera.url + "/stream",
                           "-frames:v", "20", "-f", "framemd5", "-"],
                          capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    pictures = [line.split(",")[-1] for line in done.stdout.splitlines() if line[0] != "#"]
    assert len(pictures) == len(set(pictures)) == 20


@pytest.mark.parametrize("path", ["/", "/stream", "/video_feed"])
def test_opencv_reads_it(camera, path):
    capture = cv2.VideoCapture(camera.url + path)
    pictures = []
    for _ in range(8):
        there, picture = capture.read()
        assert there and picture.shape == (240, 320, 3)
        pictures.append(picture.tobytes())
    capture.release()
    assert len(set(pictures)) == len(pictures)


@pytest.mark.parametrize("frames", [maixpy_frames, go2rtc_frames, mainsail_frames])
def test_a_reader_of_this_kind_sees_moving_pictures(camera, frames):
    assert_moves(list(itertools.islice(frames(camera), 8)))


def test_home_assistant_finds_its_still_in_the_stream(camera):
    reply = open_stream(camera)
    data = b""
    while b"\xff\xd9" not in data:
        data += reply.read1()
    decode(data[data.index(b"\xff\xd8"):data.index(b"\xff\xd9") + 2])
