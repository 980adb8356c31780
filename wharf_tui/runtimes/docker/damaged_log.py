"""Goes on in a log that cannot be read as a whole, as after a crash of the engine or of its disk.

The engine ends an answer at the damaged place, or leaves some lines out there, both without a word. But it finds the log's
end by counting lines from behind: an answer of as many entries as were asked for has all that there are.
"""

from __future__ import annotations

from wharf_tui.runtimes.docker.foreign_log import ForeignLog
from wharf_tui.runtimes.docker.log_entries import LoggedLine

_MORE = 8
_MOST = 100_000


def go_on_behind_damage(log: ForeignLog) -> None:
    """Record that lines are missing, and store those behind the damaged place that are new.

    Raises:
        RunError: the log cannot be read.
        FrameError: what came is no log.
    """
    log.go_on_with(_lines_behind_damage(log))


def _lines_behind_damage(log: ForeignLog) -> list[LoggedLine]:
    """The longest end of the log that comes back as long as it was asked for."""
    good: list[LoggedLine] = []
    low, high = 0, _MOST
    while high - low > 1:
        tail = min(low * _MORE or 1, high - 1) if high == _MOST else (low + high) // 2
        lines = [line for batch in log.read(tail) for line in batch]
        if log.entries < tail:
            high = tail
        else:
            low, good = tail, lines
    return good
