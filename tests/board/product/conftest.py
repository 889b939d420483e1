"""Boots the board for the tests of the product, and prints the table of their cases at the end."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from product_board import ProductBoard

HERE = "tests/board/product/"
PASSED = pytest.StashKey()


class Slot:
    """The board that the tests share, booted when the first one takes it."""

    def __init__(self, tmp_path_factory):
        self.tmp_path_factory = tmp_path_factory
        self.board = None

    def take(self):
        self.board = self.board or ProductBoard(self.tmp_path_factory.mktemp("board"))
        return self.board

    def discard(self):
        if self.board:
            self.board.kill()
            self.board = None


@pytest.fixture(name="slot", scope="session")
def fixture_slot(tmp_path_factory):
    slot = Slot(tmp_path_factory)
    yield slot
    slot.discard()


@pytest.fixture(name="board")
def fixture_board(request, slot):
    yield slot.take()
    if not request.node.stash.get(PASSED, False):
        slot.discard()


@pytest.fixture(name="note")
def fixture_note(record_property):
    """note(text): what the table says of this case."""
    return lambda text: record_property("note", text)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if call.when == "call":
        item.stash[PASSED] = report.passed


def pytest_terminal_summary(terminalreporter):
    reports = [report for found in terminalreporter.stats.values() for report in found
               if isinstance(report, pytest.TestReport) and report.nodeid.startswith(HERE)]
    cases = sorted({report.location[1:] for report in reports})
    if not cases:
        return
    terminalreporter.section("the product on the virtual board, a case a line")
    for case in cases:
        phases = [report for report in reports if report.location[1:] == case]
        outcome = next((phase.outcome for phase in phases if not phase.passed), "passed")
        seconds = sum(phase.duration for phase in phases)
        notes = "".join(text for phase in phases if phase.when == "call"
                        for key, text in phase.user_properties if key == "note")
        name = case[1].removeprefix("test_").replace("_", " ")
        terminalreporter.line(f"{name:<72} {outcome:<7} {seconds:6.1f} s  {notes}")
