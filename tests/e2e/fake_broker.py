"""An MQTT broker that does what a test says, packet by packet, right or wrong. It answers nothing
by itself; what clients send is checked against the standard."""

import contextlib
import socket
import time

from camloop_process import PATIENCE_S
from mqtt_wire import (PUBACK, PUBCOMP, PUBREL, SUBACK, UNSUBACK, Answer, Connect, Disconnect,
                       Publish, Subscribe, Unsubscribe, check, connack, suback, take_packet)

# The byte after is held back so long that a client, as a rule, has read the one before.
BETWEEN_BYTES_S = 0.0002


class FakeBroker:
    """Listens; accept() is the next client's connection. With `byte_by_byte` each byte that is sent
    is a segment of its own."""

    def __init__(self, byte_by_byte=False):
        self.byte_by_byte = byte_by_byte
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(PATIENCE_S)
        self.port = self.server.getsockname()[1]
        self.connections = []
        self.identifiers = Identifiers()

    @property
    def url(self):
        return f"mqtt://127.0.0.1:{self.port}"

    def accept(self):
        connection, _ = self.server.accept()
        self.connections.append(Connection(connection, self))
        return self.connections[-1]

    def welcome(self, session_present=False):
        """accept(), and the client's CONNECT is accepted, too."""
        connection = self.accept()
        connection.expect(Connect)
        connection.send(connack(session_present))
        return connection

    def close(self):
        for connection in self.connections:
            connection.close()
        self.server.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Identifiers:
    """Which a client has in use, over all its connections."""

    def __init__(self):
        self.unfinished = {}  # what was sent with it

    def sent(self, packet):
        if isinstance(packet, Connect):
            self._connected(packet)
        elif isinstance(packet, Publish) and packet.qos:
            self._published(packet)
        elif packet == Answer(PUBREL, getattr(packet, "id", None)):
            before = self.unfinished.get(packet.id)
            check(before == packet or getattr(before, "qos", 0) == 2,
                  "PUBREL of no message [MQTT-2.3.1-6]")
            self.unfinished[packet.id] = packet
        elif isinstance(packet, (Subscribe, Unsubscribe)):
            check(packet.id not in self.unfinished, "an identifier in use [MQTT-2.3.1-2]")
            self.unfinished[packet.id] = packet

    def _connected(self, packet):
        """Requests end with their connection, messages with their session."""
        self.unfinished = {} if packet.clean else {
            id_: sent for id_, sent in self.unfinished.items()
            if not isinstance(sent, (Subscribe, Unsubscribe))}

    def _published(self, packet):
        before = self.unfinished.get(packet.id)
        check(before is None or isinstance(before, Publish),
              "an identifier in use, or a PUBLISH after its PUBREL [MQTT-4.3.3-1]")
        first = Publish(packet.topic, packet.payload, packet.qos, packet.id, packet.retain)
        check(before in (None, first), "an identifier in use [MQTT-2.3.1-2]")
        check(packet.dup == (before is not None), "DUP is for what is sent again [MQTT-3.3.1-1]")
        self.unfinished[packet.id] = first

    def answered(self, data):
        if data[0] >> 4 in (PUBACK, PUBCOMP, SUBACK, UNSUBACK) and len(data) >= 4:
            self.unfinished.pop(int.from_bytes(data[2:4], "big"), None)


class Conduct:
    """What a client has sent on one connection, each packet at its place."""

    def __init__(self, identifiers):
        self.identifiers = identifiers
        self.packets = []

    def sent(self, packet):
        check(isinstance(packet, Connect) == (not self.packets), "CONNECT is first, and once "
              "[MQTT-3.1.0-1], [MQTT-3.1.0-2]")
        check(Disconnect() not in self.packets, "a packet after DISCONNECT [MQTT-3.14.4-2]")
        self.identifiers.sent(packet)
        self.packets.append(packet)


class Connection:
    """One client's. `packets` are all that it has sent."""

    def __init__(self, connection, broker):
        self.socket, self.broker = connection, broker
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(PATIENCE_S)
        self.conduct = Conduct(broker.identifiers)
        self.packets = self.conduct.packets
        self.stream = bytearray()

    def send(self, *packets):
        """Each begins one; together they are one segment. The client may be gone already."""
        with contextlib.suppress(ConnectionError):
            for data in packets:
                self.broker.identifiers.answered(data)
            for piece in self._pieces(b"".join(packets)):
                self.socket.sendall(piece)

    def _pieces(self, data):
        if not self.broker.byte_by_byte:
            yield data
            return
        for byte in data:
            yield bytes([byte])
            time.sleep(BETWEEN_BYTES_S)

    def read(self):
        """The next packet; None if the client has closed."""
        while not (taken := take_packet(self.stream)):
            try:
                piece = self.socket.recv(65536)
            except ConnectionResetError:  # It has closed without having read all of ours.
                piece = b""
            if not piece:
                check(not self.stream, f"the end inside a packet: {bytes(self.stream)}")
                return None
            self.stream += piece
        read, used = taken
        del self.stream[:used]
        self.conduct.sent(read)
        return read

    def expect(self, kind):
        """The next packet, which must be of that kind."""
        packet = self.read()
        assert isinstance(packet, kind), f"{packet} where a {kind.__name__} was due"
        return packet

    def expect_answer(self, type_, id):
        packet = self.read()
        assert packet == Answer(type_, id), f"{packet} where type {type_} of {id} was due"

    def expect_end(self):
        """The client closes; what it still sends before."""
        before = len(self.packets)
        while self.read():
            pass
        return self.packets[before:]

    def grant(self, *codes):
        """Answers the SUBSCRIBE that is due, which is returned; without codes as was asked for."""
        asked = self.expect(Subscribe)
        self.send(suback(asked.id, *(codes or (qos for _, qos in asked.filters))))
        return asked

    def close(self):
        """Cuts the connection."""
        self.socket.close()
