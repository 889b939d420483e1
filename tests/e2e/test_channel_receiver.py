"""The receiving end of the stamped channel, with senders that know only the wire text."""

import socket
import struct
import threading

import pytest

from camloop_process import wait_until
from stamped_sender import StampedSender, field, jpegs_in
from stream_readers import WireReader, decode


@pytest.fixture(name="frames", scope="module")
def fixture_frames(mjpeg_footage):
    return jpegs_in(mjpeg_footage)[:20]


@pytest.fixture(name="receiver")
def fixture_receiver(serve):
    return serve(SOURCE="channel:127.0.0.1:0")


def link(receiver):
    links = receiver.state()["links"]
    assert [(each["kind"], each["role"]) for each in links] == [("channel", "receiver")]
    return links[0]


def address(receiver):
    return "127.0.0.1", int(link(receiver)["address"].rpartition(":")[2])


def test_what_a_sender_sends_is_what_viewers_see(receiver, frames):
    with StampedSender(address(receiver)) as sender, WireReader(receiver) as viewer:
        assert sender.send(frames[0])
        shown = next(part.jpeg for part in viewer if part.jpeg == frames[0])
        decode(shown)
        for frame in frames[1:]:
            assert sender.send(frame)
            assert next(viewer).jpeg == frame
    facts = link(receiver)
    assert facts["accepted"] == facts["rounds"] == len(frames)
    assert facts["bytes_received"] == sum(map(len, frames)) + 64 * len(frames)
    assert receiver.get("/healthz") == b"ok\n"


def test_without_a_sender_it_says_so(receiver, frames):
    assert "no sender is connected" in receiver.state()["source"]["fault"]
    with StampedSender(address(receiver)) as sender:
        assert sender.send(frames[0])
        assert receiver.state()["source"]["fault"] == ""
    wait_until("the loss is told", lambda: "no sender" in receiver.state()["source"]["fault"])
    assert wait_until("its end is counted", lambda: link(receiver)["ended"]["closed"]) == 1
    with StampedSender(address(receiver)) as sender:
        assert sender.send(frames[0])
        assert receiver.state()["source"]["fault"] == ""


def test_late_frames_reach_nobody_and_are_counted(serve, frames):
    receiver = serve(SOURCE="channel:127.0.0.1:0", CHANNEL_MAX_LAG_MS=50)
    with StampedSender(address(receiver)) as sender:
        stamp = sender.read_stamp()
        wait_until("time passes", lambda: not sender.socket.settimeout(0.05) and times_out(sender))
        sender.socket.setblocking(True)
        sender.answer(stamp, frames[0])
        assert not sender.read_verdict()
        facts = link(receiver)
        assert (facts["accepted"], facts["dropped"]["late"]) == (0, 1)
        assert facts["lag_ms"]["max"] >= 50
        assert facts["peers"][0]["dropped"] == facts["dropped"]
        assert receiver.state()["source"]["pictures"] == 0
    metrics = receiver.get("/metrics").decode()
    assert 'camloop_channel_dropped_total{role="receiver",reason="late"} 1\n' in metrics


def times_out(sender):
    """Nothing comes while the stamp grows old."""
    with pytest.raises(TimeoutError):
        sender.socket.recv(1)
    return True


# Ways to misbehave, each with the reason under which it is counted; None: it only stalls.


def stop_before_the_length(sender, frame):
    sender.read_stamp()


def stop_in_the_length(sender, frame):
    sender.read_stamp()
    sender.socket.send(b"570")


def stop_in_the_body(sender, frame):
    sender.read_stamp()
    sender.socket.send(field(len(frame)) + frame[:1000])


def stop_in_the_echo(sender, frame):
    stamp = sender.read_stamp()
    sender.socket.send(field(len(frame)) + frame + stamp[:31])


def never_read(sender, frame):
    pass


def claim_the_largest_body(sender, frame):
    sender.read_stamp()
    sender.socket.send(field(4 << 20) + frame)


def forge_the_echo(sender, frame):
    sender.read_stamp()
    sender.answer(field("1732166466.000000"), frame)


def claim_too_much(sender, frame):
    sender.read_stamp()
    sender.socket.send(field((4 << 20) + 1) + frame)


def send_rubbish(sender, frame):
    sender.socket.send(b"GET / HTTP/1.1\r\nHost: camloop\r\n\r\n")


def send_no_jpeg(sender, frame):
    sender.answer(sender.read_stamp(), frame[:-2])


MISBEHAVIOURS = {
    stop_before_the_length: None, stop_in_the_length: None, stop_in_the_body: None,
    stop_in_the_echo: None, never_read: None, claim_the_largest_body: None,
    forge_the_echo: "forged_echo", claim_too_much: "bad_length", send_rubbish: "bad_length",
    send_no_jpeg: "not_jpeg"}


@pytest.mark.parametrize("misbehave, reason", [pair for pair in MISBEHAVIOURS.items() if pair[1]])
def test_a_sender_that_breaks_the_rules_is_closed(receiver, frames, misbehave, reason):
    with StampedSender(address(receiver)) as sender:
        misbehave(sender, frames[0])
        assert sender.ended()
    facts = link(receiver)
    assert facts["ended"][reason] == 1 and facts["accepted"] == 0


def test_senders_that_stop_within_a_round_are_closed(receiver, frames):
    where = address(receiver)
    senders = [StampedSender(where) for _ in range(4)]
    for sender, stop in zip(senders, (stop_in_the_length, stop_in_the_body, stop_in_the_echo,
                                      claim_the_largest_body)):
        stop(sender, frames[0])
    for sender in senders:
        assert sender.ended()
    assert link(receiver)["ended"]["stalled"] == 4


def test_a_sender_that_resets_is_gone(receiver):
    sender = StampedSender(address(receiver))
    sender.read_stamp()
    linger_none = struct.pack("ii", 1, 0)
    sender.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_none)
    sender.close()
    wait_until("its end is counted", lambda: link(receiver)["ended"]["closed"] == 1)
    assert link(receiver)["peers"] == []


def test_fifty_senders_of_which_ten_misbehave(receiver, frames):
    where = address(receiver)
    bad = [StampedSender(where) for _ in MISBEHAVIOURS]
    for sender, misbehave in zip(bad, MISBEHAVIOURS):
        misbehave(sender, frames[0])

    def send_some(sender):
        for index in range(10):
            sender.send(frames[index])

    good = [StampedSender(where) for _ in range(40)]
    threads = [threading.Thread(target=send_some, args=(sender,)) for sender in good]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Forty at a time are slow on a busy machine: late is no harm, but each round had its verdict.
    assert all(len(sender.verdicts) == 10 for sender in good)
    accepted = sum(sum(sender.verdicts) for sender in good)
    facts = link(receiver)
    assert facts["accepted"] == accepted > 0
    assert facts["accepted"] + facts["dropped"]["late"] == 400
    for reason in ("forged_echo", "bad_length", "not_jpeg"):
        assert facts["ended"][reason] == list(MISBEHAVIOURS.values()).count(reason)
    assert len(facts["peers"]) == 40 + list(MISBEHAVIOURS.values()).count(None)
    for sender in good + bad:
        sender.close()
    wait_until("all are gone", lambda: not link(receiver)["peers"])


def test_another_limit_reaches_senders_that_are_connected(service, frames):
    settings = {"SOURCE": "channel:127.0.0.1:0", "CHANNEL_MAX_LAG_MS": 80}
    fresh = service(**settings)
    with StampedSender(address(fresh.camera)) as sender:
        assert sender.send(frames[0])
        # Of the rate a receiver knows nothing.
        settings |= {"CHANNEL_MAX_LAG_MS": 10_000, "FPS": 5}
        assert "settings taken over" in fresh.change(**settings)
        assert sender.send(frames[0])  # its stamp may be one of before
        stamp = sender.read_stamp()
        sender.socket.settimeout(0.1)
        assert times_out(sender)
        sender.socket.setblocking(True)
        sender.answer(stamp, frames[1])
        assert sender.read_verdict()


def test_an_address_that_is_taken_is_refused_by_name(serve, service, frames):
    first = serve(SOURCE="channel:127.0.0.1:0")
    second = service(SOURCE="pattern")
    taken = f"channel:127.0.0.1:{address(first)[1]}"
    log = second.change(SOURCE=taken)
    assert "settings unchanged" in log and taken.removeprefix("channel:") in log
    assert second.camera.state()["source"]["name"] == "pattern"
    log = second.change(SOURCE="channel:127.0.0.1:0")
    assert "settings taken over" in log
    with StampedSender(address(second.camera)) as sender:
        assert sender.send(frames[0])
