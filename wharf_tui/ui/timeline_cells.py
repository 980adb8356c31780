"""What each cell of the timeline shows: whose time it is, how that step stands, and how much was printed in it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wharf_tui.insight.timeline import StepSpan, Timeline
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status

HEIGHTS: Final = " ▁▂▃▄▅▆▇█"
"""By height: 0 where no step ran, 1 where one ran and printed nothing."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of the timeline."""

    height: int = 0
    """Index into ``HEIGHTS``."""
    step_id: StepId | None = None
    """Whose colour it has; None where no step ran."""
    status: Status = Status.PENDING
    in_front: bool = False
    """Whether it is the step that is looked at; where all are, every other one."""
    odd: bool = False
    """Every other step, so that one sees where the next one begins."""
    has_failure: bool = False
    """Whether a step failed here, any of them."""


def cells(
    timeline: Timeline,
    spans: Sequence[StepSpan],
    activity: Mapping[StepId, Sequence[int]],
    front: StepId | None,
) -> list[Cell]:
    """All cells of a timeline.

    Where steps overlap the one that is looked at is in front, or else the busiest one.

    Args:
        timeline: the stretch of time.
        spans: when steps ran.
        activity: how many bytes each printed in each column.
        front: the step that is looked at; None where all are.
    """
    ranges = [
        (
            span,
            timeline.column_of(span.start_ns),
            timeline.column_of(timeline.end_ns if span.end_ns is None else span.end_ns),
        )
        for span in spans
    ]
    totals = [sum(step[column] for step in activity.values()) for column in range(timeline.columns)]
    most = max(totals, default=0)
    failures = {last for span, _, last in ranges if span.status is Status.FAILED}
    found: list[Cell] = []
    ran: list[list[tuple[int, StepSpan]]] = [[] for _ in range(timeline.columns)]
    for index, (span, first, last) in enumerate(ranges):
        for column in range(first, last + 1):
            ran[column].append((index, span))
    for column, there in enumerate(ran):
        if not there:
            found.append(Cell())
            continue
        index, span = max(
            there,
            key=lambda each: (each[1].step_id == front, _at(activity, each[1].step_id, column), -each[0]),
        )
        is_front = span.step_id == front
        printed = _at(activity, span.step_id, column) if is_front else totals[column]
        found.append(
            Cell(
                _height(printed, most),
                span.step_id,
                span.status,
                in_front=is_front or (front is None and index % 2 == 0),
                odd=bool(index % 2),
                has_failure=column in failures,
            )
        )
    return found


def _at(activity: Mapping[StepId, Sequence[int]], step_id: StepId, column: int) -> int:
    return activity[step_id][column] if step_id in activity else 0


def _height(printed: int, most: int) -> int:
    """By the root, so that a few lines are seen beside a flood."""
    return 1 if not printed or not most else 1 + math.ceil(math.sqrt(printed / most) * (len(HEIGHTS) - 2))
