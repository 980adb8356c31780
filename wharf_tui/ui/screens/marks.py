"""The marks of a build as a list: where each is, what was noted, what the line says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.getters import query_one
from textual.screen import ModalScreen
from textual.widgets import Static

from wharf_tui.ui.rows import Address
from wharf_tui.ui.widgets.row_list import RowList

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult


@dataclass(frozen=True, slots=True)
class MarkRow:
    """A mark as the list shows it; every text is safe to show."""

    address: Address
    step: str
    note: str
    text: str
    """What the line says; empty where it is not there."""


class MarkList(RowList):
    """Marks under each other, grouped by their steps.

    Args:
        rows: in their order.
    """

    BINDING_GROUP_TITLE = "Marks"

    def __init__(self, rows: list[MarkRow]) -> None:
        super().__init__()
        self._marks = rows
        self._rows: list[MarkRow | str] = []
        self._width = 0
        self._arrange()

    @property
    def row_count(self) -> int:
        """Marks and headings."""
        return len(self._rows)

    @property
    def mark_count(self) -> int:
        """Marks alone."""
        return len(self._marks)

    @property
    def current(self) -> MarkRow | None:
        """The mark under the cursor."""
        row = self._rows[self.cursor] if 0 <= self.cursor < len(self._rows) else None
        return row if isinstance(row, MarkRow) else None

    def select(self, here: Address | None) -> None:
        """Put the cursor on the mark at a line, or on the last one before it."""
        best = next((row for row, mark in enumerate(self._rows) if isinstance(mark, MarkRow)), -1)
        if here is not None:
            for row, mark in enumerate(self._rows):
                if isinstance(mark, MarkRow) and _key(mark.address) <= _key(here):
                    best = row
        self.move_cursor(best)

    def remove_current(self) -> MarkRow | None:
        """Take the mark under the cursor out of the list."""
        mark = self.current
        if mark is None:
            return None
        self._marks.remove(mark)
        row = self.cursor
        self._arrange()
        self.rows_changed()
        left = [each for each, content in enumerate(self._rows) if isinstance(content, MarkRow)]
        self.move_cursor(min(left, key=lambda each: abs(each - row), default=-1))
        return mark

    def can_stop_at(self, row: int) -> bool:
        """Headings are passed over."""
        return isinstance(self._rows[row], MarkRow)

    def row_content(self, row: int, width: int) -> Content:
        """A heading, or a mark."""
        mark = self._rows[row]
        if isinstance(mark, str):
            return Content.styled(f" {mark}", "$muted bold").truncate(width, ellipsis=True)
        content = Content.assemble((f"  {mark.address.log_id:>{self._width}}  ", "$muted"))
        if mark.note:
            content += Content.styled(mark.note, "$primary") + Content("  ")
        content += Content.styled(mark.text, "$muted" if mark.note else "")
        return content.truncate(width, ellipsis=True)

    def _arrange(self) -> None:
        self._rows = []
        for mark in self._marks:
            if not self._rows or _step_of(self._rows[-1]) != mark.address.step_id:
                self._rows.append(f"{mark.address.step_id}  {mark.step}")
            self._rows.append(mark)
        self._width = max((len(str(mark.address.log_id)) for mark in self._marks), default=1)


class MarksScreen(ModalScreen[Address | None], inherit_bindings=False):
    """Ends with the mark to go to, if there is one.

    Args:
        rows: all marks, at least one.
        here: where one is.
        remove: takes a mark away.
    """

    BINDING_GROUP_TITLE = "Marks"
    AUTO_FOCUS = "MarkList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape,M", "close", "Close", key_display="q", id="marks.close"),
        Binding("D,delete", "remove", "Delete", key_display="D", id="marks.remove"),
    ]

    marks = query_one(MarkList)
    _title = query_one(".title", Static)

    def __init__(self, rows: list[MarkRow], here: Address | None, remove: Callable[[Address], None]) -> None:
        super().__init__()
        self._rows = list(rows)
        self._here = here
        self._remove = remove

    def compose(self) -> ComposeResult:
        """Title, marks, keys."""
        with Vertical(classes="dialog"):
            yield Static(classes="title", markup=False)
            yield MarkList(self._rows)
            yield Static(
                Content.assemble(
                    ("enter", "bold $primary"),
                    " go there    ",
                    ("D", "bold $primary"),
                    " delete    ",
                    ("q", "bold $primary"),
                    " close",
                ),
                classes="answers",
            )

    def on_mount(self) -> None:
        """Begin where one is."""
        self._count()
        self.marks.select(self._here)

    def on_row_list_chosen(self) -> None:
        """Go there."""
        mark = self.marks.current
        if mark is not None:
            self.dismiss(mark.address)

    def action_close(self) -> None:
        """Stay where one was."""
        self.dismiss(None)

    def action_remove(self) -> None:
        """Delete the mark under the cursor; the last one closes the list."""
        mark = self.marks.remove_current()
        if mark is not None:
            self._remove(mark.address)
        if not self.marks.row_count:
            self.dismiss(None)
            return
        self._count()

    def _count(self) -> None:
        self._title.update(
            Content.assemble(("Marks", "bold $primary"), (f"  {self.marks.mark_count:,}", "$muted"))
        )


def _key(address: Address) -> tuple[int, int]:
    return address.step_id, address.log_id


def _step_of(row: MarkRow | str) -> int:
    return row.address.step_id if isinstance(row, MarkRow) else 0
