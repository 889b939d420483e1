"""camloop pub and sub: their session, how they are misused, and their end at any moment."""

import os
import re
import signal
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from camloop_process import PATIENCE_S, PROGRAM, environment, run_program, wait_until
from fake_broker import FakeBroker
from mosquitto import tls
from mqtt_tool import Tool, run_tool
from mqtt_wire import Connect, Disconnect, Subscribe
from paho_client import PahoClient


# ---- The session ----


def test_each_run_has_an_id_of_its_own():
    with FakeBroker() as broker:
        ids = set()
        for _ in range(2):
            with Tool("sub", "a", MQTT=broker.url, MQTT_KEEPALIVE=7) as sub:
                connect = broker.accept().expect(Connect)
                assert (connect.clean, connect.keep_alive_s, connect.will) == (True, 7, None)
                ids.add(connect.client_id)
                sub.end()
        assert len(ids) == 2 and all(re.fullmatch(r"camloop[0-9a-f]{8}", id_) for id_ in ids)


def test_the_session_is_as_the_settings_say():
    with FakeBroker() as broker:
        address = broker.url.replace("//", "//me:a%40b@")
        with Tool("pub", "a", "x", MQTT=address, MQTT_CLIENT_ID="board", MQTT_CLEAN=0) as pub:
            client = broker.accept()
            connect = client.expect(Connect)
            assert (connect.client_id, connect.clean) == ("board", False)
            assert (connect.user, connect.password) == ("me", b"a@b")
            assert pub.end() == 1


def test_settings_may_stand_in_a_file(broker, tmp_path):
    file = tmp_path / "defaults"
    file.write_text(f"CAMLOOP_MQTT={broker.url()}\n")
    for words in (["pub", "-r", "a", "hello"], ["sub", "-n1", "a"]):
        done = run_tool("--defaults", str(file), *words)
        assert done.returncode == 0
    assert done.stdout == b"hello\n"


def test_a_broker_with_a_certificate(mosquitto, authority):
    broker = mosquitto(**tls(authority))
    trust = {"MQTT": broker.url(host="localhost"), "MQTT_CA": authority.path("ca", "crt")}

    def prepare(client):
        client.tls_set(authority.path("ca", "crt"), tls_version=ssl.PROTOCOL_TLS_CLIENT)

    with PahoClient(broker.port, prepare=prepare) as paho:
        paho.subscribe("a")
        assert run_tool("pub", "-l", "-q1", "a", feed=b"x\n" * 1000, **trust).returncode == 0
        wait_until("all came", lambda: len(paho.messages) == 1000)


@pytest.mark.parametrize("tool", [["pub", "a", "x"], ["pub", "-l", "a"], ["sub", "a"]])
def test_wrong_credentials_end_it(mosquitto, tool):
    broker = mosquitto(passwords={"me": "secret"})
    done = run_tool(*tool, feed=b"x\n", MQTT=broker.url("me:guess@"))
    assert done.returncode == 1
    said, = done.stderr.splitlines()
    assert re.search(r"error: .*refuses us: .*(user|password|authori[sz]ed)", said)
    assert "guess" not in said


# ---- Wrong use ----


@pytest.mark.parametrize("words, hint", [
    (["pub"], "a topic and a message"), (["pub", "a"], "a topic and a message"),
    (["pub", "a", "b", "c"], "a topic and a message"), (["pub", "-l", "a", "b"], "one topic"),
    (["pub", "a/#", "x"], r"a/# is no topic"), (["pub", "", "x"], "is no topic"),
    (["pub", "-q3", "a", "x"], "0, 1 or 2"), (["pub", "-x", "a", "x"], "no option -x"),
    (["sub"], "a topic is needed"), (["sub", "a#"], "a# is no topic"),
    (["sub", "-n", "0", "a"], "from 1 on"), (["sub", "-q"], "-q needs a value"),
    (["sub", "-n", "many", "a"], "from 1 on"), (["sub", "--xml", "a"], "no option --xml"),
    # Brokers close the connection at control characters.
    (["pub", "a\r", "x"], r"a\? is no topic"), (["sub", "a", "b\r"], r"b\? is no topic")])
def test_wrong_use_is_told(words, hint):
    done = run_program(*words, MQTT="mqtt://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(f"error: {words[0]}: .*{hint}", done.stderr.replace("'", ""))
    assert f"usage: camloop {words[0]} " in done.stderr


@pytest.mark.parametrize("settings, hint", [
    ({}, "CAMLOOP_MQTT is not set"),
    ({"MQTT": "mqtt://127.0.0.1:1", "MQTT_CLEAN": 0}, "CAMLOOP_MQTT_CLIENT_ID"),
    ({"MQTT": "127.0.0.1:1"}, "CAMLOOP_MQTT"), ({"MQTTT": "x"}, "CAMLOOP_MQTT"),
    ({"MQTT": "mqtts://localhost:1", "MQTT_CA": "/no/such.pem"}, "/no/such.pem")])
def test_wrong_settings_are_told(settings, hint):
    done = run_program("sub", "a", **settings)
    assert (done.returncode, done.stdout) == (2, "")
    assert hint in done.stderr


@pytest.mark.parametrize("words, redirection, complaint", [
    (["pub", "a", "-"], "<&-", "reading the input: Bad file"),
    (["pub", "-l", "a"], "<&-", "reading the input: Bad file"),
    (["sub", "kept"], ">&-", "writing the output: Bad file"),
    (["sub", "-n1", "kept"], ">&-", "writing the output: Bad file"),
    (["sub", "-n1", "kept"], ">/dev/full", "writing the output: No space")])
def test_no_input_and_no_room_for_the_output_are_told(broker, words, redirection, complaint):
    assert run_tool("pub", "-r", "-q1", "kept", "x", MQTT=broker.url()).returncode == 0
    done = subprocess.run(["sh", "-c", f'exec "$@" {redirection}', "sh", PROGRAM, *words],
                          env=environment(MQTT=broker.url()), timeout=PATIENCE_S,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"error: {complaint}" in done.stderr


def test_the_tools_are_in_the_help():
    assert "camloop pub -l " in run_program("--help").stdout
    assert "camloop sub " in run_program("--help").stdout


# ---- The end, at any moment ----

TOOLS = [["pub", "a", "x"], ["pub", "-l", "a"], ["sub", "a"], ["sub", "-n1", "a"]]


def status_after_a_signal(words):
    """Only a sub without a number has done all that it was to do."""
    return 0 if words == ["sub", "a"] else 1


@pytest.mark.parametrize("words", TOOLS)
def test_a_signal_ends_it_while_connecting(words):
    with socket.socket() as deaf, socket.socket() as only, socket.socket() as second:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for client in (only, second):  # There is room for no more.
            client.setblocking(False)
            client.connect_ex(deaf.getsockname())
        with Tool(*words, MQTT="mqtt://127.0.0.1:%d" % deaf.getsockname()[1]) as tool:
            wait_until("it connects", lambda: "02" in tcp_states(tool.process.pid))
            assert tool.end(signal.SIGINT) == status_after_a_signal(words)


def tcp_states(process_id):
    """Of its sockets, as in /proc/net/tcp."""
    own = set()
    for descriptor in Path(f"/proc/{process_id}/fd").iterdir():
        own.add(re.sub(r"\D", "", os.readlink(descriptor)))
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[3] for row in rows if row[9] in own}


@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces are root's")
@pytest.mark.parametrize("words", [["pub", "a", "x"], ["sub", "a"]])
def test_a_signal_ends_it_while_a_name_is_being_resolved(words):
    script = Path(__file__).with_name("silent_resolver.py")
    with Tool(*words, before=["unshare", "-mn", "/usr/bin/python3", script],
              MQTT="mqtt://broker.example") as tool:
        sockets = Path(f"/proc/{tool.process.pid}/net/udp")
        unread = re.compile(r" 0100007F:0035 \S+ \S+ [0-9A-F]{8}:(?!00000000)")
        wait_until("the name server is asked", lambda: unread.search(sockets.read_text()))
        assert tool.end() == status_after_a_signal(words)


@pytest.mark.parametrize("words", TOOLS)
def test_a_signal_ends_it_while_the_broker_is_silent(words):
    with FakeBroker() as broker, Tool(*words, MQTT=broker.url) as tool:
        broker.accept().expect(Connect)
        assert tool.end() == status_after_a_signal(words)


def test_a_signal_ends_it_while_the_broker_has_stopped(broker):
    with Tool("pub", "-l", "-q2", "a", MQTT=broker.url()) as pub:
        pub.feed(b"one\n")
        wait_until("it came", lambda: "PUBCOMP" in broker.log())
        broker.pause()
        pub.feed(b"two\n")
        assert pub.end() == 1


def test_a_signal_takes_leave_of_the_broker():
    with FakeBroker() as broker, Tool("sub", "a", MQTT=broker.url) as sub:
        client = broker.welcome()
        client.expect(Subscribe)
        sub.process.terminate()
        assert client.expect_end() == [Disconnect()]
        assert sub.wait() == 0
