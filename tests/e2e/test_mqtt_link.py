"""The program and its broker: as whom it comes, by TLS or not, how it goes, what reloads change."""

import pytest

from authority import Authority
from camloop_process import run_program, wait_until
from fake_broker import FakeBroker
from mosquitto import tls
from mqtt_wire import Connect, Disconnect, connack


@pytest.fixture(name="broker")
def fixture_broker():
    with FakeBroker() as broker:
        yield broker


def with_user(url, credentials):
    return url.replace("://", f"://{credentials}@")


# ---- As whom it comes ----


def test_it_comes_as_the_variables_say(broker, serve):
    camera = serve(ID="garden", MQTT=with_user(broker.url, "me%40home:hu%3Ash"))
    asked = broker.accept().expect(Connect)
    assert (asked.client_id, asked.clean, asked.keep_alive_s) == ("camloopgarden", True, 60)
    assert (asked.user, asked.password) == ("me@home", b"hu:sh")
    for told in (camera.log(), *(camera.get(path).decode() for path in ("/state", "/metrics"))):
        assert "hu:sh" not in told and "hu%3Ash" not in told

    serve(MQTT=broker.url, MQTT_CLIENT_ID="one", MQTT_CLEAN=0, MQTT_KEEPALIVE=0)
    asked = broker.accept().expect(Connect)
    assert (asked.client_id, asked.clean, asked.keep_alive_s) == ("one", False, 0)
    assert (asked.user, asked.password) == (None, None)


def test_its_name_is_the_boards(broker, serve):
    names = set()
    for _ in range(2):
        camera = serve(MQTT=broker.url)
        names.add(broker.accept().expect(Connect).client_id)
        camera.end()
    assert len(names) == 1 and len(names.pop()) == len("camloop") + 8


# ---- How it goes ----


def test_it_takes_its_leave(broker, serve):
    camera = serve(MQTT=broker.url, MQTT_KEEPALIVE=1)
    connection = broker.welcome()
    assert connection.read(), "what it sends once it is accepted: PINGREQ at the latest"
    camera.end()
    assert connection.expect_end()[-1] == Disconnect()


@pytest.mark.parametrize("welcome", [True, False])
def test_a_broker_that_answers_nothing_does_not_hold_it(broker, serve, welcome):
    camera = serve(MQTT=broker.url)
    connection = broker.accept()
    connection.expect(Connect)
    if welcome:
        connection.send(connack())
    camera.end()


# ---- Reload ----


def test_a_reload_changes_who_it_is(broker, service):
    board = service(MQTT=with_user(broker.url, "me:hush"), MQTT_CLIENT_ID="one")
    first = broker.welcome()
    log = board.change(MQTT=with_user(broker.url, "me:hush hush"), MQTT_CLIENT_ID="two")
    assert "CAMLOOP_MQTT: changed\n" in log and "hush" not in log
    assert Disconnect() not in first.expect_end(), "its will tells of the end"
    asked = broker.accept().expect(Connect)
    assert (asked.client_id, asked.password) == ("two", b"hush hush")


def test_a_reload_switches_it_off_and_on(broker, service):
    board = service(MQTT=broker.url)
    first = broker.welcome()
    board.change(MQTT="off")
    first.expect_end()
    board.change(MQTT=broker.url)
    broker.welcome()


def test_a_reload_of_other_things_leaves_the_connection(broker, service):
    board = service(MQTT=broker.url)
    connection = broker.welcome()
    board.change(MQTT=broker.url, QUALITY=50)
    log = board.change(MQTT=broker.url.replace("mqtt", "mqtts"), MQTT_CA="/no/such/ca.pem")
    assert "/no/such/ca.pem: No such file" in log and "settings unchanged" in log
    log = board.change(MQTT="off", DAYTIME=f"127.0.0.1:{broker.port}")
    assert "settings unchanged" in log
    board.camera.end()
    assert connection.expect_end()[-1] == Disconnect()


# ---- TLS ----


def test_it_comes_by_tls(mosquitto, serve, authority):
    broker = mosquitto(**tls(authority))
    for host in ("localhost", "127.0.0.1"):
        serve(ID=host.replace(".", "-"), MQTT=broker.url(host=host),
              MQTT_CA=authority.path("ca", "crt"))
    for name in ("camlooplocalhost", "camloop127-0-0-1"):
        wait_until("it is accepted", lambda name=name: f"Sending CONNACK to {name} (0, 0)"
                   in broker.log())


def test_it_shows_its_certificate(mosquitto, serve, authority):
    broker = mosquitto(**tls(authority, require_certificate="true",
                             use_identity_as_username="true"))
    trusting = {"MQTT": broker.url(host="localhost"), "MQTT_CA": authority.path("ca", "crt")}
    serve(**trusting, ID="known", MQTT_CERT=authority.path("camera", "crt"),
          MQTT_KEY=authority.path("camera", "key"))
    wait_until("it is accepted", lambda: "Sending CONNACK to camloopknown (0, 0)" in broker.log())
    assert "u'camera'" in broker.log()
    unknown = serve(**trusting, ID="unknown")
    wait_until("it says why", lambda: "TLS" in unknown.log())
    assert "camloopunknown" not in broker.log()


@pytest.mark.parametrize("name, fault", [("elsewhere", "not for localhost"),
                                         ("expired", "expired"), ("early", "not valid yet")])
def test_a_broker_with_a_wrong_certificate_is_told_nothing(mosquitto, serve, authority, name,
                                                           fault):
    broker = mosquitto(**tls(authority, name))
    camera = serve(MQTT=broker.url("me:hush@", "localhost"), MQTT_CA=authority.path("ca", "crt"))
    wait_until("it says why", lambda: fault in camera.log())
    assert "hush" not in camera.log() and "CONNACK" not in broker.log()


def test_a_broker_of_strangers_is_told_nothing(mosquitto, serve, authority, tmp_path):
    broker = mosquitto(**tls(authority))
    others = Authority(tmp_path)
    for trusted in ({}, {"MQTT_CA": others.path("ca", "crt")}):
        camera = serve(MQTT=broker.url(host="localhost"), **trusted)
        wait_until("it says why", lambda camera=camera: "not trusted" in camera.log())
    assert "CONNACK" not in broker.log()


def test_files_that_do_not_fit_are_named(authority):
    secure = {"SOURCE": "pattern", "HTTP": "off", "MQTT": "mqtts://localhost"}
    done = run_program(**secure, MQTT_CA="/no/such/ca.pem")
    assert done.returncode == 1 and "/no/such/ca.pem: No such file" in done.stderr
    key = authority.path("camera", "key")
    done = run_program(**secure, MQTT_CERT=authority.path("server", "crt"), MQTT_KEY=key)
    assert done.returncode == 1 and key in done.stderr
