"""Sizes, ages, counts and paths, as people read them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from wharf_tui.model.text import clean_plain
from wharf_tui.model.timestamps import NS, format_duration

_UNITS: Final = ("B", "KB", "MB", "GB", "TB")
_AGES: Final = ((86400 * 365, "y"), (86400 * 7, "w"), (86400, "d"), (3600, "h"), (60, "m"))


def size(bytes_: int) -> str:
    """``812 B``, ``3.4 KB``, ``1.2 GB``: powers of 1000."""
    value = float(bytes_)
    for unit in _UNITS[:-1]:
        if value < 999.5:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 99.95 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} {_UNITS[-1]}"


def age(nanoseconds: int) -> str:
    """``now``, ``5m``, ``3h``, ``2d``, ``6w``: the largest unit only."""
    seconds = nanoseconds // NS
    for length, unit in _AGES:
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return "now"


def elapsed(nanoseconds: int) -> str:
    """A duration that still grows: whole seconds, so that it ticks calmly."""
    seconds = max(nanoseconds, 0) // NS
    return f"{seconds}s" if seconds < 60 else format_duration(nanoseconds)


def lines(count: int) -> str:
    """``1 line``, ``4,213 lines``."""
    return "1 line" if count == 1 else f"{count:,} lines"


def count(number: int) -> str:
    """``812``, ``4,213``, ``18.2k``, ``1.2M``: never more than six cells."""
    if number < 10_000:
        return f"{number:,}"
    for power, unit in enumerate("kMGTPE", 1):
        size = 1000**power
        if number < 999.5 * size:
            return f"{number / size:.1f}{unit}" if number < 99.95 * size else f"{number / size:.0f}{unit}"
    return "many"


def instead(name: str, known: Iterable[str]) -> str:
    """What somebody may have meant who gave a name that is not there; all there are where nothing is near."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, 2)
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}"


def place(path: Path) -> str:
    """A path, safe to show, with ``~`` for the user's home."""
    home = Path.home()
    short = Path("~") / path.relative_to(home) if path.is_relative_to(home) else path
    return clean_plain(str(short))
