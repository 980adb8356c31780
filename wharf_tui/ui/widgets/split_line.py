"""One row of text with two ends: the right one is always there, the left one gives way."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


class SplitLine(Widget):
    """A row whose left part is cut with an ellipsis when both do not fit."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id, classes=classes)
        self._left = Content()
        self._right = Content()

    @property
    def text(self) -> str:
        """Both ends, for tests and for screen readers."""
        return f"{self._left.plain}  {self._right.plain}".strip()

    def show(self, left: Content, right: Content | None = None) -> None:
        """Replace both ends; nothing is drawn where nothing is different."""
        right = right or Content()
        if not (left.is_same(self._left) and right.is_same(self._right)):
            self._left, self._right = left, right
            self.refresh()

    def render(self) -> Content:
        """The row."""
        return join_ends(self._left, self._right, self.size.width)


def join_ends(left: Content, right: Content, width: int) -> Content:
    """Both ends in exactly ``width`` cells where there is room for the right one."""
    right = right.truncate(width, ellipsis=True)
    room = width - right.cell_length
    if right.cell_length:
        room -= 1
    left = left.truncate(max(room, 0), ellipsis=True)
    return Content.assemble(left, " " * max(width - left.cell_length - right.cell_length, 0), right)
