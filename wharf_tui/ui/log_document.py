"""One step's log as rows: its lines, with a row of its own for everything that is missing.

Rows are found by number and read when they are asked for. A log too large to be counted at once shows its
last lines first, without numbers; when all lines have been counted these very lines get their numbers, and
``Refreshed.shift`` tells by how many rows they moved, so that nothing jumps on the screen.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from wharf_tui.model.errors import WharfError
from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.lines import Gap, LogLine
from wharf_tui.model.text import clean_plain
from wharf_tui.results.log_reader import LogReader

Row: TypeAlias = LogLine | Gap
"""What a row shows. A line with ID 0 has not been counted yet."""

TAIL_LINES: Final = 2000
"""Lines shown from the end while a large log is being counted."""
NO_STEP: Final = StepId(0)
_BLOCK: Final = 32
"""Lines that are read at once."""
_KEPT_BLOCKS: Final = 16


@dataclass(frozen=True, slots=True)
class Address:
    """A line of a build: it means the same line for ever, live and offline."""

    step_id: StepId
    log_id: LogId

    def __str__(self) -> str:
        return f"{self.step_id}:{self.log_id}"


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
        self._restarts = log.restarts
        self._tail: list[LogLine] | None = None
        self._tail_size = 0
        self._was_counted = False
        self._seen: tuple[int, int, tuple[Gap, ...]] = (0, 0, ())
        self._gaps: tuple[Gap, ...] = ()
        self._gap_rows: list[int] = []
        self._blocks: OrderedDict[tuple[int, int, int], list[LogLine]] = OrderedDict()

    @property
    def row_count(self) -> int:
        """Rows that can be shown."""
        return self.line_count + (0 if self.is_counting else len(self._gap_rows))

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
            self._place_gaps()
        return Refreshed(changed, shift)

    def row(self, index: int) -> Row | None:
        """The row with this number, counted from 0; None where there is none, or where it cannot be read."""
        if not 0 <= index < self.row_count:
            return None
        if self._tail is not None:
            return self._tail[index]
        gaps_before = bisect_left(self._gap_rows, index)
        if gaps_before < len(self._gap_rows) and self._gap_rows[gaps_before] == index:
            return self._gaps[gaps_before]
        return self._line(index - gaps_before + 1)

    def line_of_row(self, row: int) -> int:
        """The line of the file that a row shows, counted from 1; of a gap, the line before it. 0 while counting."""
        if self.is_counting:
            return 0
        gaps_before = bisect_left(self._gap_rows, row)
        is_gap = gaps_before < len(self._gap_rows) and self._gap_rows[gaps_before] == row
        return row - gaps_before + (0 if is_gap else 1)

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
        return self.row_of_line(line)

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

    def _line(self, number: int) -> LogLine | None:
        block = (number - 1) // _BLOCK
        first = block * _BLOCK + 1
        available = min(_BLOCK, self.log.line_count - first + 1)
        last_block = first + available > self.log.line_count
        # The last line may still lack its LF and grow: its block is only valid for one size of the file.
        key = (block, available, self.log.size if last_block else 0)
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
        self._place_gaps()

    def _leave_tail(self, tail: list[LogLine]) -> int:
        self._tail = None
        self._place_gaps()
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
        """The row that shows a line of the file, counted from 1."""
        row = number - 1
        for gap_row in self._gap_rows:
            if gap_row > row:
                break
            row += 1
        return row

    def _place_gaps(self) -> None:
        """Work out at which row each gap stands; gaps behind what has been counted wait."""
        gaps: list[Gap] = []
        rows: list[int] = []
        missing = 0
        for gap in self.log.gaps:
            line_before = max(gap.after - missing, 0)
            if line_before > self.log.line_count:
                break
            rows.append(line_before + len(gaps))
            gaps.append(gap)
            missing += gap.missing
        self._gaps, self._gap_rows = tuple(gaps), rows
