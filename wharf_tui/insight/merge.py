"""All steps' lines in one order: by time, but never against a step's own order.

A step's clock may jump back; its lines then count as late as the latest line before them. Equal times go by step ID.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wharf_tui.model.build import StepInfo
from wharf_tui.model.lines import Gap, LogLine
from wharf_tui.results.log_reader import LogReader

_PAGE = 512


@dataclass(frozen=True, slots=True)
class StepLine:
    """A line, or a gap between lines, with the step that it belongs to."""

    step: StepInfo
    line: LogLine | None
    gap: Gap | None = None


def step_lines(step: StepInfo, log: LogReader, max_message: int) -> Iterator[StepLine]:
    """One step's lines from the first to the newest, with its gaps at their places."""
    gaps = list(log.gaps)
    yield from _gaps_until(step, gaps, 0)
    number = 1
    while page := log.read(number, _PAGE, max_message):
        for line in page:
            yield StepLine(step, line)
            yield from _gaps_until(step, gaps, line.log_id)
        number += len(page)
    yield from _gaps_until(step, gaps, None)


def merge_steps(steps: Iterable[tuple[StepInfo, Iterable[StepLine]]]) -> Iterator[StepLine]:
    """The lines of several steps in one order. Memory does not grow with the logs."""
    keyed = [_with_keys(step.step_id, lines) for step, lines in steps]
    for _, line in heapq.merge(*keyed, key=lambda pair: pair[0]):
        yield line


def _with_keys(step_id: int, lines: Iterable[StepLine]) -> Iterator[tuple[tuple[int, int], StepLine]]:
    latest = 0
    for line in lines:
        if line.line is not None and line.line.at_ns is not None:
            latest = max(latest, line.line.at_ns)
        yield (latest, step_id), line


def _gaps_until(step: StepInfo, gaps: list[Gap], log_id: int | None) -> Iterator[StepLine]:
    while gaps and (log_id is None or gaps[0].after <= log_id):
        yield StepLine(step, None, gaps.pop(0))
