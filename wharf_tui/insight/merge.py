"""All steps' lines in one order: by time, but never against a step's own order.

A step's clock may jump back; its lines then count as late as the latest line before them. Equal times go by step ID.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

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
    """The lines of several steps in one order. Memory does not grow with the logs.

    Steps print in bursts, so lines are taken over in runs: all of one step that come before the next line of another.
    """
    streams = [_Stream(step.step_id, iter(lines)) for step, lines in steps]
    heap = [(stream.key, stream) for stream in streams if stream.fill()]
    heapq.heapify(heap)
    while heap:
        _, stream = heap[0]
        rivals = [heap[index][0] for index in (1, 2) if index < len(heap)]
        yield from stream.take_until(min(rivals, default=None))
        if stream.fill():
            heapq.heapreplace(heap, (stream.key, stream))
        else:
            heapq.heappop(heap)


class _Stream:
    """One step's lines, a page at a time, with the key of each."""

    def __init__(self, step_id: int, lines: Iterator[StepLine]) -> None:
        self._step_id = step_id
        self._lines = lines
        self._page: list[StepLine] = []
        self._keys: list[tuple[int, int]] = []
        self._position = 0
        self._latest = 0

    @property
    def key(self) -> tuple[int, int]:
        """When the next line counts, and whose it is; different for each step."""
        return self._keys[self._position]

    def fill(self) -> bool:
        """Read the next page when this one is used up; whether there is a next line."""
        if self._position < len(self._page):
            return True
        self._page, self._position = list(islice(self._lines, _PAGE)), 0
        self._keys = []
        for item in self._page:
            if item.line is not None and item.line.at_ns is not None:
                self._latest = max(self._latest, item.line.at_ns)
            self._keys.append((self._latest, self._step_id))
        return bool(self._page)

    def take_until(self, rival: tuple[int, int] | None) -> list[StepLine]:
        """The lines of this page that come before a rival's next one."""
        start = self._position
        self._position = len(self._page) if rival is None else bisect_left(self._keys, rival, start)
        return self._page[start : self._position]


def _gaps_until(step: StepInfo, gaps: list[Gap], log_id: int | None) -> Iterator[StepLine]:
    while gaps and (log_id is None or gaps[0].after <= log_id):
        yield StepLine(step, None, gaps.pop(0))
