"""When each line of a log counts as printed: at the latest time of all lines up to it, so that no clock runs backwards.

Kept is one time for each block of lines; the times within a block are read when they are asked for.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from itertools import accumulate
from typing import Final

from wharf_tui.insight.line_form import HEAD, form_of, stamps_alike, time_reader
from wharf_tui.insight.log_pieces import piece_after
from wharf_tui.insight.plain_lines import split_lines
from wharf_tui.insight.slices import Progress
from wharf_tui.model.timestamps import parse_rfc3339
from wharf_tui.results.log_reader import LogReader

BLOCK_LINES: Final = 512
_PIECE_BYTES: Final = 512 * 1024
_KEPT_BLOCKS: Final = 64
_LARGEST_BLOCK: Final = 4 * 1024 * 1024


class RunningTimes:
    """The running maximum of the times of one log; 0 before the first time.

    Args:
        log: the log; its owner refreshes it.
    """

    def __init__(self, log: LogReader) -> None:
        self.log = log
        self.restarts = 0
        """How often the log turned out to be another one: then nothing that was found before holds."""
        self.latest = array("q")
        """Nanoseconds since the Unix epoch at the end of each whole block."""
        self._has_stamps = form_of(log).has_stamps
        self._log_restarts = log.restarts
        self._tail = array("q")
        """Of each line behind the whole blocks."""
        self._unfinished: int | None = None
        """Of the line that has no end."""
        self._unfinished_size = 0
        self._offset = 0
        self._read: OrderedDict[int, array[int]] = OrderedDict()

    @property
    def line_count(self) -> int:
        """Lines whose times are known."""
        return len(self.latest) * BLOCK_LINES + len(self._tail) + (self._unfinished is not None)

    @property
    def progress(self) -> Progress:
        """How much has been looked at."""
        log = self.log
        if log.has_unfinished_line:
            return Progress(log.size if self._unfinished_size == log.size else self._offset, log.size)
        return Progress(self._offset, log.complete_end)

    def step(self, budget_bytes: int) -> Progress:
        """Look at about ``budget_bytes`` more; see ``SlicedWork.step``."""
        log = self.log
        if log.restarts != self._log_restarts:
            self._start_again()
        enough = budget_bytes // 8
        while budget_bytes > enough and self._offset < log.complete_end:
            piece = piece_after(log, self._offset, log.complete_end, min(budget_bytes, _PIECE_BYTES))
            if piece is None:
                break
            self._unfinished, self._unfinished_size = None, 0
            lines = split_lines(piece.data)
            held = self._take(lines, is_last=piece.end >= log.complete_end)
            self._offset = piece.end - held
            budget_bytes -= piece.end - piece.start - held
        if self._offset >= log.complete_end:
            self._take_unfinished()
        return self.progress

    def of_block(self, block: int) -> array[int]:
        """Of each line of a block, which begins with line ``block * BLOCK_LINES + 1``."""
        if block >= len(self.latest):
            return self._tail if self._unfinished is None else self._tail + array("q", [self._unfinished])
        known = self._read.get(block)
        if known is None:
            known = self._read[block] = self._running(self._times_in(block), self._before(block))
            if len(self._read) > _KEPT_BLOCKS:
                self._read.popitem(last=False)
        else:
            self._read.move_to_end(block)
        return known

    def of_line(self, line: int) -> int:
        """Of one line; 0 for line 0."""
        if line < 1:
            return 0
        block, rank = divmod(line - 1, BLOCK_LINES)
        return self.of_block(block)[rank]

    def lines_until(self, at_ns: int, *, inclusive: bool) -> int:
        """How many lines count as printed before a time, or also at it."""
        bisect = bisect_right if inclusive else bisect_left
        block = bisect(self.latest, at_ns)
        return block * BLOCK_LINES + bisect(self.of_block(block), at_ns)

    def blocks_until(self, at_ns: int) -> int:
        """How many whole blocks, from the first on, count as printed up to and at a time."""
        return bisect_right(self.latest, at_ns)

    def _before(self, block: int) -> int:
        return self.latest[block - 1] if block else 0

    def _take(self, lines: list[bytes], *, is_last: bool) -> int:
        """Take over lines; of those that make no whole block yet only the log's last. Bytes that were left."""
        start = 0
        if self._tail:
            start = min(BLOCK_LINES - len(self._tail), len(lines))
            self._extend_tail(lines[:start])
        alike = stamps_alike(lines) if self._has_stamps and len(lines) - start >= BLOCK_LINES else None
        while len(lines) - start >= BLOCK_LINES:
            stop = start + BLOCK_LINES
            if alike and alike[0].endswith(b"Z "):
                newest = parse_rfc3339(max(alike[start:stop])[:-1])
            else:
                newest = max((at for at in self._times(lines[start:stop]) if at is not None), default=None)
            self.latest.append(max(self._before(len(self.latest)), newest or 0))
            start = stop
        if is_last or start == 0:
            self._extend_tail(lines[start:])
            return 0
        return sum(map(len, lines[start:])) + len(lines) - start

    def _extend_tail(self, lines: list[bytes]) -> None:
        before = self._tail[-1] if self._tail else self._before(len(self.latest))
        self._tail.extend(self._running(self._times(lines), before))
        if len(self._tail) == BLOCK_LINES:
            self.latest.append(self._tail[-1])
            self._tail = array("q")

    def _take_unfinished(self) -> None:
        log = self.log
        if not log.has_unfinished_line:
            self._unfinished, self._unfinished_size = None, 0
        elif self._unfinished_size != log.size:
            before = self._tail[-1] if self._tail else self._before(len(self.latest))
            (line,) = log.read(log.line_count, 1, 0) or (None,)
            self._unfinished = max(before, (line.at_ns or 0) if line else 0)
            self._unfinished_size = log.size

    def _times_in(self, block: int) -> list[int | None]:
        first = block * BLOCK_LINES + 1
        start, stop = self.log.offset_of(first), self.log.offset_of(first + BLOCK_LINES)
        if stop - start > _LARGEST_BLOCK:
            return [line.at_ns for line in self.log.read(first, BLOCK_LINES, 0)]
        return self._times(split_lines(self.log.read_raw(start, stop - start)))

    def _times(self, lines: list[bytes]) -> list[int | None]:
        alike = stamps_alike(lines) if self._has_stamps else None
        if alike and alike[0].endswith(b"Z ") and alike[0][_FRACTION:-2].isdigit():
            return _times_of(alike)
        read_time = time_reader(self.log)
        return [read_time(line[:HEAD]) for line in lines]

    @staticmethod
    def _running(times: list[int | None], before: int) -> array[int]:
        return array("q", list(accumulate((at or 0 for at in times), max, initial=before))[1:])

    def _start_again(self) -> None:
        self._log_restarts = self.log.restarts
        self.restarts += 1
        self.latest, self._tail = array("q"), array("q")
        self._unfinished, self._unfinished_size, self._offset = None, 0, 0
        self._read.clear()


def _times_of(alike: list[bytes]) -> list[int | None]:
    """The times of stamps in UTC that are alike and have a fraction; each second is read once."""
    seconds: dict[bytes, int | None] = {}
    scale = 10 ** (9 - (len(alike[0]) - 2 - _FRACTION))
    times: list[int | None] = []
    for stamp in alike:
        text = stamp[: _FRACTION - 1]
        if text not in seconds:
            seconds[text] = parse_rfc3339(text + b"Z")
        whole = seconds[text]
        times.append(None if whole is None else whole + int(stamp[_FRACTION:-2]) * scale)
    return times


_FRACTION: Final = len(b"2024-02-03T10:00:01.")
