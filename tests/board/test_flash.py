"""board/flash on the stand-in board: over adb and ssh that only carry, and on a card's image."""

import os
import signal
import struct
import subprocess

import pytest

from overlays import MANIFEST, PROGRAM, SERVICE, SETTINGS, Version, pack
from stock_board import FILES, StockBoard, contents, make_stock_root, needs_root, wait_until
from virtual_board import ROOT

pytestmark = needs_root

STOCK_APP = "etc/init.d/S02app"
ASIDE = "etc/init.d/aside-S02app"
EDITED = "CAMLOOP_QUALITY=55\n"
CARD_MB = 24

# An adbd of the board's age ends lines with CR LF and tells no exit status.
CARRIERS = {
    "adb": """#!/bin/bash
case $1 in
  push) {enter} sh -c "cat >$3" <"$2" ;;
  shell) {enter} sh -c "$2" | sed 's/$/\\r/' ;;
esac
exit 0
""",
    "ssh": """#!/bin/bash
[ "$1" = root@board ] || exit 255
exec {enter} sh -c "$2"
""",
}


@pytest.fixture(name="versions", scope="module")
def fixture_versions(tmp_path_factory):
    directory = tmp_path_factory.mktemp("versions")
    return Version(directory, "old", 80), Version(directory, "new", 75)


@pytest.fixture(name="old")
def fixture_old(versions):
    return versions[0]


@pytest.fixture(name="new")
def fixture_new(versions):
    return versions[1]


@pytest.fixture(name="root")
def fixture_root(tmp_path):
    return make_stock_root(tmp_path / "root")


def flash(*arguments, overlay="/nonexistent", path=""):
    environment = os.environ | {"CAMLOOP_OVERLAY": str(overlay),
                                "PATH": f"{path}:{os.environ['PATH']}:/usr/sbin:/sbin"}
    return subprocess.run([ROOT / "board/flash", *arguments], env=environment, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)


def edit_settings(root):
    (root / SETTINGS).write_text(EDITED)


def assert_runs(board, version):
    wait_until("camloop runs", lambda: "is running" in board.run(f"/{SERVICE} status").stdout)
    pid = board.output("cat /var/run/camloop-program.pid").strip()
    wait_until("it is this version", lambda: board.run(
        f"cmp /proc/{pid}/exe /{PROGRAM}", check=False).returncode == 0)
    assert (board.root / PROGRAM).read_bytes() == version.program.read_bytes()


# ---- A board that is running ---------------------------------------------------------------------


class Connected:
    """A booted board with a way to it."""

    def __init__(self, board, way, path):
        self.board, self.way, self.path = board, way, path
        path.mkdir()
        enter = " ".join(board.enter())
        for name, script in CARRIERS.items():
            (path / name).write_text(script.format(enter=f"env -i /usr/bin/{enter}"))
            (path / name).chmod(0o755)

    def flash(self, *action, overlay="/nonexistent"):
        target = [self.way] if self.way == "adb" else [self.way, "board"]
        return flash(*action, *target, overlay=overlay, path=self.path)


@pytest.fixture(name="board")
def fixture_board(root):
    with StockBoard(root) as board:
        yield board


@pytest.fixture(name="connected", params=CARRIERS)
def fixture_connected(request, board, tmp_path):
    board.boot()
    return Connected(board, request.param, tmp_path / "bin")


@pytest.fixture(name="over_adb")
def fixture_over_adb(board, tmp_path):
    board.boot()
    return Connected(board, "adb", tmp_path / "bin")


def test_install_runs_camloop_and_puts_the_stock_app_aside(connected, board, old):
    assert "python3" in board.processes()
    result = connected.flash(overlay=old.tarball)
    assert result.returncode == 0, result.stdout
    assert "18811" in result.stdout
    assert_runs(board, old)
    assert "python3" not in board.processes()
    assert not (board.root / STOCK_APP).exists()
    assert (board.root / ASIDE).read_text() == FILES[STOCK_APP]
    assert "camloop-install" not in board.output("ls /tmp")


def test_it_shows_the_address_of_the_board(over_adb, board, old):
    board.run("ip link set lo up && ip addr add 192.0.2.7/24 dev lo")
    board.run(f"mkdir -p /etc/default && echo CAMLOOP_HTTP=:8080 >/{SETTINGS}")
    assert "http://192.0.2.7:8080/" in over_adb.flash(overlay=old.tarball).stdout


def test_uninstall_gives_back_every_byte(connected, board, old):
    before = contents(board.root)
    assert connected.flash(overlay=old.tarball).returncode == 0
    result = connected.flash("uninstall")
    assert result.returncode == 0, result.stdout
    assert contents(board.root) == before
    assert "camloop" not in board.processes()
    board.power_off()
    assert "python3" in board.boot().processes()


def test_an_upgrade_runs_the_new_version_with_its_settings(over_adb, board, old, new):
    assert over_adb.flash(overlay=old.tarball).returncode == 0
    assert over_adb.flash(overlay=new.tarball).returncode == 0
    assert_runs(board, new)
    assert "#CAMLOOP_QUALITY=75\n" in (board.root / SETTINGS).read_text()


def test_an_upgrade_leaves_edited_settings_and_lays_the_new_ones_beside(
        over_adb, board, old, new):
    assert over_adb.flash(overlay=old.tarball).returncode == 0
    edit_settings(board.root)
    result = over_adb.flash(overlay=new.tarball)
    assert f"Your settings stay in /{SETTINGS}" in result.stdout
    assert_runs(board, new)
    assert (board.root / SETTINGS).read_text() == EDITED
    assert "#CAMLOOP_QUALITY=75\n" in (board.root / f"{SETTINGS}.new").read_text()


def test_uninstall_leaves_edited_settings_and_says_so(over_adb, board, old):
    before = contents(board.root)
    assert over_adb.flash(overlay=old.tarball).returncode == 0
    edit_settings(board.root)
    assert f"Your settings stay in /{SETTINGS}" in over_adb.flash("uninstall").stdout
    after = contents(board.root)
    assert set(after) - set(before) == {SETTINGS, "etc/default"}


def test_of_a_board_without_that_service_the_app_itself_is_put_aside(over_adb, board, old):
    (board.root / STOCK_APP).unlink()
    before = contents(board.root)
    assert over_adb.flash(overlay=old.tarball).returncode == 0
    assert not (board.root / "root/app/main.py").exists()
    assert "python3" not in board.processes()
    assert over_adb.flash("uninstall").returncode == 0
    assert contents(board.root) == before


def overlay_for_another_processor(old, path):
    program = bytearray(old.program.read_bytes())
    program[18] ^= 1  # e_machine
    path.write_bytes(program)
    return pack("overlay", path, path.with_suffix(".tar.gz"))


REFUSALS = {
    "is for another processor": lambda board, old, path:
        overlay_for_another_processor(old, path / "program"),
    "does not take these settings": lambda board, old, path:
        board.run(f"mkdir /etc/default && echo CAMLOOP_QUALITY=900 >/{SETTINGS}"),
    "no root of such a board": lambda board, old, path:
        board.run("echo >/etc/init.d/rc.final"),
    "cannot be written": lambda board, old, path:
        board.run("mount -o remount,bind,ro /"),
    "": lambda board, old, path:  # what tar says
        (path / "cut").write_bytes(old.tarball.read_bytes()[:-1000]) and path / "cut",
}


@pytest.mark.parametrize("reason", REFUSALS)
def test_what_is_refused_changes_nothing(reason, over_adb, board, old, tmp_path):
    overlay = REFUSALS[reason](board, old, tmp_path)
    if not isinstance(overlay, os.PathLike):
        overlay = old.tarball
    before = contents(board.root)
    result = over_adb.flash(overlay=overlay)
    assert result.returncode == 1
    assert reason in result.stdout
    assert contents(board.root) == before
    assert "python3" in board.processes()
    assert "camloop-install" not in board.output("ls /tmp")


def test_without_an_overlay_it_says_how_to_get_one():
    result = flash("adb")
    assert result.returncode == 1
    assert "make board" in result.stdout


@pytest.mark.parametrize("arguments", [[], ["usb"], ["ssh"], ["card"], ["uninstall"], ["adb", "x"]])
def test_what_it_does_not_understand_is_answered_with_its_usage(arguments):
    result = flash(*arguments)
    assert result.returncode == 2
    assert "board/flash [uninstall] adb" in result.stdout


# ---- A card --------------------------------------------------------------------------------------


def make_card(root, path, megabytes=CARD_MB, filesystem="ext4"):
    path.touch()
    os.truncate(path, megabytes << 20)
    subprocess.run([f"/sbin/mkfs.{filesystem}", "-q", "-d", root, path], check=True)
    return path


def on_card(card, directory):
    """What is on it, read by another tool than the kernel."""
    directory.mkdir()
    subprocess.run(["/sbin/debugfs", "-R", f"rdump / {directory}", card], check=True,
                   stderr=subprocess.DEVNULL)
    return contents(directory)


def test_a_card_boots_into_camloop_and_without_it_again(root, old, tmp_path):
    card = make_card(root, tmp_path / "card")
    before = on_card(card, tmp_path / "before")
    result = flash("card", card, overlay=old.tarball)
    assert result.returncode == 0, result.stdout
    assert f"The stock app is kept as /{ASIDE}." in result.stdout
    on_card(card, tmp_path / "installed")
    os.mknod(tmp_path / "installed/dev/null", 0o20666, os.makedev(1, 3))
    with StockBoard(tmp_path / "installed") as board:
        assert_runs(board.boot(), old)
        assert "python3" not in board.processes()
    result = flash("uninstall", "card", card)
    assert result.returncode == 0, result.stdout
    assert on_card(card, tmp_path / "after") == before
    subprocess.run(["/sbin/e2fsck", "-fn", card], check=True, capture_output=True)


def test_a_card_is_upgraded_with_edited_settings_left(root, old, new, tmp_path):
    card = make_card(root, tmp_path / "card")
    assert flash("card", card, overlay=old.tarball).returncode == 0
    subprocess.run(["unshare", "--mount", "sh", "-c",
                    f"mount {card} /mnt && echo CAMLOOP_QUALITY=55 >/mnt/{SETTINGS}"], check=True)
    assert flash("card", card, overlay=new.tarball).returncode == 0
    on_card(card, tmp_path / "after")
    assert (tmp_path / "after" / SETTINGS).read_text() == EDITED
    assert (tmp_path / "after" / PROGRAM).read_bytes() == new.program.read_bytes()


def test_a_card_without_room_is_left_as_it_was(root, old, tmp_path):
    (root / "usr/filler").write_bytes(os.urandom(3 << 20))
    card = make_card(root, tmp_path / "card", 9)
    before = on_card(card, tmp_path / "before")
    result = flash("card", card, overlay=old.tarball)
    assert result.returncode == 1
    assert "kB are needed" in result.stdout
    assert on_card(card, tmp_path / "after") == before


def test_a_card_without_inodes_is_left_as_it_was(root, old, tmp_path):
    card = make_card(root, tmp_path / "card")
    subprocess.run(["unshare", "--mount", "sh", "-c", f"""
        mount {card} /mnt && mkdir /mnt/full && cd /mnt/full
        seq 10000 | xargs touch 2>/dev/null
        rm 1 2 3"""], check=True)
    before = on_card(card, tmp_path / "before")
    assert flash("card", card, overlay=old.tarball).returncode == 1
    after = on_card(card, tmp_path / "after")
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) <= {"etc/camloop", "etc/default"}


@pytest.fixture(name="loop_device")
def fixture_loop_device(root, tmp_path):
    card = make_card(root, tmp_path / "looped")
    device = subprocess.run(["/sbin/losetup", "--find", "--show", card], capture_output=True,
                            text=True, check=True).stdout.strip()
    yield card, device
    subprocess.run(["/sbin/losetup", "--detach", device], check=True)


def assert_refused(card, reason, old):
    result = flash("card", card, overlay=old.tarball)
    assert result.returncode == 1
    assert reason in result.stdout


def test_a_whole_disk_is_refused_whatever_it_holds(loop_device, old):
    assert_refused(loop_device[1], "is a whole disk", old)


def test_an_image_that_is_in_use_is_refused(loop_device, old):
    assert_refused(loop_device[0], "is in use", old)


def test_an_image_with_partitions_is_refused(tmp_path, old):
    disk = tmp_path / "disk"
    one_partition = bytes([0, 0, 0, 0, 0x83, 0, 0, 0]) + struct.pack("<II", 2048, 8192)
    disk.write_bytes((bytes(446) + one_partition).ljust(510, b"\0") + b"\x55\xaa" + bytes(1 << 20))
    assert_refused(disk, "holds no ext4 file system", old)


def test_another_file_system_is_refused(root, tmp_path, old):
    assert_refused(make_card(root, tmp_path / "card", filesystem="ext2"), "but ext2", old)


@pytest.mark.parametrize("beginning", [b"", b"IMAGEWTY"])
def test_what_is_no_file_system_is_refused(beginning, tmp_path, old):
    (tmp_path / "vendor.img").write_bytes(beginning.ljust(1 << 20, b"\xff"))
    assert_refused(tmp_path / "vendor.img", "holds no ext4 file system", old)


def test_what_is_not_there_is_refused(tmp_path, old):
    assert_refused(tmp_path / "nothing", "neither a partition nor an image", old)


def test_the_root_of_another_system_is_refused_and_left_as_it_was(tmp_path, old):
    (tmp_path / "debian/etc/init.d").mkdir(parents=True)
    (tmp_path / "debian/etc/init.d/rcS").write_text("exec /etc/init.d/rc S\n")
    card = make_card(tmp_path / "debian", tmp_path / "card")
    before = on_card(card, tmp_path / "before")
    assert_refused(card, "no root of such a board", old)
    assert on_card(card, tmp_path / "after") == before


def test_a_flash_that_is_killed_leaves_no_mount(root, old, tmp_path):
    card = make_card(root, tmp_path / "card")
    waiting = tmp_path / "bin/sh"
    waiting.parent.mkdir()
    waiting.write_text(f"#!/bin/bash\necho mounted >{tmp_path}/mounted\nsleep 60\n")
    waiting.chmod(0o755)
    environment = os.environ | {"CAMLOOP_OVERLAY": str(old.tarball),
                                "PATH": f"{waiting.parent}:{os.environ['PATH']}:/usr/sbin:/sbin"}
    process = subprocess.Popen([ROOT / "board/flash", "card", card], env=environment,
                               start_new_session=True)
    wait_until("the card is mounted", (tmp_path / "mounted").exists)
    assert str(card) in subprocess.run(["/sbin/losetup"], capture_output=True, text=True,
                                       check=True).stdout
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    wait_until("a second one works",
               lambda: flash("card", card, overlay=old.tarball).returncode == 0)
    assert MANIFEST in on_card(card, tmp_path / "after")
