"""A root file system like the stock image's, booted by BusyBox's own init in namespaces of its own:
the boot, the services and the shell are real, the kernel and the processor are this machine's."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

BUSYBOX = "/bin/busybox"  # Debian's busybox-static
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
PATIENCE_S = 30

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="it boots a root of its own")

FILES = {
    "etc/inittab": """\
::sysinit:/etc/init.d/rcS boot
::shutdown:/etc/init.d/rcK
""",
    "etc/init.d/rcS": """\
#!/bin/sh
. /etc/init.d/rc.final
""",
    "etc/init.d/rc.final": """\
#!/bin/sh
export LD_LIBRARY_PATH=/usr/lib/eyesee-mpp
ulimit -c unlimited
for i in /etc/init.d/S??*; do
  [ -f "$i" ] && $i start
done
""",
    "etc/init.d/rcK": """\
#!/bin/sh
for i in $(ls -r /etc/init.d/S??*); do
  [ -f "$i" ] && $i stop
done
""",
    "etc/init.d/S02app": """\
#!/bin/sh
case $1 in
  start) python3 /root/app/main.py & ;;
  stop) killall python3 ;;
esac
""",
    "etc/init.d/S99last": """\
#!/bin/sh
[ "$1" = stop ] || : >/tmp/booted
""",
    "root/app/main.py": "camera.hold()\n",
    "usr/bin/python3": """\
#!/bin/sh
while :; do sleep 1; done
""",
}


def wait_until(what, condition):
    """The first true value of `condition()`."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {PATIENCE_S} s in vain: {what}"
        time.sleep(0.02)
    return value


def make_stock_root(root):
    for directory in ("bin", "dev", "proc", "sbin", "tmp", "usr/bin"):
        (root / directory).mkdir(parents=True)
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if text.startswith("#!") else 0o644)
    shutil.copy(BUSYBOX, root / "bin/busybox")
    applets = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True)
    for applet in set(applets.stdout.split()) - {"busybox", "init"}:
        (root / "bin" / applet).symlink_to("busybox")
    (root / "sbin/init").symlink_to("../bin/busybox")
    (root / "var").symlink_to("tmp")
    os.mknod(root / "dev/null", 0o20666, os.makedev(1, 3))
    (root / "dev/kmsg").touch()
    return root


def contents(root):
    """Every file and directory with its mode, its owner and what is in it."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if name.split("/")[0] in ("dev", "proc", "tmp"):
            continue
        status = path.lstat()
        if path.is_symlink():
            content = os.readlink(path)
        else:
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
        found[name] = (oct(status.st_mode), status.st_uid, status.st_gid, content)
    return found


def heed_hangups():
    """A shell cannot trap a signal that it began with ignored, as under nohup."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class StockBoard:
    def __init__(self, root):
        self.root = root
        self.process = None
        self.init_pid = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.power_off()

    def boot(self):
        """Returns once the last service was started and the stock app, where there is one, runs."""
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--net", "--kill-child", "sh", "-c",
             """mount --bind "$0" "$0" && cd "$0" && mount -t proc proc proc &&
                mount --bind -o ro proc/sys proc/sys && mount -t tmpfs tmpfs tmp &&
                mkdir tmp/run && exec chroot . /sbin/init""",
             self.root],
            env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=heed_hangups)
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        self.init_pid = wait_until("a first process", lambda: children.read_text().strip())
        comm = Path(f"/proc/{self.init_pid}/comm")
        wait_until("init", lambda: comm.read_text() == "init\n")
        wait_until("booted", lambda: self.run("[ -e /tmp/booted ]", check=False).returncode == 0)
        # It starts the stock app in the background: a shell before it is what it runs.
        wait_until("the stock app", lambda: "S02app" not in self.processes())
        return self

    def enter(self, *command):
        """The command line of a program on this board."""
        return ["nsenter", "--target", self.init_pid, "--mount", "--pid", "--net", "--root", "--wd",
                "/bin/busybox", *command]

    def run(self, command, check=True, **options):
        result = subprocess.run(self.enter("sh", "-c", command), capture_output=True, text=True,
                                env=ENVIRONMENT, timeout=PATIENCE_S, check=False, **options)
        assert not check or result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
        return result

    def output(self, command):
        return self.run(command).stdout

    def processes(self):
        """Names of all that run but init and this question."""
        listing = self.output("cat /proc/[0-9]*/stat 2>/dev/null; true")
        running = re.findall(r"^(\d+) \((.*)\) [^Z]", listing, re.MULTILINE)
        return [name for pid, name in running if pid != "1" and name not in ("busybox", "cat")]

    def power_off(self):
        """At once, as if the plug was pulled."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def shut_down(self):
        os.kill(int(self.init_pid), signal.SIGTERM)
        self.process.wait(PATIENCE_S)
        self.process = None
