"""Which lines of a log have a row: all of them, those that a filter lets through, or those that are not folded away."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Protocol

from wharf_tui.insight.line_set import LineSet


class ShownLines(Protocol):
    """Some lines of a log in their order. Lines and ranks count from 1."""

    def until(self, line: int) -> int:
        """How many of the lines up to and with ``line`` are shown."""
        ...

    def line_at(self, rank: int) -> int:
        """The ``rank``-th line that is shown; there must be one."""
        ...


class AllLines:
    """Every line."""

    def until(self, line: int) -> int:
        """As ``ShownLines.until``."""
        return max(line, 0)

    def line_at(self, rank: int) -> int:
        """As ``ShownLines.line_at``."""
        return rank


class FilteredLines:
    """The lines of a set, which may grow.

    Args:
        lines: the set.
    """

    def __init__(self, lines: LineSet) -> None:
        self._lines = lines

    def until(self, line: int) -> int:
        """As ``ShownLines.until``."""
        return self._lines.count_before(line + 1) if line > 0 else 0

    def line_at(self, rank: int) -> int:
        """As ``ShownLines.line_at``."""
        return self._lines.select(rank) or 1


class UnfoldedLines:
    """All lines but those in some ranges.

    Args:
        hidden: first and last line of each range, in order and apart from each other.
    """

    def __init__(self, hidden: Sequence[tuple[int, int]]) -> None:
        self._first = [first for first, _ in hidden]
        self._last = [last for _, last in hidden]
        self._before = [0, *accumulate(last - first + 1 for first, last in hidden)]
        self._shown_before = [
            first - 1 - gone for first, gone in zip(self._first, self._before, strict=False)
        ]

    def until(self, line: int) -> int:
        """As ``ShownLines.until``."""
        index = bisect_right(self._first, line)
        gone = self._before[index]
        if index and line < self._last[index - 1]:
            gone -= self._last[index - 1] - line
        return max(line, 0) - gone

    def line_at(self, rank: int) -> int:
        """As ``ShownLines.line_at``."""
        return rank + self._before[bisect_left(self._shown_before, rank)]


class RowLayout:
    """Rows of shown lines, and of what stands between lines.

    Args:
        shown: which lines have a row.
        extras: behind which line each thing stands that is no line, in order; 0 is before the first line.
        line_count: how many lines there are; asked anew each time, since a log may grow.
    """

    def __init__(self, shown: ShownLines, extras: Sequence[int], line_count: Callable[[], int]) -> None:
        self._shown = shown
        self._extras = extras
        self._line_count = line_count

    @property
    def row_count(self) -> int:
        """Lines that are shown, and extras."""
        return self._shown.until(self._line_count()) + len(self._extras)

    def item(self, row: int) -> tuple[int, int]:
        """What stands in a row: (line, -1), or for an extra (the line before it, its number from 0)."""
        index = bisect_left(range(len(self._extras)), row, key=self._row_of_extra)
        if index < len(self._extras) and self._row_of_extra(index) == row:
            return self._extras[index], index
        return self._shown.line_at(row - index + 1), -1

    def row_of_line(self, line: int) -> int:
        """The row of a line; of one that is not shown, the row of the next line that is."""
        return self._shown.until(line - 1) + bisect_left(self._extras, line)

    def row_of(self, line: int, behind: int) -> int:
        """The row of a line, or of the n-th extra behind it, if there still is one."""
        if not behind:
            return self.row_of_line(line)
        first = bisect_left(self._extras, line)
        there = bisect_right(self._extras, line) - first
        row = self._shown.until(line) + first
        return row + min(behind, there) - 1 if there else row

    def behind(self, index: int) -> int:
        """The how-manieth of the extras behind its line one is, from 1."""
        return index - bisect_left(self._extras, self._extras[index]) + 1

    def is_shown(self, line: int) -> bool:
        """Whether a line has a row."""
        return self._shown.until(line) > self._shown.until(line - 1)

    def _row_of_extra(self, index: int) -> int:
        return self._shown.until(self._extras[index]) + index
