"""MQTT 3.1.1 on the wire as a server sees it: what clients send, read without forgiveness, and what
a server sends, well formed or not. Written from the standard, not from our own codec."""

import re
from dataclasses import dataclass

(CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, UNSUBSCRIBE,
 UNSUBACK, PINGREQ, PINGRESP, DISCONNECT) = range(1, 15)

# Table 2.2: the flags of each type that a client sends, but of PUBLISH.
FLAGS = {CONNECT: 0, PUBACK: 0, PUBREC: 0, PUBREL: 2, PUBCOMP: 0, SUBSCRIBE: 2, UNSUBSCRIBE: 2,
         PINGREQ: 0, DISCONNECT: 0}

# Control characters, and the non-characters U+FDD0 to U+FDEF and U+nFFFE, U+nFFFF.
UNWANTED = re.compile("[\x01-\x1f\x7f-\x9f\ufdd0-\ufdef"
                      + "".join(chr(0x10000 * plane + low) for plane in range(17)
                                for low in (0xFFFE, 0xFFFF)) + "]")


class Violation(AssertionError):
    """A client has broken the standard."""


def check(condition, requirement):
    if not condition:
        raise Violation(requirement)


# ---- What clients send ----


@dataclass(frozen=True)
class Connect:
    client_id: str
    clean: bool
    keep_alive_s: int
    will: "Publish | None"
    user: str | None
    password: bytes | None


@dataclass(frozen=True)
class Publish:
    topic: str
    payload: bytes = b""
    qos: int = 0
    id: int = 0
    retain: bool = False
    dup: bool = False


@dataclass(frozen=True)
class Answer:
    """PUBACK, PUBREC, PUBREL or PUBCOMP."""
    type: int
    id: int


@dataclass(frozen=True)
class Subscribe:
    id: int
    filters: tuple  # of (filter, QoS)


@dataclass(frozen=True)
class Unsubscribe:
    id: int
    filters: tuple


@dataclass(frozen=True)
class Pingreq:
    pass


@dataclass(frozen=True)
class Disconnect:
    pass


class Fields:
    """Takes fields off the front of a packet's body."""

    def __init__(self, body):
        self.rest = body

    def take(self, count):
        check(len(self.rest) >= count, "a field reaches over the packet's end [2.2.3]")
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def number(self, count=2):
        return int.from_bytes(self.take(count), "big")

    def id(self):
        id_ = self.number()
        check(id_ != 0, "an identifier of 0 [MQTT-2.3.1-1]")
        return id_

    def data(self):
        return self.take(self.number())

    def text(self):
        try:
            text = self.data().decode("utf-8", "strict")
        except UnicodeDecodeError:
            raise Violation("ill-formed UTF-8 [MQTT-1.5.3-1]") from None
        check("\0" not in text, "U+0000 in a string [MQTT-1.5.3-2]")
        check(not UNWANTED.search(text), "a character that should not be sent [1.5.3]")
        return text

    def name(self):
        text = self.text()
        check(text, "an empty topic [MQTT-4.7.3-1]")
        check(not set("+#") & set(text), "a wildcard in a topic name [MQTT-3.3.2-2]")
        return text

    def filter(self):
        text = self.text()
        check(text, "an empty filter [MQTT-4.7.3-1]")
        levels = text.split("/")
        check(all("#" not in level for level in levels[:-1]) and
              ("#" not in levels[-1] or levels[-1] == "#"), "a # inside [MQTT-4.7.1-2]")
        check(all("+" not in level or level == "+" for level in levels), "[MQTT-4.7.1-3]")
        return text

    def end(self):
        check(not self.rest, "bytes behind the last field [2.2.3]")


def take_packet(stream):
    """The first packet of `stream` and how long it was; None while it is not whole."""
    length, used = 0, 1
    while True:
        if len(stream) <= used:
            return None
        byte = stream[used]
        length |= (byte & 0x7F) << 7 * (used - 1)
        used += 1
        if not byte & 0x80:
            break
        check(used <= 4, "a remaining length of more than four bytes [2.2.3]")
    check(used == 2 or stream[used - 1], "a remaining length longer than need be [2.2.3]")
    if len(stream) < used + length:
        return None
    return read_packet(stream[0], bytes(stream[used:used + length])), used + length


def read_packet(first_byte, body):
    type_, flags = first_byte >> 4, first_byte & 0x0F
    fields = Fields(body)
    if type_ == PUBLISH:
        return read_publish(flags, fields)
    check(type_ in FLAGS, f"a packet of type {type_} from a client [2.2.1]")
    check(flags == FLAGS[type_], f"flags {flags} of type {type_} [MQTT-2.2.2-1]")
    packet = READERS.get(type_, lambda fields: Answer(type_, fields.id()))(fields)
    fields.end()
    return packet


def read_publish(flags, fields):
    qos, dup, retain = flags >> 1 & 3, bool(flags & 8), bool(flags & 1)
    check(qos != 3, "QoS 3 [MQTT-3.3.1-4]")
    check(qos or not dup, "DUP with QoS 0 [MQTT-3.3.1-2]")
    topic = fields.name()
    return Publish(topic, id=fields.id() if qos else 0, payload=fields.rest, qos=qos, retain=retain,
                   dup=dup)


def read_connect(fields):
    check(fields.take(6) == b"\x00\x04MQTT", "the protocol's name [MQTT-3.1.2-1]")
    check(fields.number(1) == 4, "the protocol's level [MQTT-3.1.2-2]")
    flags, keep_alive_s = fields.number(1), fields.number()
    check(not flags & 1, "the reserved flag [MQTT-3.1.2-3]")
    clean, qos = bool(flags & 2), flags >> 3 & 3
    client_id = fields.text()
    check(client_id or clean, "no client id for a session to be kept [MQTT-3.1.3-7]")
    check(qos != 3, "QoS 3 of the will [MQTT-3.1.2-14]")
    check(flags & 4 or not flags & 0x38, "a will's flags without a will [MQTT-3.1.2-11]")
    will = Publish(fields.name(), fields.data(), qos, retain=bool(flags & 0x20)) \
        if flags & 4 else None
    check(flags & 0x80 or not flags & 0x40, "a password without a user [MQTT-3.1.2-22]")
    user = fields.text() if flags & 0x80 else None
    password = fields.data() if flags & 0x40 else None
    return Connect(client_id, clean, keep_alive_s, will, user, password)


def read_subscribe(fields):
    id_, filters = fields.id(), []
    while fields.rest:
        filters.append((fields.filter(), fields.number(1)))
        check(filters[-1][1] <= 2, "a QoS asked for beyond 2 [MQTT-3-8.3-4]")
    check(filters, "no filter [MQTT-3.8.3-3]")
    return Subscribe(id_, tuple(filters))


def read_unsubscribe(fields):
    id_, filters = fields.id(), []
    while fields.rest:
        filters.append(fields.filter())
    check(filters, "no filter [MQTT-3.10.3-2]")
    return Unsubscribe(id_, tuple(filters))


READERS = {CONNECT: read_connect, SUBSCRIBE: read_subscribe, UNSUBSCRIBE: read_unsubscribe,
           PINGREQ: lambda _: Pingreq(), DISCONNECT: lambda _: Disconnect()}


# ---- What a server sends ----


def packet(first_byte, body=b""):
    """Any packet, also one that the standard forbids."""
    length, rest = b"", len(body)
    while True:
        rest, group = rest >> 7, rest & 0x7F
        length += bytes([group | (0x80 if rest else 0)])
        if not rest:
            return bytes([first_byte]) + length + body


def number(value):
    return value.to_bytes(2, "big")


def text(value):
    encoded = value if isinstance(value, bytes) else value.encode()
    return number(len(encoded)) + encoded


def connack(session_present=False, code=0):
    return packet(CONNACK << 4, bytes([session_present, code]))


def publish(topic, payload=b"", qos=0, id=0, retain=False, dup=False):
    return packet(PUBLISH << 4 | dup << 3 | qos << 1 | retain,
                  text(topic) + (number(id) if qos else b"") + payload)


def answer(type_, id):
    """PUBACK, PUBREC, PUBREL, PUBCOMP or UNSUBACK."""
    return packet(type_ << 4 | (2 if type_ == PUBREL else 0), number(id))


def suback(id, *codes):
    return packet(SUBACK << 4, number(id) + bytes(codes))


def pingresp():
    return packet(PINGRESP << 4)
