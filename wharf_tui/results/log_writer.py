"""Appends lines to one step's log. Disk comes first: a line exists once its LF is in the file, not before.

The writer never waits for a reader. It stamps whole blocks of output at once, so that a step may print millions of
lines, and it takes lines of any length: the beginning of an unfinished line is written as it comes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from wharf_tui.model.errors import StoreError, StoreFrozenError
from wharf_tui.model.ids import LogId
from wharf_tui.model.lines import Gap, GapKind, encode_line
from wharf_tui.model.timestamps import format_rfc3339
from wharf_tui.results import layout
from wharf_tui.results.gap_file import read_gaps, write_gaps
from wharf_tui.results.line_index import LineIndex, start_side_file
from wharf_tui.results.lock import WriterLock
from wharf_tui.results.os_errors import store_error, writing

_SCAN_BYTES = 1024 * 1024


class LogWriter:
    """The one writer of one step's log. Calls from several threads are put one after the other.

    Args:
        step_dir: folder of the step; made when missing.
        on_append: called behind each write that made lines readable; must not block.

    Raises:
        StoreBusyError: somebody else writes this log.
        StoreError: the folder or a file cannot be made.
    """

    def __init__(self, step_dir: Path, on_append: Callable[[], None] | None = None) -> None:
        self.step_dir = step_dir
        self.path = step_dir / layout.LOG
        self._on_append = on_append
        self._mutex = threading.RLock()
        self._closed = False
        self._line_is_open = False
        self._held_cr = False
        self._unsynced = False
        with writing("create", step_dir):
            step_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = WriterLock(step_dir / layout.LOG_LOCK)
        self._lock.acquire()
        try:
            with writing("open", self.path):
                self._file = self.path.open("a+b", buffering=0)
            self._gaps = read_gaps(step_dir / layout.GAPS)
            self._index = self._count_what_is_there()
            self._side_file = start_side_file(step_dir / layout.INDEX, self._index)
            self._saved_blocks = self._index.whole_blocks
            self._missing = sum(gap.missing for gap in self._gaps)
            if self._index.complete_end < self._index.covered:
                self._finish_torn_line()
        except StoreError:
            self._lock.release()
            raise

    @property
    def last_log_id(self) -> LogId:
        """ID of the last line; 0 before the first."""
        return LogId(self._index.line_count + self._missing)

    @property
    def size(self) -> int:
        """Bytes in the file, an unfinished line included."""
        return self._index.covered

    def append(self, at_ns: int | None, message: bytes) -> LogId:
        """Append one line and return its ID. An unfinished line is ended first."""
        return self.append_many([(at_ns, message)])

    def append_many(self, lines: Iterable[tuple[int | None, bytes]]) -> LogId:
        """Append (time, message) pairs with one write, and return the last ID."""
        return self.append_stored(b"".join([encode_line(at_ns, message) for at_ns, message in lines]))

    def append_stored(self, lines: bytes) -> LogId:
        """Append whole lines that are in the form of the file already (LF at the end), and return the last ID."""
        with self._mutex:
            self.end_line()
            self._write(lines)
            return self.last_log_id

    def append_stored_part(self, part: bytes) -> LogId:
        """Append bytes in the form of the file whose last line may go on in the next call."""
        with self._mutex:
            self._write(part)
            self._line_is_open = not part.endswith(b"\n") if part else self._line_is_open
            return self.last_log_id

    def append_output(self, at_ns: int, output: bytes) -> LogId:
        """Append raw output as a program prints it, cut anywhere, and return the ID of the last whole line.

        Each line that begins in ``output`` gets the time ``at_ns``. CR LF ends a line like LF.
        """
        with self._mutex:
            if self._held_cr:
                output, self._held_cr = b"\r" + output, False
            if output.endswith(b"\r"):
                output, self._held_cr = output[:-1], True
            if not output:
                return self.last_log_id
            stamp = format_rfc3339(at_ns) + b" "
            text = output.replace(b"\r\n", b"\n").replace(b"\n", b"\n" + stamp)
            if not self._line_is_open:
                text = stamp + text
            line_is_open = not output.endswith(b"\n")
            if not line_is_open:
                text = text[: -len(stamp)]
            self._write(text)
            self._line_is_open = line_is_open
            return self.last_log_id

    def end_line(self) -> LogId:
        """End a line that came without LF; nothing happens where there is none."""
        with self._mutex:
            self._held_cr = False
            if self._line_is_open:
                self._write(b"\n")
                self._line_is_open = False
            return self.last_log_id

    def add_gap(
        self,
        kind: GapKind,
        reason: str,
        missing: int = 0,
        from_ns: int | None = None,
        to_ns: int | None = None,
    ) -> None:
        """Record that something is missing behind the last line (for TORN: that the last line is cut off)."""
        with self._mutex:
            self.end_line()
            gap = Gap(kind, self.last_log_id, missing, reason, from_ns, to_ns)
            write_gaps(self.step_dir / layout.GAPS, (*self._gaps, gap))
            self._gaps = (*self._gaps, gap)
            self._missing += missing
        if self._on_append:
            self._on_append()

    def sync(self) -> None:
        """Wait until all lines are on the device.

        Raises:
            StoreError: the device refused; what was told as written may be lost, so the build must not go on.
        """
        if not self._unsynced or self._closed:
            return
        self._unsynced = False
        with writing("sync", self.path):
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """End an unfinished line, sync, and let others write. May be called twice."""
        with self._mutex:
            if self._closed:
                return
            try:
                self.end_line()
                self.sync()
            finally:
                self._closed = True
                self._file.close()
                self._side_file.close()
                self._lock.release()

    def _write(self, data: bytes) -> None:
        if self._closed:
            raise StoreFrozenError(f"{self.path} is closed: nothing can be added")
        if not data:
            return
        start = self._index.covered
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._file.fileno(), view) :]
        except OSError as error:
            os.ftruncate(self._file.fileno(), start)
            raise store_error("write", self.path, error) from error
        self._unsynced = True
        lines_before = self._index.line_count
        self._index.extend(data)
        if self._index.whole_blocks > self._saved_blocks:
            with writing("write", self.step_dir / layout.INDEX):
                self._side_file.write(self._index.records(self._saved_blocks))
            self._saved_blocks = self._index.whole_blocks
        if self._on_append and self._index.line_count > lines_before:
            self._on_append()

    def _count_what_is_there(self) -> LineIndex:
        with writing("read", self.path):
            size = os.fstat(self._file.fileno()).st_size
            index = LineIndex.load(self.step_dir / layout.INDEX, self._file, size)
            self._file.seek(index.covered)
            while data := self._file.read(_SCAN_BYTES):
                index.extend(data)
        return index

    def _finish_torn_line(self) -> None:
        self._write(b"\n")
        gap = Gap(GapKind.TORN, self.last_log_id, 0, "the writer ended in the middle of it")
        write_gaps(self.step_dir / layout.GAPS, (*self._gaps, gap))
        self._gaps = (*self._gaps, gap)
