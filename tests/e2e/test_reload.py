"""SIGHUP: the settings are read again and take effect under the clients, all of them or none."""

import signal
import socket
import time

import pytest

from camloop_process import PATIENCE_S, free_port, run_program, wait_until
from http_answers import curl
from stamped_receiver import StampedReceiver
from stream_readers import WireReader, decode


def read_until(stream, condition):
    """The first frame of which `condition` holds: the stream goes on until then."""
    deadline = time.monotonic() + PATIENCE_S
    for part in stream:
        if condition(part):
            return part
        assert time.monotonic() < deadline, "waited in vain"
    raise AssertionError("the stream ended")


def size_of(part):
    height, width, _ = decode(part.jpeg).shape
    return width, height


# ---- What changes, under a client ----


def test_the_quality_changes_under_a_stream(service):
    board = service(QUALITY=95)
    with WireReader(board.camera) as stream:
        fine = len(next(stream).jpeg)
        log = board.change(QUALITY=5)
        read_until(stream, lambda part: len(part.jpeg) < fine / 2)
        assert "CAMLOOP_QUALITY: '95' -> '5'\n" in log
        assert "SIGHUP: settings taken over\n" in log
        assert log.count("\n") == 2, "and nothing else happened"
    assert board.camera.state()["reloads"] == {"applied": 1, "refused": 0}


def test_size_rate_and_source_change_under_a_stream(service, mjpeg_footage):
    board = service(SIZE="320x240", FPS=5)
    with WireReader(board.camera) as stream:
        assert size_of(next(stream)) == (320, 240)
        board.change(SIZE="160x128", FPS=5)
        read_until(stream, lambda part: size_of(part) == (160, 128))
        board.change(SIZE="160x128", FPS=50)
        assert board.camera.state()["source"]["fps"] == 50
        next(stream)
        board.change(SOURCE=f"file:{mjpeg_footage}", FPS=50)
        read_until(stream, lambda part: size_of(part) == (768, 576))
        board.change()
        read_until(stream, lambda part: size_of(part) == (640, 480))
    state = board.camera.state()
    assert state["source"]["name"] == "pattern" and state["source"]["fps"] == 15
    assert state["reloads"]["applied"] == 4


def test_a_source_that_is_not_there_shows_no_signal_until_the_next_reload(service, tmp_path):
    board = service(SIZE="320x240")
    with WireReader(board.camera) as stream:
        next(stream)
        board.change(SOURCE=f"file:{tmp_path}/missing.jpg", SIZE="160x128")
        read_until(stream, lambda part: size_of(part) == (160, 128))
        assert "missing.jpg" in board.camera.state()["source"]["fault"]
        board.change(SIZE="320x240")
        read_until(stream, lambda part: size_of(part) == (320, 240))


def test_the_address_changes_under_a_stream(service):
    board = service()
    old_port = board.camera.port
    with WireReader(board.camera) as stream:
        next(stream)
        port = free_port()
        assert f"open http://127.0.0.1:{port}/\n" in board.change(HTTP=f"127.0.0.1:{port}")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", old_port))
        with WireReader(board.camera) as late:
            next(late)
            next(stream)
            assert len(board.camera.state()["http"]["clients"]) == 2
            assert board.camera.state()["http"]["connections"] == 3


def test_the_address_becomes_narrower_and_wider_on_the_same_port(service):
    board = service()
    port = board.camera.port
    with WireReader(board.camera) as stream:
        for address in (f":{port}", f"127.0.0.1:{port}", f"0.0.0.0:{port}", f"127.0.0.1:{port}"):
            assert "settings taken over" in board.change(HTTP=address)
            next(stream)
            with WireReader(board.camera) as late:
                next(late)


def test_a_receiver_changes_on_its_port(service, authority):
    port = free_port()
    board = service(SOURCE=f"raw:127.0.0.1:{port}")
    secure = {"CHANNEL_TLS": "on", **authority.of("server")}
    for settings in ({"SOURCE": f"raw::{port}"}, {"SOURCE": f"channel::{port}"},
                     {"SOURCE": f"channel::{port}", **secure}, {"SOURCE": f"channel::{port}"}):
        assert "SIGHUP: settings taken over\n" in board.change(**settings)
        (link,) = board.camera.state()["links"]
        assert link["kind"] == settings["SOURCE"].split(":")[0]
        assert link["secure"] == ("CHANNEL_TLS" in settings)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        assert "in use" in board.change(SOURCE=f"channel:{address}")
    assert "in use" in board.change(SOURCE=f"channel::{port}", HTTP=f"127.0.0.1:{port}")
    with socket.create_connection(("127.0.0.1", port)):
        wait_until("it listens", lambda: board.camera.state()["links"][0]["connects"] == 1)


def test_http_is_turned_off_and_on(service):
    board = service()
    port = board.camera.port
    with WireReader(board.camera) as stream:
        next(stream)
        board.change(HTTP="off")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        board.change(HTTP=f"127.0.0.1:{port}")
        assert board.camera.state()["reloads"]["applied"] == 2


def test_clients_and_origin_change_where_they_are_served(service):
    board = service(HTTP_CLIENTS=1)
    port = board.camera.port
    with WireReader(board.camera) as stream:
        assert curl(board.camera.url + "/snapshot")[0] == 503
        board.change(HTTP_CLIENTS=2, HTTP_ORIGIN="http://panel.example")
        status, headers, _ = curl(board.camera.url + "/snapshot")
        assert status == 200
        assert headers["access-control-allow-origin"] == "http://panel.example"
        board.change(HTTP_CLIENTS=1)
        assert curl(board.camera.url + "/snapshot")[0] == 503
        next(stream)
    assert board.camera.port == port


def test_the_log_changes_its_level(service):
    board = service()
    assert "/state" not in board.camera.log()
    board.change(LOG_LEVEL="debug")
    board.camera.state()
    assert "/state" in board.camera.log()
    board.write(LOG_LEVEL="error")
    board.camera.process.send_signal(signal.SIGHUP)
    wait_until("taken over", lambda: board.camera.state()["reloads"]["applied"] == 2)
    before = board.camera.log()
    board.camera.get("/snapshot")
    assert board.camera.log() == before


def test_display_and_watchdog_come_and_go(service):
    board = service()
    # Devices that cannot be opened, and are tried again.
    for settings in ({"DISPLAY": "/dev/no-screen"}, {"WATCHDOG": "/dev/no-watchdog"},
                     {"DISPLAY": "/dev/other", "WATCHDOG": "/dev/another"}, {}):
        board.change(**settings)
        state = board.camera.state()
        for name in ("display", "watchdog"):
            assert state[name]["device"] == settings.get(name.upper(), "")


def test_many_reloads_under_many_clients_lose_none(service, mjpeg_footage):
    board = service()
    streams = [WireReader(board.camera) for _ in range(8)]
    turns = [{"FPS": 60, "SIZE": "160x128"}, {"HTTP": f"127.0.0.1:{free_port()}"},
             {"SOURCE": f"file:{mjpeg_footage}", "DISPLAY": "/dev/no-screen"}, {"FPS": "fast"}]
    for turn in range(24):
        board.change(**turns[turn % len(turns)])
        next(streams[turn % len(streams)])
    for stream in streams:
        next(stream)
    state = board.camera.state()
    assert state["reloads"] == {"applied": 18, "refused": 6}
    assert len(state["http"]["clients"]) == len(streams)


def test_the_channel_goes_elsewhere(service):
    with StampedReceiver() as one, StampedReceiver() as other:
        board = service(CHANNEL_TO=one.address)
        wait_until("frames are accepted", lambda: len(one.frames) > 3)
        board.change(CHANNEL_TO=one.address, QUALITY=50)
        assert one.connections == 1
        board.change(CHANNEL_TO=other.address)
        wait_until("frames are accepted there", lambda: len(other.frames) > 3)
        gone = len(one.frames)
        board.change()
        assert board.camera.state()["links"] == []
        assert len(one.frames) == gone


# ---- What is refused ----


REFUSED = [
    ({"QUALITY": "101", "FPS": "fast", "SIZE": "160x128"},
     ["CAMLOOP_FPS='fast' is not right", "CAMLOOP_QUALITY='101' is not right"]),
    ({"SIZE": "160x128", "HTTP_CLIENT": 9}, ["CAMLOOP_HTTP_CLIENT: there is no such variable"]),
    ({"SIZE": "160x128", "HTTP": "192.0.2.1:80"}, ["cannot listen on 192.0.2.1:80"]),
]


@pytest.mark.parametrize("settings, faults", REFUSED)
def test_nothing_changes_where_anything_is_wrong(service, settings, faults):
    board = service(SIZE="320x240")
    with WireReader(board.camera) as stream:
        next(stream)
        log = board.change(**settings)
        assert "SIGHUP: settings unchanged\n" in log
        assert log.count("\n") == len(faults) + 1
        for fault in faults:
            assert f"camloop: error: {fault}" in log
        for _ in range(3):
            assert size_of(next(stream)) == (320, 240)
    state = board.camera.state()
    assert state["source"]["width"] == 320
    assert state["reloads"] == {"applied": 0, "refused": 1}


def test_an_address_in_use_is_refused(service):
    board = service()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        log = board.change(HTTP=address, SIZE="160x128")
    assert f"cannot listen on {address}: Address already in use" in log
    assert board.camera.state()["source"]["width"] == 640


def test_a_file_that_cannot_be_read_is_refused_with_the_place(service):
    board = service()
    for text, fault in (("CAMLOOP_FPS=5\nCAMLOOP_SIZE=$SIZE\n", ":2: '$' means something"),
                        ("FPS: 5\n", ":1: this is not NAME=VALUE")):
        board.file.write_text(text)
        log = board.reload()
        assert f"camloop: error: {board.file}{fault}" in log
        assert "SIGHUP: settings unchanged\n" in log
    board.file.unlink()
    assert f"{board.file}: No such file or directory" in board.reload()
    assert board.camera.state()["source"]["fps"] == 15
    board.write(FPS=5)
    board.reload()
    assert board.camera.state()["reloads"] == {"applied": 1, "refused": 3}


# ---- Where the settings come from ----


def test_the_environment_is_above_the_file(service):
    board = service(environment={"FPS": 7}, FPS=5, SIZE="320x240")
    source = board.camera.state()["source"]
    assert (source["fps"], source["width"]) == (7, 320)
    log = board.change(FPS=9, SIZE="160x128")
    source = board.camera.state()["source"]
    assert (source["fps"], source["width"]) == (7, 160)
    assert "CAMLOOP_FPS" not in log


def test_what_the_file_says_no_more_is_the_default_again(service):
    board = service(FPS=5)
    assert "CAMLOOP_FPS: '5' -> '15'\n" in board.change()
    assert board.camera.state()["source"]["fps"] == 15


def test_a_reload_that_changes_nothing_says_so(service):
    board = service(FPS=5)
    assert board.reload() == "camloop: info: SIGHUP: nothing changed\n"
    assert board.camera.state()["reloads"] == {"applied": 1, "refused": 0}


def test_without_a_named_file_that_of_the_system_is_read(serve, tmp_path):
    """As after the init script has sourced it."""
    file = tmp_path / "camloop"
    file.write_text("CAMLOOP_FPS='5'\nCAMLOOP_QUALITY=50\n")
    elsewhere = ["unshare", "--mount", "sh", "-c",
                 'mount --bind "$0" /etc/default && exec "$@"', tmp_path]
    camera = serve(before=elsewhere, FPS=5, QUALITY=60)
    file.write_text("CAMLOOP_QUALITY=70\nCAMLOOP_SIZE=320x240\n")
    camera.process.send_signal(signal.SIGHUP)
    wait_until("taken over", lambda: camera.state()["reloads"]["applied"])
    source = camera.state()["source"]
    assert (source["fps"], source["width"]) == (15, 320)
    assert "CAMLOOP_QUALITY" not in camera.log(), "it is the user's own"


def test_the_start_and_the_check_read_the_named_file_too(tmp_path):
    file = tmp_path / "defaults"
    file.write_text("CAMLOOP_FPS=fast\nCAMLOOP_SIZE\n")
    for arguments in (["--check", "--defaults", file], ["--defaults", file, "--check"],
                      ["--defaults", file]):
        done = run_program(*arguments)
        assert done.returncode == 2
        assert done.stderr == (f"camloop: error: {file}:2: this is not NAME=VALUE\n"
                               "camloop: error: CAMLOOP_FPS='fast' is not right: "
                               "write 0.1 to 240\n")
    file.write_text("CAMLOOP_FPS=5\n")
    assert run_program("--check", "--defaults", file).returncode == 0
    done = run_program("--check", "--defaults")
    assert done.returncode == 2 and "usage: camloop" in done.stderr
