"""All steps' lines in one order, by row: the order of ``merge``, at once at any row, for any number of lines.

Kept is one time for each block of lines. Which line stands in a row is worked out for the stretch between two such
times, when the row is asked for.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wharf_tui.insight.line_set import LineSet
from wharf_tui.insight.running_times import BLOCK_LINES
from wharf_tui.insight.slices import Progress
from wharf_tui.insight.step_items import StepItems
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import Gap
from wharf_tui.results.log_reader import LogReader

_NEVER: Final = 2**63 - 1
_KEPT_STRETCHES: Final = 8


@dataclass(frozen=True, slots=True)
class MergedRow:
    """What stands in a row."""

    step_id: StepId
    line: int
    """Line of the step's file, from 1; for a gap the line before it, 0 where it comes first."""
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The rows between two times at which blocks end."""

    first_row: int
    sorted_rows: list[tuple[StepId, int]]
    """Those before the later time: step and item."""
    equal_runs: list[tuple[StepId, int, int]]
    """Those at the later time, which may be many: step, first item, and how many."""

    @property
    def row_count(self) -> int:
        """Rows in it; one at least."""
        return len(self.sorted_rows) + sum(count for _, _, count in self.equal_runs)

    def item_at(self, row: int) -> tuple[StepId, int]:
        """Step and item of a row."""
        place = row - self.first_row
        if place < len(self.sorted_rows):
            return self.sorted_rows[place]
        place -= len(self.sorted_rows)
        for step_id, first, count in self.equal_runs:
            if place < count:
                return step_id, first + place
            place -= count
        raise IndexError(row)


class FastMerge:
    """The merged rows of some logs: lines, all or only visible ones, and gaps behind the lines that they follow.

    Rows are known for what has been looked at (``step``). A log may grow; a line that comes late may stand before rows
    that are there already, so who shows rows keeps the line that it shows, and asks ``row_of`` where it is now.

    Args:
        logs: of the steps; their owner refreshes them.
    """

    def __init__(self, logs: Mapping[StepId, LogReader]) -> None:
        self._steps: dict[StepId, StepItems] = {}
        self._ends: array[int] | None = None
        self._state: tuple[tuple[int, ...], ...] = ()
        self._stretches: OrderedDict[int, _Stretch] = OrderedDict()
        for step_id, log in logs.items():
            self.add(step_id, log)

    @property
    def row_count(self) -> int:
        """Rows that are known."""
        self._keep_up()
        return sum(step.item_count for step in self._steps.values())

    @property
    def restarts(self) -> int:
        """How often a log turned out to be another one: then nothing that was told of rows before holds."""
        return sum(step.times.restarts for step in self._steps.values())

    @property
    def progress(self) -> Progress:
        """How much has been looked at."""
        parts = [step.times.progress for step in self._steps.values()]
        return Progress(sum(part.done for part in parts), sum(part.total for part in parts))

    def add(self, step_id: StepId, log: LogReader) -> None:
        """Take one more step in."""
        self._steps[step_id] = StepItems(log)
        self._steps = dict(sorted(self._steps.items()))
        self._forget()

    def show_only(self, visible: Mapping[StepId, LineSet] | None) -> None:
        """Show only some lines, and all gaps; None shows all lines. The sets may grow.

        Args:
            visible: the lines of each step; of a step that is not in it none are shown.
        """
        for step_id, step in self._steps.items():
            step.visible = None if visible is None else visible.get(step_id, LineSet())
        self._forget()

    def step(self, budget_bytes: int) -> Progress:
        """Look at about ``budget_bytes`` more; see ``SlicedWork.step``."""
        crumbs = budget_bytes // 8  # less than a block of lines: to begin another log for it only takes time
        for step in self._steps.values():
            done = step.times.progress.done
            budget_bytes -= max(step.times.step(budget_bytes).done - done, 0)
            if budget_bytes <= crumbs:
                break
        return self.progress

    def rows(self, first: int, count: int) -> list[MergedRow]:
        """The rows from ``first`` on, counted from 0; fewer at the end.

        Raises:
            InputError: a log cannot be read.
        """
        found: list[MergedRow] = []
        row, stop = max(first, 0), min(first + count, self.row_count)
        while row < stop:
            stretch = self._stretch_of(row)
            behind = stretch.first_row + stretch.row_count
            for place in range(row, min(stop, behind)):
                step_id, item = stretch.item_at(place)
                line, gap = self._steps[step_id].line_and_gap(item)
                found.append(MergedRow(step_id, line, gap))
            row = behind
        return found

    def row_of(self, step_id: StepId, line: int) -> int:
        """The row, from 0, in which a line stands; for one that is not shown, the row of the next line that is.

        Raises:
            InputError: a log cannot be read.
        """
        self._keep_up()
        own = self._steps[step_id]
        line = min(max(line, 1), own.times.line_count)
        return self._row_at(step_id, own.item_of_line(line) if line else 0, own.times.of_line(line))

    def gaps_behind(self, step_id: StepId, line: int) -> tuple[int, list[Gap]]:
        """The row of the first gap behind a line of a step, 0 for the place before all lines; and all gaps there.

        Raises:
            InputError: a log cannot be read.
        """
        self._keep_up()
        own = self._steps[step_id]
        line = min(line, own.times.line_count)
        item, gaps = own.gaps_behind(line)
        return self._row_at(step_id, item, own.times.of_line(line)), gaps

    def _row_at(self, step_id: StepId, item: int, at_ns: int) -> int:
        """The row of an item of a step that counts as printed at a time."""
        return item + sum(
            step.items_until(at_ns, inclusive=other < step_id)
            for other, step in self._steps.items()
            if other != step_id
        )

    def first_row_at(self, at_ns: int) -> int:
        """The first row that counts as printed at a time or later."""
        self._keep_up()
        return sum(step.items_until(at_ns, inclusive=False) for step in self._steps.values())

    def lines_before(self, row: int) -> dict[StepId, int]:
        """How many lines of each step stand above a row."""
        if row >= self.row_count:
            return {step_id: step.times.line_count for step_id, step in self._steps.items()}
        step_id, item = self._stretch_of(row).item_at(row)
        own = self._steps[step_id]
        at_ns = own.time_of_item(item)
        return {
            other: own.lines_before(item)
            if other == step_id
            else step.times.lines_until(at_ns, inclusive=other < step_id)
            for other, step in self._steps.items()
        }

    def _stretch_of(self, row: int) -> _Stretch:
        ends = self._block_ends()
        low, high = (
            0,
            len(ends),
        )  # the stretch whose later end is the first with more than ``row`` rows up to it
        while low < high:
            middle = (low + high) // 2
            if self._has_more_rows(ends[middle], row):
                high = middle
            else:
                low = middle + 1
        stretch = self._stretches.get(low)
        if stretch is None:
            earlier = ends[low - 1] if low else -1
            stretch = self._stretches[low] = self._make_stretch(
                earlier, ends[low] if low < len(ends) else _NEVER
            )
            if len(self._stretches) > _KEPT_STRETCHES:
                self._stretches.popitem(last=False)
        return stretch

    def _has_more_rows(self, at_ns: int, row: int) -> bool:
        """Whether more than ``row`` rows count as printed up to a time, mostly told without reading."""
        least = sum(step.least_until(at_ns) for step in self._steps.values())
        if least > row:
            return True
        if least + len(self._steps) * BLOCK_LINES + self._gap_count() <= row:
            return False
        return sum(step.items_until(at_ns, inclusive=True) for step in self._steps.values()) > row

    def _make_stretch(self, earlier: int, later: int) -> _Stretch:
        first_row = 0
        items: list[tuple[int, StepId, int]] = []
        runs: list[tuple[StepId, int, int]] = []
        for step_id, step in self._steps.items():
            start = step.items_until(earlier, inclusive=True)
            middle = step.items_until(later, inclusive=False)
            stop = step.items_until(later, inclusive=True)
            first_row += start
            items += [(step.time_of_item(item), step_id, item) for item in range(start, middle)]
            runs.append((step_id, middle, stop - middle))
        items.sort()
        return _Stretch(first_row, [(step_id, item) for _, step_id, item in items], runs)

    def _block_ends(self) -> array[int]:
        """The times at which blocks of any step end, in order, each once."""
        if self._ends is None:
            self._ends = array(
                "q", sorted(set().union(*(step.times.latest for step in self._steps.values())))
            )
        return self._ends

    def _gap_count(self) -> int:
        return sum(len(step.gaps) for step in self._steps.values())

    def _keep_up(self) -> None:
        """Forget what was worked out when other rows were known."""
        state = tuple(step.state for step in self._steps.values())
        if state != self._state:
            self._state = state
            self._forget()

    def _forget(self) -> None:
        self._ends = None
        self._stretches.clear()
        for step in self._steps.values():
            step.place_gaps()
