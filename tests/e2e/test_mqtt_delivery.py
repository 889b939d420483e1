"""MQTT 3.1.1 from outside, as in test_mqtt_conformance.py: how messages are delivered, to us and by
us, over one connection and several."""

import json

import pytest

from mqtt_wire import (PUBACK, PUBCOMP, PUBREC, PUBREL, Answer, Connect, Disconnect, Publish,
                       Subscribe, answer, connack, pingresp, publish, suback)

# A session that the broker keeps.
KEPT = {"MQTT_CLIENT_ID": "one", "MQTT_CLEAN": 0}


@pytest.fixture(name="broker")
def fixture_broker(scripted):
    return scripted


# ---- Subscriptions ----


# MQTT-2.3.1-7, MQTT-3.8.3-2, MQTT-3.8.4-1, MQTT-3.8.4-2, MQTT-3.8.4-4, MQTT-3.9.3-1, MQTT-3.9.3-2
def test_a_refused_filter_is_told_and_not_asked_for_again(sub, broker):
    client = sub("-v", "-q", "1", "good/#", "bad/#", "fine")
    connection = broker.welcome()
    asked = {}
    while len(asked) < 3:
        request = connection.expect(Subscribe)
        asked |= dict(request.filters)
        connection.send(suback(request.id + 1, *[0x80] * len(request.filters)))  # another one's
        connection.send(suback(request.id, *(0x80 if name == "bad/#" else 1
                                              for name, _ in request.filters)))
    assert asked == {"good/#": 1, "bad/#": 1, "fine": 1}
    client.wait_for_complaint("bad/#")
    connection.send(publish("good/x", b"1"), publish("fine", b"2", 1, id=9))
    connection.expect_answer(PUBACK, 9)
    assert client.wait_for_lines(2) == [b"good/x 1", b"fine 2"]
    assert "good" not in client.read_complaints()


# MQTT-3.9.3-2
def test_a_tool_of_which_every_filter_is_refused_ends(sub, broker):
    client = sub("bad/#")
    connection = broker.welcome()
    connection.grant(0x80)
    assert client.wait() == 1 and "bad/#" in client.read_complaints()


# 3.8.4, MQTT-3.1.2-5, MQTT-3.3.1-8, MQTT-3.3.1-9, MQTT-3.8.4-6
def test_messages_may_come_before_suback_and_of_a_lower_qos(sub, broker):
    client = sub("-q", "2", "--json", "a", **KEPT)
    connection = broker.accept()
    connection.expect(Connect)
    connection.send(connack(True), publish("a", b"0", retain=True), publish("a", b"1", 1, id=4))
    packets = [connection.read(), connection.read()]
    assert Answer(PUBACK, 4) in packets
    [asked] = [packet for packet in packets if isinstance(packet, Subscribe)]
    connection.send(suback(asked.id, 0), publish("a", b"2"))
    messages = [json.loads(line) for line in client.wait_for_lines(3)]
    assert [(each["payload"], each["qos"], each["retain"]) for each in messages] == [
        ("0", 0, True), ("1", 1, False), ("2", 0, False)]


# MQTT-3.3.2-3, MQTT-4.5.0-2, MQTT-2.3.1-4, MQTT-3.3.4-1
def test_what_nobody_asked_for_is_acknowledged_and_does_no_harm(sub, broker):
    client = sub("a")
    connection = broker.welcome()
    asked = connection.expect(Subscribe)
    connection.send(publish("b", b"no", 1, id=asked.id), publish("b", b"no", 2, id=asked.id + 1),
                    publish("b", b"no"), suback(asked.id, 0))
    connection.expect_answer(PUBACK, asked.id)
    connection.expect_answer(PUBREC, asked.id + 1)
    connection.send(answer(PUBREL, asked.id + 1), publish("a", b"yes"))
    connection.expect_answer(PUBCOMP, asked.id + 1)
    assert client.wait_for_lines(1) == [b"yes"]


# MQTT-3.3.5-1, MQTT-3.3.1-3
def test_copies_for_overlapping_filters_are_messages_each(sub, broker):
    client = sub("-q", "1", "a/#", "a/b")
    connection = broker.welcome()
    connection.expect(Subscribe)
    connection.send(publish("a/b", b"x", 1, id=1), publish("a/b", b"x", 1, id=2, dup=True),
                    publish("a/b", b"end"))
    connection.expect_answer(PUBACK, 1)
    connection.expect_answer(PUBACK, 2)
    assert client.wait_for_lines(3) == [b"x", b"x", b"end"]


# MQTT-3.2.2-2, MQTT-3.2.2-3, MQTT-3.8.4-3
def test_subscriptions_are_asked_for_again_where_the_broker_has_no_session(sub, broker):
    client = sub("-q", "1", "a", **KEPT)
    connection = broker.welcome()
    asked = connection.grant()
    connection.close()
    connection = broker.welcome(session_present=True)
    connection.send(publish("a", b"1", 1, id=1))
    connection.expect_answer(PUBACK, 1)  # and no SUBSCRIBE before it
    connection.close()
    connection = broker.welcome(session_present=False)
    assert connection.grant().filters == asked.filters
    connection.send(publish("a", b"2", retain=True))
    client.wait_for_lines(2)


# ---- Messages to us ----


# MQTT-4.3.2-2, MQTT-4.3.3-2, MQTT-4.6.0-2, MQTT-4.6.0-3, 4.2
def test_answers_go_in_the_order_of_arrival(sub, broker):
    client = sub("-q", "2", "a")
    connection = broker.welcome()
    connection.grant()
    connection.send(*(publish("a", b"%d" % id_, 1 + id_ % 2, id=id_) for id_ in range(9, 1, -1)))
    for id_ in range(9, 1, -1):
        connection.expect_answer(PUBREC if id_ % 2 else PUBACK, id_)
    connection.send(*(answer(PUBREL, id_) for id_ in (7, 9, 3, 5)))
    for id_ in (7, 9, 3, 5):
        connection.expect_answer(PUBCOMP, id_)
    assert client.wait_for_lines(8) == [b"%d" % id_ for id_ in range(9, 1, -1)]


# MQTT-4.3.3-2, MQTT-3.3.1-3, MQTT-4.3.2-2
def test_a_copy_before_pubrel_is_no_message_and_one_after_it_is(sub, broker):
    client = sub("-q", "2", "a")
    connection = broker.welcome()
    connection.grant()
    for dup in (False, True, False):
        connection.send(publish("a", b"two", 2, id=5, dup=dup))
        connection.expect_answer(PUBREC, 5)
    for _ in range(2):  # the second one is of a message unknown by then
        connection.send(answer(PUBREL, 5))
        connection.expect_answer(PUBCOMP, 5)
    connection.send(publish("a", b"new", 2, id=5, dup=True), publish("a", b"one", 1, id=5),
                    publish("a", b"one", 1, id=5, dup=True))
    connection.expect_answer(PUBREC, 5)
    connection.expect_answer(PUBACK, 5)
    connection.expect_answer(PUBACK, 5)
    connection.send(publish("a", b"end"))
    assert client.wait_for_lines(5) == [b"two", b"new", b"one", b"one", b"end"]


# MQTT-3.1.2-4, MQTT-4.1.0-1, MQTT-4.1.0-2, MQTT-4.3.3-2, MQTT-3.1.2-6
@pytest.mark.parametrize("resumed", [True, False], ids=["resumed", "begun anew"])
def test_a_copy_of_qos_2_is_known_as_long_as_the_session_lasts(sub, broker, resumed):
    client = sub("-q", "2", "a", **KEPT)
    connection = broker.welcome()
    connection.grant()
    connection.send(publish("a", b"two", 2, id=5))
    connection.expect_answer(PUBREC, 5)
    connection.close()
    connection = broker.welcome(session_present=resumed)
    if not resumed:
        connection.grant()
    connection.send(publish("a", b"two", 2, id=5, dup=resumed), publish("a", b"end"))
    connection.expect_answer(PUBREC, 5)
    expected = [b"two", b"end"] if resumed else [b"two", b"two", b"end"]
    assert client.wait_for_lines(len(expected)) == expected


# 3.3.3, MQTT-3.3.1-10, MQTT-1.5.3-3
def test_empty_payloads_and_odd_topics_are_handed_on_as_they_come(sub, broker):
    client = sub("--json", "#")
    connection = broker.welcome()
    connection.grant()
    topics = ["\ufeffa", "\u00e9/\U0001f600", "/", "a//b", " ", "A"]
    connection.send(*(publish(topic, retain=True) for topic in topics),
                    publish("$SYS/x", b"of no filter"), publish("end"))
    messages = [json.loads(line) for line in client.wait_for_lines(len(topics) + 1)]
    assert [each["topic"] for each in messages] == [*topics, "end"]
    assert all(each["payload"] == "" for each in messages)


# ---- Messages of ours ----


# MQTT-4.3.1-1, MQTT-2.3.1-5, MQTT-3.3.1-2, MQTT-3.3.1-5, MQTT-3.14.1-1, MQTT-3.14.4-1,
# MQTT-3.14.4-2
def test_a_message_of_qos_0_goes_and_then_the_leave(pub, broker):
    client = pub("-r", "a/b", "h\u00e9llo")
    connection = broker.welcome()
    assert connection.expect_end() == [Publish("a/b", "h\u00e9llo".encode(), retain=True),
                                       Disconnect()]
    assert client.wait() == 0


# MQTT-3.3.1-10, 3.3.3
def test_an_empty_message_can_be_published(pub, broker):
    client = pub("-r", "a", "")
    assert broker.welcome().expect_end() == [Publish("a", b"", retain=True), Disconnect()]
    assert client.wait() == 0


# MQTT-4.3.2-1, MQTT-2.3.1-6, MQTT-2.3.1-3, MQTT-3.12.4-1
def test_only_its_own_puback_completes_a_message(pub, broker):
    client = pub("-q", "1", "a", "x")
    connection = broker.welcome()
    sent = connection.expect(Publish)
    assert sent == Publish("a", b"x", 1, sent.id)
    connection.send(answer(PUBACK, sent.id + 1), answer(PUBCOMP, sent.id), pingresp(),
                    publish("b", b"", 1, id=7))
    connection.expect_answer(PUBACK, 7)
    connection.send(answer(PUBACK, sent.id))
    assert connection.expect_end() == [Disconnect()]
    assert client.wait() == 0


# MQTT-4.3.3-1, MQTT-3.6.1-1, MQTT-2.3.1-6
def test_a_message_of_qos_2_takes_four_packets(pub, broker):
    client = pub("-q", "2", "a", "x")
    connection = broker.welcome()
    sent = connection.expect(Publish)
    assert sent == Publish("a", b"x", 2, sent.id)
    for _ in range(2):
        connection.send(answer(PUBREC, sent.id))
        connection.expect_answer(PUBREL, sent.id)
    connection.send(answer(PUBCOMP, sent.id))
    assert connection.expect_end() == [Disconnect()]
    assert client.wait() == 0


# MQTT-4.6.0-4
def test_pubrels_go_in_the_order_of_the_pubrecs(pub, broker):
    client = pub("-l", "-q", "2", "a")
    client.feed(b"0\n1\n2\n3\n")
    connection = broker.welcome()
    sent = [connection.expect(Publish).id for _ in range(4)]
    order = [sent[at] for at in (2, 0, 3, 1)]
    connection.send(*(answer(PUBREC, id_) for id_ in order))
    for id_ in order:
        connection.expect_answer(PUBREL, id_)


def published(connection, *payloads, dup=False):
    """These come, in this order: their identifiers."""
    sent = [connection.expect(Publish) for _ in payloads]
    assert [(each.payload.decode(), each.dup) for each in sent] == [
        (payload, dup) for payload in payloads]
    return [each.id for each in sent]


# MQTT-4.4.0-1, MQTT-3.3.1-1, MQTT-2.3.1-3, MQTT-4.6.0-1, 4.6, MQTT-3.1.2-4, MQTT-3.2.2-2
@pytest.mark.parametrize("resumed", [True, False], ids=["resumed", "begun anew"])
def test_what_was_not_answered_is_sent_again_before_what_is_new(pub, broker, resumed):
    client = pub("-l", "-q", "1", "a", **KEPT)
    client.feed(b"0\n1\n2\n")
    connection = broker.welcome()
    ids_before = published(connection, "0", "1", "2")
    connection.send(answer(PUBACK, ids_before[1]), publish("b", b"", 1, id=7))
    connection.expect_answer(PUBACK, 7)  # It has read the PUBACK before.
    connection.close()
    client.feed(b"3\n")
    client.process.stdin.close()
    connection = broker.welcome(session_present=resumed)
    assert published(connection, "0", "2", dup=True) == [ids_before[0], ids_before[2]]
    [id_] = published(connection, "3")
    connection.send(*(answer(PUBACK, each) for each in (ids_before[0], ids_before[2], id_)))
    assert connection.expect_end() == [Disconnect()]
    assert client.wait() == 0


# MQTT-4.4.0-1, MQTT-4.3.3-1, MQTT-2.3.1-3, MQTT-4.1.0-1
def test_after_pubrec_only_pubrel_is_sent_again(pub, broker):
    client = pub("-l", "-q", "2", "a", **KEPT)
    client.feed(b"0\n1\n2\n")
    client.process.stdin.close()
    connection = broker.welcome()
    zero, one, two = published(connection, "0", "1", "2")
    connection.send(answer(PUBREC, one), answer(PUBREC, zero))
    connection.expect_answer(PUBREL, one)
    connection.expect_answer(PUBREL, zero)
    connection.close()
    connection = broker.welcome(session_present=True)
    again = [connection.read() for _ in range(3)]
    assert [packet for packet in again if isinstance(packet, Answer)] == [
        Answer(PUBREL, one), Answer(PUBREL, zero)]
    assert Publish("a", b"2", 2, two, dup=True) in again
    connection.send(answer(PUBCOMP, one), answer(PUBCOMP, zero), answer(PUBREC, two))
    connection.expect_answer(PUBREL, two)
    connection.send(answer(PUBCOMP, two))
    assert connection.expect_end() == [Disconnect()]
    assert client.wait() == 0


def test_what_the_broker_had_taken_over_and_lost_with_the_session_is_told(pub, broker):
    client = pub("-q", "2", "a", "0", **KEPT)
    connection = broker.welcome()
    [id_] = published(connection, "0")
    connection.send(answer(PUBREC, id_))
    connection.expect_answer(PUBREL, id_)
    connection.close()
    connection = broker.welcome(session_present=False)
    connection.expect_answer(PUBREL, id_)
    connection.send(answer(PUBCOMP, id_))
    assert connection.expect_end() == [Disconnect()]
    assert client.wait() == 1
    assert "may have been lost with a connection: 1" in client.read_complaints()


# MQTT-3.1.2-6
@pytest.mark.parametrize("qos", ["1", "2"])
def test_in_a_clean_session_what_was_not_answered_is_sent_as_new(pub, broker, qos):
    client = pub("-l", "-q", qos, "a")
    client.feed(b"0\n1\n")
    connection = broker.welcome()
    published(connection, "0", "1")
    connection.close()
    published(broker.welcome(), "0", "1")


# MQTT-3.1.4-5, MQTT-3.3.5-2
def test_what_was_sent_to_a_broker_that_closes_at_it_is_not_lost(pub, broker):
    client = pub("-q", "1", "a", "x")
    for reply in (connack(code=3), connack(), connack()):
        connection = broker.accept()
        connection.expect(Connect)
        connection.send(reply)
        if reply == connack():
            published(connection, "x")
        connection.close()
    connection = broker.welcome()
    connection.send(answer(PUBACK, *published(connection, "x")))
    assert connection.expect_end() == [Disconnect()]
    assert client.wait() == 0
