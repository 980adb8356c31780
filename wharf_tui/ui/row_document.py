"""What a log view shows: rows, found by number. One step's log is one, all steps merged another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wharf_tui.model.ids import StepId
    from wharf_tui.model.lines import LogLine
    from wharf_tui.results.log_reader import LogReader
    from wharf_tui.ui.rows import Address, Row, RowExtra, RowMark


class RowDocument(Protocol):
    """Rows that may come and go between two looks."""

    @property
    def row_count(self) -> int:
        """Rows that can be shown."""
        ...

    @property
    def version(self) -> int:
        """Another one where rows that were there have come or gone, or moved."""
        ...

    @property
    def line_count(self) -> int:
        """Lines that there are, shown or not."""
        ...

    @property
    def is_counting(self) -> bool:
        """Whether rows have no lasting places yet."""
        ...

    @property
    def is_behind(self) -> bool:
        """Whether there is more to count."""
        ...

    @property
    def counted_share(self) -> float:
        """How far counting has come, 0 to 1."""
        ...

    @property
    def highest_id(self) -> int:
        """The highest log ID; while counting an estimate."""
        ...

    @property
    def problem(self) -> str:
        """Why it cannot be read; empty where it can."""
        ...

    def row(self, index: int) -> Row | None:
        """A row, from 0; None where there is none, or where it cannot be read."""
        ...

    def extra_of(self, row: int) -> RowExtra:
        """What belongs to a row beside its text."""
        ...

    def mark_of(self, row: int) -> RowMark | None:
        """What holds the place of a row while rows come and go."""
        ...

    def row_of_mark(self, mark: RowMark) -> int:
        """The row of such a place now."""
        ...

    def address_of(self, row: int) -> Address | None:
        """The line that a row shows."""
        ...

    def row_of(self, step_id: StepId, line: int) -> int:
        """The row of a line of a step's file, from 1, or of the next one that is shown."""
        ...

    def is_shown(self, step_id: StepId, line: int) -> bool:
        """Whether a line has a row."""
        ...

    def lets_through(self, step_id: StepId, line: int) -> bool:
        """Whether no filter hides a line; it may be folded."""
        ...

    def reader(self, step_id: StepId) -> LogReader:
        """The log of a step."""
        ...

    def whole_lines(self, rows: range, most_bytes: int) -> Iterator[tuple[StepId, LogLine]]:
        """The lines in some rows, whole unless they are longer than ``most_bytes``; other rows are left out."""
        ...
