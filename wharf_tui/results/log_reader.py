"""Reads one step's log, of any size and still growing, by line number.

The reader keeps an index, not lines: text is read when it is asked for. Nothing here blocks for long: the index of a
large file is built in slices, and the end of a file can be read before its index is there.
"""

from __future__ import annotations

import os
from pathlib import Path

from wharf_tui.model.ids import LogId
from wharf_tui.model.lines import Gap, LogLine, split_stamp
from wharf_tui.model.timestamps import LONGEST_STAMP
from wharf_tui.results import layout
from wharf_tui.results.gap_file import read_gaps
from wharf_tui.results.index_file import load_index
from wharf_tui.results.line_index import BLOCK, LineIndex
from wharf_tui.results.os_errors import reading
from wharf_tui.results.plain_file import open_plain, read_at

_SLICE = 1024 * 1024
MAX_MESSAGE = 4096
"""Bytes of a message that are read unless more is asked for: what a wide screen can show."""
_UNTIMED_RUN = 4096
"""How many lines without a time are passed over in search of one that has a time."""


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
        self.readings = 0
        """How often it was found out that lines tell their time in another way: then those that were read are stale."""
        self.take_unfinished_line = take_unfinished_line
        self._gap_path = step_dir / layout.GAPS
        self._gap_stamp: tuple[int, int] | None = None
        self._index_path = step_dir / layout.INDEX
        self._index = LineIndex()
        self._file: int | None = None
        self._inode: tuple[int, int] | None = None

    @property
    def line_count(self) -> int:
        """Lines that can be read now."""
        return self._index.line_count + (1 if self.has_unfinished_line else 0)

    @property
    def last_log_id(self) -> LogId:
        """Highest ID so far, holes counted in; not those that are known already, but lie behind what has been counted."""
        return LogId(self.log_id_of(self.line_count + 1) - 1)

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
            InputError: the file is there but cannot be read, or it is a link, a pipe or a device.
        """
        changed = self._look_at_file()
        if self._file is None:
            return changed
        # The gaps are read behind the size: a hole is on the disk before the lines behind it are.
        changed = self._refresh_gaps() or changed
        budget = self.size - self._index.covered if budget_bytes is None else budget_bytes
        while budget > 0 and self._index.covered < self.size:
            wanted = min(_SLICE, budget, self.size - self._index.covered)
            data = self.read_raw(self._index.covered, wanted)
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
        while number <= last:
            data = self.read_raw(position, min(4 * BLOCK, stop - position))
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
        head = self.read_raw(position, min(LONGEST_STAMP + 1, stop - position))
        _, skip = self.split(head.partition(b"\n")[0])
        data = self.read_raw(position + skip + start, min(length, stop - position - skip - start))
        return data.removesuffix(b"\n") if position + skip + start + len(data) == stop else data

    def tail(self, count: int, max_message: int = MAX_MESSAGE, max_bytes: int = 4 * BLOCK) -> list[LogLine]:
        """The last lines, read from the end without the index; their IDs are 0, since nobody has counted yet."""
        if self._file is None and not self._open():
            return []
        start = max(0, self.size - max_bytes)
        data = self.read_raw(start, self.size - start)
        if start:
            data = data.partition(b"\n")[2]
        raws = data.split(b"\n")
        unfinished = raws.pop()
        if unfinished and self.take_unfinished_line:
            raws.append(unfinished)
        return [self._line(0, raw, len(raw), max_message) for raw in raws[max(0, len(raws) - count) :]]

    def offset_of(self, line: int) -> int:
        """Where the ``line``-th line of the file starts; for the line behind the last one, where the last one ends."""
        if line <= 1:
            return 0
        if line - 1 > self._index.line_count:
            return self._index.covered
        block, rank = self._index.block_of_line_end(line - 1)
        data = self.read_raw(block * BLOCK, BLOCK)
        *ended, rest = data.split(b"\n", rank)
        if len(ended) < rank:  # the file has been cut off since; the next refresh will find that out
            return self._index.covered
        return block * BLOCK + len(data) - len(rest)

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
        """The first line that is not older than ``at_ns``, by halving; lines without a time are passed over.

        A run of some thousand lines without a time counts as not older.
        """
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
        """Bytes of the file as they are; fewer where the file ends before, none where it is not open.

        Raises:
            InputError: the device refuses.
        """
        if self._file is None:
            return b""
        with reading(self.path):
            return read_at(self._file, offset, length)

    def close(self) -> None:
        """Close the file; the next ``refresh`` opens it again."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _look_at_file(self) -> bool:
        """Open the file, or notice that it has grown or been replaced; whether anything is different."""
        if self._file is None:
            return self._open()
        with reading(self.path):
            try:
                info = self._look()
            except FileNotFoundError:
                info = os.fstat(self._file)
        if (info.st_dev, info.st_ino) == self._inode and info.st_size >= self._index.covered:
            changed = info.st_size != self.size
            self.size = info.st_size
            return changed
        self.close()
        self._inode = None
        self.restarts += 1
        self.size, self._index = 0, LineIndex()
        self._open()
        return True

    def _open(self) -> bool:
        with reading(self.path):
            handle = self._open_file()
            if handle is None:
                return False
            self._file = handle
            info = os.fstat(self._file)
            inode = (info.st_dev, info.st_ino)
            self.restarts += self._inode not in {None, inode}
            self.size, self._inode = info.st_size, inode
            self._index = load_index(self._index_path, self._file, self.size)
        return True

    def _look(self) -> os.stat_result:
        """What lies at the log's place now."""
        return self.path.lstat()

    def _open_file(self) -> int | None:
        """The log's descriptor; None where there is no log yet. Links lead out of a build, so none is followed."""
        folder = self.path.parent
        if not (layout.is_real_dir(folder.parent) and layout.is_real_dir(folder)):
            return None
        try:
            return open_plain(self.path)
        except FileNotFoundError:
            return None

    def split(self, line: bytes) -> tuple[int | None, int]:
        """A line's time, and where its message starts."""
        return split_stamp(line)

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

    def _line(self, number: int, raw: bytes, raw_size: int, max_message: int) -> LogLine:
        at_ns, skip = self.split(raw)
        log_id = self.log_id_of(number) if number else LogId(0)
        return LogLine(log_id, at_ns, raw[skip : skip + max_message], raw_size - skip)

    def _long_line(self, number: int, start: int, stop: int, max_message: int) -> LogLine:
        raw = self.read_raw(start, min(stop - start, max_message + LONGEST_STAMP + 1))
        ended = self.read_raw(stop - 1, 1) == b"\n"
        return self._line(number, raw.removesuffix(b"\n"), stop - start - ended, max_message)

    def _time_at_or_after(self, line: int, stop: int) -> int | None:
        stop = min(stop, line + _UNTIMED_RUN)
        count = 1
        while line < stop:
            for found in self.read(line, min(count, stop - line), 0):
                if found.at_ns is not None:
                    return found.at_ns
            line += count
            count *= 4
        return None
