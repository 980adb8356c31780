"""A build's time in one row: when which step ran, how busy it was, and where in it one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from wharf_tui.model.status import Status
from wharf_tui.ui import status_look
from wharf_tui.ui.timeline_cells import HEIGHTS, Cell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events

LABEL_CELLS = 9
"""At either side: the time at the playhead, and that of the whole build."""
_PLAYHEAD = "┃"


class TimelineRow(Widget):
    """Attributes go down: whoever owns it calls ``show``.

    Args:
        pick: told of the column that somebody has clicked.
    """

    ALLOW_SELECT = False

    def __init__(self, pick: Callable[[int], None], *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._pick = pick
        self._content = Content()

    @property
    def text(self) -> str:
        """The row, for tests and for screen readers."""
        return self._content.plain

    @property
    def columns(self) -> int:
        """Cells for the time itself."""
        return max(self.size.width - 2 * LABEL_CELLS, 0)

    def show(self, cells: Sequence[Cell], playhead: int | None, left: str, right: str) -> None:
        """Bring the row up to date.

        Args:
            cells: the time, a column each.
            playhead: the column where one is.
            left: the time there.
            right: how long all of it is.
        """
        is_plain = self.app.current_theme.name.endswith("-16")
        parts: list[tuple[str, str]] = [(f"{left[: LABEL_CELLS - 1].rjust(LABEL_CELLS - 1)} ", "$foreground")]
        for column, cell in enumerate(cells):
            text, style = HEIGHTS[cell.height], _style(cell, is_plain=is_plain)
            if cell.has_failure:
                text, style = status_look.glyph(Status.FAILED), f"bold {status_look.color(Status.FAILED)}"
            if column == playhead:
                text, style = _PLAYHEAD, "bold $foreground"
            if parts[-1][1] == style:
                parts[-1] = (parts[-1][0] + text, style)
            else:
                parts.append((text, style))
        parts.append((f" {right[: LABEL_CELLS - 1].ljust(LABEL_CELLS - 1)}", "$muted"))
        self._show(Content.assemble(*parts))

    def explain(self, text: str) -> None:
        """There is nothing to show: say why."""
        self._show(Content.styled(f" {text}", "$muted"))

    def _show(self, content: Content) -> None:
        if not content.is_same(self._content):
            self._content = content
            self.refresh()

    def render(self) -> Content:
        """The row."""
        return self._content

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go there, and on with the mouse while the button is down."""
        event.stop()
        self.capture_mouse()
        self._pick_at(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Go along with the mouse."""
        if event.button and self.app.mouse_captured is self:
            self._pick_at(event.x)

    def on_mouse_up(self) -> None:
        """Stay there."""
        self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """It has been taken with the button's first move."""
        event.stop()

    def _pick_at(self, x: int) -> None:
        if self.columns:
            self._pick(min(max(x - LABEL_CELLS, 0), self.columns - 1))


def _style(cell: Cell, *, is_plain: bool) -> str:
    if cell.step_id is None:
        return "$faint"
    color = status_look.color(cell.status)
    if cell.in_front:
        return f"bold {color}"
    if is_plain or cell.status is Status.FAILED:
        return color
    return f"{color} {'45%' if cell.odd else '65%'}"
