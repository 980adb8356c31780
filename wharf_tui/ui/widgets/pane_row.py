"""One to four logs side by side, each with its own scroll. One of them is where the keys go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.containers import Horizontal

from wharf_tui.ui.widgets.log_pane import LogPane
from wharf_tui.ui.widgets.log_view import LogView

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
        self._spare: list[LogPane] = []
        """Panes that are not shown now."""

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

    async def add(self, count: int = 1) -> list[LogPane]:
        """Panes to the right of the active one, which look like it; fewer where the row is being closed."""
        while len(self._spare) < count and await self._make_spare():
            pass
        added, self._spare = self._spare[:count], self._spare[count:]
        after = self._active
        position = self.panes.index(after) + 1
        self.panes[position:position] = added
        for pane in added:
            self.move_child(pane, after=after)
            after = pane
            for name in ("wrap", "times", "show_ids", "zone", "find", "highlights", "signs"):
                setattr(pane.view, name, getattr(self._active.view, name))
            pane.step_id = self._active.step_id
        self.zoom(on=False)
        return added

    async def prepare(self) -> None:
        """Make one of the panes that may be wanted, hidden: to make it takes longer than a key may."""
        if len(self.panes) + len(self._spare) < MOST_PANES:
            await self._make_spare()

    async def _make_spare(self) -> bool:
        """Whether there is one more."""
        if not (self.is_attached and self.screen.display):
            return False
        pane = LogPane(zone=self._zone)
        pane.add_class("-beside")  # as it will be, so that it need not be styled again
        pane.display = False
        await self.mount(pane)
        if not pane.query(LogView):  # the screen has been left meanwhile
            return False
        pane.make_ready()
        self._spare.append(pane)
        return True

    def close_active(self) -> None:
        """Close the active pane, unless it is the last one; its left neighbour takes the keys."""
        if len(self.panes) == 1:
            return
        position = self.panes.index(self._active)
        closed = self.panes.pop(position)
        self.activate(self.panes[max(position - 1, 0)])
        closed.display = False
        closed.forget()
        self._spare.append(closed)
        self.zoom(on=False)

    def set_all(self, name: str, value: object) -> None:
        """Let all logs look alike in one respect: ``wrap``, ``times`` or ``show_ids``."""
        for pane in self.panes:
            setattr(pane.view, name, value)

    def zoom(self, *, on: bool) -> None:
        """Show the active pane alone, or all of them."""
        shown = [self._active] if on else self.panes
        for pane in self.panes:
            pane.display = pane in shown
        for pane in shown:
            pane.set_class(pane is not shown[0], "-beside")
