"""MQTT 3.1.1 from outside: `camloop sub` and `camloop pub` with a broker that does what the test
says, in whole packets and byte by byte. The comment above a test names the requirements that it
shows; those that every packet shows, the scripted broker checks in all of them.

Here: what breaks the protocol, how connections begin, and how they are found dead."""

import re
import select
import time

import pytest

from camloop_process import wait_until
from fake_broker import FakeBroker
from mqtt_wire import (CONNECT, DISCONNECT, PINGREQ, PINGRESP, PUBACK, PUBREC, SUBACK, SUBSCRIBE,
                       UNSUBSCRIBE, Connect, Disconnect, Pingreq, Publish, Subscribe, answer,
                       connack, number, packet, pingresp, publish, suback, text)


@pytest.fixture(name="broker")
def fixture_broker(scripted):
    return scripted


# ---- What a broker must not do ----

INSTEAD_OF_CONNACK = [
    (publish("a", b"x"), "3.2.0-1"), (suback(1, 0), "3.2.0-1"), (pingresp(), "3.2.0-1"),
    (packet(0x20, b"\2\0"), "3.2.2.1"), (packet(0x20, b"\x80\0"), "3.2.2.1"),
    (connack(session_present=True), "3.2.2-1"), (connack(True, 3), "3.2.2-4"),
    (connack(code=6), "3.2.2-6"), (connack(code=255), "3.2.2-6"),
    (packet(0x20, b"\0"), "2.2.3"), (packet(0x20, b"\0\0\0"), "2.2.3"),
    (packet(0x21, b"\0\0"), "2.2.2-2"),
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", "3.2.0-1"),
]

ONCE_CONNECTED = [
    (connack(), "3.2.0-1"),
    *((packet(type_ << 4 | flags), "2.2.1") for type_, flags in (
        (0, 0), (15, 0), (CONNECT, 0), (SUBSCRIBE, 2), (UNSUBSCRIBE, 2), (PINGREQ, 0),
        (DISCONNECT, 0))),
    *((packet(first_byte, b"\0\1"), "2.2.2-2") for first_byte in (0x41, 0x52, 0x60, 0x78, 0xB1)),
    (packet(PINGRESP << 4 | 2), "2.2.2-2"), (packet(SUBACK << 4 | 2, b"\0\1\0"), "2.2.2-2"),
    (b"\x30\xff\xff\xff\xff\x01", "2.2.3"), (b"\xd0\x80\x80\x80\x80\x00", "2.2.3"),
    (packet(PINGRESP << 4, b"x"), "2.2.3"), (packet(PUBACK << 4, b"\0"), "2.2.3"),
    (packet(PUBREC << 4, b"\0\1\0"), "2.2.3"), (packet(SUBACK << 4, b"\0\1"), "2.2.3"),
    (packet(0x30, b"\0\5a"), "2.2.3"), (packet(0x32, text("a") + b"\0"), "2.2.3"),
    (packet(0x36, text("a") + number(1)), "3.3.1-4"), (packet(0x38, text("a")), "3.3.1-2"),
    (packet(0x32, text("a") + number(0)), "2.3.1-1"), (answer(PUBACK, 0), "2.3.1-1"),
    (publish(""), "4.7.3-1"), (publish("a/+"), "3.3.2-2"), (publish("#"), "3.3.2-2"),
    (publish("a\0b"), "1.5.3-2"), (publish(b"\xc0\xaf"), "1.5.3-1"),
    (publish(b"\xed\xa0\x80"), "1.5.3-1"), (publish(b"\xf4\x90\x80\x80"), "1.5.3-1"),
    (publish(b"\xff"), "1.5.3-1"),
    (suback(1, 3), "3.9.3-2"), (suback(1, 0x81), "3.9.3-2"),
]


def ids(cases):
    return [f"{wrong[:12].hex()} {requirement}" for wrong, requirement in cases]


def is_given_up(client, connection, requirement):
    """The connection ends, and no DISCONNECT takes the will back."""
    assert Disconnect() not in connection.expect_end()
    client.wait_for_complaint(f"{requirement}]")


# MQTT-3.2.0-1, MQTT-3.2.2-1, MQTT-3.2.2-4, MQTT-3.2.2-5, 3.2.2.1, MQTT-4.8.0-1
@pytest.mark.parametrize("wrong, requirement", INSTEAD_OF_CONNACK, ids=ids(INSTEAD_OF_CONNACK))
def test_what_comes_instead_of_connack_ends_the_connection(sub, broker, wrong, requirement):
    client = sub("a")
    connection = broker.accept()
    connection.expect(Connect)
    connection.send(wrong)
    is_given_up(client, connection, requirement)


# MQTT-1.5.3-1, MQTT-1.5.3-2, MQTT-2.2.2-2, 2.2.1, 2.2/3.x, MQTT-2.3.1-1, MQTT-3.1.2-8,
# MQTT-3.3.1-4, MQTT-3.3.2-2, MQTT-3.9.3-2, MQTT-4.7.3-1, MQTT-4.8.0-1
@pytest.mark.parametrize("wrong, requirement", ONCE_CONNECTED, ids=ids(ONCE_CONNECTED))
def test_a_violation_ends_the_connection(sub, broker, wrong, requirement):
    client = sub("a")
    connection = broker.welcome()
    connection.expect(Subscribe)
    connection.send(wrong)
    is_given_up(client, connection, requirement)


# MQTT-3.8.4-5
def test_suback_has_a_code_for_each_filter(sub, broker):
    client = sub("a", "b")
    connection = broker.welcome()
    asked = connection.expect(Subscribe)
    connection.send(suback(asked.id, *[0] * (len(asked.filters) + 1)))
    is_given_up(client, connection, "3.8.4-5")


# ---- CONNECT and CONNACK ----


# MQTT-3.1.3-5, MQTT-3.1.0-1, MQTT-3.1.2-11
def test_a_tool_without_a_client_id_makes_up_one_that_every_broker_takes(sub, broker):
    sub("a")
    connect = broker.accept().expect(Connect)
    assert re.fullmatch("[0-9A-Za-z]{1,23}", connect.client_id)
    assert connect == Connect(connect.client_id, True, 60, None, None, None)


# MQTT-3.1.3-2
def test_the_client_id_stays_the_same(sub, broker):
    sub("a")
    first = broker.accept()
    connect = first.expect(Connect)
    first.close()
    assert broker.accept().expect(Connect) == connect


# MQTT-3.1.2-19, MQTT-3.1.2-21, MQTT-3.1.3-1
def test_user_and_password_are_sent_and_told_nobody(tool, broker):
    client = tool("sub", "a", MQTT=f"mqtt://us%40er:s%C3%A9cret%3A@127.0.0.1:{broker.port}")
    connection = broker.accept()
    connect = connection.expect(Connect)
    assert (connect.user, connect.password) == ("us@er", "s\u00e9cret:".encode())
    connection.send(connack(code=4))
    assert client.wait() == 1
    assert "cret" not in client.read_complaints()


# MQTT-3.1.3-8, MQTT-3.1.3-9, MQTT-3.2.2-5
@pytest.mark.parametrize("code, words", [(1, "MQTT 3.1.1"), (2, "client id"), (4, "password"),
                                         (5, "not authorised")])
def test_a_tool_ends_at_a_refusal_for_good(sub, broker, code, words):
    client = sub("a")
    connection = broker.accept()
    connection.expect(Connect)
    connection.send(connack(code=code))
    assert client.wait() == 1 and words in client.read_complaints()
    assert connection.expect_end() == []


# MQTT-3.2.2-6, MQTT-3.1.4-1, MQTT-3.2.2-5
@pytest.mark.parametrize("replies", [(), (connack(code=3),)], ids=["closed", "unavailable"])
def test_a_refusal_that_may_pass_is_followed_by_another_try(sub, broker, replies):
    client = sub("a")
    connection = broker.accept()
    connection.expect(Connect)
    connection.send(*replies)
    connection.close()
    broker.welcome().grant()
    assert client.process.poll() is None and client.read_complaints()


# MQTT-3.1.4-2
def test_a_client_that_is_thrown_out_at_once_does_not_come_back_in_a_tight_loop(sub, broker):
    sub("a", MQTT_CLIENT_ID="one")
    began = time.monotonic()
    for _ in range(5):
        connection = broker.welcome()
        connection.grant()
        connection.close()
    # Four pauses at random, of up to 0.5, 1, 2 and 4 s: less than this once in ten thousand runs.
    assert time.monotonic() - began > 0.3


# 3.2
def test_no_connack_in_time_ends_the_connection(tool):
    with FakeBroker() as broker:
        client = tool("sub", "a", MQTT=broker.url)
        connection = broker.accept()
        assert [type(packet) for packet in connection.expect_end()] == [Connect]
        client.wait_for_complaint("CONNACK")


# ---- Keep-alive ----


# MQTT-3.1.2-23, MQTT-3.12.4-1, 3.12, 4.4
def test_pings_go_while_nothing_else_does_and_nothing_is_sent_again(pub, broker):
    client = pub("-l", "-q", "1", "a", MQTT_KEEPALIVE=1)
    client.feed(b"0\n")
    connection = broker.accept()
    assert connection.expect(Connect).keep_alive_s == 1
    connection.send(connack())
    assert connection.expect(Publish).payload == b"0"
    for _ in range(3):
        connection.expect(Pingreq)
        connection.send(pingresp())


# 3.1.2.10, MQTT-3.1.2-8
@pytest.mark.parametrize("noisy", [False, True], ids=["silent", "with messages"])
def test_a_broker_that_does_not_answer_a_ping_is_left(sub, broker, noisy):
    client = sub("a", MQTT_KEEPALIVE=1)
    connection = broker.welcome()
    connection.grant()

    def says_something():
        if noisy:
            connection.send(publish("a", b"still here"))
        return select.select([connection.socket], [], [], 0)[0]

    wait_until("a ping comes", says_something)
    connection.expect(Pingreq)
    wait_until("the end comes", says_something)
    assert Disconnect() not in connection.expect_end()
    client.wait_for_complaint("ping")
    broker.welcome().grant()


# 3.1.2.10, MQTT-3.1.2-23
@pytest.mark.parametrize("reads", [True, False])
def test_a_connection_that_is_half_open_is_found_while_publishing(pub, broker, reads):
    client = pub("-l", "a", MQTT_KEEPALIVE=1)
    connection = broker.welcome()

    def connects_again():
        for _ in range(100):
            readable, writable, _ = select.select([connection.socket], [client.process.stdin], [],
                                                  0)
            if reads and readable:
                connection.read()
            if writable:
                client.feed(b"%4000d\n" % 0)
        return select.select([broker.server], [], [], 0)[0]

    wait_until("it connects again", connects_again)
    broker.welcome().expect(Publish)
    client.wait_for_complaint("ping")
