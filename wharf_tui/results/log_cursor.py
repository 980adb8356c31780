"""A subscriber's place in one step's log: a line and an offset, no more. A thousand of them cost nothing.

The cursor hands on the file's own bytes. It is woken by the store's ChangeSignal and reads what has come since, so
a reader that is slow, stopped or gone makes nobody wait.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wharf_tui.model.ids import LogId
from wharf_tui.model.lines import LogLine, split_stamp
from wharf_tui.results.log_reader import LogReader


@dataclass(frozen=True, slots=True)
class LogBlock:
    """A run of stored lines as they stand in the file.

    A line that is longer than what was asked for comes in several blocks: then ``data`` ends without LF,
    and the next block goes on with the same line.
    """

    first_log_id: LogId
    """ID of the line to which the first byte belongs."""
    line_ends: int
    """How many lines end in here."""
    data: bytes

    @property
    def is_whole(self) -> bool:
        """Whether the last line ends here, too."""
        return self.data.endswith(b"\n")


SplitLine = Callable[[bytes], tuple[int | None, int]]
"""A line's time, and where its message starts."""


class LineAssembler:
    """Makes lines of one step's blocks, in their order; a line that comes in parts is kept until its end comes.

    Args:
        split: how lines tell their time; the default is the store's way.
    """

    def __init__(self, split: SplitLine = split_stamp) -> None:
        self._split = split
        self._parts: list[bytes] = []
        self._parts_log_id = 0

    @property
    def is_empty(self) -> bool:
        """Whether no line is waiting for its end."""
        return not any(self._parts)

    def feed(self, block: LogBlock) -> list[LogLine]:
        """The lines that end in this block. Parts of a line that is not gone on with (the log restarted) are dropped."""
        if block.first_log_id != self._parts_log_id:
            self._parts, self._parts_log_id = [], block.first_log_id
        self._parts.append(block.data)
        if block.line_ends == 0:
            return []
        *raws, _ = b"".join(self._parts).split(b"\n")
        self._parts = []
        lines: list[LogLine] = []
        for log_id, raw in enumerate(raws, block.first_log_id):
            at_ns, skip = self._split(raw)
            lines.append(LogLine(LogId(log_id), at_ns, raw[skip:], len(raw) - skip))
        return lines


class LogCursor:
    """Reads forward from one line to the newest.

    Args:
        reader: the step's reader; may be shared by any number of cursors. The owner refreshes it.
        after: ID of the last line that the subscriber has already; 0 starts at the beginning.
    """

    def __init__(self, reader: LogReader, after: int = 0) -> None:
        self._reader = reader
        self._next = after + 1
        self._offset: int | None = None
        self._restarts = reader.restarts

    @property
    def next_log_id(self) -> LogId:
        """ID of the line that comes next."""
        return self._reader.log_id_of(self._line)

    @property
    def _line(self) -> int:
        """Line of the file that comes next; holes may become known at any time, so it is worked out anew."""
        return self._reader.line_of(self._next)

    @property
    def is_behind(self) -> bool:
        """Whether something can be read now."""
        return self._line <= self._reader.line_count

    def read(self, max_bytes: int, up_to: int | None = None) -> LogBlock | None:
        """The next block, or None where nothing new is there.

        Args:
            max_bytes: size of the block at most.
            up_to: last ID to read; None reads to the newest.
        """
        if self._restarts != self._reader.restarts:
            self._restarts, self._offset, self._next = self._reader.restarts, None, 1
        last_line = self._last_line(up_to)
        if self._line > last_line:
            return None
        if self._offset is None:
            self._offset = self._reader.offset_of(self._line)
        stop = self._end_of(last_line)
        data = self._reader.read_raw(self._offset, min(max_bytes, stop - self._offset))
        if not data:
            return None
        reached_stop = self._offset + len(data) == stop
        if not reached_stop and (end := data.rfind(b"\n") + 1):
            data = data[:end]
        elif reached_stop and not data.endswith(b"\n"):
            data += b"\n"  # the unfinished last line of a file that nobody writes any more
        first = self.next_log_id
        line_ends = data.count(b"\n")
        data, line_ends = self._cut_at_hole(first, data, line_ends)
        self._next = first + line_ends
        if self._reader.has_unfinished_line and not self.is_behind:
            self._offset = None  # an unfinished line may still grow, so the next one's start is not known yet
        else:
            self._offset += len(data)
        return LogBlock(first, line_ends, data)

    def _last_line(self, up_to: int | None) -> int:
        newest = self._reader.line_count
        return newest if up_to is None else min(newest, self._reader.line_of(up_to + 1) - 1)

    def _end_of(self, last_line: int) -> int:
        if last_line == self._reader.line_count:
            return self._reader.indexed if self._reader.has_unfinished_line else self._reader.complete_end
        return self._reader.offset_of(last_line + 1)

    def _cut_at_hole(self, first: int, data: bytes, line_ends: int) -> tuple[bytes, int]:
        """IDs within a block are dense, so a block ends where IDs are missing."""
        for gap in self._reader.gaps:
            if gap.missing and first <= gap.after < first + line_ends - 1:
                end = -1
                for _ in range(gap.after - first + 1):
                    end = data.index(b"\n", end + 1)
                return data[: end + 1], gap.after - first + 1
        return data, line_ends
