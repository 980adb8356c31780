"""Goes through rows of a log to take them along: whole lines as they came, what is folded away among them.

It goes in slices, and holds its place by lines: rows may come and go in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wharf_tui.model.errors import InputError
from wharf_tui.model.lines import Gap, LogLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wharf_tui.model.ids import StepId
    from wharf_tui.ui.row_document import RowDocument
    from wharf_tui.ui.rows import RowMark

MOST_AT_ONCE: Final = 1024 * 1024
"""Bytes of a line that are taken at once; a longer one comes cut, and its rest is read by ``parts_of``."""
_ROWS: Final = 256
_PART: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TakenRow:
    """A line, or a gap between lines."""

    step_id: StepId
    number: int
    """Line of the step's file, from 1; of a gap, the line before it."""
    line: LogLine | None
    gap: Gap | None = None
    is_folded: bool = False
    """It was taken along with the line that it is folded into."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Lines of one step that follow each other."""

    step_id: StepId
    first: int
    count: int
    is_folded: bool = False


class RowTaker:
    """The rows of a range, from the first to the last. Whoever iterates may pause anywhere.

    Args:
        document: the log; its lines have been counted.
        rows: which of its rows.
    """

    def __init__(self, document: RowDocument, rows: range) -> None:
        self._document = document
        self._version = document.version
        self._next = rows.start
        self._stop = min(rows.stop, document.row_count)
        self._first = rows.start
        self._before: RowMark | None = None
        self._last = document.mark_of(self._stop - 1) if self._stop > rows.start else None
        self._restarts: dict[StepId, int] = {}

    @property
    def share(self) -> float:
        """How far it has come, 0 to 1."""
        count = self._stop - self._first
        return min(max((self._next - self._first) / count, 0.0), 1.0) if count > 0 else 1.0

    def __iter__(self) -> Iterator[TakenRow]:
        """Each row, or the lines that are folded into it.

        Raises:
            InputError: a log cannot be read, or is another one by now.
        """
        while True:
            self._find_place()
            page = range(self._next, min(self._next + _ROWS, self._stop))
            if not page:
                return
            found = list(self._runs(page))  # at once: rows may come or go while somebody pauses
            self._before = self._document.mark_of(page[-1])
            for item in found:
                if isinstance(item, TakenRow):
                    yield item
                else:
                    yield from self._lines_of(item)
            self._next = page.stop

    def parts_of(self, row: TakenRow) -> Iterator[bytes]:
        """The message of a line of any length, in parts."""
        if row.line is None:
            return
        if not row.line.is_cut:
            yield row.line.message
            return
        log = self._document.reader(row.step_id)
        position = 0
        while position < row.line.size:
            part = log.message_bytes(row.number, position, min(_PART, row.line.size - position))
            if not part:
                return
            yield part
            position += len(part)

    def _find_place(self) -> None:
        """Rows have come or gone since: find the next and the last one again."""
        if self._document.version == self._version:
            return
        self._version = self._document.version
        if self._last is not None:
            self._stop = self._document.row_of_mark(self._last) + 1
        if self._before is not None:
            self._next = self._document.row_of_mark(self._before) + 1

    def _runs(self, rows: range) -> Iterator[_Run | TakenRow]:
        document = self._document
        run: _Run | None = None
        for row in rows:
            mark = document.mark_of(row)
            if mark is None:
                continue
            if mark.behind:
                if run is not None:
                    yield run
                run = None
                shown = document.row(row)
                if isinstance(shown, Gap):
                    yield TakenRow(mark.step_id, mark.line, None, shown)
                continue
            if run is not None and run.step_id == mark.step_id and run.first + run.count == mark.line:
                run = _Run(run.step_id, run.first, run.count + 1)
            else:
                if run is not None:
                    yield run
                run = _Run(mark.step_id, mark.line, 1)
            folded = document.extra_of(row).folded
            if folded:
                yield run
                yield _Run(mark.step_id, mark.line + 1, folded, is_folded=True)
                run = None
        if run is not None:
            yield run

    def _lines_of(self, run: _Run) -> Iterator[TakenRow]:
        """The lines of a run, read in pieces that are never large."""
        log = self._document.reader(run.step_id)
        number, end = run.first, run.first + run.count
        while number < end:
            if log.restarts != self._restarts.setdefault(run.step_id, log.restarts):
                raise InputError(f"{log.path} was replaced by another file in the meantime", "Try again.")
            count = min(end - number, _ROWS)
            while count > 1 and log.offset_of(number + count) - log.offset_of(number) > MOST_AT_ONCE:
                count //= 2
            lines = log.read(number, count, MOST_AT_ONCE)
            if not lines:
                return
            for line in lines:
                yield TakenRow(run.step_id, number, line, is_folded=run.is_folded)
                number += 1
