"""The stamped channel over a bad network: the V831's program on the virtual board receives, a
program here sends, and the kernel of the board delays and loses what it sends: stamps, verdicts and
acknowledgements."""

import shutil
import sys

import pytest

from virtual_board import ROOT, VirtualBoard, free_port

sys.path.insert(0, str(ROOT / "tests/e2e"))

from camloop_process import Camloop, wait_until

CHANNEL_PORT = 1998
LIMIT_MS = 80
TC = "(cd tc && ./ld-linux-armhf.so.3 --library-path . ./tc {})"
FRAMES = 20


class Channel:
    """From a pattern here to the board, which has a viewer."""

    def __init__(self, payload):
        shutil.copytree(ROOT / "build/virtual-board/tc", payload / "tc")
        port = free_port()
        self.board = VirtualBoard(payload, "-p", f"{port}:{CHANNEL_PORT}")
        self.board.run("modprobe sch_netem")
        self.board.start_camloop(SOURCE=f"channel::{CHANNEL_PORT}", LOG_LEVEL="debug")
        self.sender = Camloop(payload / "sender.log", SIZE="320x240", FPS=15,
                              CHANNEL_TO=f"127.0.0.1:{port}")

    def counts(self):
        """Frames accepted, frames come too late, frames that went on to the sinks."""
        state = self.board.state()
        (link,) = state["links"]
        return link["accepted"], link["dropped"]["late"], state["frames"]["published"]

    def network(self, delay_ms):
        """Returns once the frames of before have met their verdict."""
        self.board.run(TC.format("qdisc replace dev eth0 root netem" +
                                 f" delay {delay_ms}ms" + (" loss 2%" if delay_ms else "")))

    def wait_for(self, what, number, more):
        begin = self.counts()[number]
        wait_until(what, lambda: self.counts()[number] >= begin + more, patience_s=90)


@pytest.fixture(name="channel")
def fixture_channel(tmp_path):
    channel = Channel(tmp_path)
    yield channel
    channel.sender.end()
    channel.board.kill()


def test_only_frames_within_the_limit_pass_and_the_sender_recovers_each_time(channel):
    channel.wait_for("frames pass", 0, FRAMES)
    for delay_ms in (20, 60, 120):
        channel.network(delay_ms)
        if delay_ms < LIMIT_MS:
            channel.wait_for(f"frames pass with {delay_ms} ms", 0, FRAMES)
        else:
            channel.wait_for("the rounds of before are over", 1, 3)
            before = channel.counts()
            channel.wait_for("frames come late", 1, FRAMES)
            accepted, _, published = channel.counts()
            assert (accepted, published) == (before[0], before[2])
        channel.network(0)
        channel.wait_for("frames pass again", 0, FRAMES)


def test_a_step_of_the_receivers_clock_neither_drops_nor_passes_a_frame(channel):
    channel.wait_for("frames pass", 0, FRAMES)
    late = channel.counts()[1]
    for year in (2031, 1970):
        channel.board.run(f"date -s '{year}-01-02 03:04:05'")
        channel.wait_for(f"frames pass in {year}", 0, FRAMES)
    assert channel.sender.state()["links"][0]["connects"] == 1
    print(f"late before the steps {late}, behind them {channel.counts()[1]}")
