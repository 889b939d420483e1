#!/usr/bin/python3
"""Measures the stamped channel over loopback for `make bench`: each end once ours, once a Python
program as in the field (channel_peer.py), at several frame rates.

What counts is the share of the camera's frames that are accepted, their age at the verdict (at the
sender, from the camera on), and the CPU time of both ends. Settings come from the environment:
  BENCH_CHANNEL_SECONDS  measured seconds of each run (10)
  BENCH_CHANNEL_FPS      frame rates (5,15,30)
"""

import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from run import CAMLOOP, DATA, make_input, print_table

PEER = Path(__file__).with_name("channel_peer.py")
SECONDS = float(os.environ.get("BENCH_CHANNEL_SECONDS", "10"))
RATES = [float(fps) for fps in os.environ.get("BENCH_CHANNEL_FPS", "5,15,30").split(",")]
START_TIMEOUT_S = 10


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_for(what, condition):
    deadline = time.monotonic() + START_TIMEOUT_S
    while not (value := condition()):
        if time.monotonic() > deadline:
            sys.exit(f"bench: waited in vain: {what}")
        time.sleep(0.05)
    return value


class Ours:
    """camloop as one end of the channel, for the length of a `with`."""

    def __init__(self, command=(CAMLOOP,), **settings):
        self.port = free_port()
        plain = {name: value for name, value in os.environ.items()
                 if not name.startswith("CAMLOOP_")}
        settings["HTTP"] = f"127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            command, stderr=subprocess.DEVNULL,
            env=plain | {f"CAMLOOP_{name}": str(value) for name, value in settings.items()})

    def __enter__(self):
        wait_for("camloop answers", self.answers)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(START_TIMEOUT_S)

    def answers(self):
        with contextlib.suppress(OSError):
            return self.state()

    def state(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/state") as reply:
            return json.load(reply)

    def link(self):
        (link,) = self.state()["links"]
        return link


class PythonReceiver:
    def __init__(self, port):
        self.port, self.process = port, python("receive", port)

    def __enter__(self):
        wait_for("it listens", self.listens)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(START_TIMEOUT_S)

    def listens(self):
        """Without connecting, as it takes one connection."""
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = [line.split() for line in table.readlines()[1:]]
        return any(row[1].endswith(f":{self.port:04X}") and row[3] == "0A" for row in rows)


def our_receiver(port):
    return Ours(SOURCE=f"channel:127.0.0.1:{port}")


def our_sender(port, fps):
    return Ours(SOURCE=f"file:{DATA / 'frames.mjpeg'}", FPS=fps, CHANNEL_TO=f"127.0.0.1:{port}")


def python(*arguments):
    return subprocess.Popen(["/usr/bin/python3", PEER, *map(str, arguments)],
                            stdout=subprocess.PIPE)


def cpu_s(process):
    threads = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


# What a sender saw: camera frames, accepted ones, their age p50 and p99 (ms), its CPU seconds.

def python_sends(port, fps):
    peer = python("send", port, fps, SECONDS, DATA / "frames.mjpeg")
    output = peer.communicate()[0]
    if peer.returncode != 0:
        sys.exit("bench: the Python sender failed")
    seen = json.loads(output)
    ages = sorted(seen["ages_ms"])
    age = [statistics.median(ages), ages[len(ages) * 99 // 100]] if ages else [None, None]
    return seen["frames"], len(ages), *age, seen["cpu_s"]


def we_send(port, fps):
    """From the first accepted frame on, as connecting is none of the measure."""
    with our_sender(port, fps) as sender:
        wait_for("a frame is accepted", lambda: sender.link()["accepted"])
        begin, begin_cpu_s = sender.state(), cpu_s(sender.process)
        time.sleep(SECONDS)
        end, end_cpu_s = sender.state(), cpu_s(sender.process)
    before, after = begin["links"][0], end["links"][0]
    frames = end["source"]["pictures"] - begin["source"]["pictures"]
    age = after["age_ms"]
    return (frames, after["accepted"] - before["accepted"], age["p50"], age["p99"],
            end_cpu_s - begin_cpu_s)


SENDERS = {"Python": python_sends, "camloop": we_send}
RECEIVERS = {"Python": PythonReceiver, "camloop": our_receiver}


def measure(sender, receiver, fps):
    """A row of the table."""
    port = free_port()
    with RECEIVERS[receiver](port) as running:
        begin_s = cpu_s(running.process)
        frames, accepted, age_p50_ms, age_p99_ms, sender_s = SENDERS[sender](port, fps)
        receiver_s = cpu_s(running.process) - begin_s
    ages = ["-" if age is None else f"{age:.1f}" for age in (age_p50_ms, age_p99_ms)]
    return [f"{sender} to {receiver}", f"{fps:g}", f"{100 * accepted / frames:.0f} %", *ages,
            f"{1e6 * sender_s / frames:.0f}", f"{1e6 * receiver_s / frames:.0f}"]


def main():
    make_input()
    rows = [measure(sender, receiver, fps)
            for fps in RATES for sender in SENDERS for receiver in RECEIVERS]
    print_table(f"The stamped channel over loopback, {SECONDS:g} s each",
                ["from, to", "fps", "accepted", "age p50 ms", "age p99 ms", "sender us/frame",
                 "receiver us/frame"], rows)


if __name__ == "__main__":
    main()
