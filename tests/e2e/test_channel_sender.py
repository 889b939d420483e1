"""The stamped channel's sender, to receivers as they are in the field and to some that are not."""

import contextlib

import pytest

from camloop_process import wait_until
from stamped_receiver import FIELD, StampedReceiver, take_round
from stream_readers import decode


def link(camera, role="sender"):
    return next(each for each in camera.state()["links"] if each["role"] == role)


@pytest.fixture(name="receiver")
def fixture_receiver():
    with StampedReceiver() as receiver:
        yield receiver


# ---- In the field ----


# A machine that is busy with other things may hold everybody up now and then; what must not
# happen is that the rounds and the camera fall out of step.
@pytest.mark.parametrize("fps", [2, 5, 10, 15, 30])
def test_every_frame_is_accepted(serve, receiver, fps):
    camera = serve(SIZE="320x240", FPS=fps, CHANNEL_TO=receiver.address)
    wait_until("the first is accepted", lambda: receiver.frames)
    began = len(receiver.frames), camera.state()["frames"]["published"]
    wait_until("more are", lambda: len(receiver.frames) >= began[0] + 3 * fps)
    accepted = len(receiver.frames) - began[0]
    published = camera.state()["frames"]["published"] - began[1]
    assert accepted >= 0.9 * published - 1
    assert len(set(receiver.frames)) == len(receiver.frames), "each but once"
    for frame in receiver.frames[:3]:
        assert decode(frame).shape == (240, 320, 3)
    facts = link(camera)
    assert facts["accepted"] >= len(receiver.frames) - 1
    assert facts["age_ms"]["count"] == facts["accepted"]
    assert (facts["connects"], facts["fault"]) == (1, "")


@pytest.mark.parametrize("fps", [2, 5, 10, 15, 30])
def test_every_frame_is_accepted_by_one_of_ours(serve, fps):
    base = serve(SOURCE="channel:127.0.0.1:0")
    camera = serve(SIZE="320x240", FPS=fps, CHANNEL_TO=link(base, "receiver")["address"])
    wait_until("the first is accepted", lambda: link(camera)["accepted"])
    began = camera.state()
    wait_until("more are", lambda: link(camera)["accepted"]
               >= began["links"][0]["accepted"] + 3 * fps)
    ended = camera.state()
    accepted = ended["links"][0]["accepted"] - began["links"][0]["accepted"]
    assert accepted >= 0.9 * (ended["frames"]["published"] - began["frames"]["published"]) - 1
    assert link(base, "receiver")["accepted"] >= ended["links"][0]["accepted"]
    assert decode(base.get("/snapshot")).shape == (240, 320, 3)


def test_no_receiver_no_frames(serve):
    camera = serve(CHANNEL_TO="127.0.0.1:1", FPS=30)
    wait_until("it has tried", lambda: link(camera)["failures"] >= 2)
    assert "refused" in link(camera)["fault"]
    assert camera.state()["encoder"]["encoded"] == 0


def test_a_receiver_that_restarts_is_found_again(serve):
    with StampedReceiver() as receiver:
        camera = serve(CHANNEL_TO=receiver.address)
        wait_until("a frame is accepted", lambda: receiver.frames)
    wait_until("the loss is seen", lambda: link(camera)["fault"])
    with StampedReceiver(port=receiver.port) as again:
        wait_until("frames are accepted again", lambda: again.frames)
        assert link(camera)["connects"] == 2


def test_receivers_may_be_named(serve, receiver):
    serve(CHANNEL_TO=f"localhost:{receiver.port}")
    wait_until("a frame is accepted", lambda: receiver.frames)


def test_it_tells_of_itself(serve, receiver):
    camera = serve(CHANNEL_TO=receiver.address)
    wait_until("frames are accepted", lambda: link(camera)["accepted"] >= 3)
    metrics = camera.get("/metrics").decode()
    for name in ("accepted_total", "rounds_total", "sent_bytes_total", "connects_total"):
        value = next(line.split()[1] for line in metrics.splitlines()
                     if line.startswith(f'camloop_channel_{name}{{role="sender"}}'))
        assert float(value) > 0, name
    assert 'camloop_channel_dropped_total{role="sender",reason="late"}' in metrics


# ---- Out of step ----


def say_nothing(_):
    pass


def stop_within_the_stamp(connection):
    connection.send(b"1700000000.1")


def take_nothing(connection):
    connection.send(b"1700000000.1".ljust(FIELD))


def stop_before_the_verdict(connection):
    take_round(connection)


def stop_within_the_reply(connection):
    take_round(connection)
    connection.send(b"1" + b"received".ljust(1000))


def test_a_receiver_that_stops_in_any_step_is_left(serve):
    with contextlib.ExitStack() as stack:
        cameras = []
        for behave in (say_nothing, stop_within_the_stamp, take_nothing, stop_before_the_verdict,
                       stop_within_the_reply):
            receiver = stack.enter_context(StampedReceiver(behave=behave, receive_buffer=4096))
            cameras.append(serve(CHANNEL_TO=receiver.address, QUALITY=100, FPS=5))
        for camera in cameras:
            wait_until("it has left", lambda log=camera.log: "has not moved for 10 s" in log())
            wait_until("it comes again", lambda of=camera: link(of)["connects"] == 2)


def say_a_verdict_that_is_none(connection):
    take_round(connection)
    connection.send(b"2")


def accept_a_flush(connection):
    while len(take_round(connection)[0]) > 1:
        connection.send(b"0")
    connection.send(b"1")


def talk_without_end(connection):
    while True:
        connection.sendall(bytes(4096))


@pytest.mark.parametrize("behave, fault", [(say_a_verdict_that_is_none, "neither 0 nor 1"),
                                           (accept_a_flush, "limit of lag is higher"),
                                           (talk_without_end, "out of turn")])
def test_a_receiver_that_says_something_else_is_left(serve, behave, fault):
    with StampedReceiver(behave=behave) as receiver:
        camera = serve(CHANNEL_TO=receiver.address, FPS=5)
        wait_until("it has left", lambda: fault in camera.log())
        assert camera.get("/healthz")

