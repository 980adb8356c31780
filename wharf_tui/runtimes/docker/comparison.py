"""Finds the place in a container's log, read again, where what we have of it ends.

A line is known by its number in its stream: nothing is taken twice and nothing is left out, even where lines repeat
and times are equal. The last lines that we have must be the log's lines of these numbers. Where they are not, the
log lost something, and what follows is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from wharf_tui.runtimes.docker.frames import Stream
from wharf_tui.runtimes.docker.log_entries import LoggedLine
from wharf_tui.runtimes.docker.position import StreamPosition, as_logged


class Place(Enum):
    """Where a line of the log stands."""

    KNOWN = "known"
    OPEN = "open"
    """The line of whose beginning we have some."""
    NEW = "new"
    DIVERGED = "diverged"
    """We have another line under this number: the log has a hole before this one, which is new."""


class _StreamComparison:
    def __init__(self, position: StreamPosition, first: int) -> None:
        self.index = first
        self._lines = position.lines
        self._is_open = bool(position.open_size)
        self._last = position.last_lines()
        self._behind_ours = False

    @property
    def reached_our_end(self) -> bool:
        return self._behind_ours or (self.index >= self._lines and not self._is_open)

    def place(self, line: LoggedLine) -> Place:
        place = Place.NEW if self._behind_ours else self._find(line)
        self._behind_ours = place is not Place.KNOWN
        self.index += line.is_ended
        return place

    def _find(self, line: LoggedLine) -> Place:
        if self.index == self._lines:
            return Place.OPEN if self._is_open else Place.NEW
        if self.index > self._lines:
            return Place.NEW
        kept = self.index - (self._lines - len(self._last))
        if kept < 0 or not line.is_ended or as_logged(self._last[kept]) == line.message:
            return Place.KNOWN
        return Place.DIVERGED


class Comparison:
    """One reading of a container's log, line by line.

    Args:
        positions: what we have of each stream.
        first: numbers, counted from 0, of the first lines that the reading gives.
    """

    def __init__(self, positions: Mapping[Stream, StreamPosition], first: Mapping[Stream, int]) -> None:
        self._streams = {stream: _StreamComparison(positions[stream], first[stream]) for stream in Stream}

    @property
    def next_lines(self) -> dict[Stream, int]:
        """Numbers of the lines that would come next."""
        return {stream: comparison.index for stream, comparison in self._streams.items()}

    @property
    def reached_our_end(self) -> bool:
        """Whether the log had everything that we have: then it also had whatever followed."""
        return all(comparison.reached_our_end for comparison in self._streams.values())

    def place(self, line: LoggedLine) -> Place:
        """Where the next line stands."""
        return self._streams[line.stream].place(line)


def ends_alike(
    positions: Mapping[Stream, StreamPosition],
    tail: Iterable[LoggedLine],
    *,
    is_whole: bool,
    has_ended: bool,
) -> bool:
    """Whether a log ends with what we have last.

    Args:
        positions: what we have.
        tail: the log's last lines.
        is_whole: whether these are all its lines; else each stream's first one may lack its beginning.
        has_ended: whether the container has; until then lines without an end say nothing.
    """
    lines = list(tail)
    for stream, position in positions.items():
        ended = [line.message for line in lines if line.stream is stream and line.is_ended]
        unended = [line.message for line in lines if line.stream is stream and not line.is_ended]
        if not is_whole and not ended and not unended and not position.open_size:
            continue  # the stream's last line, if it has any, lies further back
        if not is_whole:
            if not ended:
                return False
            del ended[0]
        if not _lines_end_alike(position, ended, is_whole=is_whole):
            return False
        if has_ended and not _is_open_line(position, b"".join(unended)):
            return False
    return True


def _lines_end_alike(position: StreamPosition, logged: list[bytes], *, is_whole: bool) -> bool:
    if is_whole and len(logged) != position.lines:
        return False
    known = position.last_lines()
    count = min(len(logged), len(known))
    if not count:
        return not position.lines and not logged
    return [as_logged(line) for line in known[-count:]] == logged[-count:]


def _is_open_line(position: StreamPosition, unended: bytes) -> bool:
    known = position.open_end()
    if len(known) == position.open_size:
        return unended == as_logged(known)
    return len(unended) == position.open_size and unended.endswith(known)
