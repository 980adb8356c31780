"""Takes single values out of JSON that somebody else may have written: what has the wrong type is not there."""

from __future__ import annotations

from typing import Any

from wharf_tui.model.timestamps import format_rfc3339, parse_rfc3339
from wharf_tui.results.layout import MAX_UINT64


def whole(value: Any) -> int | None:
    """A whole number; None for anything else (true and false are no numbers)."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def count(value: Any) -> int | None:
    """A whole number from 0 to MAX_UINT64."""
    number = whole(value)
    return number if number is not None and 0 <= number <= MAX_UINT64 else None


def exit_code(value: Any) -> int | None:
    """A number that a process may end with, in 32 bits; negative ones are signals."""
    number = whole(value)
    return number if number is not None and -(2**31) <= number < 2**31 else None


def text(value: Any) -> str:
    """A string; empty for anything else. Half a surrogate pair, which no file and no wire takes, becomes ``?``."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def time(value: Any) -> int | None:
    """Nanoseconds since the epoch from RFC 3339 text."""
    return parse_rfc3339(value.encode("utf-8", "replace")) if isinstance(value, str) else None


def time_text(at_ns: int | None) -> str | None:
    """RFC 3339 text; None stays None."""
    return None if at_ns is None else format_rfc3339(at_ns).decode()


def records(value: dict[str, Any] | None, key: str) -> list[dict[str, Any]]:
    """The objects in the list at ``key``; what is no object is passed over."""
    found = value.get(key) if value else None
    return [record for record in found if isinstance(record, dict)] if isinstance(found, list) else []
