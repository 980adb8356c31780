"""A build's time in one row: when each step ran, how busy it was, and where in it one is.

Times are nanoseconds since the Unix epoch; a column is a cell of the row, from 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from wharf_tui.insight.time_map import TimeMap
from wharf_tui.model.build import StepState
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status
from wharf_tui.results.log_reader import LogReader

_POINTS_PER_COLUMN: Final = 8
"""Samples that are enough to see how busy a log was; more of them only take time."""
_UNTIMED_RUN: Final = 4096
_PAGE: Final = 64


@dataclass(frozen=True, slots=True)
class StepSpan:
    """When a step ran."""

    step_id: StepId
    status: Status
    start_ns: int
    end_ns: int | None
    """None while it runs."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A stretch of time as a row of columns.

    Args:
        start_ns: where the first column begins.
        end_ns: where the last one ends; later than ``start_ns``.
        columns: how many; 1 at least.
    """

    start_ns: int
    end_ns: int
    columns: int

    def column_of(self, at_ns: int) -> int:
        """The column in which a time lies; the first or last one for times outside."""
        column = (at_ns - self.start_ns) * self.columns // (self.end_ns - self.start_ns)
        return min(max(column, 0), self.columns - 1)

    def time_of(self, column: int) -> int:
        """The first time of a column, or, for ``columns``, the end."""
        return self.start_ns + -(-column * (self.end_ns - self.start_ns) // self.columns)

    def activity(self, time_map: TimeMap) -> list[int]:
        """How many bytes of a log were printed in each column, taking it that they were printed evenly between samples."""
        found = [0] * self.columns
        end = time_map.log.complete_end
        points = time_map.points(_POINTS_PER_COLUMN * self.columns)
        if points:
            points.append((end, max(points[-1][1], time_of_line(time_map.log, time_map.log.line_count) or 0)))
        for (offset, at_ns), (next_offset, next_ns) in pairwise(points):
            first, last = self.column_of(at_ns), self.column_of(max(next_ns, at_ns))
            if at_ns >= self.end_ns or next_ns < self.start_ns:
                continue
            size, count = next_offset - offset, last - first + 1
            for column in range(first, last + 1):
                found[column] += size * (column - first + 1) // count - size * (column - first) // count
        return found


def spans(steps: Iterable[StepState], maps: dict[StepId, TimeMap]) -> list[StepSpan]:
    """When steps ran: as their states tell, or else as the times in their logs do.

    Args:
        steps: of a build; those of which nothing is known are left out.
        maps: samples of their logs' times.
    """
    found: list[StepSpan] = []
    for step in steps:
        time_map = maps.get(step.info.step_id)
        start, end = step.started_ns, step.finished_ns
        if step.skipped or (start is None and time_map is None):
            continue
        if time_map is not None and (start is None or (end is None and step.status.is_final)):
            points = time_map.points()
            last = time_of_line(time_map.log, time_map.log.line_count)
            start = points[0][1] if start is None and points else start
            end = last if end is None and step.status.is_final else end
        if start is None:
            continue
        if end is None and step.status.is_final:
            end = start
        found.append(
            StepSpan(step.info.step_id, step.status, start, None if end is None else max(start, end))
        )
    return found


def whole(steps: Iterable[StepSpan], now_ns: int, columns: int) -> Timeline | None:
    """A row that shows all steps from the first start to the last end; None where none has started."""
    ran = list(steps)
    if not ran:
        return None
    start = min(span.start_ns for span in ran)
    end = max(now_ns if span.end_ns is None else span.end_ns for span in ran)
    return Timeline(start, max(end, start + 1), max(columns, 1))


def time_of_line(log: LogReader, line: int) -> int | None:
    """When a line was printed, or the nearest line before it that has a time; None where none near it has one.

    Raises:
        InputError: the log cannot be read.
    """
    last = min(line, log.line_count)
    while last >= max(line - _UNTIMED_RUN, 1):
        first = max(last - _PAGE + 1, 1)
        for found in reversed(log.read(first, last - first + 1, 0)):
            if found.at_ns is not None:
                return found.at_ns
        last = first - 1
    return None
