"""The board's init script under BusyBox: a camloop made of shell does what its settings say."""

import subprocess

import pytest

from stock_board import (ENVIRONMENT, PATIENCE_S, StockBoard, make_stock_root, needs_root,
                         wait_until)
from virtual_board import ROOT

pytestmark = needs_root

FAKE_CAMLOOP = """\
#!/bin/sh
read -r uptime _ </proc/uptime
echo "$uptime" >>/tmp/starts
{ env; echo "core $(ulimit -c)"; } >/tmp/environment
case $CAMLOOP_FAKE in
  crash) echo 'camloop: last words' >&2; exit 1 ;;
  long) echo "$((${uptime%.*} + 61)).00 0" >/proc/uptime; exit 1 ;;
  bad) echo "camloop: CAMLOOP_FAKE='bad' is not right" >&2; exit 2 ;;
  deaf) trap '' TERM ;;
  *) trap 'echo ended >/ended; exit 0' TERM ;;
esac
trap 'echo reload >>/tmp/reloads' HUP
while :; do sleep 0.1; done
"""
SERVICE = "/etc/init.d/S90camloop"


@pytest.fixture(name="root")
def fixture_root(tmp_path):
    root = make_stock_root(tmp_path / "root")
    (root / "etc/init.d/S02app").unlink()
    (root / "etc/default").mkdir()
    (root / SERVICE[1:]).write_bytes((ROOT / "board/overlay" / SERVICE[1:]).read_bytes())
    (root / SERVICE[1:]).chmod(0o755)
    (root / "usr/bin/camloop").write_text(FAKE_CAMLOOP)
    (root / "usr/bin/camloop").chmod(0o755)
    return root


@pytest.fixture(name="board")
def fixture_board(root):
    with StockBoard(root) as board:
        yield board


def set_behaviour(root, behaviour):
    (root / "etc/default/camloop").write_text(f"CAMLOOP_FAKE={behaviour}\n")


def log(root):
    return (root / "dev/kmsg").read_text()


def starts(board):
    return board.run("cat /tmp/starts", check=False).stdout.split()


def wait_for_starts(board, count):
    wait_until(f"{count} starts", lambda: len(starts(board)) >= count)


def keep_in_made_up_time(root, after_sleep):
    """Runs the keeper where a second of sleep takes no time; `after_sleep` is shell that ends it
    with `exit`. Nothing is mounted: /proc/uptime is a file."""
    (root / "proc/uptime").write_text("1000.00 0\n")
    script = f"""
        sleep() {{
          read -r now _ </proc/uptime
          now=$((${{now%.*}} + $1))
          echo "$now.00 0" >/proc/uptime
          {after_sleep}
        }}
        mkdir -p /var/run
        set -- keep
        . {SERVICE}"""
    subprocess.run(["chroot", root, "/bin/sh", "-c", script], env=ENVIRONMENT, check=True,
                   timeout=PATIENCE_S)
    return [float(line) - 1000 for line in (root / "tmp/starts").read_text().split()]


def test_pauses_between_crashes_double_but_stay_below_the_watchdog_s_15_s(root):
    set_behaviour(root, "crash")
    started = keep_in_made_up_time(root, "[ $now -lt 1040 ] || exit 0")
    assert started == [0, 1, 3, 7, 15, 23, 31, 39]
    assert log(root).count("last words") == len(started)


def test_after_a_minute_of_running_the_pause_is_one_second_again(root):
    set_behaviour(root, "crash")
    started = keep_in_made_up_time(root, """
          [ $now -lt 1015 ] || echo CAMLOOP_FAKE=long >/etc/default/camloop
          [ $now -lt 1200 ] || exit 0""")
    # The runs from 15 s on take 61 s.
    assert started == [0, 1, 3, 7, 15, 15 + 62, 15 + 62 * 2]


def test_with_bad_settings_it_is_not_started_until_they_change(root):
    set_behaviour(root, "bad")
    started = keep_in_made_up_time(root, """
          [ $now != 1300 ] || echo CAMLOOP_FAKE=crash >/etc/default/camloop
          [ $now -lt 1301 ] || exit 0""")
    assert started == [0, 300]
    assert log(root).count("CAMLOOP_FAKE='bad' is not right") == 1
    assert "not running until /etc/default/camloop changes" in log(root)


def test_settings_the_shell_cannot_read_are_bad_settings(root):
    (root / "etc/default/camloop").write_text("CAMLOOP_FAKE='unclosed\n")
    with pytest.raises(FileNotFoundError):
        keep_in_made_up_time(root, "[ $now -lt 1300 ] || exit 0")
    assert log(root).count("/etc/default/camloop: line 2: syntax error") == 1


@pytest.mark.parametrize("behaviour", ["run", "crash", "bad"])
def test_the_boot_goes_on_behind_it(root, board, behaviour):
    set_behaviour(root, behaviour)
    board.boot()
    wait_for_starts(board, 1)


def test_a_killed_camloop_comes_back(board):
    board.boot()
    wait_for_starts(board, 1)
    board.run("killall -9 camloop")
    wait_for_starts(board, 2)
    wait_until("running", lambda: board.output(f"{SERVICE} status") == "camloop is running\n")


def test_camloop_has_the_settings_and_neither_library_path_nor_cores(root, board):
    (root / "etc/default/camloop").write_text("CAMLOOP_OVERLAY='%H:%M here'\n#CAMLOOP_X=1\n")
    board.boot()
    wait_for_starts(board, 1)
    environment = wait_until("environment", lambda: board.output("cat /tmp/environment"))
    assert "CAMLOOP_OVERLAY=%H:%M here\n" in environment
    assert "LD_LIBRARY_PATH" not in environment
    assert "CAMLOOP_X" not in environment
    assert "core 0\n" in environment


@pytest.mark.parametrize("behaviour", ["run", "crash", "bad", "deaf"])
def test_stop_leaves_nothing_behind(root, board, behaviour):
    set_behaviour(root, behaviour)
    board.boot()
    wait_for_starts(board, 1)
    board.run(f"{SERVICE} stop")
    wait_until("nothing runs", lambda: not board.processes())
    assert board.output("ls /var/run") == "utmp\n"  # of init
    assert board.run(f"{SERVICE} status", check=False).returncode == 3


def test_a_stop_right_behind_a_start_stops_it(board):
    board.boot()
    board.run(f"for i in 1 2 3 4 5; do {SERVICE} restart; done; {SERVICE} stop")
    wait_until("nothing runs", lambda: "camloop" not in " ".join(board.processes()))


def test_two_starts_are_one(board):
    board.boot()
    assert "already" in board.output(f"{SERVICE} start")
    running = ["S90camloop", "camloop"]
    wait_until("each runs once", lambda: running == sorted(
        name for name in board.processes() if name != "sleep"))


def test_a_start_after_the_keeper_was_killed_ends_what_it_left(board):
    board.boot()
    wait_for_starts(board, 1)
    board.run("kill -9 $(cat /var/run/camloop.pid)")
    wait_until("the keeper is gone", lambda: "S90camloop" not in board.processes())
    board.run(f"{SERVICE} start")
    wait_for_starts(board, 2)
    assert board.processes().count("camloop") == 1


def test_reload_reaches_camloop(board):
    board.boot()
    wait_for_starts(board, 1)
    board.run(f"{SERVICE} reload")
    wait_until("reloaded", lambda: board.run("[ -s /tmp/reloads ]", check=False).returncode == 0)
    assert len(starts(board)) == 1


@pytest.mark.parametrize("moment", ["kill -HUP $$; child=$!", "child=$!; kill -HUP $$"])
def test_reload_right_behind_the_start_reaches_camloop(root, board, moment):
    service = root / SERVICE[1:]
    script = service.read_text()
    assert script.count("child=$!") == 1
    service.write_text(script.replace("child=$!", moment))
    board.boot()
    wait_until("reloaded", lambda: board.run("[ -s /tmp/reloads ]", check=False).returncode == 0)
    assert len(starts(board)) == 1


def test_reload_tries_again_what_did_not_start(root, board):
    set_behaviour(root, "bad")
    board.boot()
    wait_until("it waits", lambda: "not running until" in log(root))
    board.run(f"{SERVICE} reload")
    wait_for_starts(board, 2)


def test_reload_of_what_is_stopped_says_so(board):
    board.boot()
    board.run(f"{SERVICE} stop")
    result = board.run(f"{SERVICE} reload", check=False)
    assert (result.returncode, result.stdout) == (3, "camloop is stopped\n")


def test_the_log_goes_to_a_syslogd_that_runs(root, board):
    syslogd = root / "etc/init.d/S01logging"
    syslogd.write_text("#!/bin/sh\n[ $1 = stop ] || syslogd -O /tmp/messages\n")
    syslogd.chmod(0o755)
    set_behaviour(root, "bad")
    board.boot()
    wait_until("logged", lambda: "'bad' is not right" in board.output("cat /tmp/messages"))
    assert log(root) == ""


def test_a_syslogd_that_has_no_socket_yet_is_waited_for_also_over_a_reload(root, board):
    syslogd = root / "usr/sbin/syslogd"
    syslogd.parent.mkdir()
    syslogd.write_text(f"""\
#!/bin/sh
until [ -s /var/run/camloop.pid ]; do sleep 0.1; done
sleep 0.5
{SERVICE} reload
exec busybox syslogd -n -O /tmp/messages
""")
    syslogd.chmod(0o755)
    logging = root / "etc/init.d/S01logging"
    logging.write_text("#!/bin/sh\n[ $1 = stop ] || /usr/sbin/syslogd &\n")
    logging.chmod(0o755)
    set_behaviour(root, "bad")
    board.boot()
    wait_until("logged", lambda: "'bad' is not right" in
               board.run("cat /tmp/messages", check=False).stdout)
    assert log(root) == ""


def test_a_shutdown_ends_camloop_in_order(root, board):
    board.boot()
    wait_for_starts(board, 1)
    board.shut_down()
    assert (root / "ended").exists()
