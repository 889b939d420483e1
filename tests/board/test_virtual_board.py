"""The V831's program on the virtual board, with cameras that are real to it, seen from outside.

Times and sizes are printed (pytest -rP shows them), not asserted: QEMU interprets the processor.
"""

import time
from itertools import islice

import cv2
import numpy
import pytest

from mjpeg_stream import MjpegStream, decode_grey, without_huffman_tables
from virtual_board import VirtualBoard

VIVID = "modprobe vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0x3"  # HDMI, 60 fps
# Upright bars that move sideways: a picture made of parts of two frames has a step in it.
MOVING_BARS = "test_pattern=0,osd_text_mode=2,horizontal_movement=6"
CAMERA_FRAMES = 12


@pytest.fixture
def board(tmp_path):
    board = VirtualBoard(tmp_path)
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
    board.run(f"./uvccam {options} *.jpg & camera=$!")


def read_moving_bars(board, count):
    """Reads frames without a pause, then looks at each."""
    stream = MjpegStream(board.port)
    parts = list(islice(stream, count))
    stream.close()
    seconds = parts[-1].captured_s - parts[0].captured_s
    print(f"{count} frames, {(count - 1) / seconds:.1f} a second")

    for part in parts:
        rows = decode_grey(part.jpeg)
        assert len(rows) == 480 and len(rows[0]) == 640
        assert all(row == rows[0] for row in rows), "torn"
    assert all(a.captured_s < b.captured_s for a, b in zip(parts, parts[1:]))
    assert len({part.jpeg for part in parts}) > count // 4, "the picture does not move"


def test_vivid_multi_planar_nv12_comes_whole_a_thousand_times(board):
    board.run(f"{VIVID} multiplanar=2")
    board.start_camloop(SOURCE="v4l2:/dev/video0", FORMAT="NV12", FPS=30, CONTROLS=MOVING_BARS)
    read_moving_bars(board, 1000)
    print(f"{board.stop_camloop()} kB resident")
    board.power_off()


def test_vivid_single_planar_yuyv_comes_whole(board):
    board.run(f"{VIVID} multiplanar=1")
    board.start_camloop(SOURCE="v4l2:/dev/video0", FORMAT="YUYV", FPS=30, CONTROLS=MOVING_BARS)
    read_moving_bars(board, 100)
    print(f"{board.stop_camloop()} kB resident")
    board.power_off()


def test_an_mjpeg_camera_s_frames_arrive_as_sent_but_for_huffman_tables(board, camera_jpegs):
    board.run("modprobe -a vhci_hcd uvcvideo")
    plug_in_camera(board)
    board.run("until [ -e /dev/video0 ]; do sleep 0.1; done")
    board.start_camloop(SOURCE="auto", FPS=30)
    stream = MjpegStream(board.port)
    for part in islice(stream, 100):
        assert without_huffman_tables(part.jpeg) in camera_jpegs
        assert without_huffman_tables(part.jpeg) != part.jpeg
        decode_grey(part.jpeg)
    stream.close()
    print(f"{board.stop_camloop()} kB resident")
    board.power_off()


def test_frames_cut_short_are_counted_and_never_delivered(board, camera_jpegs):
    board.run("modprobe -a vhci_hcd uvcvideo")
    plug_in_camera(board, "-c 5")
    board.run("until [ -e /dev/video0 ]; do sleep 0.1; done")
    board.start_camloop(SOURCE="auto", FPS=30)
    stream = MjpegStream(board.port)
    for part in islice(stream, 100):
        assert without_huffman_tables(part.jpeg) in camera_jpegs
    assert board.state()["source"]["dropped_broken"] >= 15
    stream.close()
    board.stop_camloop()
    board.power_off()


def test_a_camera_unplugged_and_replugged_goes_on_in_the_same_connection(board, camera_jpegs):
    board.run("modprobe -a vhci_hcd uvcvideo")
    plug_in_camera(board)
    board.run("until [ -e /dev/video0 ]; do sleep 0.1; done")
    board.start_camloop(SOURCE="v4l2:/dev/video0", FPS=30)
    stream = MjpegStream(board.port)

    def is_from_camera(part):
        return without_huffman_tables(part.jpeg) in camera_jpegs

    def read_until(from_camera):
        start_s = time.monotonic()
        part = next(part for part in stream if is_from_camera(part) == from_camera)
        return part, time.monotonic() - start_s

    read_until(from_camera=True)
    for _ in range(3):
        board.run("kill $camera")
        no_signal, unplugged_s = read_until(from_camera=False)
        assert decode_grey(no_signal.jpeg)
        assert not is_from_camera(next(stream))
        plug_in_camera(board)
        _, replugged_s = read_until(from_camera=True)
        print(f"no signal after {unplugged_s:.2f} s, the camera again after {replugged_s:.2f} s")
        assert all(is_from_camera(part) for part in islice(stream, 10))
    stream.close()
    board.stop_camloop()
    board.power_off()
