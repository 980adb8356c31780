"""A list of one-line rows with a cursor: the common ground of the step list and the catalogue.

Rows are drawn only while they are in sight, so that a list may have any length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

if TYPE_CHECKING:
    from textual import events


class RowList(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows, one of them under the cursor. Subclasses say how many there are and what each shows."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"row-list--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "A row down, up", show=False, id="list.down"),
        Binding("k,up", "move(-1)", "A row down, up", show=False, id="list.up"),
        Binding("ctrl+d", "half_page(1)", "Half a page down, up", show=False, id="list.half-down"),
        Binding("ctrl+u", "half_page(-1)", "Half a page down, up", show=False, id="list.half-up"),
        Binding("space,pagedown", "page(1)", "A page down, up", show=False, id="list.page-down"),
        Binding("b,pageup", "page(-1)", "A page down, up", show=False, id="list.page-up"),
        Binding("g,home", "first", "First, last row", show=False, id="list.first"),
        Binding("G,end", "last", "First, last row", show=False, id="list.last"),
        Binding("enter", "choose", "Open", id="list.choose"),
    ]

    cursor: reactive[int] = reactive(-1)
    """The row under the cursor; -1 where there is none."""

    class Highlighted(Message):
        """The cursor has come to another row."""

        def __init__(self, row_list: RowList, row: int) -> None:
            super().__init__()
            self.row_list = row_list
            self.row = row

        @property
        def control(self) -> RowList:
            """The list."""
            return self.row_list

    class Chosen(Message):
        """A row was opened, by Enter or by a click on the row under the cursor."""

        def __init__(self, row_list: RowList, row: int) -> None:
            super().__init__()
            self.row_list = row_list
            self.row = row

        @property
        def control(self) -> RowList:
            """The list."""
            return self.row_list

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def row_content(self, row: int, width: int) -> Content:
        """What a row shows, at most ``width`` cells wide."""
        raise NotImplementedError

    def can_stop_at(self, row: int) -> bool:  # noqa: ARG002  for subclasses
        """Whether the cursor may stand on this row."""
        return True

    def rows_changed(self) -> None:
        """To be called when rows came, went or look different."""
        size = Size(self.size.width, self.row_count)
        if size != self.virtual_size:
            self.virtual_size = size
        self.refresh()

    def move_cursor(self, row: int) -> None:
        """Put the cursor on a row without a message, and bring the row into sight."""
        if row != self.cursor:
            top, width = self.scroll_offset.y, self.size.width
            self.refresh(*(Region(0, each - top, width, 1) for each in (self.cursor, row) if each >= 0))
            self.set_reactive(RowList.cursor, row)
        self._reveal()

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        row = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        style = self.visual_style
        if row == self.cursor:
            style += self.get_visual_style("row-list--cursor")
        if not 0 <= row < self.row_count:
            return Strip.blank(width, self.rich_style)
        content = self.row_content(row, width)
        return Visual.to_strips(self, content, width, 1, style, pad=True)[0]

    def watch_cursor(self) -> None:
        """Tell about it."""
        self._reveal()
        if self.cursor >= 0:
            self.post_message(self.Highlighted(self, self.cursor))

    def _reveal(self) -> None:
        top, height = self.scroll_offset.y, self.size.height
        if self.cursor < 0 or not height:
            return
        first = self.cursor
        while first > 0 and not self.can_stop_at(first - 1):
            first -= 1  # the heading above comes along
        if first < top:
            self.scroll_to(y=first, animate=False, force=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, force=True)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.rows_changed()
        self._reveal()

    def _step(self, rows: int) -> None:
        """Move by so many rows, and on to the next where the cursor may stand."""
        if not self.row_count:
            return
        direction = 1 if rows > 0 else -1
        target = min(max(self.cursor + rows, 0), self.row_count - 1)
        for way in (direction, -direction):
            row = target
            while 0 <= row < self.row_count and not self.can_stop_at(row):
                row += way
            if 0 <= row < self.row_count:
                self.cursor = row
                return

    def action_move(self, rows: int) -> None:
        """Down (positive) or up by so many rows."""
        self._step(rows)

    def action_half_page(self, direction: int) -> None:
        """Half a screen down (1) or up (-1)."""
        self._step(direction * max(self.size.height // 2, 1))

    def action_page(self, direction: int) -> None:
        """A screen down (1) or up (-1)."""
        self._step(direction * max(self.size.height - 1, 1))

    def action_first(self) -> None:
        """To the first row."""
        self._step(-self.row_count)

    def action_last(self) -> None:
        """To the last row."""
        self._step(self.row_count)

    def action_choose(self) -> None:
        """Open the row under the cursor."""
        if self.cursor >= 0:
            self.post_message(self.Chosen(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there; on the row under the cursor, open it."""
        row = event.y + self.scroll_offset.y
        if not 0 <= row < self.row_count or not self.can_stop_at(row):
            return
        if row == self.cursor:
            self.action_choose()
        else:
            self.cursor = row
