"""The camera on MQTT, with mosquitto between and paho on the other side."""

import json
import os
import re
import signal
import socket
from pathlib import Path

import pytest

from camloop_process import free_port, run_program, wait_until
from home_assistant import check_discovery
from http_answers import curl, read_metrics
from paho_client import PahoClient, heard
from raw_client import RawClient
from raw_server import RawServer
from stream_readers import WireReader, decode

BASE = "camloop/cam1"
DISCOVERY = "homeassistant/device/cam1/config"


def online(camera):
    wait_until("the broker has accepted it", lambda: camera.state()["mqtt"]["connected"])
    return camera


@pytest.fixture(name="camera")
def fixture_camera(serve, broker, other):
    camera = online(serve(MQTT=broker.url(), ID="cam1", SIZE="320x240"))
    heard(other, f"{BASE}/stream/state")  # the last that it says of itself
    return camera


def errors(client, count):
    heard(client, f"{BASE}/error", count)
    return [json.loads(payload) for payload in client.payloads(f"{BASE}/error")]


def kept(broker, *filters):
    """What the broker keeps for whoever comes: {topic: payload}."""
    with PahoClient(broker.port) as late:
        late.subscribe(*filters)
        late.subscribe("mark")
        late.publish("mark", "")
        heard(late, "mark")
        return {message.topic: message.payload for message in late.messages if message.retain}


# ---- What is said ----


def test_birth_state_image_and_farewell_come_in_order(serve, broker, other):
    camera = online(serve(MQTT=broker.url(), ID="cam1", SIZE="320x240"))
    heard(other, f"{BASE}/state")
    other.publish(f"{BASE}/snapshot/set", "PRESS")
    heard(other, f"{BASE}/image")
    camera.end()
    heard(other, f"{BASE}/status", 2)
    names = [f"{BASE}/{name}" for name in ("status", "state", "image")]
    story = [message.topic for message in other.messages if message.topic in names]
    assert list(dict.fromkeys(story)) == names and story[-1] == f"{BASE}/status"
    assert other.payloads(f"{BASE}/status") == [b"online", b"offline"]
    assert decode(other.payloads(f"{BASE}/image")[0]).shape == (240, 320, 3)
    assert kept(broker, f"{BASE}/status") == {f"{BASE}/status": b"offline"}


def test_whoever_comes_later_is_told_what_is(camera, broker):
    del camera
    told = kept(broker, "#")
    assert told[f"{BASE}/status"] == b"online"
    assert told[f"{BASE}/stream/state"] == b"ON"
    assert told[f"{BASE}/quality/state"] == b"80"
    assert told[f"{BASE}/fps/state"] == b"15"
    state = json.loads(told[f"{BASE}/state"])
    assert {"fps", "clients", "width", "height", "frame_bytes", "lag_ms", "link_lag_ms", "dropped",
            "uptime_s"} <= set(state)
    assert set(told) == {f"{BASE}/{name}" for name in (
        "status", "state", "stream/state", "quality/state", "fps/state")} | {DISCOVERY}


def test_what_it_is_needs_no_room_in_the_queue(serve, broker, other):
    camera = online(serve(MQTT=broker.url(), ID="cam1", MQTT_QUEUE=1))
    heard(other, f"{BASE}/stream/state")
    assert {message.topic for message in other.messages} == {DISCOVERY} | {
        f"{BASE}/{name}" for name in ("status", "state", "stream/state", "quality/state",
                                      "fps/state")}
    assert camera.state()["mqtt"]["dropped"]["full"] == 0


def test_the_will_is_published_where_it_is_killed(camera, other):
    camera.process.kill()
    camera.process.wait()
    assert heard(other, f"{BASE}/status", 2) == b"offline"


def test_the_state_follows_what_happens(camera, other):
    with WireReader(camera) as stream:
        next(stream)

        def watched():
            state = json.loads(other.payloads(f"{BASE}/state")[-1])
            return state["clients"] == 1 and state["fps"] > 0 and state

        state = wait_until("the viewer shows in the state", watched)
    assert (state["width"], state["height"]) == (320, 240)
    assert state["frame_bytes"] > 1000 and state["lag_ms"] >= 0


# ---- Home Assistant ----


def test_the_discovery_message_is_as_documented(camera, other):
    parts = check_discovery(DISCOVERY, json.loads(heard(other, DISCOVERY)))
    platforms = json.loads(heard(other, DISCOVERY))["cmps"]
    assert {part["p"] for part in platforms.values()} == {
        "camera", "image", "sensor", "switch", "number", "button", "device_automation"}
    # Each topic is one that is used, and each template reads what is there.
    state = json.loads(heard(other, f"{BASE}/state"))
    settings = {m.topic for m in other.messages if m.topic.endswith("/state")}
    for part in parts.values():
        if "state_topic" in part:
            assert part["state_topic"] in settings
        if "value_template" in part:
            field = re.fullmatch(r"{{ value_json\.(\w+) }}", part["value_template"])[1]
            assert field in state
    for name in ("switch", "number", "button"):
        for key, part in platforms.items():
            if part["p"] == name:
                press = part.get("pl_prs") or part.get("pl_on") or str(part["max"])
                before = camera.state()["mqtt"]["camera"]["commands"]
                other.publish(part["cmd_t"], press)
                wait_until(f"{key} is obeyed", lambda count=before:
                           camera.state()["mqtt"]["camera"]["commands"] == count + 1)


def test_home_assistants_birth_is_answered_with_discovery_and_state(camera, other):
    del camera
    assert len(other.payloads(DISCOVERY)) == 1
    other.publish("homeassistant/status", "offline")
    other.publish("homeassistant/status", "online")
    heard(other, DISCOVERY, 2)
    heard(other, f"{BASE}/state", 2)
    assert heard(other, f"{BASE}/status", 2) == b"online"
    assert len(other.payloads(DISCOVERY)) == 2, "its death is none"


def test_discovery_goes_where_it_is_asked_to_or_nowhere(service, broker, other):
    settings = {"MQTT": broker.url(), "ID": "cam1"}
    board = service(**settings, MQTT_DISCOVERY="ha")
    heard(other, "ha/device/cam1/config")
    board.change(**settings, MQTT_DISCOVERY="off")
    assert heard(other, "ha/device/cam1/config", 2) == b"", "the device is removed"
    assert other.payloads(DISCOVERY) == []
    board.change(**settings)
    heard(other, DISCOVERY)
    board.change(MQTT=broker.url(), ID="cam2")
    assert heard(other, DISCOVERY, 2) == b"", "it has another name now"
    check_discovery("homeassistant/device/cam2/config",
                    json.loads(heard(other, "homeassistant/device/cam2/config")))


# ---- Commands ----


def test_quality_and_rate_change_what_is_encoded(camera, other):
    with WireReader(camera) as stream:
        fine = len(next(stream).jpeg)
        other.publish(f"{BASE}/quality/set", "5")
        assert heard(other, f"{BASE}/quality/state", 2) == b"5"
        wait_until("frames are smaller", lambda: len(next(stream).jpeg) < fine / 2)
        other.publish(f"{BASE}/fps/set", "30")
        assert heard(other, f"{BASE}/fps/state", 2) == b"30"
        wait_until("the source is asked", lambda: camera.state()["source"]["fps"] == 30)
        assert other.payloads(f"{BASE}/quality/state") == [b"80", b"5"], "each once"
        next(stream)


def test_a_reload_takes_back_what_a_command_has_changed(service, broker, other):
    board = service(MQTT=broker.url(), ID="cam1")
    online(board.camera)
    other.publish(f"{BASE}/quality/set", "5")
    heard(other, f"{BASE}/quality/state", 2)
    assert "CAMLOOP_QUALITY: '5' -> '80'" in board.reload()
    assert heard(other, f"{BASE}/quality/state", 3) == b"80"


def test_a_stream_that_is_switched_off_shows_nothing_to_anybody(camera, other):
    with WireReader(camera) as stream:
        next(stream)
        other.publish(f"{BASE}/stream/set", "OFF")
        assert heard(other, f"{BASE}/stream/state", 2) == b"OFF"
        while stream.reply.read(65536):
            pass
    for path in ("/stream", "/snapshot", "/healthz"):
        status, _, body = curl(camera.url + path)
        assert status == 503 and b"switched off" in body
    pictures = camera.state()["encoder"]["encoded"]
    other.publish(f"{BASE}/snapshot/set", "PRESS")
    assert "switched off" in errors(other, 1)[0]["error"]
    state = camera.state()
    assert state["source"]["name"] == "off" and state["encoder"]["encoded"] == pictures
    other.publish(f"{BASE}/stream/set", "ON")
    assert heard(other, f"{BASE}/stream/state", 3) == b"ON"
    with WireReader(camera) as stream:
        next(stream)
    assert curl(camera.url + "/healthz")[0] == 200


def test_a_snapshot_is_an_image_and_its_answer(camera, other):
    for count in (1, 2):
        other.publish(f"{BASE}/snapshot/set", "PRESS")
        answer = json.loads(heard(other, f"{BASE}/snapshot/state", count))
        image = heard(other, f"{BASE}/image", count)
        assert answer == {"width": 320, "height": 240, "bytes": len(image)}
        assert decode(image).shape == (240, 320, 3)
    wait_until("it rests", lambda: camera.state()["mqtt"]["camera"]["images"] == 2)


BAD = [("quality", b"101", "1 to 100"), ("quality", b"", "1 to 100"), ("fps", b"fast", "0.1"),
       ("stream", b"on", "ON or OFF"), ("snapshot", b"1", "PRESS"), ("reboot", b"1", "quality"),
       ("", b"1", "quality"),
       ("control/gain", b"1", "no controls"), ("control/a=1,b", b"1", "such a name"),
       ("quality", b"\xff\0\n\"" * 100, "1 to 100"), ("text", b"hello", "no raw link"),
       ("text", b"x" * 5000, "longer than 4096")]


def test_bad_commands_change_nothing_and_are_answered(camera, other):
    for count, (thing, value, right) in enumerate(BAD, 1):
        other.publish(f"{BASE}/{thing}/set", value)
        error = errors(other, count)[-1]
        assert error["topic"] == f"{BASE}/{thing}/set"
        assert right in error["error"]
        assert len(error["value"]) <= 65 and error["value"].isprintable()
        if len(value) < 60:
            assert error["value"] == value.decode()
    state = camera.state()
    assert state["mqtt"]["camera"]["commands_refused"] == len(BAD)
    assert state["mqtt"]["camera"]["commands"] == 0 and state["source"]["fps"] == 15
    for name, value in (("quality", b"80"), ("fps", b"15"), ("stream", b"ON")):
        assert other.payloads(f"{BASE}/{name}/state") == [value]


def test_commands_that_the_broker_has_kept_are_left_alone(serve, broker, other):
    other.publish(f"{BASE}/quality/set", "5", retain=True)
    other.publish(f"{BASE}/stream/set", "OFF", retain=True)
    camera = online(serve(MQTT=broker.url(), ID="cam1"))
    wait_until("they have come", lambda:
               camera.state()["mqtt"]["camera"]["commands_retained"] == 2)
    assert camera.state()["mqtt"]["camera"]["commands"] == 0
    assert heard(other, f"{BASE}/quality/state") == b"80"
    assert other.payloads(f"{BASE}/error") == []


# ---- Images ----


def test_images_come_on_a_period_and_nothing_is_encoded_between(serve, broker, other):
    camera = online(serve(MQTT=broker.url(), ID="cam1", SIZE="320x240", FPS=10,
                          MQTT_IMAGE_EVERY=1))
    heard(other, f"{BASE}/image", 3)
    state = camera.state()
    # One may be under way while the next is already there.
    assert state["encoder"]["encoded"] <= 2 * state["mqtt"]["camera"]["images"] + 1
    assert all(not message.retain for message in other.messages)


def test_an_image_over_a_megabyte_is_not_sent_and_said_once(serve, broker, other, tmp_path):
    # Comments are no thumbnails: they stay.
    comment = b"\xff\xfe\xff\xff" + bytes(0xfffd)
    small = Path(tmp_path / "small.jpg")
    camera = serve(SIZE="64x48")
    small.write_bytes(camera.get("/snapshot"))
    large = tmp_path / "large.jpg"
    large.write_bytes(b"\xff\xd8" + comment * 16 + small.read_bytes()[2:])
    camera = online(serve(MQTT=broker.url(), ID="cam1", SOURCE=f"file:{large}",
                          MQTT_IMAGE_EVERY=0.2))
    wait_until("several are too large", lambda:
               camera.state()["mqtt"]["camera"]["images_oversize"] >= 3)
    assert len(errors(other, 1)) == 1 and "1000000" in errors(other, 1)[0]["error"]
    assert other.payloads(f"{BASE}/image") == []


def test_the_signals_loss_and_return_are_events_with_an_image(serve, broker, other, tmp_path):
    picture = tmp_path / "picture.jpg"
    camera = online(serve(MQTT=broker.url(), ID="cam1", SOURCE=f"file:{picture}"))
    assert heard(other, f"{BASE}/event") == b"signal_lost"
    heard(other, f"{BASE}/image")
    maker = serve(SIZE="64x48")
    picture.write_bytes(maker.get("/snapshot"))
    assert heard(other, f"{BASE}/event", 2) == b"signal_back"
    wait_until("an image of it comes", lambda:
               decode(other.payloads(f"{BASE}/image")[-1]).shape == (48, 64, 3))
    assert camera.state()["mqtt"]["camera"]["images"] >= 2


# ---- Texts of the raw link ----


def test_texts_go_to_the_raw_links_peers_and_come_back(serve, broker, other):
    base = online(serve(MQTT=broker.url(), ID="cam1", SOURCE="raw:127.0.0.1:0"))
    port = int(base.state()["links"][0]["address"].rpartition(":")[2])
    with RawClient(port) as client:
        wait_until("it is known", lambda: base.state()["links"][0]["peers"])
        other.publish(f"{BASE}/text/set", "Grüß Gott")
        assert client.texts("Grüß Gott")
    assert heard(other, f"{BASE}/text/state") == "Grüß Gott".encode()
    with RawServer(greeting=b"welcome\n") as server:
        online(serve(MQTT=broker.url(), ID="cam2", RAW_TO=server.address))
        assert heard(other, "camloop/cam2/text") == b"welcome"


# ---- The connection ----


def test_after_a_restart_of_the_broker_all_is_said_again(camera, broker, other):
    broker.restart()
    wait_until("paho is back", other.connected.is_set)
    wait_until("it is back", lambda: camera.state()["mqtt"]["connects"] == 2)
    online(camera)
    assert kept(broker, f"{BASE}/status") == {f"{BASE}/status": b"online"}
    with PahoClient(broker.port) as client:
        client.subscribe(f"{BASE}/quality/state")
        client.publish(f"{BASE}/quality/set", "50")
        wait_until("it obeys again", lambda: b"50" in client.payloads())


def test_credentials_are_nowhere_to_be_read(serve, mosquitto):
    broker = mosquitto(passwords={"camera": "s3cret"})
    camera = online(serve(MQTT=broker.url("camera:s3cret@"), ID="cam1", LOG_LEVEL="debug"))
    told = camera.get("/state") + camera.get("/metrics") + camera.log().encode()
    assert b"s3cret" not in told
    assert read_metrics(camera.get("/metrics").decode())["camloop_mqtt_up"] == 1


def test_a_reload_brings_it_to_another_broker(service, mosquitto):
    one, two = mosquitto(), mosquitto()
    board = service(MQTT=one.url(), ID="cam1")
    online(board.camera)
    board.change(MQTT=two.url(), ID="cam1")
    online(board.camera)
    assert kept(two, f"{BASE}/status") == {f"{BASE}/status": b"online"}
    wait_until("it has left", lambda: kept(one, f"{BASE}/status") == {f"{BASE}/status": b"offline"})
    board.change()
    assert board.camera.state()["mqtt"]["connected"] is False
    wait_until("it has left", lambda: kept(two, f"{BASE}/status") == {f"{BASE}/status": b"offline"})


# ---- The end ----


def test_sigterm_ends_it_while_the_broker_is_a_black_hole(serve):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        camera = serve(MQTT="mqtt://127.0.0.1:%d" % silent.getsockname()[1])
        wait_until("it is connected", lambda: camera.state()["mqtt"]["state"] == "connected")
        camera.end()


def test_sigterm_ends_it_while_a_broker_has_stopped(serve, mosquitto):
    broker = mosquitto()
    camera = online(serve(MQTT=broker.url()))
    broker.pause()
    camera.end()


def test_sigterm_ends_it_while_there_is_no_broker(serve):
    camera = serve(MQTT=f"mqtt://127.0.0.1:{free_port()}")
    wait_until("it has tried", lambda: camera.state()["mqtt"]["failures"])
    camera.end()


@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces are root's")
def test_sigterm_ends_it_while_the_brokers_name_is_being_resolved(serve):
    script = Path(__file__).with_name("silent_resolver.py")
    camera = serve(before=["unshare", "-mn", "/usr/bin/python3", script],
                   MQTT="mqtt://broker.example")
    sockets = Path(f"/proc/{camera.process.pid}/net/udp")
    unread = re.compile(r" 0100007F:0035 \S+ \S+ [0-9A-F]{8}:(?!00000000)")
    wait_until("the name server is asked", lambda: unread.search(sockets.read_text()))
    camera.end(signal.SIGINT)
