"""The base of the image transfer over MQTT, from servers as they are in the field."""

import os

import pytest

from camloop_process import wait_until
from image_transfer import BEGIN, DATA, FINISHED, PACKAGE_SIZE, TO_BASE, ImageServer, picture
from stream_readers import decode


def link(program):
    return next(each for each in program.state()["links"] if each["kind"] == "transfer")


@pytest.fixture(name="base")
def fixture_base(serve, broker):
    base = serve(SOURCE="mqtt", MQTT=broker.url())
    wait_until("it listens", lambda: TO_BASE in broker.log())
    return base


def test_an_image_is_shown_as_it_was_sent(base, broker):
    jpeg = picture(1)
    with ImageServer(broker.port) as server:
        assert server.send("image.jpg", jpeg)
        assert base.get("/snapshot") == jpeg
        other = picture(2, 5000)
        assert server.send("other.jpg", other)
        assert base.get("/snapshot") == other
    assert base.get("/healthz") == b"ok\n"
    facts = link(base)
    assert (facts["rounds"], facts["accepted"]) == (2, 2)
    assert facts["messages"]["new"] == sum(-(-len(each) // PACKAGE_SIZE) for each in (jpeg, other))
    assert b'camloop_transfer_accepted_total{role="receiver"} 2' in base.get("/metrics")


def test_without_an_image_it_says_so(base):
    wait_until("it is seen", lambda: "no image has come" in base.state()["source"]["fault"])
    assert decode(base.get("/snapshot")).shape == (480, 640, 3)


def test_a_server_that_leaves_out_the_last_package_is_told_which(base, broker):
    jpeg = picture(3)
    with ImageServer(broker.port) as server:
        assert not server.send("image.jpg", jpeg, leave_out=1)
        missing = len(jpeg) // PACKAGE_SIZE
        assert server.ask(FINISHED) == (missing + 1, 0)
        assert link(base)["accepted"] == 0
        assert server.ask(DATA, missing, jpeg[missing * PACKAGE_SIZE:]) == (missing, 1)
        assert server.ask(FINISHED) == (0, 1)
    assert base.get("/snapshot") == jpeg


def test_an_image_without_its_last_package_is_shown_where_that_is_allowed(serve, broker):
    base = serve(SOURCE="mqtt", MQTT=broker.url(), TRANSFER_WITHOUT_LAST="on")
    wait_until("it listens", lambda: TO_BASE in broker.log())
    jpeg = picture(4)
    with ImageServer(broker.port) as server:
        assert server.send("image.jpg", jpeg, leave_out=1)
        whole = len(jpeg) // PACKAGE_SIZE * PACKAGE_SIZE
        assert base.get("/snapshot") == jpeg[:whole] + b"\xff\xd9"
        assert not server.send("image.jpg", jpeg, leave_out=2)


def test_messages_that_come_again_are_taken_once(base, broker):
    jpeg = picture(5)
    with ImageServer(broker.port, deaf=lambda count: count % 5 == 0) as server:
        assert server.send("image.jpg", jpeg)
    assert base.get("/snapshot") == jpeg
    assert link(base)["messages"]["repeated"] >= 7


def test_what_is_no_message_does_no_harm(base, broker):
    jpeg = picture(6)
    with ImageServer(broker.port) as server:

        def say_rubbish(index):
            for rubbish in (b"", b"hello", os.urandom(2000), b"\xee\xee\xff\xff\x09" + bytes(4)):
                server.paho.publish(TO_BASE, rubbish, qos=0)

        assert server.send("../../etc/passwd\n", jpeg, on_package=say_rubbish)
    assert base.get("/snapshot") == jpeg
    assert "../../etc/passwd?," in base.log()


def test_two_servers_at_once_make_no_picture_of_both(base, broker):
    with ImageServer(broker.port) as server:
        assert server.ask(BEGIN, data=b"image.jpg;2") == (0, 1)
        assert server.ask(DATA, 0, b"x") == (0, 1)
        assert server.ask(DATA, 0, b"y") == (1, 0)
        assert server.ask(DATA, 1, b"x") == (2, 0)
        assert server.ask(FINISHED) == (1, 0)
    assert link(base)["dropped"]["mixed"] == 1
    assert b'camloop_transfer_dropped_total{role="receiver",reason="mixed"} 1' \
        in base.get("/metrics")


def test_an_image_that_is_too_large_is_refused_at_once(base, broker):
    with ImageServer(broker.port) as server:
        assert server.ask(BEGIN, data=b"image.jpg;8388609") == (1, 0)
        assert server.ask(DATA, 0, b"x") == (1, 0)
    assert link(base)["dropped"]["refused"] == 1


def test_a_transfer_to_the_base_outlasts_a_restart_of_the_broker(base, broker):
    jpeg = picture(7)

    def on_package(index):
        if index == 10:
            broker.restart()
            wait_until("the server is back", server.paho.connected.is_set)
            wait_until("the base is back", lambda: link(base)["connects"] == 2)
            wait_until("it listens", lambda: link(base)["state"] == "connected")

    with ImageServer(broker.port) as server:
        assert server.send("image.jpg", jpeg, on_package=on_package)
    assert base.get("/snapshot") == jpeg


def test_a_reload_goes_over_to_another_broker(service, broker, mosquitto):
    service = service(SOURCE="mqtt", MQTT=broker.url())
    other = mosquitto()
    jpeg = picture(8)
    service.change(SOURCE="mqtt", MQTT=other.url())
    wait_until("it listens", lambda: TO_BASE in other.log())
    with ImageServer(other.port) as server:
        assert server.send("image.jpg", jpeg)
    service.change(SOURCE="mqtt", MQTT=other.url(), QUALITY=50)
    assert service.camera.get("/snapshot") == jpeg
