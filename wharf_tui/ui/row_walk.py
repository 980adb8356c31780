"""Places on a screen whose rows may each take several lines: a place is (row, line of that row), both from 0."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

Place: TypeAlias = tuple[int, int]
"""A row, and one of the lines that it takes."""


class RowWalk:
    """Moves over rows line by line. Only rows on the way are measured.

    Args:
        row_count: how many rows there are.
        height_of: lines that a row takes, at least 1; None where each takes one.
    """

    def __init__(self, row_count: int, height_of: Callable[[int], int] | None = None) -> None:
        self._row_count = row_count
        self._height_of = height_of

    def move(self, place: Place, lines: int) -> Place:
        """The place so many lines further down (positive) or up; it ends at the first and the last line."""
        row, part = place
        if not self._row_count:
            return 0, 0
        if self._height_of is None:
            return min(max(row + lines, 0), self._row_count - 1), 0
        while lines < 0 and (row or part):
            taken = min(part, -lines)
            part, lines = part - taken, lines + taken
            if lines < 0 and row:
                row, lines = row - 1, lines + 1
                part = self._height_of(row) - 1
        while lines > 0:
            left = self._height_of(row) - 1 - part
            if lines <= left or row == self._row_count - 1:
                return row, part + min(lines, left)
            row, part, lines = row + 1, 0, lines - left - 1
        return row, part

    def end(self, height: int) -> Place:
        """The highest place from which the last line is in sight on a screen of this height."""
        if not self._row_count:
            return 0, 0
        last = self._row_count - 1
        part = 0 if self._height_of is None else self._height_of(last) - 1
        return self.move((last, part), 1 - max(height, 1))

    def lines(self, place: Place, height: int) -> Iterator[Place]:
        """What stands on a screen of this height whose first line is ``place``; it may be less."""
        row, part = place
        while height > 0 and row < self._row_count:
            parts = 1 if self._height_of is None else self._height_of(row)
            for index in range(part, min(parts, part + height)):
                yield row, index
            height -= max(parts - part, 0)
            row, part = row + 1, 0
