"""The scripted broker itself: with paho, which is no work of ours, and with what is wrong."""

import contextlib

import paho.mqtt.client as paho
import pytest

from camloop_process import wait_until
from fake_broker import Conduct, Identifiers
from mqtt_wire import (PUBACK, PUBCOMP, PUBREC, PUBREL, UNSUBACK, Answer, Connect, Disconnect,
                       Pingreq, Publish, Subscribe, Unsubscribe, Violation, answer, connack,
                       pingresp, publish, suback, take_packet)


@pytest.fixture(name="broker")
def fixture_broker(scripted):
    return scripted


@contextlib.contextmanager
def paho_of(broker, client_id="p", clean_session=True, keepalive=60, prepare=None):
    client = paho.Client(client_id, clean_session)
    client.heard = []
    client.on_message = lambda _client, _data, message: client.heard.append(message)
    client.reconnect_delay_set(1, 1)
    if prepare:
        prepare(client)
    client.connect_async("127.0.0.1", broker.port, keepalive)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def test_all_of_pahos_connect_is_understood(broker):
    def prepare(client):
        client.username_pw_set("käm", "p\u20acss")
        client.will_set("a/will", "gone", 2, retain=True)

    with paho_of(broker, keepalive=300, prepare=prepare):
        connection = broker.accept()
        assert connection.expect(Connect) == Connect(
            "p", True, 300, Publish("a/will", b"gone", 2, retain=True), "käm",
            "p\u20acss".encode())


# Without 1, at which paho goes on with the protocol's older version.
@pytest.mark.parametrize("code", [0, 2, 3, 4, 5])
def test_paho_understands_a_refusal(broker, code):
    codes = []
    with paho_of(broker, prepare=lambda client: setattr(
            client, "on_connect", lambda _client, _data, _flags, got: codes.append(got))):
        connection = broker.accept()
        connection.expect(Connect)
        connection.send(connack(False, code))
        wait_until("paho has the code", lambda: codes)
        assert codes[0] == code


def test_what_paho_publishes_is_understood(broker):
    with paho_of(broker) as client:
        connection = broker.welcome()
        wait_until("paho is connected", client.is_connected)
        client.publish("a", "0", 0, retain=True)
        assert connection.read() == Publish("a", b"0", retain=True)
        info = client.publish("a", "1" * 300, 1)
        assert connection.read() == Publish("a", b"1" * 300, 1, info.mid)
        connection.send(answer(PUBACK, info.mid))
        wait_until("paho is content", info.is_published)
        info = client.publish("a", "", 2)
        assert connection.read() == Publish("a", b"", 2, info.mid)
        connection.send(answer(PUBREC, info.mid))
        connection.expect_answer(PUBREL, info.mid)
        connection.send(answer(PUBCOMP, info.mid))
        wait_until("paho is content", info.is_published)


def test_paho_understands_what_is_published_to_it(broker):
    with paho_of(broker) as client:
        connection = broker.welcome()
        wait_until("paho is connected", client.is_connected)
        _, id_ = client.subscribe([("a/#", 2), ("+/b", 0)])
        assert connection.expect(Subscribe) == Subscribe(id_, (("a/#", 2), ("+/b", 0)))
        connection.send(suback(id_, 2, 0), publish("a/x", b"0" * 200, retain=True),
                        publish("a/y", b"1", 1, id=7), publish("a/z", b"2", 2, id=8))
        connection.expect_answer(PUBACK, 7)
        connection.expect_answer(PUBREC, 8)
        connection.send(answer(PUBREL, 8))
        connection.expect_answer(PUBCOMP, 8)
        wait_until("paho has all", lambda: len(client.heard) == 3)
        assert [(message.topic, message.payload, message.qos, message.retain)
                for message in client.heard] == [
                    ("a/x", b"0" * 200, 0, True), ("a/y", b"1", 1, False), ("a/z", b"2", 2, False)]
        _, id_ = client.unsubscribe("+/b")
        assert connection.expect(Unsubscribe) == Unsubscribe(id_, ("+/b",))
        connection.send(answer(UNSUBACK, id_))
        client.disconnect()
        assert connection.expect_end() == [Disconnect()]


def test_pahos_second_delivery_is_told_from_a_new_message(broker):
    with paho_of(broker, clean_session=False) as client:
        connection = broker.welcome()
        wait_until("paho is connected", client.is_connected)
        one, two = client.publish("a", "one", 1).mid, client.publish("a", "two", 2).mid
        assert connection.read() == Publish("a", b"one", 1, one)
        assert connection.read() == Publish("a", b"two", 2, two)
        connection.send(answer(PUBREC, two))
        connection.expect_answer(PUBREL, two)
        connection.close()
        connection = broker.welcome(session_present=True)
        assert connection.read() == Publish("a", b"one", 1, one, dup=True)
        connection.expect_answer(PUBREL, two)


def test_paho_pings_and_hears_the_answer(broker):
    with paho_of(broker, keepalive=1):
        connection = broker.welcome()
        connection.expect(Pingreq)
        connection.send(pingresp())
        connection.expect(Pingreq)


CONNECT_HEAD = b"\x00\x04MQTT\x04"


@pytest.mark.parametrize("stream, requirement", [
    (b"\x00\x00", "2.2.1"), (b"\xf0\x00", "2.2.1"), (b"\x20\x02\x00\x00", "2.2.1"),
    (b"\xc1\x00", "MQTT-2.2.2-1"), (b"\x60\x02\x00\x01", "MQTT-2.2.2-1"),
    (b"\xc0\x80\x00", "2.2.3"), (b"\xc0\x80\x80\x80\x80\x01", "2.2.3"), (b"\xc0\x01x", "2.2.3"),
    (b"\x40\x03\x00\x01x", "2.2.3"), (b"\x40\x01\x00", "2.2.3"),
    (b"\x40\x02\x00\x00", "MQTT-2.3.1-1"), (b"\x32\x05\x00\x01a\x00\x00", "MQTT-2.3.1-1"),
    (b"\x30\x04\x00\x02\xc0\x80", "MQTT-1.5.3-1"),
    (b"\x30\x05\x00\x03\xed\xa0\x80", "MQTT-1.5.3-1"),
    (b"\x30\x03\x00\x01\x00", "MQTT-1.5.3-2"), (b"\x30\x03\x00\x01\x01", "[1.5.3]"),
    (b"\x30\x03\x00\x01#", "MQTT-3.3.2-2"), (b"\x30\x02\x00\x00", "MQTT-4.7.3-1"),
    (b"\x36\x05\x00\x01a\x00\x01", "MQTT-3.3.1-4"), (b"\x38\x03\x00\x01a", "MQTT-3.3.1-2"),
    (b"\x82\x02\x00\x01", "MQTT-3.8.3-3"), (b"\x82\x06\x00\x01\x00\x01a\x03", "MQTT-3-8.3-4"),
    (b"\x82\x08\x00\x01\x00\x03#/a\x00", "MQTT-4.7.1-2"),
    (b"\x82\x07\x00\x01\x00\x02a+\x00", "MQTT-4.7.1-3"), (b"\xa2\x02\x00\x01", "MQTT-3.10.3-2"),
    (b"\x10\x0d\x00\x04MQTX\x04\x02\x00\x00\x00\x01a", "MQTT-3.1.2-1"),
    (b"\x10\x0d\x00\x04MQTT\x03\x02\x00\x00\x00\x01a", "MQTT-3.1.2-2"),
    (b"\x10\x0d" + CONNECT_HEAD + b"\x03\x00\x00\x00\x01a", "MQTT-3.1.2-3"),
    (b"\x10\x0d" + CONNECT_HEAD + b"\x0a\x00\x00\x00\x01a", "MQTT-3.1.2-11"),
    (b"\x10\x11" + CONNECT_HEAD + b"\x1e\x00\x00\x00\x01a\x00\x00\x00\x00", "MQTT-3.1.2-14"),
    (b"\x10\x0f" + CONNECT_HEAD + b"\x42\x00\x00\x00\x01a\x00\x00", "MQTT-3.1.2-22"),
    (b"\x10\x0c" + CONNECT_HEAD + b"\x00\x00\x00\x00\x00", "MQTT-3.1.3-7"),
])
def test_what_the_standard_forbids_is_seen(stream, requirement):
    with pytest.raises(Violation, match=requirement.replace("[", r"\[")):
        take_packet(stream)
    for length in range(1, len(stream) - 1):
        with contextlib.suppress(Violation):
            assert take_packet(stream[:length]) is None


HELLO = Connect("p", False, 60, None, None, None)


@pytest.mark.parametrize("packets, requirement", [
    ([Pingreq()], "MQTT-3.1.0-1"), ([HELLO, HELLO], "MQTT-3.1.0-2"),
    ([HELLO, Disconnect(), Pingreq()], "MQTT-3.14.4-2"),
    ([HELLO, Publish("a", b"x", 1, 1), Publish("a", b"y", 1, 1)], "MQTT-2.3.1-2"),
    ([HELLO, Publish("a", b"x", 1, 1), Subscribe(1, (("a", 0),))], "MQTT-2.3.1-2"),
    ([HELLO, Publish("a", b"x", 1, 1, dup=True)], "MQTT-3.3.1-1"),
    ([HELLO, Answer(PUBREL, 1)], "MQTT-2.3.1-6"),
    ([HELLO, Publish("a", b"x", 1, 1), Answer(PUBREL, 1)], "MQTT-2.3.1-6"),
    ([HELLO, Publish("a", b"x", 2, 1), Answer(PUBREL, 1), Publish("a", b"x", 2, 1)],
     "MQTT-4.3.3-1"),
])
def test_what_is_wrong_at_its_place_is_seen(packets, requirement):
    conduct = Conduct(Identifiers())
    for packet in packets[:-1]:
        conduct.sent(packet)
    with pytest.raises(Violation, match=requirement):
        conduct.sent(packets[-1])
