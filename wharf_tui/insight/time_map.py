"""When which part of a log was printed: the time of one line in each stretch of it, found without reading the rest.

A gigabyte needs 17,000 samples. Where a log is young, stretches are short, so that a small log has a shape, too.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from wharf_tui.insight.line_form import HEAD, time_reader
from wharf_tui.insight.slices import Progress
from wharf_tui.results.log_reader import LogReader

_SHORT_STRETCH: Final = 4 * 1024
_LONG_STRETCH: Final = 64 * 1024
_SHORT_UNTIL: Final = 1024 * 1024
_HEAD: Final = 1024
"""Bytes that are read of a stretch at first: most lines start within them."""


class TimeMap:
    """Samples of a log's times.

    Args:
        log: the log; its owner refreshes it.
    """

    def __init__(self, log: LogReader) -> None:
        self.log = log
        self.restarts = 0
        """How often the log turned out to be another one: then nothing that was found before holds."""
        self.offsets = array("Q")
        """Where the sampled lines start, in order."""
        self.times = array("q")
        """Their times in nanoseconds since the Unix epoch; in the log's order, so that they may jump back."""
        self._log_restarts = log.restarts
        self._position = 0

    @property
    def position(self) -> int:
        """Offset up to which samples have been taken; less than a stretch is left when it is done."""
        return self._position

    @property
    def progress(self) -> Progress:
        """How much has been gone over."""
        end = self.log.complete_end
        return Progress(end if self.stretch_end(self._position) > end else self._position, end)

    def step(self, budget_bytes: int) -> Progress:
        """Take samples, reading about ``budget_bytes``; see ``SlicedWork.step``."""
        if self.log.restarts != self._log_restarts:
            self._log_restarts = self.log.restarts
            self.restarts += 1
            self.offsets, self.times, self._position = array("Q"), array("q"), 0
        while budget_bytes > 0 and not self.progress.is_done:
            start, stop = self._position, self.stretch_end(self._position)
            budget_bytes -= _HEAD
            sample = next(self.timed_lines(start, start + _HEAD), None)
            if sample is None:
                budget_bytes -= stop - start
                sample = next(self.timed_lines(start, stop), None)
            if sample is not None:
                self.offsets.append(sample[0])
                self.times.append(sample[1])
            self._position = stop
        return self.progress

    def offset_at(self, at_ns: int) -> int:
        """About where the log was at a time, taking it that times do not jump back."""
        index = bisect_right(self.times, at_ns) - 1
        return self.offsets[index] if index >= 0 else 0

    def points(self, most: int | None = None) -> list[tuple[int, int]]:
        """The samples, and the timed lines behind them that make no stretch yet: offset and time of each.

        Args:
            most: about how many samples are wanted; None takes all.

        Raises:
            InputError: the log cannot be read.
        """
        end = self.log.complete_end
        every = 1 if most is None else max(len(self.offsets) // most, 1)
        samples = zip(self.offsets[::every], self.times[::every], strict=True)
        return [*samples, *self.timed_lines(self._position, end)]

    @staticmethod
    def stretch_end(offset: int) -> int:
        """Where the stretch ends in which an offset lies."""
        stretch = _SHORT_STRETCH if offset < _SHORT_UNTIL else _LONG_STRETCH
        return (offset // stretch + 1) * stretch

    def timed_lines(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """The lines that start within a range of the counted part of the log and have a time.

        Args:
            start: any offset.
            stop: offset behind the range, which is read as a whole.

        Yields:
            The line's offset, and its time in nanoseconds since the Unix epoch.
        """
        read_time = time_reader(self.log)
        before = max(start - 1, 0)
        data = self.log.read_raw(before, stop - before + HEAD)
        position = 0 if start == 0 else data.find(b"\n") + 1
        if start and not position:
            return
        for line in data[position:].split(b"\n"):
            if before + position >= stop:
                return
            at_ns = read_time(line[:HEAD])
            if at_ns is not None:
                yield before + position, at_ns
            position += len(line) + 1
