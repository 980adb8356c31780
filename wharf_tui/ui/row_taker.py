"""Goes through rows of a log to take them along: whole lines as they came, what is folded away among them.

It goes in batches, and holds its place by lines: rows may come and go in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from wharf_tui.model.errors import InputError
from wharf_tui.model.lines import Gap, LogLine
from wharf_tui.ui.log_document import LogDocument
from wharf_tui.ui.merged_document import MergedDocument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wharf_tui.model.ids import StepId
    from wharf_tui.results.log_reader import LogReader
    from wharf_tui.ui.row_document import RowDocument
    from wharf_tui.ui.rows import RowMark

MOST_AT_ONCE: Final = 1024 * 1024
"""Bytes of a line that are taken at once; a longer one comes cut, and all of it is read by ``parts_of``."""
_ROWS: Final = 512
_SPARSE: Final = 16
"""A read that brings so many lines for one that is wanted is still quicker than a read for each."""
_PART: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TakenLines:
    """Lines of one step that follow each other."""

    step_id: StepId
    first: int
    """Line of the step's file that the first one is, from 1."""
    lines: list[LogLine]
    is_folded: bool = False
    """They were taken along with the line that they are folded into."""


@dataclass(frozen=True, slots=True)
class TakenGap:
    """A place where lines are missing."""

    step_id: StepId
    gap: Gap


Taken: TypeAlias = TakenLines | TakenGap


@dataclass(frozen=True, slots=True)
class _Run:
    """Lines of one step that follow each other, before they are read."""

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

    def __iter__(self) -> Iterator[Taken]:
        """Some lines at a time, those that are folded into a row, too.

        Raises:
            InputError: a log cannot be read, or is another one by now.
        """
        while True:
            self._find_place()
            page = range(self._next, min(self._next + _ROWS, self._stop))
            if not page:
                return
            plain = self._plain_run(page)
            found: list[_Run | TakenGap] = [] if plain is None else [plain]
            found += self._runs(page) if plain is None else ()  # at once: rows may come and go
            self._before = self._document.mark_of(page[-1])
            spans = self._read_spans(found)
            for item in found:
                if isinstance(item, TakenGap):
                    yield item
                elif item.step_id in spans and not item.is_folded:
                    first, lines = spans[item.step_id]
                    begin = item.first - first
                    yield TakenLines(item.step_id, item.first, lines[begin : begin + item.count])
                else:
                    yield from self._read(item)
            self._next = page.stop

    def parts_of(self, taken: TakenLines, index: int) -> Iterator[bytes]:
        """The message of one of the lines, of any length, in parts.

        Raises:
            InputError: the log cannot be read.
        """
        line = taken.lines[index]
        if not line.is_cut:
            yield line.message
            return
        log = self._document.reader(taken.step_id)
        position = 0
        while position < line.size:
            part = log.message_bytes(taken.first + index, position, min(_PART, line.size - position))
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

    def _plain_run(self, rows: range) -> _Run | None:
        """The lines of these rows, where nothing is hidden and nothing stands between; found by the two ends alone."""
        document = self._document
        if not isinstance(document, LogDocument) or document.filter is not None:
            return None
        if document.folding is not None and document.folding.hidden:
            return None
        first, last = document.mark_of(rows[0]), document.mark_of(rows[-1])
        if first is None or last is None or first.behind or last.behind:
            return None
        is_plain = last.line - first.line == len(rows) - 1
        return _Run(first.step_id, first.line, len(rows)) if is_plain else None

    def _runs(self, rows: range) -> Iterator[_Run | TakenGap]:
        """The same where rows may be anything."""
        document = self._document
        step_id, first, count = None, 0, 0
        marks: Iterable[RowMark | None] = map(document.mark_of, rows)
        if is_merged := isinstance(document, MergedDocument):
            marks = document.marks_of(rows)
        for row, mark in zip(rows, marks, strict=False):
            if mark is None:
                continue
            if mark.behind or mark.step_id != step_id or first + count != mark.line:
                if step_id is not None:
                    yield _Run(step_id, first, count)
                step_id, first, count = mark.step_id, mark.line, 0
            if mark.behind:
                step_id = None
                shown = document.row(row)
                if isinstance(shown, Gap):
                    yield TakenGap(mark.step_id, shown)
                continue
            count += 1
            folded = 0 if is_merged else document.extra_of(row).folded
            if folded:
                yield _Run(mark.step_id, first, count)
                yield _Run(mark.step_id, mark.line + 1, folded, is_folded=True)
                step_id = None
        if step_id is not None:
            yield _Run(step_id, first, count)

    def _read_spans(self, found: list[_Run | TakenGap]) -> dict[StepId, tuple[int, list[LogLine]]]:
        """Of each step that has many short runs here, all lines from the first to the last run, read at once."""
        runs: dict[StepId, list[_Run]] = {}
        for item in found:
            if isinstance(item, _Run) and not item.is_folded:
                runs.setdefault(item.step_id, []).append(item)
        spans: dict[StepId, tuple[int, list[LogLine]]] = {}
        for step_id, wanted in runs.items():
            first, end = wanted[0].first, wanted[-1].first + wanted[-1].count
            log = self._document.reader(step_id)
            is_dense = end - first <= _SPARSE * sum(run.count for run in wanted)
            if len(wanted) > 1 and is_dense and log.offset_of(end) - log.offset_of(first) <= MOST_AT_ONCE:
                self._require_same(step_id, log)
                lines = log.read(first, end - first, MOST_AT_ONCE)
                if len(lines) == end - first:
                    spans[step_id] = (first, lines)
        return spans

    def _require_same(self, step_id: StepId, log: LogReader) -> None:
        """Line numbers mean nothing in another file."""
        if log.restarts != self._restarts.setdefault(step_id, log.restarts):
            raise InputError(f"{log.path} was replaced by another file in the meantime", "Try again.")

    def _read(self, run: _Run) -> Iterator[TakenLines]:
        """The lines of a run, in pieces that are never large."""
        log = self._document.reader(run.step_id)
        number, end = run.first, run.first + run.count
        while number < end:
            self._require_same(run.step_id, log)
            count = min(end - number, _ROWS)
            while count > 1 and log.offset_of(number + count) - log.offset_of(number) > MOST_AT_ONCE:
                count //= 2
            lines = log.read(number, count, MOST_AT_ONCE)
            if not lines:
                return
            yield TakenLines(run.step_id, number, lines, run.is_folded)
            number += len(lines)
