"""One step's log as rows: its lines, or some of them, with a row of its own for everything that is missing.

Rows are found by number and read when they are asked for. A log too large to be counted at once shows its
last lines first, without numbers; when all lines have been counted these very lines get their numbers, and
``Refreshed.shift`` tells by how many rows they moved, so that nothing jumps on the screen.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wharf_tui.model.errors import WharfError
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import Gap, LogLine
from wharf_tui.model.text import clean_plain
from wharf_tui.results.log_reader import LogReader
from wharf_tui.ui.rows import Address, Note, NoteKind, Row, RowExtra, RowMark
from wharf_tui.ui.shown_lines import AllLines, FilteredLines, RowLayout, ShownLines, UnfoldedLines

if TYPE_CHECKING:
    from wharf_tui.insight.line_filter import LineFilter
    from wharf_tui.ui.folding import Folding

TAIL_LINES: Final = 2000
"""Lines shown from the end while a large log is being counted."""
NO_STEP: Final = StepId(0)
_BLOCK: Final = 32
"""Lines that are read at once."""
_KEPT_BLOCKS: Final = 16


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a look at the log found."""

    changed: bool = False
    shift: int = 0
    """Rows by which everything that was there has moved down."""
    restarted: bool = False
    """The log is another one now: nothing that was known of it holds."""


class LogDocument:
    """The rows of one log.

    Args:
        log: the step's reader; it may be shared.
        step_id: the step.
    """

    def __init__(self, log: LogReader, step_id: StepId = NO_STEP) -> None:
        self.log = log
        self.step_id = step_id
        self.problem = ""
        """Why the log cannot be read; empty where it can."""
        self.version = 0
        """Another one where rows between lines, or which lines have rows, may be different."""
        self._restarts = log.restarts
        self._tail: list[LogLine] | None = None
        self._tail_size = 0
        self._was_counted = False
        self._seen: tuple[int, int, tuple[Gap, ...]] = (0, 0, ())
        self._notes: dict[NoteKind, tuple[Note, ...]] = {}
        self._filter: LineFilter | None = None
        self.folding: Folding | None = None
        self._extras: list[tuple[int, Gap | Note]] = []
        self._layout = RowLayout(AllLines(), (), lambda: self.log.line_count)
        self._blocks: OrderedDict[tuple[int, int, int, int], list[LogLine]] = OrderedDict()

    @property
    def row_count(self) -> int:
        """Rows that can be shown."""
        return self._layout.row_count if self._tail is None else len(self._tail)

    @property
    def line_count(self) -> int:
        """Lines that can be shown; while counting only the last ones."""
        return self.log.line_count if self._tail is None else len(self._tail)

    @property
    def is_counting(self) -> bool:
        """Whether only the end is shown, since the lines have not been counted yet."""
        return self._tail is not None

    @property
    def counted_share(self) -> float:
        """How much of the log has been counted, 0 to 1."""
        return self.log.indexed / self.log.size if self.log.size else 1.0

    @property
    def is_behind(self) -> bool:
        """Whether there is more to count."""
        return not self.log.is_indexed

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Everything that is missing from the log."""
        return self.log.gaps

    @property
    def highest_id(self) -> int:
        """The last log ID; while counting an estimate that is rather too high."""
        if self._tail is None:
            return self.log.last_log_id
        tail_bytes = sum(line.size + 32 for line in self._tail)
        return int(2 * self.log.size * len(self._tail) / tail_bytes) if tail_bytes else 0

    def refresh(self, budget_bytes: int, *, follow: bool) -> Refreshed:
        """Look at the log again.

        Args:
            budget_bytes: how much of what is new may be counted now.
            follow: the end is being watched: while counting, show the newest lines.
        """
        try:
            self.log.refresh(budget_bytes)
            state = (self.log.size, self.log.indexed, self.log.gaps)
            changed = self._seen != state  # somebody else may have refreshed the reader in between
            self._seen, self.problem = state, ""
            if self.log.restarts != self._restarts:
                self._restart()
                return Refreshed(changed=True, restarted=True)
            shift = 0
            if self._was_counted or self.log.is_indexed:
                self._was_counted = True
                if self._tail is not None:
                    shift = self._leave_tail(self._tail)
            elif self._tail is None or (follow and self._tail_size != self.log.size):
                self._tail, self._tail_size = self.log.tail(TAIL_LINES), self.log.size
                return Refreshed(changed=True)
            else:
                return Refreshed()  # one slice more is counted, which no row shows
        except WharfError as error:
            problem = clean_plain(error.message)
            changed, self.problem = problem != self.problem, problem
            return Refreshed(changed)
        if changed:
            self._lay_out()
        return Refreshed(changed, shift)

    def row(self, index: int) -> Row | None:
        """The row with this number, counted from 0; None where there is none, or where it cannot be read."""
        if not 0 <= index < self.row_count:
            return None
        if self._tail is not None:
            return self._tail[index]
        line, extra = self._layout.item(index)
        return self.line(line) if extra < 0 else self._extras[extra][1]

    def extra_of(self, row: int) -> RowExtra:
        """What belongs to a row beside its text."""
        folded, is_fold = 0, False
        if self.folding is not None and self._filter is None and not self.is_counting:
            line, extra = self._layout.item(row)
            if extra < 0:
                folded, is_fold = self.folding.at(line)
        return RowExtra(self.step_id, folded, is_fold)

    def line_of_row(self, row: int) -> int:
        """The line of the file that a row shows, counted from 1; of other rows, the line before it. 0 while counting."""
        return 0 if self.is_counting or not self.row_count else self._layout.item(row)[0]

    def mark_of(self, row: int) -> RowMark | None:
        """What holds the place of a row while rows come and go; None while counting."""
        if self.is_counting or not 0 <= row < self.row_count:
            return None
        line, extra = self._layout.item(row)
        return RowMark(self.step_id, line, 0 if extra < 0 else self._layout.behind(extra))

    def row_of_mark(self, mark: RowMark) -> int:
        """The row of such a place now."""
        return max(min(self._layout.row_of(mark.line, mark.behind), self.row_count - 1), 0)

    def is_shown(self, step_id: StepId, line: int) -> bool:  # noqa: ARG002  for documents of several steps
        """Whether a line has a row."""
        return self._layout.is_shown(line)

    def lets_through(self, step_id: StepId, line: int) -> bool:  # noqa: ARG002  for documents of several steps
        """Whether no filter hides a line; it may be folded."""
        return self._filter is None or line in self._filter.visible

    def show_only(self, line_filter: LineFilter | None) -> None:
        """Show only the lines that a filter lets through, which may still be looking; None shows all."""
        self._filter = line_filter
        self._lay_out()

    @property
    def filter(self) -> LineFilter | None:
        """What decides which lines are shown, if anything does."""
        return self._filter

    def set_notes(self, kind: NoteKind, notes: tuple[Note, ...]) -> bool:
        """Put notes of a kind between the lines; whether anything is different."""
        if self._notes.get(kind, ()) == notes:
            return False
        self._notes[kind] = notes
        self._lay_out()
        return True

    def fold(self, folding: Folding | None) -> None:
        """Fold lines away; None shows all."""
        self.folding = folding
        self._lay_out()

    def reader(self, step_id: StepId) -> LogReader:  # noqa: ARG002  for documents of several steps
        """The log of a step."""
        return self.log

    def address_of(self, row: int) -> Address | None:
        """The line that a row shows; None where it shows none, or while lines are being counted."""
        shown = self.row(row)
        if not isinstance(shown, LogLine) or not shown.log_id:
            return None
        return Address(self.step_id, shown.log_id)

    def row_of(self, step_id: StepId, line: int) -> int:  # noqa: ARG002  for documents of several steps
        """The row of a line of a step's file, counted from 1, or of the nearest line that is shown."""
        return max(min(self.row_of_line(line), self.row_count - 1), 0)

    def whole_lines(self, rows: range, most_bytes: int) -> Iterator[tuple[StepId, LogLine]]:
        """The lines in some rows, whole unless they are longer than ``most_bytes``; rows that are no lines are left out.

        Raises:
            InputError: the log cannot be read.
        """
        for page in range(rows.start, rows.stop, _BLOCK):
            shown = [self.row(row) for row in range(page, min(page + _BLOCK, rows.stop))]
            for line in shown:
                if isinstance(line, LogLine) and line.is_cut and line.log_id:
                    (line,) = self.log.read(self.log.line_of(line.log_id), 1, most_bytes)  # noqa: PLW2901
                if isinstance(line, LogLine):
                    yield self.step_id, line

    def line(self, number: int) -> LogLine | None:
        """A line of the file, counted from 1; None where it cannot be read."""
        block = (number - 1) // _BLOCK
        first = block * _BLOCK + 1
        available = min(_BLOCK, self.log.line_count - first + 1)
        last_block = first + available > self.log.line_count
        # The last line may still lack its LF and grow: its block is only valid for one size of the file.
        key = (block, available, self.log.size if last_block else 0, self.log.readings)
        lines = self._blocks.get(key)
        if lines is None:
            try:
                lines = self.log.read(first, available)
            except WharfError as error:
                self.problem = clean_plain(error.message)
                return None
            self._blocks[key] = lines
            if len(self._blocks) > _KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        else:
            self._blocks.move_to_end(key)
        offset = number - first
        return lines[offset] if offset < len(lines) else None

    def _restart(self) -> None:
        self._restarts = self.log.restarts
        self._tail, self._was_counted = None, self.log.is_indexed
        self._blocks.clear()
        self._lay_out()

    def _leave_tail(self, tail: list[LogLine]) -> int:
        self._tail = None
        self._lay_out()
        last = (
            self.log.line_count if self.log.size == self._tail_size else self._lines_within(self._tail_size)
        )
        return self.row_of_line(last) - (len(tail) - 1)

    def _lines_within(self, size: int) -> int:
        """Lines that end within the first ``size`` bytes, by halving."""
        low, high = 0, self.log.line_count
        while low < high:
            middle = (low + high + 1) // 2
            if self.log.offset_of(middle + 1) <= size:
                low = middle
            else:
                high = middle - 1
        return low

    def row_of_line(self, number: int) -> int:
        """The row that shows a line of the file, counted from 1; for one that is hidden, the next that is shown."""
        return self._layout.row_of_line(number)

    def _lay_out(self) -> None:
        """Work out what stands behind which line; what is behind what has been counted waits."""
        self.version += 1
        extras: list[tuple[int, Gap | Note]] = []
        missing = 0
        for gap in self.log.gaps:
            extras.append((max(gap.after - missing, 0), gap))
            missing += gap.missing
        if self._filter is None:
            extras += [(note.after_line, note) for notes in self._notes.values() for note in notes]
            extras.sort(key=_place)
        count = self.log.line_count
        self._extras = [extra for extra in extras if extra[0] <= count]
        shown: ShownLines = AllLines()
        if self._filter is not None:
            shown = FilteredLines(self._filter.visible)
        elif self.folding is not None:
            shown = UnfoldedLines(self.folding.hidden)
        self._layout = RowLayout(shown, [line for line, _ in self._extras], lambda: self.log.line_count)


def _place(extra: tuple[int, Gap | Note]) -> tuple[int, int, float, str]:
    """Behind one line gaps come first, then notes in the order of what they tell."""
    after, row = extra
    if isinstance(row, Gap):
        return after, 0, 0, ""
    return after, 1, math.inf if row.at_ns is None else row.at_ns, row.kind.value
