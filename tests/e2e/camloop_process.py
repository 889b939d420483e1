"""The program under test as a process of its own, and waiting for what it does."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("CAMLOOP", ROOT / "build/host-sanitize/camloop")).resolve()

PATIENCE_S = 30
# What the contract allows between SIGTERM and the end.
EXIT_S = 2

REPORTS = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|check failed")


def wait_until(what, condition, patience_s=PATIENCE_S):
    """The first true value of `condition()`."""
    deadline = time.monotonic() + patience_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {patience_s} s in vain: {what}"
        time.sleep(0.02)
    return value


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def environment(**settings):
    """Ours, but of the names that begin with CAMLOOP only those set here."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CAMLOOP")}
    return ours | {f"CAMLOOP_{name}": str(value) for name, value in settings.items()}


def run_program(*arguments, **settings):
    """A run that ends by itself."""
    return subprocess.run([PROGRAM, *arguments], env=environment(**settings), timeout=PATIENCE_S,
                          capture_output=True, text=True, check=False)


class Camloop:
    """Serving on a port of its own. `before` is put in front of the command line; `defaults` is a
    file in which the settings are."""

    def __init__(self, log_path, before=(), defaults=None, asan_options="", **settings):
        if not defaults:
            settings = {"HTTP": "127.0.0.1:0", "SOURCE": "pattern"} | settings
        arguments = ["--defaults", defaults] if defaults else []
        self.log_path = log_path
        variables = environment(**settings) | {"ASAN_OPTIONS": asan_options}
        with log_path.open("wb") as log:
            self.process = subprocess.Popen([*before, PROGRAM, *arguments], env=variables,
                                            stderr=log)
        wait_until("it says its address", self._says_its_address)

    def _says_its_address(self):
        assert self.process.poll() is None, f"ended at once: {self.log()}"
        return self._announced_ports()

    def _announced_ports(self):
        return re.findall(r"open http://\S+:(\d+)/", self.log())

    @property
    def port(self):
        """The one announced last."""
        return int(self._announced_ports()[-1])

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def log(self):
        return self.log_path.read_text(errors="replace")

    def connect(self, receive_buffer=None):
        """A plain socket to it."""
        client = socket.socket()
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(PATIENCE_S)
        client.connect(("127.0.0.1", self.port))
        return client

    def get(self, path):
        """The body; any other status than 200 is an error."""
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE_S) as reply:
            return reply.read()

    def state(self):
        return json.loads(self.get("/state"))

    def resident_kb(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])

    def end(self, number=signal.SIGTERM):
        """Ends it as an init system does and sees that it leaves nothing behind."""
        self.process.send_signal(number)
        try:
            status = self.process.wait(EXIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still there {EXIT_S} s after signal {number}") from None
        assert not REPORTS.search(self.log()), self.log()
        assert status == 0, self.log()


class Service:
    """A camloop and its file of settings; what `environment` has is not in the file."""

    def __init__(self, serve, folder, environment=None, **settings):
        self.file = folder / "defaults"
        self.write(**settings)
        self.camera = serve(defaults=self.file, **(environment or {}))

    def write(self, **settings):
        settings = {"HTTP": "127.0.0.1:0", "SOURCE": "pattern"} | settings
        self.file.write_text("# Settings\n" + "".join(
            f"CAMLOOP_{name}={shlex.quote(str(value))}\n" for name, value in settings.items()))

    def reload(self):
        """What it logs of it."""
        before = len(self.camera.log())
        self.camera.process.send_signal(signal.SIGHUP)
        last_line = re.compile(r"SIGHUP: .*\n")
        wait_until("it has read them", lambda: last_line.search(self.camera.log()[before:]))
        return self.camera.log()[before:]

    def change(self, **settings):
        self.write(**settings)
        return self.reload()
