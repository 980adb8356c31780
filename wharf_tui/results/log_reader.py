"""Reads one step's log, of any size and still growing, by line number.

The reader keeps an index, not lines: text is read when it is asked for. Nothing here blocks for long: the index of a
large file is built in slices, and the end of a file can be read before its index is there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from wharf_tui.model.ids import LogId
from wharf_tui.model.lines import Gap, LogLine, split_stamp
from wharf_tui.model.timestamps import LONGEST_STAMP
from wharf_tui.results import layout
from wharf_tui.results.gap_file import read_gaps
from wharf_tui.results.line_index import BLOCK, LineIndex
from wharf_tui.results.os_errors import reading

_SLICE = 1024 * 1024
MAX_MESSAGE = 4096
"""Bytes of a message that are read unless more is asked for: what a wide screen can show."""


class LogReader:
    """One step's log. Cheap to make: nothing is opened until the first ``refresh``.

    Args:
        step_dir: folder of the step; it, or the log in it, may not exist yet.
        take_unfinished_line: count a last line that has no LF (for files that nobody writes any more).
    """

    def __init__(self, step_dir: Path, *, take_unfinished_line: bool = False) -> None:
        self.path = step_dir / layout.LOG
        self.size = 0
        """Bytes of the file when last looked at."""
        self.gaps: tuple[Gap, ...] = ()
        self.restarts = 0
        """How often the file turned out to be another one, or shorter than before: line numbers hold for one count."""
        self.take_unfinished_line = take_unfinished_line
        self._gap_path = step_dir / layout.GAPS
        self._gap_stamp: tuple[int, int] | None = None
        self._index_path = step_dir / layout.INDEX
        self._index = LineIndex()
        self._file: BinaryIO | None = None
        self._inode: tuple[int, int] = (0, 0)

    @property
    def line_count(self) -> int:
        """Lines that can be read now."""
        return self._index.line_count + (1 if self.has_unfinished_line else 0)

    @property
    def last_log_id(self) -> LogId:
        """Highest ID so far, holes counted in."""
        return LogId(self.line_count + sum(gap.missing for gap in self.gaps))

    @property
    def indexed(self) -> int:
        """Bytes whose lines have been counted."""
        return self._index.covered

    @property
    def is_indexed(self) -> bool:
        """Whether all that is there has been counted."""
        return self._index.covered >= self.size

    @property
    def complete_end(self) -> int:
        """Offset behind the last counted LF: what may be handed on."""
        return self._index.complete_end

    @property
    def has_unfinished_line(self) -> bool:
        """Whether the last line that is counted has no LF."""
        return (
            self.take_unfinished_line and self.is_indexed and self._index.complete_end < self._index.covered
        )

    def refresh(self, budget_bytes: int | None = None) -> bool:
        """Look at the file again and count at most ``budget_bytes`` of what is new (None: all of it).

        Returns:
            Whether anything is different from before.

        Raises:
            InputError: the file is there but cannot be read.
        """
        changed = self._refresh_gaps()
        if self._file is None and not self._open():
            return changed
        changed = self._notice_replacement() or changed
        assert self._file is not None
        budget = self.size - self._index.covered if budget_bytes is None else budget_bytes
        with reading(self.path):
            while budget > 0 and self._index.covered < self.size:
                wanted = min(_SLICE, budget, self.size - self._index.covered)
                data = self._pread(self._index.covered, wanted)
                if not data:
                    break
                self._index.extend(data)
                budget -= len(data)
                changed = True
        return changed

    def read(self, first: int, count: int, max_message: int = MAX_MESSAGE) -> list[LogLine]:
        """Lines from the ``first``-th (1-based line of the file) on, at most ``count``, fewer at the end.

        Args:
            first: line of the file; equals the log ID where the log has no holes.
            count: how many.
            max_message: bytes of each message to read at most; ``LogLine.size`` tells the whole.
        """
        last = min(first + count - 1, self.line_count)
        if first < 1 or last < first or self._file is None:
            return []
        lines: list[LogLine] = []
        position, number = self.offset_of(first), first
        stop = self.offset_of(last + 1)
        with reading(self.path):
            while number <= last:
                data = self._pread(position, min(4 * BLOCK, stop - position))
                if not data:
                    break
                whole = data.rfind(b"\n") + 1
                if whole == 0:
                    next_position = self.offset_of(number + 1)
                    lines.append(self._long_line(number, position, next_position, max_message))
                    position, number = next_position, number + 1
                    continue
                for raw in data[: whole - 1].split(b"\n"):
                    lines.append(self._line(number, raw, len(raw), max_message))
                    number += 1
                position += whole
        return lines

    def message_bytes(self, line: int, start: int, length: int) -> bytes:
        """A part of the message of the ``line``-th line of the file, for lines too long to be read whole."""
        if not 1 <= line <= self.line_count or self._file is None:
            return b""
        position, stop = self.offset_of(line), self.offset_of(line + 1)
        with reading(self.path):
            _, skip = split_stamp(
                self._pread(position, min(LONGEST_STAMP + 1, stop - position)).partition(b"\n")[0]
            )
            data = self._pread(position + skip + start, max(0, min(length, stop - position - skip - start)))
        return data.removesuffix(b"\n") if position + skip + start + len(data) == stop else data

    def tail(self, count: int, max_message: int = MAX_MESSAGE, max_bytes: int = 4 * BLOCK) -> list[LogLine]:
        """The last lines, read from the end without the index; their IDs are 0, since nobody has counted yet."""
        if self._file is None and not self._open():
            return []
        start = max(0, self.size - max_bytes)
        with reading(self.path):
            data = self._pread(start, self.size - start)
        if start:
            data = data.partition(b"\n")[2]
        ends_with_lf = data.endswith(b"\n")
        raws = data.split(b"\n")
        if ends_with_lf or not self.take_unfinished_line:
            raws.pop()
        return [self._line(0, raw, len(raw), max_message) for raw in raws[-count:]]

    def offset_of(self, line: int) -> int:
        """Where the ``line``-th line of the file starts; for the line behind the last one, where the last one ends."""
        if line <= 1:
            return 0
        if line - 1 > self._index.line_count:
            return self._index.covered
        block, rank = self._index.block_of_line_end(line - 1)
        data = self._pread(block * BLOCK, BLOCK)
        position = -1
        for _ in range(rank):
            position = data.index(b"\n", position + 1)
        return block * BLOCK + position + 1

    def log_id_of(self, line: int) -> LogId:
        """ID of the ``line``-th line of the file: more than the line's number only behind a hole."""
        log_id = line
        for gap in self.gaps:
            if gap.missing and gap.after < log_id:
                log_id += gap.missing
        return LogId(log_id)

    def line_of(self, log_id: int) -> int:
        """Line of the file that has this ID, or the next line behind it where the ID is missing; may be past the end."""
        missing_before = 0
        for gap in self.gaps:
            if gap.missing and gap.after < log_id:
                missing_before += min(gap.missing, log_id - gap.first_missing)
        return log_id - missing_before

    def first_line_at(self, at_ns: int) -> int:
        """The first line that is not older than ``at_ns``, by halving; lines without a time are passed over."""
        low, high = 1, self.line_count + 1
        while low < high:
            middle = (low + high) // 2
            stamp = self._time_at_or_after(middle, high)
            if stamp is not None and stamp < at_ns:
                low = middle + 1
            else:
                high = middle
        return low

    def read_raw(self, offset: int, length: int) -> bytes:
        """Bytes of the file as they are, for cursors that hand them on."""
        if self._file is None:
            return b""
        with reading(self.path):
            return self._pread(offset, length)

    def close(self) -> None:
        """Close the file; the next ``refresh`` opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> bool:
        if not layout.is_regular_file(self.path):
            return False
        with reading(self.path):
            self._file = self.path.open("rb", buffering=0)
            info = os.fstat(self._file.fileno())
            self.size, self._inode = info.st_size, (info.st_dev, info.st_ino)
            self._index = LineIndex.load(self._index_path, self._file, self.size)
        return True

    def _notice_replacement(self) -> bool:
        assert self._file is not None
        with reading(self.path):
            try:
                info = self.path.stat()
            except FileNotFoundError:
                info = os.fstat(self._file.fileno())
        if (info.st_dev, info.st_ino) == self._inode and info.st_size >= self._index.covered:
            changed = info.st_size != self.size
            self.size = info.st_size
            return changed
        self.close()
        self.restarts += 1
        self._index = LineIndex()
        self._open()
        return True

    def _refresh_gaps(self) -> bool:
        try:
            info = self._gap_path.stat()
        except OSError:
            return False
        stamp = (info.st_mtime_ns, info.st_size)
        if stamp == self._gap_stamp:
            return False
        self._gap_stamp = stamp
        self.gaps = read_gaps(self._gap_path)
        return True

    def _pread(self, offset: int, length: int) -> bytes:
        assert self._file is not None
        self._file.seek(offset)
        parts: list[bytes] = []
        while length > 0:
            data = self._file.read(length)
            if not data:
                break
            parts.append(data)
            length -= len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _line(self, number: int, raw: bytes, raw_size: int, max_message: int) -> LogLine:
        at_ns, skip = split_stamp(raw)
        log_id = self.log_id_of(number) if number else LogId(0)
        return LogLine(log_id, at_ns, raw[skip : skip + max_message], raw_size - skip)

    def _long_line(self, number: int, start: int, stop: int, max_message: int) -> LogLine:
        raw = self._pread(start, min(stop - start, max_message + LONGEST_STAMP + 1))
        ended = self.read_raw(stop - 1, 1) == b"\n"
        return self._line(number, raw.removesuffix(b"\n"), stop - start - ended, max_message)

    def _time_at_or_after(self, line: int, stop: int) -> int | None:
        for found in self.read(line, min(64, stop - line), 0):
            if found.at_ns is not None:
                return found.at_ns
        return None
