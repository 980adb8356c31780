"""Addresses that people type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.insight.goto import (
    AddressTarget,
    BadTarget,
    ClockTarget,
    FromEndTarget,
    LinesOnTarget,
    LineTarget,
    PercentTarget,
    Target,
    TimeOnTarget,
    parse_address,
    parse_target,
)
from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.timestamps import NS

STEPS = {StepId(number) for number in range(1, 16)}


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("1841", LineTarget(LogId(1841))),
        ("0", LineTarget(LogId(1))),
        (" 7 ", LineTarget(LogId(7))),
        ("4:1841", AddressTarget(StepId(4), LogId(1841))),
        ("14:18", AddressTarget(StepId(14), LogId(18))),
        ("4:7", AddressTarget(StepId(4), LogId(7))),
        ("99:1", AddressTarget(StepId(99), LogId(1))),
        ("16:18", ClockTarget(16, 18)),
        ("14:02", ClockTarget(14, 2)),
        ("@14:18", ClockTarget(14, 18)),
        ("14:02:11", ClockTarget(14, 2, 11)),
        ("2026-11-23 14:02", ClockTarget(14, 2, 0, (2026, 11, 23))),
        ("2026-11-23T14:02:11", ClockTarget(14, 2, 11, (2026, 11, 23))),
        ("+30s", TimeOnTarget(30 * NS)),
        ("-1h30m", TimeOnTarget(-5400 * NS)),
        ("+1.5s", TimeOnTarget(NS * 3 // 2)),
        ("50%", PercentTarget(50.0)),
        ("99.5 %", PercentTarget(99.5)),
        ("150%", PercentTarget(100.0)),
        ("-1", FromEndTarget(1)),
        ("-20", FromEndTarget(20)),
        ("$", FromEndTarget(1)),
        ("+20", LinesOnTarget(20)),
    ],
)
def test_what_is_meant(text: str, target: Target) -> None:
    assert parse_target(text, STEPS) == target


@pytest.mark.parametrize(
    "text", ["", "x", "4:", ":4", "25:00:00", "14:02:60", "0:00x", "%", "+", "1,000", "٣", "0:5"]
)
def test_what_is_not_understood_is_said(text: str) -> None:
    bad = parse_target(text, STEPS)
    assert isinstance(bad, BadTarget)
    assert bad.problem
    assert "4:1841" in bad.hint


def test_addresses_that_were_copied_are_never_times() -> None:
    assert parse_address("14:02") == AddressTarget(StepId(14), LogId(2))
    assert parse_address("14:18") == AddressTarget(StepId(14), LogId(18))
    for text in ("", "4", "0:1", "4:0", "4:1x"):
        assert isinstance(parse_address(text), BadTarget)


@given(st.text(max_size=20))
def test_anything_can_be_typed(text: str) -> None:
    parse_target(text, STEPS)
    parse_address(text)


def at(*calendar: int) -> int:
    year, month, day, hour, minute, second = calendar
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * NS


def test_a_time_of_day_is_the_one_in_the_build() -> None:
    start, end = at(2026, 11, 23, 22, 0, 0), at(2026, 11, 24, 3, 0, 0)
    assert ClockTarget(23, 30).nearest_ns(start, end) == at(2026, 11, 23, 23, 30, 0)
    assert ClockTarget(1, 30).nearest_ns(start, end) == at(2026, 11, 24, 1, 30, 0)
    assert ClockTarget(21, 0).nearest_ns(start, end) == at(2026, 11, 23, 21, 0, 0)
    assert ClockTarget(4, 0).nearest_ns(start, end) == at(2026, 11, 24, 4, 0, 0)
    assert ClockTarget(22, 0).nearest_ns(start + 20 * NS, end) == at(2026, 11, 23, 22, 0, 0)
    zone = timezone(timedelta(hours=2))
    assert ClockTarget(0, 30).nearest_ns(start, end, zone) == at(2026, 11, 23, 22, 30, 0)
    assert ClockTarget(1, 0, 0, (2026, 11, 25)).nearest_ns(start, end) == at(2026, 11, 25, 1, 0, 0)
