"""The conformance table, tests/mqtt-conformance.md, is whole: no requirement is missing, and each
is shown by a test that exists. Each rule is tried on this table and on one that breaks it."""

import re

import pytest

from test_tidy import ROOT

# Rows in order, by the standard's numbers (two of which it spells oddly), or by their section.
REQUIREMENTS = """
    MQTT-1.5.3-1 MQTT-1.5.3-2 MQTT-1.5.3-3 1.5.3 1.5.3 1.5.2 MQTT-2.2.2-1 MQTT-2.2.2-2 2.2.1
    2.2.3 2.2.3 2.2.3 2.2/3.x MQTT-2.3.1-1 MQTT-2.3.1-2 MQTT-2.3.1-3 MQTT-2.3.1-4 MQTT-2.3.1-5
    MQTT-2.3.1-6 MQTT-2.3.1-7 MQTT-3.1.0-1 MQTT-3.1.0-2 MQTT-3.1.2-1 MQTT-3.1.2-2 MQTT-3.1.2-3
    MQTT-3.1.2-4 MQTT-3.1.2-5 MQTT-3.1.2-6 MQTT-3.1.2-8 MQTT-3.1.2-9 MQTT-3.1.2-10 MQTT-3.1.2-11
    MQTT-3.1.2-12 MQTT-3.1.2-13 MQTT-3.1.2-14 MQTT-3.1.2-15 MQTT-3.1.2-16 MQTT-3.1.2-17
    MQTT-3.1.2-18 MQTT-3.1.2-19 MQTT-3.1.2-20 MQTT-3.1.2-21 MQTT-3.1.2-22 MQTT-3.1.2-23
    MQTT-3.1.2-24 3.1.2.10 3.1.2.10 MQTT-3.1.3-1 MQTT-3.1.3-2 MQTT-3.1.3-3 MQTT-3.1.3-4
    MQTT-3.1.3-5 MQTT-3.1.3-6 MQTT-3.1.3-7 MQTT-3.1.3-8 MQTT-3.1.3-9 MQTT-3.1.3-10 MQTT-3.1.3-11
    MQTT-3.1.4-1 MQTT-3.1.4-2 MQTT-3.1.4-5 MQTT-3.2.0-1 3.2 3.2.2.1 MQTT-3.2.2-1 MQTT-3.2.2-2
    MQTT-3.2.2-3 MQTT-3.2.2-4 MQTT-3.2.2-5 MQTT-3.2.2-6 MQTT-3.3.1-1 MQTT-3.3.1-2 MQTT-3.3.1-3
    MQTT-3.3.1-4 MQTT-3.3.1-5 MQTT-3.3.1-8 MQTT-3.3.1-9 MQTT-3.3.1-10 MQTT-3.3.2-1 MQTT-3.3.2-2
    MQTT-3.3.2-3 3.3.3 MQTT-3.3.4-1 MQTT-3.3.5-1 MQTT-3.3.5-2 MQTT-3.6.1-1 MQTT-4.3.1-1
    MQTT-4.3.2-1 MQTT-4.3.2-2 MQTT-4.3.3-1 MQTT-4.3.3-2 MQTT-4.4.0-1 4.4 MQTT-4.5.0-2
    MQTT-4.6.0-1 MQTT-4.6.0-2 MQTT-4.6.0-3 MQTT-4.6.0-4 4.6 MQTT-3.8.1-1 MQTT-3.8.3-1
    MQTT-3.8.3-2 MQTT-3.8.3-3 MQTT-3-8.3-4 MQTT-3.8.4-1 MQTT-3.8.4-2 3.8.4 MQTT-3.8.4-3
    MQTT-3.8.4-4 MQTT-3.8.4-5 MQTT-3.8.4-6 MQTT-3.9.3-1 MQTT-3.9.3-2 MQTT-3.10.1-1 MQTT-3.10.3-1
    MQTT-3.10.3-2 MQTT-3.10.4-1 MQTT-3.10.4-3 MQTT-3.10.4-4 MQTT-3.10.4-5 3.12 MQTT-3.12.4-1
    MQTT-3.14.1-1 MQTT-3.14.4-1 MQTT-3.14.4-2 MQTT-4.1.0-1 MQTT-4.1.0-2 4.2 MQTT-4.7.1-1
    MQTT-4.7.1-2 MQTT-4.7.1-3 MQTT-4.7.2-1 MQTT-4.7.3-1 MQTT-4.7.3-2 MQTT-4.7.3-3 MQTT-4.7.3-4
    MQTT-4.8.0-1 MQTT-4.8.0-2 5.4 MQTT-7.0.0-2 MQTT-7.1.2-1 MQTT-6.0.0-1..4
""".split()

ROW = re.compile(r"^\| (\d+) \| (\S+) \| [CDUS] \| .+ \| (.*) \|$", re.M)


@pytest.fixture(scope="module", name="rows")
def fixture_rows():
    return ROW.findall((ROOT / "tests/mqtt-conformance.md").read_text())


@pytest.fixture(scope="module", name="tests")
def fixture_tests():
    """As the table names them."""
    unit = re.compile(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", re.M)
    e2e = re.compile(r"^def (test_\w+)\(", re.M)
    return {f"unit: {suite}.{name}" for path in (ROOT / "tests/unit").rglob("*_test.cc")
            for suite, name in unit.findall(path.read_text())} | {
        f"e2e: {path.name}::{name}" for path in (ROOT / "tests/e2e").glob("test_*.py")
        for name in e2e.findall(path.read_text())}


# The rules: from the table's rows, and the tests there are, to faults -----------------------------


def no_requirement_is_missing(rows, _):
    seen = [(int(number), requirement) for number, requirement, _ in rows]
    due = list(enumerate(REQUIREMENTS, 1))
    yield from (f"row {number}, {requirement}: missing or elsewhere"
                for number, requirement in due if (number, requirement) not in seen)
    yield from (f"row {number}, {requirement}: one too many"
                for number, requirement in seen if seen.count((number, requirement)) > 1 or
                (number, requirement) not in due)


def every_row_has_a_test_or_a_reason(rows, _):
    for number, requirement, shown_by in rows:
        if not re.match(r"`(unit|e2e): |does not apply: \w", shown_by):
            yield f"row {number}, {requirement}: shown by nothing"


def every_test_exists(rows, tests):
    for number, requirement, shown_by in rows:
        for name in re.findall("`([^`]*)`", shown_by):
            if name not in tests:
                yield f"row {number}, {requirement}: there is no {name}"


# The rules tried ----------------------------------------------------------------------------------

RULES = [
    (no_requirement_is_missing, ("1", "MQTT-1.5.3-2", "`unit: A.B`")),
    (no_requirement_is_missing, ("143", "MQTT-1.5.3-1", "`unit: A.B`")),
    (every_row_has_a_test_or_a_reason, ("1", "MQTT-1.5.3-1", "")),
    (every_row_has_a_test_or_a_reason, ("1", "MQTT-1.5.3-1", "does not apply: ")),
    (every_test_exists, ("1", "MQTT-1.5.3-1", "`unit: A.B`, `unit: A.C`")),
    (every_test_exists, ("1", "MQTT-1.5.3-1", "`e2e: test_a.py::test_c`")),
]


@pytest.mark.parametrize("rule", dict.fromkeys(rule for rule, _ in RULES))
def test_table_keeps(rule, rows, tests):
    faults = list(rule(rows, tests))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("rule, row", RULES)
def test_rule_sees_a_fault_in_the_table(rule, row):
    tests = {"unit: A.B", "e2e: test_a.py::test_b"}
    assert any(f"row {row[0]}, {row[1]}" in fault for fault in rule([row], tests))
