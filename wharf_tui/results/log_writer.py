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
from wharf_tui.results.atomic import sync_dir
from wharf_tui.results.gap_file import read_gaps, write_gaps
from wharf_tui.results.index_file import IndexFile, load_index
from wharf_tui.results.line_index import LineIndex
from wharf_tui.results.lock import WriterLock
from wharf_tui.results.os_errors import store_error, writing
from wharf_tui.results.plain_file import open_plain, read_at

_SCAN_BYTES = 1024 * 1024


class LogWriter:
    """The one writer of one step's log. Calls from several threads are put one after the other.

    A call that fails because the device is full leaves the log as it was, and may be made again with the same lines.

    Args:
        step_dir: folder of the step; made when missing.
        on_append: called behind each write that made lines readable; must not block.
        cut_torn_line: the writer before ended in the middle of a line: take its beginning away instead of keeping
            and marking it, as a copy does whose original still has the line.

    Raises:
        StoreBusyError: somebody else writes this log.
        StoreError: the folder or a file cannot be made.
    """

    def __init__(
        self,
        step_dir: Path,
        on_append: Callable[[], None] | None = None,
        *,
        cut_torn_line: bool = False,
    ) -> None:
        self.step_dir = step_dir
        self.path = step_dir / layout.LOG
        self._on_append = on_append
        self._mutex = threading.RLock()
        self._closed = False
        self._line_is_open = False
        self._held_cr = False
        """A CR that came last: it belongs to the line's end if LF follows. Only ever behind an open line."""
        self._unsynced = True
        self._dirs_synced = False
        self._failure: StoreError | None = None
        """Why nothing more can be written: what the device holds is not what was counted."""
        self._device = threading.Lock()
        """Held while the file is synced or closed, which need not keep others from writing."""
        with writing("create", step_dir):
            step_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = WriterLock(step_dir / layout.LOG_LOCK)
        self._lock.acquire()
        try:
            with writing("open", self.path):
                self._file = open_plain(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        except StoreError:
            self._lock.release()
            raise
        try:
            self._gaps = read_gaps(step_dir / layout.GAPS)
            self._missing = sum(gap.missing for gap in self._gaps)
            self._index = self._count_what_is_there()
            if cut_torn_line and self._last_line_is_torn():
                with writing("cut back", self.path):
                    os.ftruncate(self._file, self._index.complete_end)
                self._index = self._count_what_is_there()
            self._index_file = IndexFile(step_dir / layout.INDEX, self._index)
            if self._last_line_is_torn():
                self._finish_torn_line()
        except StoreError:
            os.close(self._file)
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
            return self.append_stored_part(lines)

    def append_stored_part(self, part: bytes) -> LogId:
        """Append bytes in the form of the file whose last line may go on in the next call."""
        with self._mutex:
            if part:
                self._write(b"\r" + part if self._held_cr else part)
                self._line_is_open, self._held_cr = not part.endswith(b"\n"), False
            return self.last_log_id

    def append_output(self, at_ns: int, output: bytes) -> LogId:
        """Append raw output as a program prints it, cut anywhere, and return the ID of the last whole line.

        Each line that begins in ``output`` gets the time ``at_ns``. CR LF ends a line like LF.
        """
        with self._mutex:
            if not output:
                return self.last_log_id
            if self._held_cr:
                output = b"\r" + output
            holds_cr = output.endswith(b"\r")
            if holds_cr:
                output = output[:-1]
            stamp = format_rfc3339(at_ns) + b" "
            text = output.replace(b"\r\n", b"\n").replace(b"\n", b"\n" + stamp)
            if not self._line_is_open:
                text = stamp + text
            line_is_open = holds_cr or not output.endswith(b"\n")
            if not line_is_open:
                text = text[: -len(stamp)]
            self._write(text)
            self._line_is_open, self._held_cr = line_is_open, holds_cr
            return self.last_log_id

    def end_line(self) -> LogId:
        """End a line that came without LF; nothing happens where there is none."""
        with self._mutex:
            if self._line_is_open:
                self._write(b"\n")
                self._line_is_open = self._held_cr = False
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
            missing = missing if kind is GapKind.HOLE else 0
            self.put_gap(Gap(kind, self.last_log_id, missing, reason, from_ns, to_ns))

    def put_gap(self, gap: Gap) -> None:
        """Record a gap that somebody else has found; one that is recorded already is not recorded again.

        A hole moves the IDs of what follows, so it can only be put behind the last line.
        """
        with self._mutex:
            self._refuse_when_closed()
            if gap in self._gaps:
                return
            assert not gap.missing or gap.after == self.last_log_id
            gaps = tuple(sorted((*self._gaps, gap), key=lambda each: each.after))
            write_gaps(self.step_dir / layout.GAPS, gaps)
            self._gaps = gaps
            self._missing += gap.missing
        if self._on_append:
            self._on_append()

    def sync(self) -> None:
        """Wait until all lines are on the device.

        Raises:
            StoreError: the device refused; what was told as written may be lost, so the build must not go on.
                Every later call says so again: that the device takes the next sync proves nothing.
        """
        with self._device:
            if self._failure is not None:
                raise self._failure
            if not self._unsynced or self._closed:
                return
            self._unsynced = False
            try:
                with writing("sync", self.path):
                    os.fsync(self._file)
                if not self._dirs_synced:
                    sync_dir(self.step_dir)
                    sync_dir(self.step_dir.parent)
                    self._dirs_synced = True
            except StoreError as error:
                self._failure = error
                raise

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
                with self._device:
                    os.close(self._file)
                self._index_file.close()
                self._lock.release()

    def _write(self, data: bytes) -> None:
        self._refuse_when_closed()
        if self._failure is not None:
            raise self._failure
        if not data:
            return
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._file, view) :]
        except OSError as error:
            self._take_back_half_write()
            raise store_error("write", self.path, error) from error
        self._unsynced = True
        lines_before = self._index.line_count
        self._index.extend(data)
        self._index_file.update()
        if self._on_append and self._index.line_count > lines_before:
            self._on_append()

    def _count_what_is_there(self) -> LineIndex:
        with writing("read", self.path):
            size = os.fstat(self._file).st_size
            index = load_index(self.step_dir / layout.INDEX, self._file, size)
            while data := read_at(self._file, index.covered, _SCAN_BYTES):
                index.extend(data)
        return index

    def _last_line_is_torn(self) -> bool:
        return self._index.complete_end < self._index.covered

    def _finish_torn_line(self) -> None:
        """Mark the line, then end it: were we killed between the two, the next writer would do the same again."""
        torn = LogId(self.last_log_id + 1)
        self.put_gap(Gap(GapKind.TORN, torn, 0, "the writer ended in the middle of it"))
        self._write(b"\n")

    def _take_back_half_write(self) -> None:
        try:
            os.ftruncate(self._file, self._index.covered)
        except OSError as error:
            self._failure = store_error("cut back", self.path, error)
            raise self._failure from error

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise StoreFrozenError(f"{self.path} is closed: nothing can be added")
