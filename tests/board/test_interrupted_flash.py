"""The plug is pulled before every command of install.sh that changes something. What was written
since the last sync is then lost: those files are empty. The board must boot with what it had or
with what it was to get, and a second run must finish the work."""

import shutil
import subprocess

import pytest

from overlays import PROGRAM, SERVICE, SETTINGS, Version
from stock_board import FILES, StockBoard, contents, make_stock_root, needs_root, wait_until
from virtual_board import ROOT

pytestmark = needs_root

CHANGING = "mkdir rmdir cp mv rm sync"
SYNCED = "synced"
STOCK_APP = "etc/init.d/S02app"
ASIDE = "etc/init.d/aside-S02app"
EDITED = "CAMLOOP_QUALITY=55\n"

# Each changing command becomes a function that counts; the one whose turn it is waits for the end.
COUNT_STEPS = f"""
echo 0 >/tmp/steps
step() {{
  read -r steps </tmp/steps
  steps=$((steps + 1))
  echo $steps >/tmp/steps
  [ $steps != $last_step ] || while :; do : >/tmp/reached; sleep 1; done
}}
for command in {CHANGING}; do
  eval "$command() {{ step; command $command \\"\\$@\\"; }}"
done
sync() {{ step; : >/{SYNCED}; }}
"""


@pytest.fixture(name="versions", scope="module")
def fixture_versions(tmp_path_factory):
    directory = tmp_path_factory.mktemp("versions")
    return {"old": Version(directory, "old", 80), "new": Version(directory, "new", 75)}


def start_install(board, action, tarball, last_step):
    """install.sh as board/flash runs it, up to a step (0: to its end)."""
    script = ROOT / "board/install.sh"
    for name, path in (("overlay", tarball), ("install.sh", script)):
        with path.open("rb") as source:
            board.run(f"cat >/tmp/{name}", stdin=source)
    arguments = "install /tmp/overlay" if action == "install" else "uninstall"
    return subprocess.Popen(board.enter("sh", "-c", f"""
        last_step={last_step}
        {COUNT_STEPS}
        set -- {arguments}
        . /tmp/install.sh"""), env={"PATH": "/usr/bin"}, stdout=subprocess.DEVNULL)


def run_to_end(board, action, tarball):
    assert start_install(board, action, tarball, 0).wait(60) == 0
    (board.root / SYNCED).unlink()
    return int(board.output("cat /tmp/steps"))


def pull_plug_before(board, action, tarball, step):
    (board.root / SYNCED).touch()
    process = start_install(board, action, tarball, step)
    wait_until("the step", lambda: board.run("[ -e /tmp/reached ]", check=False).returncode == 0)
    board.power_off()
    process.wait()
    lose_what_was_not_synced(board.root)


def lose_what_was_not_synced(root):
    synced_ns = (root / SYNCED).stat().st_mtime_ns
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_mtime_ns > synced_ns:
            path.write_bytes(b"")
    (root / SYNCED).unlink()


def what_boots(board):
    """"stock", or the bytes of the program."""
    assert (board.root / STOCK_APP).exists() != (board.root / ASIDE).exists(), "one stock app"
    stock_app = board.root / (STOCK_APP if (board.root / STOCK_APP).exists() else ASIDE)
    assert stock_app.read_text() == FILES[STOCK_APP]
    running = board.boot().processes()
    if not (board.root / SERVICE).exists():
        assert "python3" in running
        return "stock"
    wait_until("camloop runs", lambda: "is running" in board.output(f"/{SERVICE} status"))
    return (board.root / PROGRAM).read_bytes()


# What was there, what happens, and what may boot when it is interrupted.
CASES = {
    "first install": ([], "install", {"stock", "new"}),
    "upgrade": (["old"], "install", {"old", "new"}),
    "upgrade with edited settings": (["old", "edited"], "install", {"old", "new"}),
    "uninstall": (["new"], "uninstall", {"new", "stock"}),
}


def prepare(root, before, versions):
    """A root after `before`, powered off."""
    with StockBoard(make_stock_root(root)) as board:
        if "old" in before or "new" in before:
            run_to_end(board.boot(), "install", versions[before[0]].tarball)
    if "edited" in before:
        (root / SETTINGS).write_text(EDITED)


@pytest.mark.parametrize("case", CASES)
def test_a_board_boots_wherever_it_was_interrupted(case, versions, tmp_path):
    before, action, may_boot = CASES[case]
    tarball = versions["new"].tarball
    bootable = {"stock" if name == "stock" else versions[name].program.read_bytes(): name
                for name in may_boot}
    prepare(tmp_path / "before", before, versions)
    shutil.copytree(tmp_path / "before", tmp_path / "after", symlinks=True)
    with StockBoard(tmp_path / "after") as board:
        steps = run_to_end(board.boot(), action, tarball)
    finished = contents(tmp_path / "after")

    booted, seen = [], []
    for step in range(1, steps + 1):
        root = tmp_path / "root"
        shutil.copytree(tmp_path / "before", root, symlinks=True)
        with StockBoard(root) as board:
            pull_plug_before(board.boot(), action, tarball, step)
            if contents(root) not in seen:
                seen.append(contents(root))
                booted.append(bootable[what_boots(board)])
                if "edited" in before:
                    assert (root / SETTINGS).read_text() == EDITED
                run_to_end(board, action, tarball)
                assert contents(root) == finished, f"after step {step}"
        shutil.rmtree(root)
    print(f"{case}: interrupted before each of {steps} steps, which left {len(seen)} states: "
          f"{', '.join(booted)}")
    assert booted[0] != booted[-1]
