"""The V831's program on the virtual board, with cameras that are real to it, seen from outside.

Times and sizes are printed (pytest -rP shows them), not asserted: QEMU interprets the processor.
"""

import sys
import time
from itertools import islice

import cv2
import numpy
import pytest

from mjpeg_stream import MjpegStream, decode_grey, without_huffman_tables
from virtual_board import ROOT, VirtualBoard

sys.path.insert(0, str(ROOT / "tests/e2e"))

from camloop_process import wait_until
from mosquitto import Mosquitto
from paho_client import PahoClient, heard
from stream_readers import decode

VIVID = "modprobe vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0x3"  # HDMI, 60 fps
# Upright bars that move sideways: a picture made of parts of two frames has a step in it.
MOVING_BARS = "test_pattern=0,osd_text_mode=2,horizontal_movement=6"
CAMERA_FRAMES = 12
HOST = "10.0.2.2"  # this machine, as a board with a network sees it
MQTT_BASE = "camloop/board"


@pytest.fixture
def board(tmp_path):
    board = VirtualBoard(tmp_path, "-n")
    yield board
    board.kill()


@pytest.fixture
def camera_jpegs(tmp_path):
    """Pictures as a webcam sends them, in the payload directory; no two are alike."""
    jpegs = []
    for number in range(CAMERA_FRAMES):
        noise = numpy.random.default_rng(number).integers(0, 255, (60, 80, 3), numpy.uint8)
        encoded = cv2.imencode(".jpg", cv2.resize(noise, (640, 480)))[1].tobytes()
        jpegs.append(without_huffman_tables(encoded))
        (tmp_path / f"{number:02}.jpg").write_bytes(jpegs[-1])
    return jpegs


def plug_in_camera(board, options=""):
    board.run("modprobe -a vhci_hcd uvcvideo")
    board.run(f"./uvccam {options} *.jpg & camera=$!")
    board.run("until [ -e /dev/video0 ]; do sleep 0.1; done")


def read_moving_bars(board, count):
    """Reads frames without a pause, then looks at each."""
    stream = MjpegStream(board.port)
    parts = list(islice(stream, count))
    resident_kb = board.camloop_resident_kb()
    stream.close()
    frames_a_second = (count - 1) / (parts[-1].captured_s - parts[0].captured_s)
    print(f"{count} frames, {frames_a_second:.1f} a second, camloop has {resident_kb} kB resident")

    for part in parts:
        rows = decode_grey(part.jpeg)
        assert len(rows) == 480 and len(rows[0]) == 640
        assert all(row == rows[0] for row in rows), "torn"
    assert all(a.captured_s < b.captured_s for a, b in zip(parts, parts[1:]))
    # The bars come back to where they were after 640 / 8 = 80 frames.
    assert len({part.jpeg for part in parts}) > min(count // 4, 70), "the picture does not move"


def test_vivid_multi_planar_nv12_comes_whole_a_thousand_times(board):
    board.run(f"{VIVID} multiplanar=2")
    board.start_camloop(SOURCE="v4l2:/dev/video0", FORMAT="NV12", FPS=30, CONTROLS=MOVING_BARS)
    read_moving_bars(board, 1000)
    board.shut_down()


def test_vivid_single_planar_yuyv_comes_whole(board):
    board.run(f"{VIVID} multiplanar=1")
    board.start_camloop(SOURCE="v4l2:/dev/video0", FORMAT="YUYV", FPS=30, CONTROLS=MOVING_BARS)
    read_moving_bars(board, 100)
    board.shut_down()


def test_an_mjpeg_camera_s_frames_arrive_as_sent_but_for_huffman_tables(camera_jpegs, board):
    plug_in_camera(board)
    board.start_camloop(SOURCE="auto", FPS=30)
    stream = MjpegStream(board.port)
    for part in islice(stream, 100):
        assert without_huffman_tables(part.jpeg) in camera_jpegs
        assert without_huffman_tables(part.jpeg) != part.jpeg
        decode_grey(part.jpeg)
    print(f"camloop has {board.camloop_resident_kb()} kB resident")
    stream.close()
    board.shut_down()


def test_frames_cut_short_are_counted_and_never_delivered(camera_jpegs, board):
    plug_in_camera(board, "-c 5")
    board.start_camloop(SOURCE="auto", FPS=30)
    stream = MjpegStream(board.port)
    for part in islice(stream, 100):
        assert without_huffman_tables(part.jpeg) in camera_jpegs
    assert board.state()["source"]["dropped_broken"] >= 15
    stream.close()
    board.shut_down()


def test_a_camera_unplugged_and_replugged_goes_on_in_the_same_connection(camera_jpegs, board):
    plug_in_camera(board)
    board.start_camloop(SOURCE="v4l2:/dev/video0", FPS=30)
    stream = MjpegStream(board.port)

    def is_from_camera(part):
        return without_huffman_tables(part.jpeg) in camera_jpegs

    next(part for part in stream if is_from_camera(part))
    for _ in range(3):
        start_s = time.monotonic()
        board.run("kill $camera")
        no_signal = next(part for part in stream if not is_from_camera(part))
        unplugged_s = time.monotonic() - start_s
        assert decode_grey(no_signal.jpeg)
        assert not is_from_camera(next(stream))

        start_s = time.monotonic()
        plug_in_camera(board)
        next(part for part in stream if is_from_camera(part))
        replugged_s = time.monotonic() - start_s
        print(f"no signal after {unplugged_s:.2f} s, the camera again after {replugged_s:.2f} s")
        assert all(is_from_camera(part) for part in islice(stream, 10))
    stream.close()
    board.shut_down()


@pytest.fixture(name="broker")
def fixture_broker(tmp_path):
    broker = Mosquitto(tmp_path / "mosquitto")
    yield broker
    broker.close()


def mean_of_image(client):
    """Of all that is in an image which the camera is asked for by MQTT."""
    seen = len(client.payloads(f"{MQTT_BASE}/image"))
    client.publish(f"{MQTT_BASE}/snapshot/set", "PRESS")
    return decode(heard(client, f"{MQTT_BASE}/image", seen + 1)).mean()


def test_a_command_by_mqtt_darkens_what_the_camera_sees(board, broker):
    board.run(f"{VIVID} multiplanar=2")
    with PahoClient(broker.port) as other:
        other.subscribe(f"{MQTT_BASE}/#")
        board.start_camloop(SOURCE="v4l2:/dev/video0", FORMAT="NV12", ID="board",
                            CONTROLS="brightness=128", MQTT=f"mqtt://{HOST}:{broker.port}")
        assert heard(other, f"{MQTT_BASE}/control/brightness/state") == b"128"
        before = mean_of_image(other)
        other.publish(f"{MQTT_BASE}/control/brightness/set", "40")
        assert heard(other, f"{MQTT_BASE}/control/brightness/state", 2) == b"40"
        wait_until("the picture is darker", lambda: mean_of_image(other) < 0.8 * before)
        other.publish(f"{MQTT_BASE}/control/colour/set", "1")
        assert b"colour" in heard(other, f"{MQTT_BASE}/error")
        board.shut_down()
        assert heard(other, f"{MQTT_BASE}/status", 2) == b"offline"
