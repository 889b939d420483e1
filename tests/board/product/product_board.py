"""The product: the stock image's root on a card, camloop laid down on it by board/flash, booted on
the virtual board by its own BusyBox init."""

import http.client
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

from mjpeg_stream import MjpegStream
from overlays import SERVICE, SETTINGS
from stock_board import make_stock_root
from virtual_board import ROOT, VirtualBoard

CARD_MB = 24
PATIENCE_S = 60
# 50,000 are an hour at 15 a second. The test of memory alone serves them.
FRAMES = int(os.environ.get("BOARD_TEST_FRAMES", "500"))
POWERED_S_MAX = 600 + FRAMES // 10  # longer than all tests; then the board goes off and they fail

# As sunxi-vin it is multi-planar and scales to any size; 60 frames a second.
CAMERA = "modprobe vivid n_devs=1 node_types=0x1 multiplanar=2 num_inputs=1 input_types=0x3"
# Of the board's kernel they are a part.
WATCHDOG_AND_SCREEN = "modprobe -a softdog virtio-gpu"

# What stock_board's stand-in has no use for.
FILES = {
    "etc/inittab": """\
::sysinit:/etc/init.d/rcS boot
ttyAMA0::respawn:/bin/sh -c "stty raw -echo; exec /mnt/UDISK/run.sh"
::shutdown:/etc/init.d/rcK
""",
    "etc/init.d/rcS": """\
#!/bin/sh
mount -t tmpfs tmpfs /tmp
mkdir /tmp/run
. /etc/init.d/rc.final
""",
    "etc/init.d/S40network": """\
#!/bin/sh
[ "$1" = start ] || exit 0
ifconfig lo 127.0.0.1
udhcpc -b -i eth0 -s /usr/share/udhcpc/default.script >/dev/null 2>&1 &
""",
    "usr/share/udhcpc/default.script": """\
#!/bin/sh
case $1 in
  deconfig) ifconfig "$interface" 0.0.0.0 ;;
  bound) ifconfig "$interface" "$ip" netmask "$subnet" ;;
esac
""",
}


def run_here(*command):
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    subprocess.run(command, check=True, env=os.environ | {"PATH": path})


def make_stock_card(directory):
    """The root file system as a directory, and on a card."""
    root, card = make_stock_root(directory / "stock"), directory / "card.img"
    shutil.copy(ROOT / "build/virtual-board/debian/bin/busybox", root / "bin/busybox")
    for name in ("sys", "lib/modules", "mnt/UDISK"):
        (root / name).mkdir(parents=True)
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
        (root / name).chmod(0o755 if text.startswith("#!") else 0o644)
    run_here("mkfs.ext4", "-q", "-d", root, card, f"{CARD_MB}M")
    return root, card


class ProductBoard(VirtualBoard):
    """Booted, with a camera, a watchdog and a screen; camloop was started by the boot alone."""

    def __init__(self, directory):
        run_here(ROOT / "board/virtual/setup")
        self.stock_root, self.card = make_stock_card(directory)
        run_here(ROOT / "board/flash", "card", self.card)
        self.payload = directory / "payload"
        self.payload.mkdir()
        shutil.copy(ROOT / "build/virtual-board/control", self.payload)
        shutil.copytree(ROOT / "build/virtual-board/tc", self.payload / "tc")
        self.connect(CAMERA)
        self.powered_s = time.monotonic()
        super().__init__(self.payload, "-c", self.card, powered_s_max=POWERED_S_MAX)

    def connect(self, camera):
        """What the next boot finds."""
        hardware = self.payload / "hardware"
        hardware.write_text(f"#!/bin/sh\n{camera}\n{WATCHDOG_AND_SCREEN}\n")
        hardware.chmod(0o755)

    def restarts(self):
        """Returns once the board, which is about to restart, has booted anew."""
        self.powered_s = time.monotonic()
        self.read_output("boot")

    def reboot(self):
        self.run("reboot")
        self.restarts()

    def power_off(self):
        self.run("poweroff")
        self.process.stdout.read()
        assert self.process.wait(timeout=PATIENCE_S) == 0

    # ---- camloop on it ---------------------------------------------------------------------------

    def healthy(self):
        try:
            return bool(self.get("/healthz"))
        except urllib.error.HTTPError:
            return False

    def get_bytes(self, path):
        address = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(address, timeout=PATIENCE_S) as response:
            return response.read()

    def service(self, action):
        return self.run(f"/{SERVICE} {action}")

    def log(self):
        """No syslogd runs: the kernel's ring has it."""
        return self.run("dmesg | sed -n 's/.*camloop: //p'")

    def pid(self):
        return self.run("cat /var/run/camloop-program.pid").strip()

    def camloop_resident_kb(self):
        return self.kb_of("Rss", f"/proc/{self.pid()}/smaps_rollup")

    def available_kb(self):
        return self.kb_of("MemAvailable", "/proc/meminfo")

    def kb_of(self, name, file):
        return int(self.run(f"sed -n 's/^{name}: *\\([0-9]*\\) kB/\\1/p' {file}"))

    def edit_settings(self, **settings):
        """On the board, as its owner would; CAMLOOP_ variables without the prefix."""
        for name, value in settings.items():
            self.run(f"echo \"CAMLOOP_{name}='{value}'\" >>/{SETTINGS}")

    def forget_edits(self):
        self.run(f"sed -i /^CAMLOOP_/d /{SETTINGS}")

    @contextmanager
    def restarted_with(self, **settings):
        self.edit_settings(**settings)
        self.service("restart")
        yield
        self.forget_edits()
        self.service("restart")

    def wait_until(self, what, condition):
        """The first true value of `condition()`."""
        deadline = time.monotonic() + PATIENCE_S
        while not (value := condition()):
            assert time.monotonic() < deadline, f"waited in vain: {what}\n{self.log()}"
            time.sleep(0.05)
        return value

    def open_stream(self):
        def try_once():
            try:
                return MjpegStream(self.port)
            except (OSError, http.client.HTTPException):
                return None
        return self.wait_until("the stream", try_once)
