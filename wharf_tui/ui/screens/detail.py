"""One line at length: JSON and logfmt with a field on each row, the states of a progress bar, a long line part by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.getters import query_one
from textual.screen import ModalScreen
from textual.widgets import Static

from wharf_tui.insight.line_level import level_of
from wharf_tui.insight.structured import LONGEST, expanded, frames
from wharf_tui.model.errors import WharfError
from wharf_tui.model.text import clean, clean_plain
from wharf_tui.model.timestamps import format_rfc3339
from wharf_tui.ui import words

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from wharf_tui.results.log_reader import LogReader
    from wharf_tui.ui.rows import Address

_PART_BYTES: Final = 32 * 1024
"""Of a long line, what is shown at once."""
_MOST_FRAMES: Final = 2000
_MOST_REST: Final = 3
"""Bytes of a character behind its first one."""
_CONTINUATIONS: Final = bytes(range(0x80, 0xC0))


@dataclass(frozen=True, slots=True)
class DetailOf:
    """Which line to show."""

    address: Address
    step: str
    """Stage and name of its step; safe to show."""
    log: LogReader


class DetailScreen(ModalScreen[None], inherit_bindings=False):
    """A line, whole.

    Args:
        line: which one.
    """

    BINDING_GROUP_TITLE = "Line"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape,enter", "dismiss", "Close", key_display="q", id="detail.close"),
        Binding("j,down", "scroll(1)", "Down, up", show=False, id="detail.down"),
        Binding("k,up", "scroll(-1)", "Down, up", show=False, id="detail.up"),
        Binding("space,pagedown", "page(1)", "A page down, up", show=False, id="detail.page-down"),
        Binding("b,pageup", "page(-1)", "A page down, up", show=False, id="detail.page-up"),
        Binding("tab,r", "raw", "As it came, or taken apart", key_display="tab", id="detail.raw"),
        Binding(
            "greater_than_sign,n", "part(1)", "Next, previous part", key_display=">", id="detail.next-part"
        ),
        Binding(
            "less_than_sign,N", "part(-1)", "Next, previous part", key_display="<", id="detail.previous-part"
        ),
    ]

    _scroll = query_one(VerticalScroll)
    _text = query_one("#detail-text", Static)
    _title = query_one("#detail-title", Static)
    _keys = query_one("#detail-keys", Static)

    def __init__(self, line: DetailOf) -> None:
        super().__init__()
        self._line = line
        self._is_raw = False
        self._part = 0

    def compose(self) -> ComposeResult:
        """Where it stands, and what it says."""
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Static(id="detail-title", markup=False)
            yield Static(id="detail-text", markup=False)
            yield Static(id="detail-keys")

    def on_mount(self) -> None:
        """Read it."""
        self._show()

    def action_scroll(self, rows: int) -> None:
        """Down (positive) or up."""
        self._scroll.scroll_relative(y=rows, animate=False)

    def action_page(self, direction: int) -> None:
        """A screen down (1) or up (-1)."""
        self._scroll.scroll_relative(y=direction * max(self._scroll.size.height - 2, 1), animate=False)

    def action_raw(self) -> None:
        """As it came, or taken apart."""
        self._is_raw = not self._is_raw
        self._show()

    def action_part(self, direction: int) -> None:
        """To another part of a long line."""
        self._part = max(self._part + direction, 0)
        self._show()

    def _show(self) -> None:
        line, log = self._line, self._line.log
        number = log.line_of(line.address.log_id)
        try:
            (head,) = log.read(number, 1, 0) or (None,)
            if head is None:
                self._text.update(Content.styled("This line is not there any more.", "$warning"))
                return
            parts = max((head.size + _PART_BYTES - 1) // _PART_BYTES, 1)
            self._part = min(self._part, parts - 1)
            whole = log.message_bytes(number, 0, head.size) if head.size <= LONGEST else b""
            part = self._bytes_of_part(number)
        except WharfError as error:
            self._text.update(Content.styled(clean_plain(error.message), "$error"))
            return
        kind, rows = "", None
        if not self._is_raw and whole:
            rows = expanded(whole)
            kind = "fields"
            states = frames(whole) if rows is None and b"\r" in whole.rstrip(b"\r") else []
            if len(states) > 1:
                kind = f"{len(states):,} states"
                rows = [clean(state).text for state in states[:_MOST_FRAMES]]
        if rows is None:
            kind = "" if parts == 1 else f"part {self._part + 1:,} of {parts:,}"
            text = clean(part, limit=len(part), is_cut=self._part < parts - 1).text
            rows = [clean_plain(part) if self._is_raw else text]
        looks_alike = rows == [clean_plain(part)] and not self._is_raw
        level = level_of(part[:2048])
        at = format_rfc3339(head.at_ns).decode() if head.at_ns is not None else "no time"
        self._title.update(
            Content.assemble(
                (str(line.address), "bold $primary"),
                (f"  {line.step}", "bold"),
                (f"  {at}  {words.size(head.size)}", "$muted"),
                (f"  {level.name.lower()}" if level is not None else "", "$warning"),
                (f"  {kind}" if kind else "", "$primary"),
            )
        )
        self._text.update(Content("\n".join(rows)))
        keys = [
            "" if looks_alike else "tab taken apart" if self._is_raw else "tab as it came",
            "< > other parts" if parts > 1 else "",
            "q closes",
        ]
        self._keys.update(Content.styled("   ".join(filter(None, keys)), "$muted"))
        self._scroll.scroll_home(animate=False)

    def _bytes_of_part(self, number: int) -> bytes:
        """A part of the line; a character that two parts share is in the first of them."""
        start = self._part * _PART_BYTES
        data = self._line.log.message_bytes(number, start, _PART_BYTES + _MOST_REST)
        first = _rest_of_character(data[:_MOST_REST]) if start else 0
        return data[first : _PART_BYTES + _rest_of_character(data[_PART_BYTES:])]


def _rest_of_character(data: bytes) -> int:
    """How many bytes at the beginning belong to a character of UTF-8 that began before."""
    return len(data) - len(data.lstrip(_CONTINUATIONS))
