"""camloop pub with mosquitto and paho: one message, or a message a line."""

import os

import pytest

from camloop_process import wait_until
from fake_broker import FakeBroker
from mqtt_tool import Tool, run_tool
from mqtt_wire import Disconnect, Publish
from paho_client import PahoClient

# No text in UTF-8, and all that steers terminals or shells.
BYTES = bytes(range(256)) * 1000


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_pub_publishes_a_message(broker, other, qos):
    done = run_tool("pub", "-q", str(qos), "a/b", "hello", MQTT=broker.url())
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", "")
    wait_until("it came", other.messages.copy)
    message, = other.messages
    assert (message.topic, message.payload, message.qos, message.retain) == (
        "a/b", b"hello", qos, False)


def test_pub_publishes_what_begins_with_a_dash(broker, other):
    for words in (["a", "-5"], ["--", "a", "-5"]):
        assert run_tool("pub", *words, MQTT=broker.url()).returncode == 0
    wait_until("both came", lambda: len(other.messages) == 2)
    assert other.payloads() == [b"-5", b"-5"]


def test_pub_lets_the_broker_keep_a_message(broker):
    assert run_tool("pub", "-rq1", "a", "kept", MQTT=broker.url()).returncode == 0
    with PahoClient(broker.port) as late:
        late.subscribe("a")
        wait_until("it came", late.messages.copy)
        assert late.messages[0].retain and late.messages[0].payload == b"kept"
    assert run_tool("pub", "-rq1", "a", "", MQTT=broker.url()).returncode == 0
    with PahoClient(broker.port) as later:
        later.subscribe("a", "b")
        later.publish("b", "nothing before it")
        wait_until("that came", later.messages.copy)
        assert later.messages[0].topic == "b"


@pytest.mark.parametrize("payload", [b"", b"line\n", BYTES], ids=len)
def test_pub_publishes_its_input(broker, other, payload):
    assert run_tool("pub", "-q", "1", "a", "-", feed=payload, MQTT=broker.url()).returncode == 0
    wait_until("it came", other.messages.copy)
    assert other.payloads() == [payload]


def test_pub_publishes_a_file_and_nothing(broker, other, tmp_path):
    file = tmp_path / "picture"
    file.write_bytes(BYTES)
    for path in (file, "/dev/null"):
        with open(path, "rb") as stdin, Tool("pub", "-q2", "a", "-", stdin=stdin,
                                             MQTT=broker.url()) as pub:
            assert pub.wait() == 0
    wait_until("both came", lambda: len(other.messages) == 2)
    assert other.payloads() == [BYTES, b""]


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_pub_publishes_a_message_a_line(broker, other, qos):
    lines = [b"", b"one", b"\xff\0\r", b"x" * 100_000, b""]
    lines += [b"%d" % number for number in range(3000)] + [b"y" * 20_000] * 30 + [b"last"]
    done = run_tool("pub", "-l", "-q", str(qos), "a", feed=b"\n".join(lines), MQTT=broker.url())
    assert (done.returncode, done.stderr) == (0, "")
    wait_until("all came", lambda: len(other.messages) == len(lines))
    assert other.payloads("a") == lines


def test_pub_publishes_lines_as_they_come(broker, other):
    with Tool("pub", "-l", "a", MQTT=broker.url()) as pub:
        for number in range(3):
            pub.feed(b"%d\nhalf a li" % number)
            wait_until("it came", lambda number=number: len(other.messages) == number + 1)
            pub.feed(b"ne")
        pub.process.stdin.close()
        assert pub.wait() == 0
    wait_until("the last one came", lambda: len(other.messages) == 4)
    assert other.payloads()[1:] == [b"half a line1", b"half a line2", b"half a line"]


@pytest.mark.parametrize("qos", [1, 2])
def test_pub_goes_on_after_a_broker_that_restarts(mosquitto, qos):
    """With a session that outlasts it: a clean one ends with what the broker has begun to take."""
    # Over a restart mosquitto 2.0.11 forgets what it released to paho beyond that number.
    broker = mosquitto(max_inflight_messages=1000)
    lines = [b"%d" % number for number in range(6000)]
    with PahoClient(broker.port, "keeper", clean_session=False) as paho:
        paho.subscribe("a")
        with Tool("pub", "-l", "-q", str(qos), "a", MQTT=broker.url(), MQTT_CLIENT_ID="board",
                  MQTT_CLEAN=0) as pub:
            pub.feed(b"\n".join(lines[:3000]) + b"\n")
            wait_until("some came", paho.messages.copy)
            broker.stop()
            pub.feed(b"\n".join(lines[3000:]))
            pub.process.stdin.close()
            broker.start()
            assert pub.wait() == 0
            assert "tried again" in pub.read_complaints()
        wait_until("all came", lambda: set(paho.payloads()) == set(lines))
        assert qos < 2 or paho.payloads() == lines


def test_pub_waits_for_a_broker(mosquitto):
    broker = mosquitto()
    broker.stop()
    with Tool("pub", "-q1", "-r", "a", "hello", MQTT=broker.url()) as pub:
        wait_until("it says why it waits", lambda: "Connection refused" in pub.read_complaints())
        broker.start()
        assert pub.wait() == 0
    with Tool("sub", "-n1", "a", MQTT=broker.url()) as sub:
        assert (sub.wait(), sub.read()) == (0, b"hello\n")


def test_pub_takes_leave_behind_its_last_message():
    with FakeBroker() as broker, Tool("pub", "a", "x", MQTT=broker.url) as pub:
        assert broker.welcome().expect_end() == [Publish("a", b"x"), Disconnect()]
        assert pub.wait() == 0


def test_pub_fails_when_a_message_goes_with_its_connection(tmp_path):
    file = tmp_path / "picture"
    file.touch()
    os.truncate(file, 64 << 20)  # More than lies on the way to a broker that reads nothing.
    with (open(file, "rb") as stdin, FakeBroker() as broker,
          Tool("pub", "a", "-", stdin=stdin, MQTT=broker.url) as pub):
        client = broker.welcome()
        assert client.socket.recv(4096)
        client.close()
        assert pub.wait() == 1
        assert "lost" in pub.read_complaints()


def test_pub_leaves_its_input_as_it_was(broker):
    """O_NONBLOCK would hit the shell and whoever else has it, too."""
    shared, ours = os.pipe()
    with Tool("pub", "-l", "a", stdin=shared, MQTT=broker.url()) as pub:
        os.write(ours, b"line\n")
        wait_until("it came", lambda: "PUBLISH" in broker.log())
        assert os.get_blocking(shared)
        pub.end()
    assert os.get_blocking(shared)
    os.close(shared)
    os.close(ours)
