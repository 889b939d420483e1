#!/usr/bin/python3
"""Measures camloop's pub, sub and send beside other clients of MQTT, turn about, for `make bench`.

The broker is mosquitto on one core, with whoever is at the other end; the client that is measured
has the other core. Of what was published that counts which a subscriber got; of what was received,
that which the client printed and which is the same as was published. A figure is the best of the
rounds, as whatever disturbs makes it worse. Settings come from the environment:
  BENCH_MQTT_MESSAGES  messages of a run (10000); four times as many at QoS 0 and 5 times fewer of
                       100 KB
  BENCH_MQTT_ROUNDS    times that every client has its turn (3); paho has one, as it is slow
"""

import asyncio
import contextlib
import filecmp
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from channel import free_port, wait_for
from run import BUILD, CAMLOOP, CLIENT_CORE, DATA, SERVER_CORE, ffmpeg, print_table, verdict

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from mosquitto import Mosquitto

MESSAGES = int(os.environ.get("BENCH_MQTT_MESSAGES", "10000"))
ROUNDS = int(os.environ.get("BENCH_MQTT_ROUNDS", "3"))
SIZES = {10: "10 B", 1400: "1,400 B", 100_000: "100 KB"}
LEVELS = (0, 1, 2)  # QoS
CELLS = list(itertools.product(SIZES, LEVELS))
RUN_TIMEOUT_S = 60

IMAGE_BYTES = 50_000
IMAGE_DELAYS_MS = (0, 20)
CHUNK_BYTES = 1400

PEER = str(BUILD / "mqtt_peer")
PAHO = ["/usr/bin/python3", "-B", str(Path(__file__).with_name("mqtt_paho.py"))]
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # No disk is measured.


# The clients --------------------------------------------------------------------------------------

# What publishes each line of its input, and what prints `count` messages, a line each.
PUBLISHERS = {
    "camloop": lambda port, topic, qos: [CAMLOOP, "pub", "-l", "-q", qos, topic],
    "libmosquitto": lambda port, topic, qos: [PEER, "pub", port, topic, qos],
    "mosquitto_pub -l": lambda port, topic, qos: ["mosquitto_pub", "-l", "-p", port, "-q", qos,
                                                  "-t", topic],
    "paho": lambda port, topic, qos: [*PAHO, "pub", port, topic, qos],
}
SUBSCRIBERS = {
    "camloop": lambda port, topic, qos, count: [CAMLOOP, "sub", "-n", count, "-q", qos, topic],
    "libmosquitto": lambda port, topic, qos, count: [PEER, "sub", port, topic, qos, count],
    "mosquitto_sub": lambda port, topic, qos, count: ["mosquitto_sub", "-C", count, "-p", port,
                                                      "-q", qos, "-t", topic],
    "paho": lambda port, topic, qos, count: [*PAHO, "sub", port, topic, qos, count],
}


def start(command, **streams):
    return subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE, **streams)


def start_measured(command, settings, **streams):
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CAMLOOP_")}
    return start(["taskset", "-c", CLIENT_CORE, BUILD / "measure", *command],
                 env=plain | settings, **streams)


def last_words(process):
    """What the last line on its standard error says, once it has ended well."""
    try:
        said = process.communicate(timeout=RUN_TIMEOUT_S)[1].decode()
    except subprocess.TimeoutExpired:
        process.kill()
        sys.exit(f"bench: messages were lost, or the time was short: {process.args}")
    if process.returncode != 0:
        sys.exit(f"bench: {process.args} failed: {said}")
    return json.loads(said.splitlines()[-1])


# The broker ---------------------------------------------------------------------------------------

class Broker(Mosquitto):
    """Queues without bounds and answers at once; whatever is measured has topics of its own."""

    def __init__(self, folder):
        super().__init__(Path(folder), persistence="false", log_type="subscribe",
                         set_tcp_nodelay="true")
        self.topics = (f"bench/{number}" for number in itertools.count())

    def wait_for_subscriber(self, topic):
        wait_for("a subscriber", lambda: f" {topic}\n" in self.log())


@contextlib.contextmanager
def fresh_broker():
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Broker(folder)) as broker:
        yield broker


# Publishing and receiving -------------------------------------------------------------------------

class Lines:
    """A file of numbered messages, a line each."""

    def __init__(self, size, qos):
        self.count = MESSAGES // 5 if size == 100_000 else MESSAGES * (1 if qos else 4)
        self.file = tempfile.NamedTemporaryFile(dir=MEMORY)
        for number in range(self.count):
            self.file.write(b"%0*d\n" % (size, number))
        self.file.flush()

    def open(self):
        return open(self.file.name, "rb")


def row(count, seconds, took):
    return {"rate": count / seconds, "cpu_ms": took["cpu_s"] * 1e3 / count * 10_000,
            "peak_mb": took["peak_kib"] * 1024 / 1e6}


def publish(command, broker, lines, qos):
    """The time is a subscriber's, from its first message to its last."""
    topic = next(broker.topics)
    subscriber = start(SUBSCRIBERS["libmosquitto"](broker.port, topic, 0, lines.count),
                       stdout=subprocess.DEVNULL)
    broker.wait_for_subscriber(topic)
    with lines.open() as file:
        took = last_words(start_measured(command(broker.port, topic, qos),
                                         {"CAMLOOP_MQTT": broker.url()}, stdin=file))
    seen = last_words(subscriber)
    return row(lines.count, seen["last_s"] - seen["first_s"], took)


def receive(command, broker, lines, qos):
    """The time is from the first message that is published to the end of the client."""
    topic = next(broker.topics)
    with tempfile.NamedTemporaryFile(dir=MEMORY) as output, lines.open() as file:
        os.posix_fallocate(output.fileno(), 0, os.fstat(file.fileno()).st_size)  # not by the client
        subscriber = start_measured(command(broker.port, topic, qos, lines.count),
                                    {"CAMLOOP_MQTT": broker.url()}, stdout=output)
        broker.wait_for_subscriber(topic)
        publisher = start(PUBLISHERS["libmosquitto"](broker.port, topic, qos), stdin=file)
        took = last_words(subscriber)
        if not filecmp.cmp(output.name, lines.file.name, shallow=False):
            sys.exit(f"bench: other messages were printed than published: {subscriber.args}")
        begin_s = last_words(publisher)["first_s"]
    return row(lines.count, took["end_s"] - begin_s, took)


def best(rows):
    """But for memory: the highest of the peaks."""
    return {"rate": max(row["rate"] for row in rows),
            "cpu_ms": min(row["cpu_ms"] for row in rows),
            "peak_mb": max(row["peak_mb"] for row in rows)}


def bench(title, measure, commands):
    """The figures by cell and client. Each cell has a broker of its own: once one has passed on
    many small messages it takes those of 100 KB at two thirds of the rate, whoever sends them."""
    seen = {}
    for size, qos in CELLS:
        print(f"bench: MQTT, {title}, {SIZES[size]}, QoS {qos}", file=sys.stderr)
        lines = Lines(size, qos)
        runs = {name: [] for name in commands}
        with fresh_broker() as broker:
            for turn, (name, command) in itertools.product(range(ROUNDS), commands.items()):
                if turn == 0 or name != "paho":
                    runs[name].append(measure(command, broker, lines, qos))
        seen[size, qos] = {name: best(rows) for name, rows in runs.items()}
    print_table(f"{title} at a local broker, best of {ROUNDS} rounds",
                ["payload", "QoS", "client", "messages/s", "CPU ms/10,000", "peak MB"],
                [[SIZES[size], str(qos), name, f"{figures['rate']:.0f}",
                  f"{figures['cpu_ms']:.0f}", f"{figures['peak_mb']:.1f}"]
                 for (size, qos), clients in seen.items() for name, figures in clients.items()])
    return seen


# What must hold -----------------------------------------------------------------------------------

def at_least(value, limit, unit):
    return f"{value:.2f}{unit} of at least {limit}{unit}: {'ok' if value >= limit else 'UNDER'}"


def print_worst(what, seen, figure, worst, judge, limit, unit, cells=CELLS):
    value, (size, qos) = worst((figure(seen[cell]), cell) for cell in cells)
    print(f"{what}, at worst ({SIZES[size]}, QoS {qos}): {judge(value, limit, unit)}")


def ratio(field, other):
    return lambda clients: clients["camloop"][field] / clients[other][field]


def print_verdicts(published, received):
    print()
    print_worst("Publish rate to mosquitto_pub -l's", published, ratio("rate", "mosquitto_pub -l"),
                min, at_least, 1, "x")
    print_worst("Publish rate to libmosquitto's", published, ratio("rate", "libmosquitto"),
                min, at_least, 0.97, "x")
    acknowledged = [(size, qos) for size, qos in CELLS if qos > 0]
    # Of receiving 100 KB most is the kernel's copying, from the socket and into the file.
    short = [(size, qos) for size, qos in acknowledged if size < 100_000]
    for what, seen, cells, limit_mb in (("publishing", published, acknowledged, 5),
                                        ("receiving", received, short, 4)):
        print_worst(f"CPU to libmosquitto's, {what} at QoS 1 and 2", seen,
                    ratio("cpu_ms", "libmosquitto"), max, verdict, 0.8, "x", cells)
        print_worst(f"Peak memory, {what}", seen, lambda clients: clients["camloop"]["peak_mb"],
                    max, verdict, limit_mb, " MB")


# The image transfer -------------------------------------------------------------------------------

def make_image():
    """A JPEG with a comment that makes it as long as wanted."""
    image = ffmpeg("image.jpg", "-frames:v", "1", "-pix_fmt", "yuvj420p", "-q:v", "5")
    jpeg = image.read_bytes()
    room = IMAGE_BYTES - len(jpeg) - 2
    image.write_bytes(jpeg[:2] + b"\xff\xfe" + room.to_bytes(2, "big") + bytes(room - 2)
                      + jpeg[2:])
    return image


class LateAnswers:
    """A relay to the broker that hands on what the broker says `delay_ms` later."""

    def __init__(self, broker, delay_ms):
        self.port, self.broker, self.delay_s = free_port(), broker, delay_ms / 1e3
        listening = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve(listening)), daemon=True).start()
        listening.wait()

    async def serve(self, listening):
        server = await asyncio.start_server(self.relay, "127.0.0.1", self.port)
        listening.set()
        await server.serve_forever()

    async def relay(self, from_client, to_client):
        from_broker, to_broker = await asyncio.open_connection("127.0.0.1", self.broker.port)
        await asyncio.gather(self.carry(from_client, to_broker, 0),
                             self.carry(from_broker, to_client, self.delay_s))

    @staticmethod
    async def carry(reader, writer, delay_s):
        later = asyncio.get_running_loop().call_later
        while data := await reader.read(65536):
            later(delay_s, writer.write, data)
        later(delay_s, writer.close)


def send_image(image, broker, delay_ms):
    """Seconds from begin to finished at the base, and of the whole program."""
    relay = LateAnswers(broker, delay_ms)
    topic, answers = next(broker.topics), next(broker.topics)
    base = start([*PAHO, "base", broker.port, topic, answers], stdout=subprocess.PIPE)
    broker.wait_for_subscriber(topic)
    begin_s = time.monotonic()
    took = last_words(start_measured([CAMLOOP, "send", image], {
        "CAMLOOP_MQTT": f"mqtt://127.0.0.1:{relay.port}", "CAMLOOP_TRANSFER_OUT": topic,
        "CAMLOOP_TRANSFER_IN": answers}))
    output, said = base.communicate(timeout=RUN_TIMEOUT_S)
    if output != image.read_bytes():
        sys.exit("bench: another image arrived than was sent")
    return float(said), took["end_s"] - begin_s


def bench_image(broker):
    image = make_image()
    rows = []
    for delay_ms in IMAGE_DELAYS_MS:
        runs = [send_image(image, broker, delay_ms) for _ in range(ROUNDS)]
        rows.append([str(delay_ms), *(f"{1e3 * min(times):.0f}" for times in zip(*runs))])
    messages = -(-IMAGE_BYTES // CHUNK_BYTES) + 2
    print_table(f"An image of {IMAGE_BYTES // 1000} KB by the image transfer: {messages} messages,"
                " each answered",
                ["answers late by ms", "begin to finished ms", "the whole program ms"], rows)


def main():
    os.sched_setaffinity(0, {SERVER_CORE})  # The measured client alone has the other one.
    DATA.mkdir(parents=True, exist_ok=True)
    print_verdicts(bench("Publishing", publish, PUBLISHERS),
                   bench("Receiving", receive, SUBSCRIBERS))
    with fresh_broker() as broker:
        bench_image(broker)


if __name__ == "__main__":
    main()
