"""What a foreign container has printed before it is followed: all that is there, or less where the user wants less."""

from __future__ import annotations

from wharf_tui.runtimes.docker.foreign_log import MARGIN, ForeignLog
from wharf_tui.runtimes.docker.log_entries import LoggedLine
from wharf_tui.runtimes.sources import History


def take_history(log: ForeignLog, history: History) -> None:
    """Store what is there, but for what is to be left out.

    Raises:
        RunError: it cannot be read.
        FrameError: what came is no log.
    """
    if history.tail is not None:
        _take_last(log, history.tail)
    elif history.since_ns is not None:
        _take_since(log, history.since_ns)
    else:
        log.take_everything()


def _take_last(log: ForeignLog, count: int) -> None:
    """Store the last lines; what is read before them, so that the first is whole, is only remembered."""
    found = [line for batch in log.read(count + MARGIN) for line in batch]
    first = max(len(found) - count, 0)
    log.remember(found[:first])
    log.store(found[first:])


def _take_since(log: ForeignLog, since_ns: int) -> None:
    """Store the lines from a time on. The engine finds them, but not in a log that may rotate while it does."""
    has_any = False
    if not log.rotates:
        for lines in log.read(None, since_ns):
            log.store(lines)
            has_any = has_any or bool(lines)
    if has_any:
        return
    has_begun = False
    for lines in log.read(None if log.rotates else MARGIN):
        first = 0 if has_begun else _first_since(lines, since_ns)
        has_begun = has_begun or first < len(lines)
        log.remember(lines[:first])
        log.store(lines[first:])


def _first_since(lines: list[LoggedLine], since_ns: int) -> int:
    """Index of the first line of that time or later."""
    return next((index for index, line in enumerate(lines) if line.at_ns >= since_ns), len(lines))
