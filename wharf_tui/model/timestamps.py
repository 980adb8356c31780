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
_RFC3339 = re.compile(
    rb"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))\Z",
)
LONGEST_STAMP = len(b"2024-02-03T10:00:01.123456789+01:00")


@lru_cache(maxsize=1024)
def _whole_seconds(date: bytes, clock: bytes) -> int | None:
    try:
        moment = datetime.fromisoformat(f"{date.decode()}T{clock.decode()}+00:00")
    except ValueError:
        return None
    return (moment - _EPOCH) // timedelta(seconds=1)


def parse_rfc3339(text: bytes) -> int | None:
    """Nanoseconds since the epoch, or None where the text is no valid time or is the zero time."""
    match = _RFC3339.match(text)
    if match is None:
        return None
    date, clock, fraction, sign, hours, minutes = match.groups()
    seconds = _whole_seconds(date, clock)
    if seconds is None:
        return None
    if sign is not None:
        if int(hours) > 23 or int(minutes) > 59:
            return None
        offset = int(hours) * 3600 + int(minutes) * 60
        seconds += -offset if sign == b"+" else offset
    if date.startswith((b"0001-01-01", b"0000")):
        return None
    return seconds * NS + (int(fraction.ljust(9, b"0")) if fraction else 0)


def is_stamp(text: bytes) -> bool:
    """Whether wharf-cmd would take this word for a timestamp, the zero time included."""
    match = _RFC3339.match(text)
    return match is not None and _whole_seconds(match[1], match[2]) is not None


@lru_cache(maxsize=64)
def _second_text(seconds: int) -> bytes:
    moment = _EPOCH + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0").encode()


def format_rfc3339(at_ns: int | None) -> bytes:
    """RFC 3339 in UTC with nine fractional digits and ``Z``; None is the zero time."""
    if at_ns is None:
        return ZERO_TIME
    seconds, fraction = divmod(at_ns, NS)
    return b"%s.%09dZ" % (_second_text(seconds), fraction)


def now_ns() -> int:
    """This machine's clock."""
    return time.time_ns()


def to_datetime(at_ns: int, zone: timezone | None = UTC) -> datetime:
    """For display: cut to microseconds. ``zone=None`` is the machine's own time zone."""
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
