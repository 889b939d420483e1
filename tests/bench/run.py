#!/usr/bin/python3
"""Measures camloop beside uStreamer and the bare loop, turn about, for `make bench`.

Each server is pinned to one core, its clients to another, over loopback. No figure fails the run:
what must hold is printed beside what was seen. Settings come from the environment:
  CAMLOOP_RELEASE     the server under test (build/host-release/camloop)
  BENCH_SECONDS       measured seconds of each run (10)
  BENCH_SLOW_SECONDS  the same where clients read slowly: long enough for queues to fill (40)
  BENCH_ROUNDS        times that every server has its turn (3); medians are printed
  BENCH_CLIENTS       numbers of clients (1,10,100,300)
"""

import contextlib
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/host-release/bench"
DATA = BUILD / "data"
VIDEO = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
CAMLOOP = os.environ.get("CAMLOOP_RELEASE", str(ROOT / "build/host-release/camloop"))
SECONDS = os.environ.get("BENCH_SECONDS", "10")
SLOW_SECONDS = os.environ.get("BENCH_SLOW_SECONDS", "40")
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
CLIENTS = [int(n) for n in os.environ.get("BENCH_CLIENTS", "1,10,100,300").split(",")]

FRAMES = 120
FPS = 30
SLOW_BYTES_PER_S = 100_000
SLOW_RECEIVE_BUFFER = 16384
NOTSENT_LOWAT = 4096
STAMP = b"capture " + b"0000000000.000000"  # As capture_stamp.h has it.

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, CLIENT_CORE = CORES[0], CORES[-1]


# The input --------------------------------------------------------------------------------------

def ffmpeg(name, *options, size="640:480"):
    path = DATA / name
    command = ["ffmpeg", "-v", "error", "-y", "-i", VIDEO, "-frames:v", str(FRAMES)]
    subprocess.run([*command, "-vf", f"scale={size}", "-bitexact", *options, path], check=True)
    return path


def split_jpegs(data):
    """The frames of a bare MJPEG file: each EOI that an SOI follows ends one."""
    parts = data.split(b"\xff\xd9\xff\xd8")
    frames = [b"\xff\xd8" + part + b"\xff\xd9" for part in parts]
    return [frames[0][2:], *frames[1:-1], frames[-1][:-2]]


def make_input():
    """Pedestrians, 640x480: JPEGs with room for a capture stamp; I420 and YUYV to encode."""
    DATA.mkdir(parents=True, exist_ok=True)
    y4m = ffmpeg("frames.y4m", "-pix_fmt", "yuv420p")
    ffmpeg("large.y4m", "-pix_fmt", "yuv420p", size="1280:720")
    ffmpeg("frames.yuyv", "-pix_fmt", "yuyv422", "-f", "rawvideo")
    plain = ffmpeg("plain.mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "3")
    comment = b"\xff\xfe" + (2 + len(STAMP)).to_bytes(2, "big") + STAMP
    jpegs = [jpeg[:2] + comment + jpeg[2:] for jpeg in split_jpegs(plain.read_bytes())]
    (DATA / "frames.mjpeg").write_bytes(b"".join(jpegs))
    mean = sum(map(len, jpegs)) / len(jpegs)
    print(f"Input: {len(jpegs)} frames of vtest.avi, 640x480, {FPS} fps;"
          f" JPEGs of {mean / 1000:.1f} KB, Y4M of {y4m.stat().st_size / 1e6:.0f} MB")


# The servers ------------------------------------------------------------------------------------

def camloop(port, source="frames.mjpeg"):
    settings = {
        "CAMLOOP_SOURCE": f"file:{DATA / source}",
        "CAMLOOP_FPS": str(FPS),
        "CAMLOOP_QUALITY": "80",
        "CAMLOOP_HTTP": f"127.0.0.1:{port}",
        "CAMLOOP_HTTP_CLIENTS": str(max(CLIENTS) + 8),
    }
    return [CAMLOOP], settings


def in_memory(name):
    """Reads the file, as the encoder alone has done with its frames: no disk is measured."""
    (DATA / name).read_bytes()
    return name


def camloop_y4m(port):
    return camloop(port, in_memory("frames.y4m"))


def undisturbed(command):
    """As root without preemption: what other programs take from the core is no stall of ours."""
    return [*(["chrt", "-f", "1"] if os.geteuid() == 0 else []), *command]


def camloop_large_y4m(port):
    command, settings = camloop(port, in_memory("large.y4m"))
    return undisturbed(command), settings


def ustreamer(port, camera="frames.mjpeg", *options):
    camera = str(DATA / camera)
    command = ["ustreamer", "--device", camera, "--desired-fps", str(FPS), "--port", str(port)]
    if not options:
        options = ["--format", "MJPEG", "--encoder", "HW"]
    settings = {"LD_PRELOAD": str(BUILD / "libcamera_preload.so"), "BENCH_CAMERA": camera}
    return [*command, *options], settings


def ustreamer_yuyv(port):
    return ustreamer(port, "frames.yuyv", "--format", "YUYV", "--quality", "80", "--workers", "1")


def bare_loop(port):
    return [str(BUILD / "bare_loop"), str(port), str(DATA / "frames.mjpeg"), str(FPS)], {}


def bare_loop_lowat(port):
    command, settings = bare_loop(port)
    return [*command, str(NOTSENT_LOWAT)], settings


class Server:
    """A server that runs, from its first accepted connection on, until the end of a `with`."""

    def __init__(self, make):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        command, settings = make(self.port)
        self.log = open(DATA / f"{make.__name__}.log", "w")
        plain = {name: value for name, value in os.environ.items()
                 if not name.startswith("CAMLOOP_")}
        self.process = subprocess.Popen(
            ["taskset", "-c", str(SERVER_CORE), *command],
            env=dict(plain, **settings), stdout=self.log, stderr=subprocess.STDOUT)

    def __enter__(self):
        deadline = time.monotonic() + 10
        while True:
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"bench: a server does not start, see {self.log.name}")
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except ConnectionRefusedError:
                time.sleep(0.05)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.log.close()

    def load(self, *options):
        """Starts clients; their result is read from the process by `result`."""
        command = ["taskset", "-c", str(CLIENT_CORE), str(BUILD / "load"),
                   "-p", str(self.port), "-P", str(self.process.pid), *options]
        return subprocess.Popen(command, stdout=subprocess.PIPE)


def result(load):
    output = load.communicate()[0]
    if load.returncode != 0:
        sys.exit("bench: the clients failed")
    return json.loads(output)


def measure(make, clients):
    with Server(make) as server:
        return result(server.load("-n", str(clients), "-s", SECONDS))


# What was seen ----------------------------------------------------------------------------------

def median(rows, field):
    return statistics.median(row[field] for row in rows)


def median_ratio(rows, others, field="cpu_us_per_frame"):
    """The median of the rounds' ratios: a machine that slows down for a round slows both."""
    return statistics.median(row[field] / other[field] for row, other in zip(rows, others))


def verdict(value, limit, unit):
    return f"{value:.2f}{unit} of at most {limit}{unit}: {'ok' if value <= limit else 'OVER'}"


def print_table(title, head, rows):
    rows = [head, *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    print(f"\n{title}\n")
    for index, row in enumerate(rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
        if index == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    sys.stdout.flush()


def bench_serving(servers):
    seen = defaultdict(list)
    for turn in range(ROUNDS):
        for clients in CLIENTS:
            print(f"bench: round {turn + 1}, clients {clients}", file=sys.stderr)
            for make in servers:
                seen[make.__name__, clients].append(measure(make, clients))
    rows = []
    for clients in CLIENTS:
        for make in servers:
            runs, bare = seen[make.__name__, clients], seen["bare_loop", clients]
            rows.append([
                str(clients), make.__name__, f"{median(runs, 'cpu_us_per_frame'):.1f}",
                f"{median_ratio(runs, bare):.2f}", f"{median(runs, 'fps'):.1f}",
                f"{median(runs, 'age_p50_ms'):.2f}", f"{median(runs, 'age_p99_ms'):.2f}",
                f"{median(runs, 'rss_kib') / 1024:.2f}",
                str(sum(run["torn"] + run["closed"] for run in runs))])
    print_table(f"Serving {FPS} fps ({ROUNDS} rounds of {SECONDS} s)",
                ["clients", "server", "CPU us/frame", "to bare loop", "fps", "age p50 ms",
                 "age p99 ms", "RSS MiB", "torn, cut"], rows)
    print_serving_verdicts(seen, servers)


def print_serving_verdicts(seen, servers):
    print()
    if camloop not in servers:
        return
    for clients, limit in ((1, 1.8), (100, 1.3)):
        if clients in CLIENTS:
            ratio = median_ratio(seen["camloop", clients], seen["bare_loop", clients])
            print(f"CPU a delivered frame to the bare loop's, clients {clients}: "
                  f"{verdict(ratio, limit, 'x')}")
    if 1 in CLIENTS and len(CLIENTS) > 1:
        most = max(CLIENTS)
        one_kib = median(seen["camloop", 1], "rss_kib")
        each_kib = (median(seen["camloop", most], "rss_kib") - one_kib) / (most - 1)
        print(f"Resident memory at 1 client: {verdict(one_kib / 1024, 6, ' MiB')}")
        print(f"Resident memory for each further client: {verdict(each_kib, 16, ' KiB')}")


def bench_slow_clients(servers):
    """All servers at once, as time is what is measured and none has much to do.

    Twice three clients: with a small receive buffer the age is the server's doing; the default one
    holds up to 128 KiB that the client's kernel took and the client has not read: 1.3 s of frames
    that no server can call back.
    """
    makes = (*servers, bare_loop_lowat)
    with contextlib.ExitStack() as stack:
        running = {make.__name__: stack.enter_context(Server(make)) for make in makes}
        slow = ["-n", "3", "-r", str(SLOW_BYTES_PER_S), "-s", SLOW_SECONDS]
        loads = {(buffer, name): server.load(*slow, "-b", str(buffer))
                 for buffer in (SLOW_RECEIVE_BUFFER, 0) for name, server in running.items()}
        seen = {key: result(load) for key, load in loads.items()}
    rows = [[f"{buffer // 1024} KiB" if buffer else "default", name, f"{run['fps']:.2f}",
             *(f"{run[age] / 1000:.2f}" for age in ("age_p50_ms", "age_p99_ms", "age_last_ms"))]
            for (buffer, name), run in seen.items()]
    print_table(f"Three clients that read {SLOW_BYTES_PER_S // 1000} kB/s for {SLOW_SECONDS} s",
                ["receive buffer", "server", "fps", "age p50 s", "age p99 s", "age at the end s"],
                rows)
    if camloop in servers:
        age_s = seen[SLOW_RECEIVE_BUFFER, "camloop"]["age_p99_ms"] / 1000
        print(f"\nAge p99 of a slow client's frames: {verdict(age_s, 1.0, ' s')}")


def encoder_alone():
    """A format's name to the CPU time and JPEG bytes a frame of either encoder."""
    command = ["taskset", "-c", str(SERVER_CORE),
               str(BUILD / "encode"), str(DATA / "frames.y4m"), str(FPS)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def bench_encoding(servers):
    alone = []
    seen = defaultdict(list)
    whole = {camloop: camloop_y4m, ustreamer: ustreamer_yuyv}
    for _ in range(ROUNDS):
        alone.append(encoder_alone())
        for make in [whole[make] for make in servers if make in whole]:
            seen[make.__name__].append(measure(make, 1))
    print_encoder(alone)
    print_whole_process(alone, seen)


def bench_stalls():
    """How long one callback holds the loop while 1280x720 is encoded, as the program counts."""
    with Server(camloop_large_y4m) as server:
        result(server.load("-n", "1", "-s", SECONDS))
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/state") as reply:
            loop = json.load(reply)["loop"]
    stalls = loop["stall_us"]
    print(f"\nEncoding 1280x720 at {FPS} fps for one client, {loop['callbacks']} callbacks: held"
          f" the loop for {stalls['p50'] / 1000:.2f} ms p50, {stalls['p99'] / 1000:.2f} ms p99;"
          f" p99.9 {verdict(stalls['p999'] / 1000, 2.0, ' ms')}")


def print_encoder(alone):
    rows = []
    for name in alone[0]:
        runs = [run[name] for run in alone]
        ratio = statistics.median(run["camloop_us"] / run["turbojpeg_us"] for run in runs)
        sizes = (runs[0][f"{encoder}_bytes"] / 1000 for encoder in ("camloop", "turbojpeg"))
        rows.append([name, f"{median(runs, 'camloop_us'):.0f}",
                     f"{median(runs, 'turbojpeg_us'):.0f}", ", ".join(f"{kb:.1f}" for kb in sizes),
                     verdict(ratio, 1.05, "x")])
    print_table("The encoder alone, quality 80, conversion counted, CPU us/frame",
                ["format", "camloop", "tjCompressFromYUVPlanes", "KB", "ratio"], rows)


def print_whole_process(alone, seen):
    """camloop reads I420 from its file, uStreamer YUYV from its camera: each beside our encoder
    alone, of that format and at the same pace."""
    rows = []
    for name, pixels, limit in (("camloop_y4m", "I420", 1.25), ("ustreamer_yuyv", "YUYV", None)):
        if name not in seen:
            continue
        paced = [run[pixels] for run in alone]
        ratio = statistics.median(run["cpu_us_per_frame"] / base["paced_us"]
                                  for run, base in zip(seen[name], paced))
        rows.append([name, f"{median(seen[name], 'cpu_us_per_frame'):.0f}",
                     f"{median(paced, 'paced_us'):.0f}",
                     f"{median(seen[name], 'fps'):.1f}",
                     f"{median(seen[name], 'rss_kib') / 1024:.2f}",
                     verdict(ratio, limit, "x") if limit else f"{ratio:.2f}x"])
    print_table("Encoding for one client, the whole process",
                ["server", "CPU us/frame", f"encoder at {FPS} fps", "fps", "RSS MiB",
                 "to the encoder alone"], rows)


def main():
    files = max(CLIENTS) + 64
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, max(files, hard)))
    if len(CORES) < 2:
        print("Note: one core only, so the clients slow their server down.")
    servers = [make for make in (camloop, ustreamer, bare_loop) if shutil.which(make(0)[0][0])]
    for missing in {camloop, ustreamer} - set(servers):
        print(f"Note: {missing.__name__} is not here and is left out.")
    make_input()
    bench_serving(servers)
    bench_slow_clients(servers)
    bench_encoding(servers)
    bench_stalls()


if __name__ == "__main__":
    main()
