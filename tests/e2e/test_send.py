"""camloop send: the server of the image transfer over MQTT, to bases as they are in the field."""

import os
import threading

import pytest

from camloop_process import wait_until
from image_transfer import BEGIN, PACKAGE_SIZE, TO_BASE, ImageBase, picture
from mqtt_tool import Tool, run_tool


@pytest.fixture(name="file")
def fixture_file(tmp_path):
    path = tmp_path / "photo 1.jpg"
    path.write_bytes(picture(8))
    return path


def send(path, broker, **settings):
    return run_tool("send", path, MQTT=broker.url(), **settings)


def test_a_file_is_sent_as_it_is(broker, file):
    with ImageBase(broker.port) as base:
        done = send(file, broker)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", "")
        assert base.images == [(file.name, file.read_bytes())]


def test_a_file_arrives_though_a_fifth_of_the_answers_is_lost_or_bad(broker, tmp_path):
    file = tmp_path / "bytes"
    file.write_bytes(os.urandom(15_000))
    mishaps = {3: "bad", 6: "lost", 8: "bad", 13: "lost", 15: "bad"}
    with ImageBase(broker.port, mishap=mishaps.get) as base:
        assert send(file, broker).returncode == 0
        assert base.images == [("bytes", file.read_bytes())]
        assert len(base.messages) >= 1 + 11 + 1 + len(mishaps)


def test_a_transfer_from_the_server_outlasts_a_restart_of_the_broker(broker, file):
    under_way = threading.Event()

    def mishap(count):
        if count == 10:
            under_way.set()
            return "lost"

    with ImageBase(broker.port, mishap=mishap) as base:
        with Tool("send", file, MQTT=broker.url()) as sender:
            assert under_way.wait(20)
            broker.restart()
            assert sender.wait() == 0
        assert base.images == [(file.name, file.read_bytes())]
        assert (BEGIN, 0) not in base.messages[10:], "it goes on where it was"


@pytest.mark.parametrize("topics", [{}, {"TRANSFER_OUT": "to/base", "TRANSFER_IN": "from/base"}])
def test_ours_to_ours(serve, broker, file, topics):
    base = serve(SOURCE="mqtt", MQTT=broker.url(), **topics)
    wait_until("it listens", lambda: topics.get("TRANSFER_OUT", TO_BASE) in broker.log())
    assert send(file, broker, **topics).returncode == 0
    assert base.get("/snapshot") == file.read_bytes()


def test_a_file_that_cannot_be_sent_is_refused_before_anything_is(tmp_path):
    nowhere = {"MQTT": "mqtt://127.0.0.1:1"}
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(32767 * PACKAGE_SIZE + 1)
    for path, why in ((large, "too large"), (tmp_path, "regular"), (tmp_path / "none", "No such")):
        done = run_tool("send", path, **nowhere)
        assert done.returncode == 1 and str(path) in done.stderr and why in done.stderr
    assert run_tool("send", large).returncode == 2, "no broker"
    assert run_tool("send", **nowhere).returncode == 2, "no file"


def test_a_base_that_refuses_ends_it(broker, file):
    with ImageBase(broker.port, mishap=lambda count: "bad"):
        done = send(file, broker)
    assert done.returncode == 1
    assert "photo 1.jpg not sent: begin was answered bad in the last of 10 tries" in done.stderr


def test_a_signal_ends_it_in_time(broker, file):
    with ImageBase(broker.port, mishap=lambda count: "lost") as base:
        with Tool("send", file, MQTT=broker.url()) as sender:
            wait_until("it has begun", lambda: base.messages)
            assert sender.end() == 1
