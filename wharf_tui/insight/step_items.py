"""One step's rows as they come into the merge: its lines, or the visible ones of them, and its gaps."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

from wharf_tui.insight.line_set import LineSet
from wharf_tui.insight.running_times import BLOCK_LINES, RunningTimes
from wharf_tui.model.lines import Gap
from wharf_tui.results.log_reader import LogReader


class StepItems:
    """One step's lines and gaps in their order; an item is either, counted from 0.

    Args:
        log: the step's log; its owner refreshes it.
    """

    def __init__(self, log: LogReader) -> None:
        self.times = RunningTimes(log)
        self.visible: LineSet | None = None
        """The lines that are shown; None shows all."""
        self.gaps: list[Gap] = []
        """Those behind lines that have been looked at."""
        self._gap_items = array("q")
        self._gap_lines = array("q")
        """The line before each gap."""

    @property
    def item_count(self) -> int:
        """Items that are known."""
        return self._shown_until(self.times.line_count) + len(self.gaps)

    @property
    def state(self) -> tuple[int, ...]:
        """Different where other items are known."""
        times = self.times
        return times.restarts, times.line_count, self._shown_until(times.line_count), len(times.log.gaps)

    def place_gaps(self) -> None:
        """Work out where gaps stand; those behind what has been looked at wait."""
        log = self.times.log
        self.gaps, self._gap_items, self._gap_lines = [], array("q"), array("q")
        for gap in log.gaps:
            line = log.line_of(gap.after + 1) - 1
            if line > self.times.line_count:
                break
            self._gap_items.append(self._shown_until(line) + len(self.gaps))
            self._gap_lines.append(line)
            self.gaps.append(gap)

    def line_and_gap(self, item: int) -> tuple[int, Gap | None]:
        """The line that an item is, from 1; or the gap that it is, and the line before that, 0 before all lines."""
        index = bisect_left(self._gap_items, item)
        if index < len(self.gaps) and self._gap_items[index] == item:
            return self._gap_lines[index], self.gaps[index]
        rank = item - index + 1
        line = rank if self.visible is None else self.visible.select(rank)
        if line is None:
            raise IndexError(item)
        return line, None

    def lines_before(self, item: int) -> int:
        """How many lines, visible or not, stand above an item."""
        line, gap = self.line_and_gap(item)
        return line if gap is not None else line - 1

    def item_of_line(self, line: int) -> int:
        """The item that a line is, or, if it is not shown, the next one: behind the gaps before it."""
        return self._shown_until(line - 1) + bisect_left(self._gap_lines, line)

    def gaps_behind(self, line: int) -> tuple[int, list[Gap]]:
        """The item that the first gap behind a line is, or what follows the line if there is none; and those gaps."""
        first, last = bisect_left(self._gap_lines, line), bisect_right(self._gap_lines, line)
        return self._shown_until(line) + first, self.gaps[first:last]

    def time_of_item(self, item: int) -> int:
        """When an item counts as printed."""
        return self.times.of_line(self.line_and_gap(item)[0])

    def items_until(self, at_ns: int, *, inclusive: bool) -> int:
        """How many items count as printed before a time, or also at it."""
        if at_ns < 0 or (at_ns == 0 and not inclusive):
            return 0
        lines = self.times.lines_until(at_ns, inclusive=inclusive)
        return self._shown_until(lines) + bisect_right(self._gap_lines, lines)

    def least_until(self, at_ns: int) -> int:
        """Not more than ``items_until(inclusive=True)``, and less by a block and the gaps at most; without reading."""
        return self._shown_until(self.times.blocks_until(at_ns) * BLOCK_LINES) if at_ns >= 0 else 0

    def _shown_until(self, line: int) -> int:
        return max(line, 0) if self.visible is None else self.visible.count_before(line + 1)
