"""What keys and the mouse do to a log that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.message import Message

from wharf_tui.ui.widgets.log_canvas import LogCanvas

if TYPE_CHECKING:
    from textual import events

_SIDE_STEP: Final = 8
_WHEEL_ROWS: Final = 3


class LogView(LogCanvas, inherit_bindings=False):
    """A log with the habits of less and vim."""

    BINDING_GROUP_TITLE = "Log"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "down", "A line down, up", show=False, id="log.down"),
        Binding("k,up", "up", "A line down, up", show=False, id="log.up"),
        Binding("ctrl+d", "half_page(1)", "Half a page down, up", show=False, id="log.half-down"),
        Binding("ctrl+u", "half_page(-1)", "Half a page down, up", show=False, id="log.half-up"),
        Binding("space,pagedown", "page(1)", "A page down, up", show=False, id="log.page-down"),
        Binding("b,pageup", "page(-1)", "A page down, up", show=False, id="log.page-up"),
        Binding("g,home", "top", "First line", show=False, id="log.top"),
        Binding("G,end", "bottom", "Last line, follow", show=False, id="log.bottom"),
        Binding("l,right", "side(1)", "Sideways", show=False, id="log.right"),
        Binding("h,left", "side(-1)", "Sideways", show=False, id="log.left"),
        Binding(
            "enter",
            "screen.command('details')",
            "This line at length; fold, open",
            key_display="enter",
            show=False,
            id="log.details",
        ),
        Binding("v,V", "select", "Select lines", key_display="v", show=False, id="log.select"),
        Binding("y,c", "yank(False)", "Copy the selected lines", key_display="y", show=False, id="log.yank"),
        Binding(
            "Y",
            "yank(True)",
            "Copy them with their address",
            key_display="Y",
            show=False,
            id="log.yank-address",
        ),
    ]

    class Yanked(Message):
        """Lines are to be copied."""

        def __init__(self, log_view: LogView, rows: range, *, with_address: bool) -> None:
            super().__init__()
            self.log_view = log_view
            self.rows = rows
            self.with_address = with_address

        @property
        def control(self) -> LogView:
            """The view."""
            return self.log_view

    @property
    def furthest_column(self) -> int:
        """How far one can go to the right: as far as the widest row seen so far."""
        look = self._current_looks()[0]
        return max(self._widest - look.text_width, 0)

    def _scroll_by(self, lines: int) -> None:
        """Move by lines of the screen; while selecting, the selection grows instead."""
        if self.select_from is not None:
            self.go_to_row((self.spot or 0) + lines)
            return
        if lines < 0:
            self._stop_following()
        top = (self.scroll_offset.y, self._part)
        end = self._end_place()
        moved = self._walk().move(top, lines)
        self._set_top(min(moved, end))
        if lines > 0 and moved >= end:
            self.follow = True

    def action_down(self) -> None:
        """One line down."""
        self._scroll_by(1)

    def action_up(self) -> None:
        """One line up."""
        self._scroll_by(-1)

    def action_half_page(self, direction: int) -> None:
        """Half a screen down (1) or up (-1)."""
        self._scroll_by(direction * max(self.size.height // 2, 1))

    def action_page(self, direction: int) -> None:
        """A screen down (1) or up (-1), less one line to keep the thread."""
        self._scroll_by(direction * max(self.size.height - 1, 1))

    def action_top(self) -> None:
        """To the first row."""
        if self.select_from is not None:
            self.go_to_row(0)
            return
        self._stop_following()
        self._set_top((0, 0))

    def action_bottom(self) -> None:
        """To the last row, and follow."""
        if self.select_from is not None and self._document is not None:
            self.go_to_row(self._document.row_count - 1)
            return
        self.follow = True
        self._set_top(self._end_place())

    def action_select(self) -> None:
        """Begin to select at the spot, or at the first line in sight; or stop selecting."""
        if self.select_from is not None:
            self.select_from = None
            return
        visible = self.visible_rows
        if visible:
            self._stop_following()
            if self.spot is None or self.spot not in visible:
                self.spot = visible[0]
            self.select_from = self.spot

    def action_yank(self, with_address: bool) -> None:
        """Copy what is selected; where nothing is, the line of the spot or the first one in sight."""
        visible = self.visible_rows
        if not visible:
            return
        row = self.spot if self.spot is not None and self.spot in visible else visible[0]
        self.post_message(self.Yanked(self, self.selection or range(row, row + 1), with_address=with_address))
        self.select_from = None

    def action_side(self, direction: int) -> None:
        """Sideways, as far as there is text."""
        if not self.wrap:
            self.column = min(max(self.column + direction * _SIDE_STEP, 0), self.furthest_column)

    def on_click(self, event: events.Click) -> None:
        """The line that is clicked is where one is; clicked twice, it is shown at length, or folded."""
        places = self._visible_places()
        offset = event.get_content_offset(self)
        if offset is None or not 0 <= offset.y < len(places):
            return
        row = places[offset.y][0]
        if event.chain == 1:
            self._stop_following()
            self.spot = row
        elif row == self.spot:
            self.call_later(self.run_action, "screen.command('details')")

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves a few rows, with Shift sideways."""
        self._wheel(event, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves a few rows, with Shift sideways."""
        self._wheel(event, 1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """A wheel that tilts."""
        event.prevent_default().stop()
        self.action_side(-1)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """A wheel that tilts."""
        event.prevent_default().stop()
        self.action_side(1)

    def _wheel(self, event: events.MouseEvent, direction: int) -> None:
        event.prevent_default().stop()
        if event.shift or event.ctrl:
            self.action_side(direction)
        else:
            self._scroll_by(direction * _WHEEL_ROWS)
