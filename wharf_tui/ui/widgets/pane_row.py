"""One to four logs side by side, each with its own scroll. One of them is where the keys go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.containers import Horizontal

from wharf_tui.ui.widgets.log_pane import LogPane

if TYPE_CHECKING:
    from datetime import timezone

    from textual.app import ComposeResult

MOST_PANES: Final = 4


class PaneRow(Horizontal):
    """The panes, from left to right.

    Args:
        zone: time zone of the clock column; None is the machine's.
    """

    def __init__(self, *, zone: timezone | None = None, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._zone = zone
        self.panes: list[LogPane] = [LogPane(zone=zone)]
        self._active = self.panes[0]

    def compose(self) -> ComposeResult:
        """The first pane."""
        yield from self.panes

    @property
    def active(self) -> LogPane:
        """The pane where the keys go: the one that had the focus last."""
        return self._active

    def activate(self, pane: LogPane) -> None:
        """Let the keys go to a pane."""
        self._active = pane
        for each in self.panes:
            each.set_class(each is pane and len(self.panes) > 1, "-active")

    async def add(self) -> LogPane:
        """One pane more, to the right of the active one, which looks like it."""
        pane = LogPane(zone=self._zone)
        position = self.panes.index(self._active)
        await self.mount(pane, after=position)
        self.panes.insert(position + 1, pane)
        for name in ("wrap", "times", "show_ids", "zone", "find", "highlights", "signs"):
            setattr(pane.view, name, getattr(self._active.view, name))
        pane.step_id = self._active.step_id
        self.activate(pane)
        return pane

    async def close_active(self) -> None:
        """Close the active pane, unless it is the last one; its left neighbour takes the keys."""
        if len(self.panes) == 1:
            return
        position = self.panes.index(self._active)
        closed = self.panes.pop(position)
        self.activate(self.panes[max(position - 1, 0)])
        await closed.remove()

    def set_all(self, name: str, value: object) -> None:
        """Let all logs look alike in one respect: ``wrap``, ``times`` or ``show_ids``."""
        for pane in self.panes:
            setattr(pane.view, name, value)

    def zoom(self, *, on: bool) -> None:
        """Show the active pane alone, or all of them."""
        for pane in self.panes:
            pane.display = pane is self._active or not on
