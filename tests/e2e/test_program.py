"""The program around its server: arguments, settings, ports, signals."""

import os
import re
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

from camloop_process import PATIENCE_S, PROGRAM, ROOT, environment, run_program, wait_until
from stream_readers import WireReader


def table_rows():
    """The table of variables as the program knows it: name, default, values, meaning."""
    lines = run_program("--help=markdown").stdout.splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


# ---- Arguments ----


def test_help_lists_every_variable():
    done = run_program("--help")
    assert (done.returncode, done.stderr) == (0, "")
    rows = table_rows()
    assert len(rows) >= 11
    for name, default, values, meaning in rows:
        assert re.fullmatch(r"CAMLOOP_[A-Z_]+", name)
        for text in (name, default, values, meaning):
            assert text in done.stdout, text


def test_the_readme_has_the_same_table():
    readme = (ROOT / "README.md").read_text()
    table = re.search(r"<!-- variables -->\n(.*?)<!-- /variables -->", readme, re.S)[1]
    assert table == run_program("--help=markdown").stdout


def test_the_version_is_the_changelogs():
    version = re.search(r"^## *\[?v?([0-9.]+[0-9])", (ROOT / "CHANGELOG.md").read_text(), re.M)[1]
    done = run_program("--version")
    assert (done.returncode, done.stdout) == (0, f"camloop {version}\n")


def test_a_text_for_which_there_is_no_room_is_a_failure():
    for argument in ("--version", "--help", "--help=defaults"):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, argument], env=environment(), stdout=full,
                                  timeout=PATIENCE_S, check=False)
        assert done.returncode == 1


def test_an_unknown_argument_is_answered_with_the_usage():
    for arguments in (["--chekc"], ["serve"], ["--check", "--help"], [""], ["", "--check"]):
        done = run_program(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "usage: camloop" in done.stderr


# ---- Settings ----


GOOD = {"SOURCE": "file:/no/such/file", "SIZE": "1920x1080", "FPS": "0.5", "FORMAT": "MJPG",
        "QUALITY": "100", "CONTROLS": "brightness=-10,exposure_auto=1", "HTTP": "[::]:80",
        "HTTP_CLIENTS": "1", "HTTP_ORIGIN": "https://panel.example", "DISPLAY": "/dev/fb0",
        "HTTP_USER": "me", "HTTP_PASSWORD": "hush: ä", "HTTP_TOKEN": "a-._~+/==",
        "CHANNEL_TLS": "on", "CHANNEL_CA": "/ca.pem", "TLS_CERT": "/tls.crt",
        "TLS_KEY": "/tls.key", "TLS_CLIENT_CA": "/ca.pem",
        "CHANNEL_TO": "receiver.example:1998", "CHANNEL_MAX_LAG_MS": "10000",
        "RAW_TO": "[2001:db8::1]:8888", "RAW_QUALITY": "1",
        "RAW_GREETING": "welcome", "GREETING": ":9999",
        "DAYTIME": "127.0.0.1:6789",
        "ID": "garden-1", "MQTT": "mqtts://me:h%40sh@broker.example:8883", "MQTT_CA": "/ca.pem",
        "MQTT_CERT": "/mqtt.crt", "MQTT_KEY": "/mqtt.key", "MQTT_CLIENT_ID": "camloop1",
        "MQTT_CLEAN": "0", "MQTT_KEEPALIVE": "0", "MQTT_QUEUE": "10000", "MQTT_PREFIX": "a/b",
        "MQTT_DISCOVERY": "off", "MQTT_IMAGE_EVERY": "0.5", "TRANSFER_OUT": "to/base",
        "TRANSFER_IN": "from/base", "TRANSFER_WITHOUT_LAST": "on",
        "WATCHDOG": "/dev/watchdog", "LOG": "syslog", "LOG_LEVEL": "debug"}

SECRETS = ["HTTP_PASSWORD", "HTTP_TOKEN", "MQTT"]

# Each with a word of what would be right.
BAD = [("SOURCE", "camera", "pattern"), ("SOURCE", "file:", "file:PATH"),
       ("SOURCE", "channel:1998", "channel:[HOST]:PORT"),
       ("SOURCE", "raw:localhost:80", "raw:[HOST]:PORT"), ("SOURCE", "", "auto"),
       ("SIZE", "640", "WIDTHxHEIGHT"), ("SIZE", "640x", "WIDTHxHEIGHT"), ("SIZE", "8x8", "16"),
       ("SIZE", "640x480x2", "WIDTHxHEIGHT"), ("FPS", "0", "0.1"), ("FPS", "nan", "240"),
       ("FPS", "15fps", "240"), ("FORMAT", "YUV", "MJPG"), ("QUALITY", "101", "1 to 100"),
       ("QUALITY", "0", "1 to 100"), ("QUALITY", "80 ", "1 to 100"),
       ("CONTROLS", "brightness", "NAME=NUMBER"), ("CONTROLS", "=1", "NAME=NUMBER"),
       ("CONTROLS", "a+b=1", "small letters"),
       ("HTTP", "18811", "PORT"), ("HTTP", ":65536", "PORT"), ("HTTP", "localhost:80", "numbers"),
       ("HTTP_CLIENTS", "0", "1 to 1000"), ("HTTP_CLIENTS", "-1", "1 to 1000"),
       ("HTTP_ORIGIN", "http://a\r\nX: y", "origin"), ("HTTP_ORIGIN", "panel", "origin"),
       ("HTTP_USER", "a:b", "colon"), ("HTTP_PASSWORD", "hu\nsh", "256"),
       ("HTTP_TOKEN", "a secret", "letters"),
       ("CHANNEL_TLS", "yes", "on or off"), ("CHANNEL_CA", "ca.pem", "absolute"),
       ("TLS_CERT", "tls.crt", "absolute"), ("TLS_KEY", "tls.key", "absolute"),
       ("TLS_CLIENT_CA", "off", "absolute"),
       ("CHANNEL_TO", "1998", "HOST:PORT"), ("CHANNEL_TO", "base:0", "HOST:PORT"),
       ("CHANNEL_MAX_LAG_MS", "0", "1 to 10000"), ("CHANNEL_MAX_LAG_MS", "80.5", "10000"),
       ("RAW_TO", ":8888", "HOST:PORT"), ("RAW_QUALITY", "0", "1 to 100"),
       ("RAW_GREETING", "two\nlines", "200 bytes"), ("GREETING", "hello", "PORT"),
       ("DAYTIME", "6789", "PORT"), ("ID", "my camera", "64 letters"),
       ("MQTT", "broker.example", "mqtt://"), ("MQTT", "mqtt://:hush@broker", "USER"),
       ("MQTT", "mqtt://me:hu%sh@broker", "%XX"), ("MQTT_CA", "ca.pem", "absolute"),
       ("MQTT_CERT", "mqtt.crt", "absolute"), ("MQTT_KEY", "mqtt.key", "absolute"),
       ("MQTT_CLIENT_ID", "x" * 129, "128"), ("MQTT_CLEAN", "on", "0 or 1"),
       ("MQTT_KEEPALIVE", "65536", "65535"), ("MQTT_QUEUE", "0", "1 to 10000"),
       ("MQTT_PREFIX", "/a", "without /"), ("MQTT_DISCOVERY", "a/#", "without +"),
       ("MQTT_IMAGE_EVERY", "0", "seconds"), ("TRANSFER_OUT", "+", "without +"),
       ("TRANSFER_IN", "", "topic"), ("TRANSFER_WITHOUT_LAST", "1", "on or off"),
       ("DISPLAY", "fb0", "/dev/fb0"), ("WATCHDOG", "on", "/dev/watchdog"),
       ("LOG", "file", "syslog"), ("LOG_LEVEL", "loud", "info")]


def test_every_variable_is_tried_here():
    names = {row[0].removeprefix("CAMLOOP_") for row in table_rows()}
    assert names == set(GOOD) == {name for name, _, _ in BAD}


def test_good_settings_are_right():
    for settings in ({}, GOOD, {"HTTP": "off"}, {"HTTP": ""}, {"HTTP_ORIGIN": "*"}):
        done = run_program("--check", **settings)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), settings


@pytest.mark.parametrize("name, value, right", BAD)
def test_a_bad_value_is_named_with_what_would_be_right(name, value, right):
    for arguments in (["--check"], []):
        done = run_program(*arguments, **{name: value})
        assert (done.returncode, done.stdout) == (2, "")
        assert f"CAMLOOP_{name}" in done.stderr and right in done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
        assert (re.sub(r"[\r\n]", "?", value) in done.stderr) == (name not in SECRETS)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_stand_in_a_file(name, tmp_path):
    file, user = tmp_path / "secret", {"HTTP_USER": "me"} if name == "HTTP_PASSWORD" else {}
    missing = run_program("--check", **user, **{f"{name}_FILE": file})
    assert missing.returncode == 2 and f"CAMLOOP_{name}_FILE: {file}: No such" in missing.stderr
    secret = "mqtt://hush:hush@broker" if name == "MQTT" else "hush"
    file.write_text(f"{secret}\n")
    assert run_program("--check", **user, **{f"{name}_FILE": file}).returncode == 0
    both = run_program("--check", **user, **{f"{name}_FILE": file, name: secret})
    assert both.returncode == 2 and "both set" in both.stderr and "hush" not in both.stderr


def test_every_fault_has_its_line():
    done = run_program("--check", SIZE="big", QUALITY="good", HTPP=":80")
    lines = done.stderr.splitlines()
    assert done.returncode == 2 and len(lines) == 3
    for name in ("CAMLOOP_SIZE", "CAMLOOP_QUALITY", "CAMLOOP_HTPP"):
        assert sum(name in line for line in lines) == 1


@pytest.mark.parametrize("wrong, meant", [
    ("SOURC", "SOURCE"), ("QUALTIY", "QUALITY"), ("HTTP_CLIENT", "HTTP_CLIENTS"),
    ("LOGLEVEL", "LOG_LEVEL")])
def test_an_unknown_variable_suggests_the_nearest(wrong, meant):
    done = run_program("--check", **{wrong: "1"})
    assert done.returncode == 2
    assert re.search(rf"CAMLOOP_{wrong}\b.*CAMLOOP_{meant}\b", done.stderr)


# ---- Ports ----


@pytest.mark.parametrize("name", ["HTTP", "GREETING", "DAYTIME"])
def test_a_port_in_use_is_a_clear_error(name):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        done = run_program(**{"HTTP": "off", "SOURCE": "pattern", name: address})
    assert done.returncode == 1
    assert f"cannot listen on {address}: Address already in use" in done.stderr


def test_every_interface_is_served_by_default(serve):
    camera = serve(HTTP=":0")
    hosts = ["127.0.0.1"] + ["[::1]"] * Path("/proc/net/if_inet6").exists()
    for host in hosts:
        with urllib.request.urlopen(f"http://{host}:{camera.port}/healthz") as reply:
            assert reply.status == 200


def test_it_runs_without_a_server_too():
    with subprocess.Popen([PROGRAM], env=environment(HTTP="off", SOURCE="pattern"),
                          stderr=subprocess.PIPE, text=True) as process:
        wait_until("it heeds SIGTERM", lambda: catches(process.pid, signal.SIGTERM))
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
        assert "open http" not in process.stderr.read()


def catches(process_id, number):
    with open(f"/proc/{process_id}/status", encoding="ascii") as status:
        caught = int(re.search(r"SigCgt:\s+([0-9a-f]+)", status.read())[1], 16)
    return caught >> (number - 1) & 1


# ---- The end ----


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_under_its_clients(serve, number):
    camera = serve()
    streams = [WireReader(camera) for _ in range(10)]
    for stream in streams:
        next(stream)
    with camera.connect(receive_buffer=2048) as deaf, camera.connect() as asking:
        deaf.sendall(b"GET /stream HTTP/1.0\r\n\r\n")
        asking.sendall(b"GET /sna")
        wait_until("a frame waits for the deaf one", lambda: any(
            client["dropped_replaced"] for client in camera.state()["http"]["clients"]))
        camera.end(number)
    for stream in streams:
        stream.close()


def test_a_signal_during_the_start_ends_it_in_order(tmp_path, authority):
    fifo = tmp_path / "ca.pem"
    os.mkfifo(fifo)
    settings = environment(HTTP="127.0.0.1:0", MQTT="mqtts://127.0.0.1", MQTT_CA=fifo)
    with subprocess.Popen([PROGRAM], env=settings, stderr=subprocess.PIPE) as program:
        with fifo.open("wb") as certificates:  # opened once camloop opens its end
            program.terminate()
            certificates.write(Path(authority.path("ca", "crt")).read_bytes())
        assert b"SIGTERM: stopping" in program.communicate(timeout=PATIENCE_S)[1]
        assert program.returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces are root's")
def test_a_signal_ends_it_while_a_name_is_being_resolved(serve):
    script = Path(__file__).with_name("silent_resolver.py")
    camera = serve(before=["unshare", "-mn", "/usr/bin/python3", script],
                   CHANNEL_TO="base.example:1998", RAW_TO="base.example:8888")
    sockets = Path(f"/proc/{camera.process.pid}/net/udp")
    unread = re.compile(r" 0100007F:0035 \S+ \S+ [0-9A-F]{8}:(?!00000000)")
    wait_until("the name server is asked", lambda: unread.search(sockets.read_text()))
    camera.end()


def test_errors_alone_are_logged_where_that_is_asked(serve):
    loud = serve(LOG_LEVEL="debug")
    loud.get("/state")
    assert "/state" in loud.log()
    busy = run_program(HTTP=f"127.0.0.1:{loud.port}", SOURCE="pattern", LOG_LEVEL="error")
    assert busy.stderr.count("\n") == 1
