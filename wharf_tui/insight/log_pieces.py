"""Cuts a log into pieces of whole lines, forwards and backwards, without an index of their places.

Memory stays bounded: of a line longer than ``LONGEST_LINE`` only the beginning is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wharf_tui.results.log_reader import LogReader

LONGEST_LINE: Final = 16 * 1024 * 1024
"""Bytes of a line that are looked at."""
_STRIDE: Final = 256 * 1024
"""Bytes in which line feeds are counted rather than looking for a nearer line."""


_PROBE: Final = 512
"""Bytes at the end of a piece in which its last line mostly ends."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of whole lines."""

    start: int
    """Offset of its first byte."""
    end: int
    """Offset behind its last one."""
    data: bytes
    """Its bytes; fewer than from ``start`` to ``end`` where the one line that it holds is too long."""

    @property
    def is_cut(self) -> bool:
        """Whether it is the beginning of a line that is too long."""
        return len(self.data) < self.end - self.start


def piece_after(log: LogReader, start: int, stop: int, budget: int) -> Piece | None:
    """The lines from ``start`` on: about ``budget`` bytes of them, one line at least.

    Args:
        log: where to read.
        start: offset of a line's start.
        stop: offset of a line's end; nothing behind it is read.
        budget: bytes to read.

    Returns:
        The piece, or None where nothing can be read.
    """
    if stop - start > budget > _PROBE:  # to read just what is wanted is cheaper than to read more and to copy
        probe = start + budget - _PROBE
        line_end = log.read_raw(probe, _PROBE).rfind(b"\n")
        if line_end >= 0:
            end = probe + line_end + 1
            data = log.read_raw(start, end - start)
            if len(data) == end - start:
                return Piece(start, end, data)
    data = log.read_raw(start, min(budget, stop - start))
    if len(data) == stop - start or not data:
        return Piece(start, stop, data) if data else None
    whole = data.rfind(b"\n") + 1
    if whole:
        return Piece(start, start + whole, data[:whole])
    end = _line_end(log, start + len(data), stop)
    return Piece(start, end, log.read_raw(start, min(end - start, LONGEST_LINE)))


def piece_before(log: LogReader, start: int, stop: int, budget: int) -> Piece | None:
    """The lines before ``stop``, but none before ``start``; else as ``piece_after``."""
    from_offset = max(start, stop - budget)
    data = log.read_raw(from_offset, stop - from_offset)
    if len(data) < stop - from_offset or not data:
        return None
    if from_offset == start:
        return Piece(start, stop, data)
    first = data.find(b"\n") + 1
    if 0 < first < len(data):
        return Piece(from_offset + first, stop, data[first:])
    line_start = _line_start(log, from_offset, start)
    return Piece(line_start, stop, log.read_raw(line_start, min(stop - line_start, LONGEST_LINE)))


def line_at(log: LogReader, offset: int) -> int:
    """Number of the line that starts at ``offset``, or in which it lies."""
    low, low_at = 1, 0
    high, high_at = log.line_count + 1, max(log.complete_end, offset + 1)
    use_middle = False
    while high - low > 1:
        guess = (
            (low + high) // 2 if use_middle else low + (offset - low_at) * (high - low) // (high_at - low_at)
        )
        guess = min(max(guess, low + 1), high - 1)
        at = log.offset_of(guess)
        if abs(offset - at) <= _STRIDE:
            between = log.read_raw(min(at, offset), abs(offset - at)).count(b"\n")
            return guess + between if at <= offset else guess - between
        if at < offset:
            low, low_at = guess, at
        else:
            high, high_at = guess, at
        use_middle = not use_middle
    return low


def _line_end(log: LogReader, at: int, stop: int) -> int:
    """Offset behind the first line feed at or behind ``at``, or ``stop``."""
    while at < stop and (data := log.read_raw(at, min(_STRIDE, stop - at))):
        found = data.find(b"\n")
        if found >= 0:
            return at + found + 1
        at += len(data)
    return stop


def _line_start(log: LogReader, at: int, stop: int) -> int:
    """Offset behind the last line feed before ``at``, or ``stop``."""
    while at > stop:
        length = min(_STRIDE, at - stop)
        found = log.read_raw(at - length, length).rfind(b"\n")
        if found >= 0:
            return at - length + found + 1
        at -= length
    return stop
