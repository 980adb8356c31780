"""All steps' lines as rows of one log, in the order in which they were printed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from wharf_tui.insight.fast_merge import FastMerge, MergedRow
from wharf_tui.model.errors import WharfError
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import LogLine
from wharf_tui.model.text import clean_plain
from wharf_tui.ui.log_document import Refreshed
from wharf_tui.ui.rows import Address, Row, RowExtra, RowMark
from wharf_tui.ui.slices import TARGET_SECONDS

if TYPE_CHECKING:
    from wharf_tui.insight.line_filter import LineFilter
    from wharf_tui.results.log_reader import LogReader
    from wharf_tui.ui.log_document import LogDocument

ALL_STEPS: Final = StepId(0)
"""Stands for the steps of a build together, where a step is asked for."""
_BLOCK: Final = 64
_STEP_BYTES: Final = 512 * 1024
_FIRST_SECONDS: Final = 0.03
"""How long a slice may take while there is nothing to be seen yet."""


class MergedDocument:
    """The rows of several logs.

    Args:
        documents: the logs, by step; they are refreshed here.
    """

    def __init__(self, documents: Mapping[StepId, LogDocument]) -> None:
        self._documents = dict(documents)
        self._merge = FastMerge({step_id: each.log for step_id, each in documents.items()})
        self._block: tuple[int, tuple[int, int], list[MergedRow]] = (0, (0, 0), [])
        self._filters: Mapping[StepId, LineFilter] | None = None
        self._is_first_pass = True
        self._counted: tuple[int, int] | None = None
        """The rows there are, for a version: it is asked for with each row that is drawn."""
        self._restarts = 0
        self._seen = -1
        self.version = 0
        """Another one where which lines have rows may be different; who lets a filter look on counts it up."""
        self.problem = ""
        """Why they cannot be read; empty where they can."""

    @property
    def steps(self) -> tuple[StepId, ...]:
        """The steps whose lines are here."""
        return tuple(self._documents)

    def add(self, document: LogDocument) -> None:
        """Take one more step in."""
        self._documents[document.step_id] = document
        self._counted = None
        self._merge.add(document.step_id, document.log)
        if self._filters is not None:
            self.show_only(self._filters)  # nothing of it, until it has a filter

    @property
    def row_count(self) -> int:
        """Rows that can be shown; none until the steps have been gone through once."""
        if self._is_first_pass:
            return 0
        if self._counted is None or self._counted[0] != self.version:
            self._counted = self.version, self._merge.row_count
        return self._counted[1]

    @property
    def line_count(self) -> int:
        """Lines of all steps."""
        return sum(each.log.line_count for each in self._documents.values())

    @property
    def is_counting(self) -> bool:
        """Whether the steps are being gone through for the first time."""
        return self._is_first_pass

    @property
    def counted_share(self) -> float:
        """How far that has come, 0 to 1; a step is counted first, then its times are read."""
        counted = [each.counted_share for each in self._documents.values()]
        return (sum(counted) / len(counted) + self._merge.progress.share) / 2 if counted else 1.0

    @property
    def is_behind(self) -> bool:
        """Whether there is more to go through."""
        return not self._merge.progress.is_done or any(each.is_behind for each in self._documents.values())

    @property
    def highest_id(self) -> int:
        """The highest log ID of any step."""
        return max((each.log.last_log_id for each in self._documents.values()), default=0)

    def refresh(self, budget_bytes: int) -> Refreshed:
        """Look at all logs again, and go through what is new for the time of a slice.

        Args:
            budget_bytes: how much may be counted of each log.
        """
        self._counted = None
        try:
            for each in self._documents.values():
                each.refresh(budget_bytes, follow=True)
            ends = time.monotonic() + (_FIRST_SECONDS if self._is_first_pass else TARGET_SECONDS)
            while not self._merge.step(_STEP_BYTES).is_done and time.monotonic() < ends:
                pass
        except WharfError as error:
            self.problem = clean_plain(error.message)
            return Refreshed(changed=True)
        if self._is_first_pass:
            self._is_first_pass = self.is_behind
            if self._is_first_pass:
                return Refreshed(changed=False)
        restarted = self._merge.restarts != self._restarts
        self._restarts = self._merge.restarts
        count = self._merge.row_count
        changed, self._seen = restarted or count != self._seen, count
        if changed:
            self._block = (0, (0, 0), [])
        return Refreshed(changed, restarted=restarted)

    def row(self, index: int) -> Row | None:
        """A row, from 0; None where there is none, or where it cannot be read."""
        merged = self._merged(index)
        if merged is None:
            return None
        return merged.gap if merged.gap is not None else self._documents[merged.step_id].line(merged.line)

    def extra_of(self, row: int) -> RowExtra:
        """What belongs to a row beside its text."""
        merged = self._merged(row)
        return RowExtra(merged.step_id if merged is not None else ALL_STEPS)

    def mark_of(self, row: int) -> RowMark | None:
        """What holds the place of a row while rows come and go."""
        merged = self._merged(row)
        if merged is None:
            return None
        if merged.gap is None:
            return RowMark(merged.step_id, merged.line)
        gaps = self._merge.gaps_behind(merged.step_id, merged.line)[1]
        return RowMark(merged.step_id, merged.line, gaps.index(merged.gap) + 1)

    def marks_of(self, rows: range) -> list[RowMark]:
        """What holds the places of some rows, all at once.

        Raises:
            InputError: a log cannot be read.
        """
        found = self._merge.rows(rows.start, len(rows))
        return [RowMark(each.step_id, each.line, 0 if each.gap is None else 1) for each in found]

    def row_of_mark(self, mark: RowMark) -> int:
        """The row of such a place now."""
        if not mark.behind or self._is_first_pass or mark.step_id not in self._documents:
            return self.row_of(mark.step_id, mark.line)
        first, gaps = self._merge.gaps_behind(mark.step_id, mark.line)
        row = first + max(min(mark.behind, len(gaps)) - 1, 0)
        return max(min(row, self.row_count - 1), 0)

    def address_of(self, row: int) -> Address | None:
        """The line that a row shows."""
        merged = self._merged(row)
        if merged is None or merged.gap is not None:
            return None
        return Address(merged.step_id, self._documents[merged.step_id].log.log_id_of(merged.line))

    def row_of(self, step_id: StepId, line: int) -> int:
        """The row of a line of a step's file, from 1, or of the next one that is shown."""
        if self._is_first_pass or step_id not in self._documents:
            return 0
        return max(min(self._merge.row_of(step_id, line), self.row_count - 1), 0)

    def rows_before(self, step_id: StepId, line: int) -> int:
        """How many rows stand above a line, which may be hidden."""
        return self._merge.row_of(step_id, line) if step_id in self._documents else 0

    def is_shown(self, step_id: StepId, line: int) -> bool:
        """Whether a line has a row."""
        if self._filters is None:
            return step_id in self._documents
        return step_id in self._filters and line in self._filters[step_id].visible

    def lets_through(self, step_id: StepId, line: int) -> bool:
        """Whether no filter hides a line."""
        return self.is_shown(step_id, line)

    def first_row_at(self, at_ns: int) -> int:
        """The first row that was printed at a time or later."""
        return min(self._merge.first_row_at(at_ns), max(self.row_count - 1, 0))

    def lines_before(self, row: int) -> dict[StepId, int]:
        """How many lines of each step stand above a row."""
        return self._merge.lines_before(row)

    def reader(self, step_id: StepId) -> LogReader:
        """The log of a step."""
        return self._documents[step_id].log

    def show_only(self, filters: Mapping[StepId, LineFilter] | None) -> None:
        """Show only the lines that filters let through; None shows all. The filters may still be looking."""
        self._filters = filters
        visible = None if filters is None else {step: each.visible for step, each in filters.items()}
        self._merge.show_only(visible)
        self.version += 1

    def whole_lines(self, rows: range, most_bytes: int) -> Iterator[tuple[StepId, LogLine]]:
        """The lines in some rows, whole unless they are longer than ``most_bytes``; other rows are left out.

        Raises:
            InputError: a log cannot be read.
        """
        for page in range(rows.start, rows.stop, _BLOCK):
            for merged in self._merge.rows(page, min(_BLOCK, rows.stop - page)):
                if merged.gap is None:
                    log = self._documents[merged.step_id].log
                    for line in log.read(merged.line, 1, most_bytes):
                        yield merged.step_id, line

    def _merged(self, row: int) -> MergedRow | None:
        count = self.row_count
        if not 0 <= row < count:
            return None
        state = (count, self.version)
        first, of_state, rows = self._block
        if of_state != state or not first <= row < first + len(rows):
            first = max(row - _BLOCK // 2, 0)
            try:
                rows = self._merge.rows(first, _BLOCK)
            except WharfError as error:
                self.problem = clean_plain(error.message)
                return None
            self._block = (first, state, rows)
        return rows[row - first] if row - first < len(rows) else None
