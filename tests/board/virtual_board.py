"""A booted virtual board: commands over its console, camloop on it, camloop's HTTP port here."""

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HTTP_PORT = 18811
START_TIMEOUT_S = 60
POWERED_S_MAX = 300  # longer than a test; then the board goes off and its test fails
LAST_WORDS_S_MAX = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class VirtualBoard:
    """Puts run.sh, uvccam and camloop into the payload directory, beside what a test has there."""

    def __init__(self, payload, *boot_options, powered_s_max=POWERED_S_MAX):
        subprocess.run([ROOT / "board/virtual/setup"], check=True)
        shutil.copy(Path(__file__).with_name("run.sh"), payload)
        shutil.copy(ROOT / "build/virtual-board/uvccam", payload)
        shutil.copy(ROOT / os.environ.get("CAMLOOP_V831", "build/v831-release/camloop"), payload)
        self.port = free_port()
        self.process = subprocess.Popen(
            ["timeout", str(powered_s_max), ROOT / "board/virtual/boot",
             "-p", f"{self.port}:{HTTP_PORT}", *boot_options, payload],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.read_output("boot")

    def run(self, command):
        """Returns what `command` prints; it must succeed."""
        self.process.stdin.write(command + "\n")
        return self.read_output(command)

    def read_output(self, command):
        output = []
        for line in self.process.stdout:
            status = re.fullmatch(r"exit status (\d+)\n", line)
            if not status:
                output.append(line)
            elif status[1] == "0":
                return "".join(output)
            else:
                break
        raise AssertionError(f"on the board: {command}\n{''.join(output)}")

    def start_camloop(self, **settings):
        """Returns once it answers HTTP. Settings are CAMLOOP_ variables without the prefix."""
        variables = " ".join(f"CAMLOOP_{name}='{value}'" for name, value in settings.items())
        self.run(f"{variables} ./camloop 2>/tmp/log & camloop=$!")
        give_up = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                return self.get("/state")
            except (urllib.error.URLError, ConnectionError):
                assert time.monotonic() < give_up, self.run("cat /tmp/log")
            self.run("kill -0 $camloop || { cat /tmp/log; false; }")
            time.sleep(0.1)

    def camloop_resident_kb(self):
        # VmRSS of /proc/PID/status lags up to 64 pages behind.
        return int(self.run("sed -n 's/^Rss: *\\([0-9]*\\) kB/\\1/p' /proc/$camloop/smaps_rollup"))

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
            return response.read().decode()

    def state(self):
        return json.loads(self.get("/state"))

    def shut_down(self):
        """Ends camloop, which must exit with status 0, and then the board."""
        self.run("kill $camloop; wait $camloop || { cat /tmp/log; false; }")
        self.process.stdin.write("exit\n")
        self.process.stdin.close()
        assert self.process.wait(timeout=30) == 0

    def last_words(self):
        """What camloop and the kernel logged, where the board still answers."""
        give_up = threading.Timer(LAST_WORDS_S_MAX, self.process.terminate)
        give_up.start()
        try:
            return self.run("cat /tmp/log 2>/dev/null; dmesg | tail -n 60; true")
        except (AssertionError, OSError) as error:
            return str(error)
        finally:
            give_up.cancel()

    def kill(self):
        self.process.terminate()
        self.process.wait()
