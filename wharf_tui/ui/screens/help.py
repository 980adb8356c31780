"""What can be done where one came from: keys, and names for the ``:`` line; in columns where there is room for them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.getters import query_one
from textual.screen import ModalScreen
from textual.widgets import Static

from wharf_tui.ui.help_groups import HelpGroup, HelpRow, help_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.screen import Screen

    from wharf_tui.ui.commands import Command

_COLUMN_CELLS: Final = 34
"""The least width of a column."""
_WIDEST: Final = 52
_MOST_COLUMNS: Final = 4
_BETWEEN: Final = 3
_AROUND: Final = 8
"""Cells of the dialog that are no column: margins, frame, scroll bar."""


class HelpScreen(ModalScreen[None], inherit_bindings=False):
    """Grouped by what one wants to do, what is focused first.

    Args:
        about: the screen that was asked about.
        commands: what can be done there by name.
    """

    BINDING_GROUP_TITLE = "Help"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape,question_mark,f1,enter", "dismiss", "Close", key_display="q", id="help.close"),
        Binding("j,down", "scroll(1)", "Down", show=False, id="help.down"),
        Binding("k,up", "scroll(-1)", "Up", show=False, id="help.up"),
        Binding("space,pagedown,ctrl+d", "page(1)", "A page down", show=False, id="help.page-down"),
        Binding("b,pageup,ctrl+u", "page(-1)", "A page up", show=False, id="help.page-up"),
        Binding("g,home", "end(-1)", "To the top", show=False, id="help.top"),
        Binding("G,end", "end(1)", "To the bottom", show=False, id="help.bottom"),
    ]

    _scroll = query_one(VerticalScroll)
    _body = query_one("#help-body", Static)

    def __init__(self, about: Screen[Any], commands: Sequence[Command] = ()) -> None:
        super().__init__()
        self._groups = help_groups(about, commands)
        self._text = Content()
        self._laid_out_for = 0

    @property
    def text(self) -> str:
        """All of it, for tests and for screen readers."""
        return self._text.plain

    def compose(self) -> ComposeResult:
        """A dialog that scrolls."""
        with VerticalScroll(classes="dialog", can_focus=False) as dialog:
            dialog.border_title = "Help"
            dialog.border_subtitle = "q closes   j k scroll"
            dialog.styles.width = self._lay_out(self.app.size.width)
            yield Static(self._text, id="help-body")

    def on_resize(self) -> None:
        """As many columns as there is room for."""
        if self.size.width != self._laid_out_for:
            self._scroll.styles.width = self._lay_out(self.size.width)
            self._body.update(self._text)

    def _lay_out(self, cells: int) -> int:
        """Make columns for a screen so wide; returns how wide the dialog gets."""
        self._laid_out_for = cells
        room = cells - _AROUND
        count = min(max((room + _BETWEEN) // (_COLUMN_CELLS + _BETWEEN), 1), _MOST_COLUMNS)
        width = max(min((room + _BETWEEN) // count - _BETWEEN, _WIDEST), 8)
        self._text = lay_out(self._groups, count, width)
        return count * (width + _BETWEEN) - _BETWEEN + _AROUND

    def action_scroll(self, rows: int) -> None:
        """Down (positive) or up."""
        self._scroll.scroll_relative(y=rows, animate=False)

    def action_page(self, direction: int) -> None:
        """A screen down (1) or up (-1)."""
        self.action_scroll(direction * max(self._scroll.size.height - 1, 1))

    def action_end(self, direction: int) -> None:
        """To the bottom (1) or the top (-1)."""
        (self._scroll.scroll_end if direction > 0 else self._scroll.scroll_home)(animate=False)


def lay_out(groups: Sequence[HelpGroup], count: int, width: int) -> Content:
    """All groups in columns of about the same height; no group is broken."""
    keys = min(max((len(row.keys) for group in groups for row in group.rows), default=0), width * 2 // 5)
    blocks = [_block(group, width, keys) for group in groups]
    columns = _columns(blocks, count)
    height = max(map(len, columns), default=0)
    lines = []
    for index in range(height):
        cells = [column[index] if index < len(column) else Content() for column in columns]
        padded = [cell.pad_right(width - cell.cell_length) for cell in cells[:-1]]
        lines.append(Content(" " * _BETWEEN).join([*padded, *cells[-1:]]))
    return Content("\n").join(lines)


def _block(group: HelpGroup, width: int, keys: int) -> list[Content]:
    lines = [Content.styled(group.title, "bold $primary").truncate(width, ellipsis=True)]
    for row in group.rows:
        lines += _row(row, width, keys)
    return [*lines, Content()]


def _row(row: HelpRow, width: int, keys: int) -> list[Content]:
    """Keys, and beside them what they do, which may take several lines; long keys have a line of their own."""
    texts = textwrap.wrap(row.description, max(width - keys - 2, 8)) or [""]
    shown = [row.keys] if len(row.keys) <= keys else textwrap.wrap(row.keys, keys) or [""]
    lines = []
    for index in range(max(len(texts), len(shown))):
        key = shown[index] if index < len(shown) else ""
        text = texts[index] if index < len(texts) else ""
        lines.append(Content.assemble((key.rjust(keys), "bold"), (f"  {text}", "$muted")))
    return lines


def _columns(blocks: Sequence[list[Content]], count: int) -> list[list[Content]]:
    """Share blocks out, in order, so that the highest column is as low as can be."""
    low, high = max(map(len, blocks), default=0), sum(map(len, blocks))
    while low < high:
        middle = (low + high) // 2
        if len(_fill(blocks, middle)) <= count:
            high = middle
        else:
            low = middle + 1
    return _fill(blocks, high)


def _fill(blocks: Sequence[list[Content]], height: int) -> list[list[Content]]:
    columns: list[list[Content]] = []
    for block in blocks:
        if columns and len(columns[-1]) + len(block) <= height:
            columns[-1].extend(block)
        else:
            columns.append(list(block))
    return columns
