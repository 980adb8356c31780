"""Finds out how the lines of a foreign log tell their time, and reads it: ISO, syslog, klog, Apache, Java, Go, epoch.

A format that names no zone is taken to be in the machine's own, or in the one that is given; one that names no year or
no day, to be of the last year or day in which it makes sense.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from wharf_tui.model.timestamps import EARLIEST_NS, LATEST_NS, NS, now_ns, to_datetime


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """A way to write a time."""

    name: str
    """For people: ``ISO 8601``."""
    pattern: re.Pattern[bytes]
    """Groups: year, month, day, hour, minute, second, fraction, zone, half (AM, PM), epoch; some may be missing."""


class TimeReader:
    """Reads times in the formats of one log; the format that fitted last is tried first.

    Args:
        formats: the formats.
        zone: of times that name none; None is the machine's own.
        today_ns: a moment of the day, and of the year, of times that name none.
    """

    def __init__(self, formats: list[TimeFormat], zone: timezone | None, today_ns: int) -> None:
        self._formats = formats
        self._zone = zone
        self._today = to_datetime(today_ns, zone)
        self._hours: dict[tuple[bytes | None, bytes | None, bytes | None, int, bytes | None], int | None] = {}

    @property
    def formats(self) -> tuple[TimeFormat, ...]:
        """The formats, the one that fitted last first."""
        return tuple(self._formats)

    def __call__(self, line: bytes) -> int | None:
        """The time of a line in nanoseconds since the Unix epoch; None where it has none."""
        for index, form in enumerate(self._formats):
            found = form.pattern.search(line, 0, _WITHIN)
            at_ns = self._read(found.groupdict()) if found else None
            if at_ns is not None:
                if index:
                    self._formats.insert(0, self._formats.pop(index))
                return at_ns
        return None

    def _read(self, part: dict[str, bytes | None]) -> int | None:
        if epoch := part.get("epoch"):
            return _from_epoch(epoch, part.get("fraction"))
        hour, half = int(part["hour"] or b"0"), part.get("half")
        if half is not None:
            hour = hour % 12 + (12 if half.lower() == b"pm" else 0)
        key = (part.get("year"), part.get("month"), part.get("day"), hour, part.get("zone"))
        if key not in self._hours:
            if len(self._hours) >= _KEPT_HOURS:
                self._hours.clear()
            self._hours[key] = self._start_of(*key)
        seconds = self._hours[key]
        if seconds is None:
            return None
        seconds += int(part["minute"] or b"0") * 60 + int(part["second"] or b"0")
        at_ns = seconds * NS + int((part.get("fraction") or b"0")[:9].ljust(9, b"0"))
        return at_ns if EARLIEST_NS <= at_ns <= LATEST_NS else None

    def _start_of(
        self, year: bytes | None, month: bytes | None, day: bytes | None, hour: int, zone: bytes | None
    ) -> int | None:
        """Seconds since the epoch at which an hour starts."""
        today = self._today
        full = int(year) if year else today.year
        full += 2000 if full < 100 else 0
        try:
            at = datetime(
                full,
                _month(month) if month else today.month,
                int(day) if day else today.day,
                hour,
                tzinfo=_zone(zone) if zone else self._zone,
            )
            if not year and month and at.astimezone(today.tzinfo) > today + timedelta(days=1):
                at = at.replace(year=full - 1)
            return round(at.timestamp())
        except (ValueError, OverflowError):
            return None


def find_time_format(
    sample: bytes, zone: timezone | None = None, today_ns: int | None = None
) -> Callable[[bytes], int | None]:
    """What reads the times of a log, found from some of its lines.

    Args:
        sample: the beginning of the log; the last line may be cut.
        zone: of times that name none; None is the machine's own.
        today_ns: a moment of the day, and of the year, of times that name none; the default is now.

    Returns:
        A function from a line to nanoseconds since the Unix epoch, or None for a line without a time. It gives None for
        all lines where no format is found.
    """
    today = now_ns() if today_ns is None else today_ns
    lines = [line for line in sample.split(b"\n") if line.strip()][:_SAMPLE_LINES]
    counts: list[tuple[int, TimeFormat]] = []
    for form in FORMATS:
        reader = TimeReader([form], zone, today)
        count = sum(reader(line) is not None for line in lines)
        if count * _RAREST >= len(lines) and count:
            counts.append((count, form))
            lines = [line for line in lines if reader(line) is None]
        if not lines:
            break
    counts.sort(key=lambda found: -found[0])
    return TimeReader([form for _, form in counts], zone, today)


def _from_epoch(digits: bytes, fraction: bytes | None) -> int | None:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, told by the number of digits."""
    scale = {10: NS, 13: 1_000_000, 16: 1000, 19: 1}.get(len(digits))
    if scale is None:
        return None
    at_ns = int(digits) * scale + int((fraction or b"0")[:9].ljust(9, b"0")) * scale // NS
    return at_ns if at_ns <= LATEST_NS else None


def _month(text: bytes) -> int:
    return int(text) if text.isdigit() else _MONTHS.index(text[:3].lower()) // 3 + 1


def _zone(text: bytes) -> timezone:
    if text in {b"Z", b"UTC", b"GMT"}:
        return UTC
    digits = text[1:].replace(b":", b"")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or b"0"))
    return timezone(-offset if text.startswith(b"-") else offset)


_WITHIN: Final = 200
"""Bytes of a line within which its time stands."""
_KEPT_HOURS: Final = 4096
_SAMPLE_LINES: Final = 200
_RAREST: Final = 10
"""A format counts if one of so many lines has it."""
_MONTHS: Final = b"janfebmaraprmayjunjulaugsepoctnovdec"

_MONTH_NAME: Final = rb"(?P<month>(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))[a-z]*"
_CLOCK: Final = (
    rb"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d):(?P<second>[0-5]\d)(?:[.,](?P<fraction>\d{1,9}))?"
)
_ZONE: Final = rb"(?: ?(?P<zone>Z\b|UTC\b|GMT\b|[+-][01]\d:?[0-5]\d))"
_WEEKDAY: Final = rb"(?i:mon|tue|wed|thu|fri|sat|sun)"
_KEY: Final = rb"(?:\"(?:ts|time|timestamp|@timestamp|t|epoch)\"\s*:\s*\"?|\b(?:ts|time|timestamp|t)=\"?)"
_START: Final = rb"^(?:<\d{1,3}>\d? ?)?[\[(]?\s*"

FORMATS: Final = tuple(
    TimeFormat(name, re.compile(pattern))
    for name, pattern in (
        (
            "ISO 8601",
            rb"(?<!\d)(?P<year>\d{4})([-/])(?P<month>0[1-9]|1[0-2])\2(?P<day>[0-2]\d|3[01])(?:[T ]|, ?| +)"
            + _CLOCK
            + _ZONE
            + rb"?",
        ),
        (
            "compact ISO 8601",
            rb"\b(?P<year>\d{4})(?P<month>0[1-9]|1[0-2])(?P<day>[0-2]\d|3[01])[T_ -]"
            rb"(?P<hour>[01]\d|2[0-3]):?(?P<minute>[0-5]\d):?(?P<second>[0-5]\d)(?:[.,](?P<fraction>\d{1,9}))?"
            + _ZONE
            + rb"?",
        ),
        (
            "Common Log Format",
            rb"\[(?P<day>\d\d)/" + _MONTH_NAME + rb"/(?P<year>\d{4}):" + _CLOCK + _ZONE + rb"?",
        ),
        ("klog", rb"^[IWEF](?P<month>[01]\d)(?P<day>[0-3]\d) " + _CLOCK),
        (
            "RFC 2822",
            _START
            + rb"(?:"
            + _WEEKDAY
            + rb",? )?(?P<day>[ 0-3]?\d)[ -]"
            + _MONTH_NAME
            + rb"[ -](?P<year>\d{4}|\d\d) "
            + _CLOCK
            + _ZONE
            + rb"?",
        ),
        (
            "ctime",
            _START
            + _WEEKDAY
            + rb" "
            + _MONTH_NAME
            + rb" (?P<day>[ 0-3]?\d) "
            + _CLOCK
            + rb"(?: [A-Z]{3,4})? (?P<year>\d{4})",
        ),
        (
            "java.util.logging",
            _START
            + _MONTH_NAME
            + rb" (?P<day>[0-3]?\d), (?P<year>\d{4}) "
            + _CLOCK
            + rb" (?P<half>[AaPp][Mm])",
        ),
        ("syslog", _START + _MONTH_NAME + rb" (?P<day>[ 0-3]?\d) " + _CLOCK),
        (
            "day first",
            _START + rb"(?P<day>[0-2]\d|3[01])[.-](?P<month>0[1-9]|1[0-2])[.-](?P<year>\d{4}) " + _CLOCK,
        ),
        (
            "epoch",
            rb"(?:"
            + _START
            + rb"|"
            + _KEY
            + rb")(?P<epoch>1\d{9}(?:\d{3}){0,3})(?:[.,](?P<fraction>\d{1,9}))?(?![\w.-])",
        ),
        ("time of day", rb"(?:" + _START + rb"|" + _KEY + rb")" + _CLOCK + rb"(?![:\d])"),
    )
)
"""What is looked for, the most telling first."""
