"""A test that fails on a virtual board shows what the board logged."""

import pytest

from virtual_board import VirtualBoard


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if call.when != "call" or not report.failed:
        return
    for value in item.funcargs.values():
        if isinstance(value, VirtualBoard):
            report.sections.append(("the board's log", value.last_words()))
