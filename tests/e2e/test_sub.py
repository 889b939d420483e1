"""camloop sub with mosquitto and paho: what it prints, who may be slow, what it costs."""

import base64
import fcntl
import json
import re
import subprocess
from pathlib import Path

import pytest

from camloop_process import PATIENCE_S, wait_until
from fake_broker import FakeBroker
from mqtt_tool import Tool, run_tool
from mqtt_wire import Disconnect
from paho_client import PahoClient

# No text in UTF-8, and all that steers terminals or shells.
BYTES = bytes(range(256)) * 1000


def publish_with_mosquitto(broker, topic, payload):
    subprocess.run(["mosquitto_pub", "-p", str(broker.port), "-t", topic,
                    "-s" if payload else "-n"], input=payload, check=True, timeout=PATIENCE_S)


def test_sub_prints_payloads(broker):
    with Tool("sub", "a/#", "b", "a/#", MQTT=broker.url()) as sub:
        wait_until("it has subscribed", lambda: "SUBACK" in broker.log())
        publish_with_mosquitto(broker, "a/1", b"one")
        publish_with_mosquitto(broker, "c", b"not asked for")
        publish_with_mosquitto(broker, "b", b"\xff\0\n")
        publish_with_mosquitto(broker, "a", b"")
        wait_until("all came", lambda: sub.read() == b"one\n\xff\0\n\n\n")
        assert sub.end() == 0
        assert (sub.read(), sub.read_complaints()) == (b"one\n\xff\0\n\n\n", "")


def test_sub_prints_topics_and_a_number_of_messages(broker):
    with PahoClient(broker.port) as paho:
        for number in range(5):
            paho.publish(f"a/{number}", f"text {number}", retain=True)
    done = run_tool("sub", "-v", "-n", "3", "a/+", MQTT=broker.url())
    assert done.returncode == 0
    assert re.fullmatch(rb"(a/(\d) text \2\n){3}", done.stdout)


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_sub_prints_json(broker, qos):
    with PahoClient(broker.port) as paho, Tool("sub", "--json", "-q", str(qos), "#",
                                               MQTT=broker.url()) as sub:
        wait_until("it has subscribed", lambda: "SUBACK" in broker.log())
        paho.publish("a/ä", "21 °\n", qos=2)
        paho.publish("b", BYTES, qos=2)
        one, two = [json.loads(line) for line in sub.wait_for_lines(2)]
    common = {"qos": qos, "retain": False, "dup": False}
    assert one == common | {"topic": "a/ä", "length": 6, "payload": "21 °\n"}
    assert two == common | {"topic": "b", "length": len(BYTES),
                            "payload_base64": base64.b64encode(BYTES).decode()}


def test_sub_goes_on_after_a_broker_that_restarts(broker):
    with Tool("sub", "-q2", "a", MQTT=broker.url(), MQTT_CLIENT_ID="keeper",
              MQTT_CLEAN=0) as sub:
        wait_until("it has subscribed", lambda: "SUBACK" in broker.log())
        with PahoClient(broker.port) as paho:
            paho.publish("a", "before")
        broker.restart()
        with PahoClient(broker.port) as paho:
            paho.publish("a", "after")
        assert sub.wait_for_lines(2) == [b"before", b"after"]
        assert sub.end() == 0


def test_sub_leaves_the_rest_of_its_session_to_the_next_run(broker):
    session = {"MQTT": broker.url(), "MQTT_CLIENT_ID": "reader", "MQTT_CLEAN": 0}
    with Tool("sub", "-q2", "a", **session) as sub:
        wait_until("it has subscribed", lambda: "SUBACK" in broker.log())
        assert sub.end() == 0
    lines = [b"%d" % number for number in range(50)]
    done = run_tool("pub", "-l", "-q2", "a", feed=b"\n".join(lines), MQTT=broker.url())
    assert done.returncode == 0
    printed = b""
    for count in ("1", "20", "29"):
        done = run_tool("sub", "-q2", "-n", count, "a", **session)
        assert done.returncode == 0
        printed += done.stdout
    assert printed.split() == lines


def test_sub_waits_for_a_slow_reader(broker):
    payload = b"x" * 99_999
    with PahoClient(broker.port) as paho, Tool("sub", "-q1", "-n200", "a",
                                               MQTT=broker.url()) as sub:
        wait_until("it has subscribed", lambda: "SUBACK" in broker.log())
        for _ in range(200):
            paho.publish("a", payload, qos=1)
        assert sub.wait() == 0
        assert sub.read() == (payload + b"\n") * 200


def test_sub_takes_nothing_of_the_broker_while_nobody_reads():
    with FakeBroker() as broker, Tool("sub", "a", MQTT=broker.url) as sub:
        client = broker.welcome()
        client.grant()
        client.socket.setblocking(False)
        sent = fill(client.socket, b"\x30\x81\x80\x01\0\1a" + b"x" * (128 * 128 + 1 - 3))
        assert sent < 32 << 20
        client.socket.setblocking(True)
        assert sub.end() == 0


def fill(connection, data):
    """Sends it until the connection has taken nothing for a second; how many bytes it took."""
    sent = 0
    while True:
        try:
            while True:
                sent += connection.send(data[sent % len(data):])
        except BlockingIOError:
            connection.setblocking(True)
            connection.settimeout(1)
            try:
                sent += connection.send(data[sent % len(data):])
            except TimeoutError:
                return sent
            finally:
                connection.setblocking(False)


def test_sub_ends_when_its_reader_has_enough(broker):
    with PahoClient(broker.port) as paho, Tool("sub", "a", MQTT=broker.url()) as sub:
        wait_until("it has subscribed", lambda: "SUBACK" in broker.log())
        paho.publish("a", "one")
        assert sub.wait_for_lines(1) == [b"one"]
        sub.process.stdout.close()
        paho.publish("a", "two")
        assert sub.process.wait(PATIENCE_S) == 0
        assert sub.read_complaints() == ""


def test_sub_tells_of_a_message_that_is_too_long(broker):
    with PahoClient(broker.port) as paho, Tool("sub", "a", MQTT=broker.url()) as sub:
        wait_until("it has subscribed", lambda: "SUBACK" in broker.log())
        paho.publish("a", b"x" * ((16 << 20) + 1))
        paho.publish("a", "short")
        assert sub.wait_for_lines(1) == [b"short"]
        assert sub.end() == 0
        assert "to a is left out: it is longer than 16777216 bytes" in sub.read_complaints()


@pytest.mark.parametrize("codes, status", [((0x80, 0x80), 1), ((0x80, 1), 0)])
def test_sub_ends_when_every_topic_is_refused(codes, status):
    with FakeBroker() as broker, Tool("sub", "-q1", "a", "b/#", MQTT=broker.url) as sub:
        client = broker.welcome()
        assert client.grant(*codes).filters == (("a", 1), ("b/#", 1))
        if status == 0:
            wait_until("it says so", lambda: "subscribe to a" in sub.read_complaints())
            sub.process.terminate()
        assert client.expect_end() == [Disconnect()]
        assert sub.wait() == status
        assert ("b/#" in sub.complaints.decode()) == (status == 1)


def test_a_long_message_that_is_announced_costs_no_memory():
    with FakeBroker() as broker, Tool("sub", "a", MQTT=broker.url) as sub:
        client = broker.welcome()
        client.grant()
        client.socket.sendall(b"\x30\4\0\1ax\x30\xff\xff\xff\x7f\0\1a")
        assert sub.wait_for_lines(1) == [b"x"]
        before_kb = resident_kb(sub)
        for _ in range(1000):
            client.socket.sendall(b"x" * 65_536)
        wait_until("it has taken it", lambda: unread_bytes(client.socket) == 0)
        assert resident_kb(sub) - before_kb < 64
        assert sub.end() == 0


def resident_kb(tool):
    status = Path(f"/proc/{tool.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


def unread_bytes(connection):
    """Of what we sent, those that the other end has not acknowledged."""
    outq = 0x5411  # SIOCOUTQ
    return int.from_bytes(fcntl.ioctl(connection, outq, b"\0" * 4), "little")
