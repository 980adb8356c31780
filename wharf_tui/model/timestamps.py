"""Times as nanoseconds since the Unix epoch, and the RFC 3339 text that log files carry.

``datetime`` stops at microseconds; container runtimes stamp nanoseconds, so times are plain ints here.
Year 1 is Go's zero time: it stands for "no time" in files and on the wire, and is None here.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

NS = 1_000_000_000
"""Nanoseconds in a second."""

ZERO_TIME = b"0001-01-01T00:00:00Z"
"""How "no time" is written."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
EARLIEST_NS = (datetime(1, 1, 2, tzinfo=UTC) - _EPOCH) // _SECOND * NS
"""The first time there is; all of the day before it stands for "no time", in any zone."""
LATEST_NS = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // _SECOND * NS - 1
"""The last time there is: one day before the calendar ends, so that no zone leads out of it."""
_RFC3339 = re.compile(
    rb"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))\Z",
)
LONGEST_STAMP = len(b"2024-02-03T10:00:01.123456789+01:00")


@lru_cache(maxsize=1024)
def _whole_seconds(*calendar: bytes) -> int | None:
    year, month, day, hour, minute, second = map(int, calendar)
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return (moment - _EPOCH) // _SECOND


@lru_cache(maxsize=4096)
def parse_rfc3339(text: bytes) -> int | None:
    """Nanoseconds since the epoch, or None where the text is no valid time or is the zero time."""
    match = _RFC3339.match(text)
    if match is None:
        return None
    *calendar, fraction, sign, hours, minutes = match.groups()
    seconds = _whole_seconds(*calendar)
    if seconds is None:
        return None
    if sign is not None:
        offset = int(hours) * 3600 + int(minutes) * 60
        seconds += -offset if sign == b"+" else offset
    at_ns = seconds * NS + (int(fraction.ljust(9, b"0")) if fraction else 0)
    return at_ns if EARLIEST_NS <= at_ns <= LATEST_NS else None


def is_stamp(text: bytes) -> bool:
    """Whether wharf-cmd would take this word for a timestamp, the zero time included."""
    match = _RFC3339.match(text)
    return match is not None and _whole_seconds(*match.groups()[:6]) is not None


@lru_cache(maxsize=64)
def _second_text(seconds: int) -> bytes:
    return (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat().encode()


def format_rfc3339(at_ns: int | None) -> bytes:
    """RFC 3339 in UTC with nine fractional digits and ``Z``. None, and what no calendar has, is the zero time."""
    if at_ns is None or not EARLIEST_NS <= at_ns <= LATEST_NS:
        return ZERO_TIME
    seconds, fraction = divmod(at_ns, NS)
    return b"%s.%09dZ" % (_second_text(seconds), fraction)


def now_ns() -> int:
    """This machine's clock."""
    return time.time_ns()


def to_datetime(at_ns: int, zone: timezone | None = UTC) -> datetime:
    """For display: cut to microseconds, and to the calendar. ``zone=None`` is the machine's own time zone."""
    at_ns = min(max(at_ns, EARLIEST_NS), LATEST_NS)
    return (_EPOCH + timedelta(microseconds=at_ns // 1000)).astimezone(zone)


def format_duration(nanoseconds: int) -> str:
    """A duration for people: ``0.4s``, ``12.3s``, ``2m05s``, ``1h02m``, ``3d04h``."""
    seconds = max(nanoseconds, 0) / NS
    if seconds < 60:
        return f"{int(seconds * 10) / 10:.1f}s"
    whole = int(seconds)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"
