"""Where a log was silent: the times between one line and the next that are long enough to be told.

Only those parts of the log are read in which, by the samples of its times, a silence fits. A clock that jumps back can
hide a silence before its jump, if both are in one stretch.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Final

from wharf_tui.insight.log_pieces import line_at
from wharf_tui.insight.slices import Progress
from wharf_tui.insight.time_map import TimeMap

_STRETCH: Final = 64 * 1024
"""Bytes that are read for one stretch at most."""
MOST: Final = 20_000
"""Silences that are kept; where there are more, the threshold rises."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A time without output."""

    before_line: int
    """The line of the file that ended it."""
    from_ns: int
    """Time of the last line before it that has a time."""
    to_ns: int

    @property
    def duration_ns(self) -> int:
        """How long it was."""
        return self.to_ns - self.from_ns


class Silences:
    """The silences of one log that are not shorter than a threshold.

    Args:
        time_map: samples of the log's times; taken here as needed, and may be shared.
        threshold_ns: nanoseconds.
    """

    def __init__(self, time_map: TimeMap, threshold_ns: int) -> None:
        self.threshold_ns = threshold_ns
        """The shortest silence that is told; rises where there are too many."""
        self._map = time_map
        self._restarts = time_map.restarts
        self._closed: list[Silence] = []
        self._open: list[Silence] = []
        """Found behind the last sample, where more lines may come."""
        self._next_sample = 0
        self._open_size = -1

    @property
    def found(self) -> list[Silence]:
        """In the order of the log."""
        return self._closed + self._open

    @property
    def progress(self) -> Progress:
        """How much has been gone over."""
        log, samples = self._map.log, self._map.progress
        if not samples.is_done:
            return Progress(min(samples.done // 2, samples.total - 1), samples.total)
        if self._next_sample + 1 < len(self._map.offsets) or self._open_size != log.complete_end:
            return Progress(samples.total // 2, samples.total + 1)
        return samples

    def step(self, budget_bytes: int) -> Progress:
        """Look on, reading about ``budget_bytes``; see ``SlicedWork.step``."""
        time_map = self._map
        time_map.step(budget_bytes)
        if time_map.restarts != self._restarts:
            self._restarts = time_map.restarts
            self._closed, self._open, self._next_sample, self._open_size = [], [], 0, -1
        if not time_map.progress.is_done:
            return self.progress
        while self._next_sample + 1 < len(time_map.offsets) and budget_bytes > 0:
            index = self._next_sample
            passed = time_map.times[index + 1] - time_map.times[index]
            if passed >= self.threshold_ns or passed < 0:
                self._closed += self._between(self._lines_of(index))
                self._keep_longest()
                budget_bytes -= _STRETCH
            self._next_sample = index + 1
        if self._next_sample + 1 >= len(time_map.offsets):
            self._look_at_end()
        return self.progress

    def longest(self, count: int) -> list[Silence]:
        """The longest silences, the longest first."""
        return heapq.nlargest(count, self.found, key=_duration)

    def _look_at_end(self) -> None:
        time_map, end = self._map, self._map.log.complete_end
        if self._open_size == end:
            return
        self._open_size = end
        last = self._lines_of(len(time_map.offsets) - 1) if time_map.offsets else ()
        self._open = list(self._between(chain(last, time_map.timed_lines(time_map.position, end))))

    def _lines_of(self, sample: int) -> Iterator[tuple[int, int]]:
        """The timed lines of a sample's stretch, and the next sample."""
        time_map = self._map
        start = time_map.offsets[sample]
        yield from time_map.timed_lines(start, time_map.stretch_end(start))
        if sample + 1 < len(time_map.offsets):
            yield time_map.offsets[sample + 1], time_map.times[sample + 1]

    def _between(self, lines: Iterable[tuple[int, int]]) -> Iterator[Silence]:
        for (_, before), (offset, at_ns) in pairwise(lines):
            if at_ns - before >= self.threshold_ns:
                yield Silence(line_at(self._map.log, offset), before, at_ns)

    def _keep_longest(self) -> None:
        if len(self._closed) > MOST:
            self.threshold_ns = sorted(map(_duration, self._closed))[MOST // 2] + 1
            self._closed = [silence for silence in self._closed if silence.duration_ns >= self.threshold_ns]


def _duration(silence: Silence) -> int:
    return silence.duration_ns
