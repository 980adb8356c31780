"""Reads where a user wants to go: a line, a step's line, a time, a share of the log."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, TypeAlias

from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.timestamps import NS, to_datetime


@dataclass(frozen=True, slots=True)
class LineTarget:
    """``1841``: a line of the step that one is in."""

    log_id: LogId


@dataclass(frozen=True, slots=True)
class AddressTarget:
    """``4:1841``: a line of a step."""

    step_id: StepId
    log_id: LogId


@dataclass(frozen=True, slots=True)
class FromEndTarget:
    """``-1``: a line counted from the end; 1 is the last."""

    lines: int


@dataclass(frozen=True, slots=True)
class LinesOnTarget:
    """``+20``: so many lines further down."""

    lines: int


@dataclass(frozen=True, slots=True)
class PercentTarget:
    """``50%``: a share of the log."""

    percent: float
    """From 0 to 100."""


@dataclass(frozen=True, slots=True)
class TimeOnTarget:
    """``+30s``, ``-1h30m``: later or earlier than the line that one is on."""

    nanoseconds: int


@dataclass(frozen=True, slots=True)
class ClockTarget:
    """``14:02``, ``2026-11-23 14:02:11``: a time of day, of any day of the build or of a certain one."""

    hour: int
    minute: int
    second: int = 0
    day: tuple[int, int, int] | None = None
    """Year, month, day."""

    def nearest_ns(self, start_ns: int, end_ns: int, zone: timezone | None = UTC) -> int:
        """The time meant, in nanoseconds since the Unix epoch.

        Args:
            start_ns: when the build started.
            end_ns: when it ended, or now.
            zone: in which the time is told; None is the machine's own.

        Returns:
            Its first occurrence between start and end, or else the one that is nearest to them.
        """
        first = to_datetime(start_ns, zone)
        if self.day is not None:
            first = first.replace(year=self.day[0], month=self.day[1], day=self.day[2])
        at = first.replace(hour=self.hour, minute=self.minute, second=self.second, microsecond=0)
        if self.day is not None:
            return _ns_of(at)
        candidates = [_ns_of(at + timedelta(days=days)) for days in (-1, 0, 1)]
        within = [ns for ns in candidates if start_ns - _MINUTE < ns <= end_ns]
        return within[0] if within else min(candidates, key=lambda ns: max(start_ns - ns, ns - end_ns))


Target: TypeAlias = (
    LineTarget | AddressTarget | FromEndTarget | LinesOnTarget | PercentTarget | TimeOnTarget | ClockTarget
)


@dataclass(frozen=True, slots=True)
class BadTarget:
    """What is wrong with it."""

    text: str
    problem: str
    hint: str = "Type a line (1841), a step's line (4:1841), a time (14:02, +30s), or a share (50%)."


def parse_target(text: str, steps: Container[StepId] = ()) -> Target | BadTarget:
    """Read where to go.

    ``14:18`` may be a step's line or a time: it is the line if there is such a step. ``14:02`` is always a time, since
    no line's number starts with 0, and ``@14:18``, too.

    Args:
        text: as the user typed it.
        steps: the steps that there are.
    """
    text = text.strip()
    for form, read in _FORMS:
        found = form.fullmatch(text)
        if found:
            target = read(found, steps)
            if target is not None:
                return target
    if not text:
        return BadTarget(text, "nothing was typed")
    return BadTarget(text, f"{text} is neither a line, nor a time, nor a share of the log")


def parse_address(text: str) -> AddressTarget | BadTarget:
    """Read a step's line, ``4:1841``, and nothing else."""
    found = _ADDRESS.fullmatch(text.strip())
    if found is None or int(found[1]) == 0 or int(found[2]) == 0:
        return BadTarget(
            text, f"{text or 'nothing'} is no address", "An address is a step's number and a line: 4:1841."
        )
    return AddressTarget(StepId(int(found[1])), LogId(int(found[2])))


def _line(found: re.Match[str], _steps: Container[StepId]) -> Target | None:
    return LineTarget(LogId(max(int(found[1]), 1)))


def _address(found: re.Match[str], steps: Container[StepId]) -> Target | None:
    step_id = StepId(int(found[1]))
    is_clock = int(found[1]) < 24 and len(found[2]) == 2 and int(found[2]) < 60
    if found[2].startswith("0") or (is_clock and step_id not in steps) or step_id == 0:
        return None
    return AddressTarget(step_id, LogId(int(found[2])))


def _clock(found: re.Match[str], _steps: Container[StepId]) -> Target | None:
    year, month, day, hour, minute, second = (int(part) if part else 0 for part in found.groups())
    if hour > 23 or minute > 59 or second > 59:
        return None
    if not year:
        return ClockTarget(hour, minute, second)
    try:
        datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
    return ClockTarget(hour, minute, second, (year, month, day))


def _percent(found: re.Match[str], _steps: Container[StepId]) -> Target | None:
    return PercentTarget(min(float(found[1]), 100.0))


def _from_end(found: re.Match[str], _steps: Container[StepId]) -> Target | None:
    return FromEndTarget(max(int(found[1] or 1), 1))


def _lines_on(found: re.Match[str], _steps: Container[StepId]) -> Target | None:
    return LinesOnTarget(int(found[1]))


def _time_on(found: re.Match[str], _steps: Container[StepId]) -> Target | None:
    units = dict(zip(("d", "h", "m", "s"), (86400, 3600, 60, 1), strict=True))
    seconds = sum(float(number) * units[unit] for number, unit in _QUANTITY.findall(found[2]))
    return TimeOnTarget(int(seconds * NS) * (-1 if found[1] == "-" else 1))


def _ns_of(at: datetime) -> int:
    return round(at.timestamp()) * NS


_MINUTE: Final = 60 * NS
_ADDRESS: Final = re.compile(r"(\d{1,9}):(\d{1,15})", re.ASCII)
_QUANTITY: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([dhms])", re.ASCII)
_FORMS: Final = tuple(
    (re.compile(form, re.ASCII), read)
    for form, read in (
        (r"(\d{1,15})", _line),
        (_ADDRESS.pattern, _address),
        (r"@?(?:(\d{4})-(\d\d?)-(\d\d?)[T ])?(\d\d?):(\d\d)(?::(\d\d))?", _clock),
        (r"(\d{1,3}(?:\.\d{1,9})?) ?%", _percent),
        (r"-(\d{1,15})", _from_end),
        (r"(\$)", lambda _found, _steps: FromEndTarget(1)),
        (r"\+(\d{1,15})", _lines_on),
        (r"([+-])((?:\d{1,9}(?:\.\d{1,9})?[dhms])+)", _time_on),
    )
)
