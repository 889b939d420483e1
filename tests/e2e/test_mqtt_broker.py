"""Real brokers: mosquitto, with certificates and passwords, restarted, stopped in its tracks."""

import ssl

import pytest

from authority import Authority
from camloop_process import wait_until
from mosquitto import tls
from paho_client import PahoClient


@pytest.fixture(name="authority", scope="module")
def fixture_authority(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("authority"))
    authority.make("server", "DNS:localhost,IP:127.0.0.1")
    return authority


def test_mosquitto_keeps_a_session_over_a_restart(mosquitto):
    broker = mosquitto()
    with PahoClient(broker.port, "one", clean_session=False) as one:
        one.subscribe("a/#", qos=1)
    with PahoClient(broker.port) as two:
        two.publish("a/b", "hello", qos=1)
    broker.restart()
    with PahoClient(broker.port, "one", clean_session=False) as one:
        wait_until("it comes", one.payloads)
        assert one.payloads("a/b") == [b"hello"]


def test_mosquitto_knows_passwords_and_certificates(mosquitto, authority):
    broker = mosquitto(passwords={"camera": "secret"}, **tls(authority))

    def prepare(client):
        client.tls_set(authority.path("ca", "crt"), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        client.username_pw_set("camera", "secret")

    with PahoClient(broker.port, prepare=prepare) as client:
        client.subscribe("a", qos=0)
