"""paho, the other client, in a thread of its own: what it has heard, and waiting for it."""

import threading

import paho.mqtt.client as paho

from camloop_process import PATIENCE_S, wait_until


class PahoClient:
    """Connects to a port of this machine and stays connected, whatever the broker does.
    `prepare(client)` sets what must be set before it connects."""

    def __init__(self, port, client_id="", clean_session=True, keepalive=60, prepare=None):
        self.messages = []
        self.subscribed = set()
        self.connected = threading.Event()
        self.client = paho.Client(client_id, clean_session=clean_session)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = lambda *_: self.connected.clear()
        self.client.on_message = lambda _client, _data, message: self.messages.append(message)
        self.client.on_subscribe = lambda _client, _data, id_, _qos: self.subscribed.add(id_)
        self.client.reconnect_delay_set(1, 1)
        if prepare:
            prepare(self.client)
        self.client.connect_async("127.0.0.1", port, keepalive)
        self.client.loop_start()
        assert self.connected.wait(PATIENCE_S), "the broker did not accept paho"

    def _on_connect(self, _client, _data, _flags, code):
        if code == 0:
            self.connected.set()

    def subscribe(self, *filters, qos=2):
        _, id_ = self.client.subscribe([(topic, qos) for topic in filters])
        wait_until("the broker has subscribed paho", lambda: id_ in self.subscribed)

    def publish(self, topic, payload, qos=2, retain=False):
        """Until the broker has it."""
        info = self.client.publish(topic, payload, qos, retain)
        wait_until("the broker has paho's message", info.is_published)

    def payloads(self, topic=None):
        """Of what it has heard, in order."""
        return [message.payload for message in list(self.messages)
                if topic in (None, message.topic)]

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def heard(client, topic, count=1):
    """The last of `count` payloads on the topic at least."""
    return wait_until(f"{topic} is heard",
                      lambda: len(said := client.payloads(topic)) >= count and said)[-1]
