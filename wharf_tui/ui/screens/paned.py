"""The part of a build's screen that has one log or several side by side: which, and how they look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.getters import query_one

from wharf_tui.ui.screens.commanded import CommandedScreen
from wharf_tui.ui.widgets.pane_row import MOST_PANES, PaneRow
from wharf_tui.ui.widgets.step_list import StepList

if TYPE_CHECKING:
    from collections.abc import Callable

    from wharf_tui.model.ids import StepId
    from wharf_tui.ui.feed import Feed
    from wharf_tui.ui.widgets.log_canvas import ViewPlace
    from wharf_tui.ui.widgets.log_pane import LogPane
    from wharf_tui.ui.widgets.log_view import LogView

_PREPARE_SECONDS: Final = 1.0


class PanedScreen(CommandedScreen, inherit_bindings=False):
    """Panes, and the list of steps beside them.

    Args:
        feed: what is looked at; closed with the screen.
        clock: nanoseconds since the epoch, for everything that is shown.
    """

    steps = query_one(StepList)
    panes = query_one(PaneRow)

    def __init__(self, feed: Feed, clock: Callable[[], int]) -> None:
        super().__init__(feed, clock)
        self._places: dict[StepId, ViewPlace] = {}
        """Where one was in logs that are not shown now."""
        self._goes_along = True
        """Nobody has chosen a step: the one that runs is shown."""
        self._is_zoomed = False

    def on_mount(self) -> None:
        """Make panes before they are wanted."""
        self.set_interval(_PREPARE_SECONDS, self._prepare_panes)

    async def _prepare_panes(self) -> None:
        if not self.hands_are_busy:
            await self.panes.prepare()

    @property
    def goes_along(self) -> bool:
        """Whether nobody has chosen a step."""
        return self._goes_along

    def toggle_going_along(self) -> None:
        """Let the view go on to the next step that runs when this one ends, or stay with this one."""
        self._goes_along = not self._goes_along
        if self._goes_along:
            self.steps_changed()
        told = "Goes along to the next step that runs." if self._goes_along else "Stays with this step."
        self.notify(told, markup=False)

    def show_step(self, step_id: StepId) -> None:
        """Show a step's log in the active pane."""
        raise NotImplementedError

    @property
    def pane(self) -> LogPane:
        """The pane where the keys go."""
        return self.panes.active

    @property
    def view(self) -> LogView:
        """The lines of that pane."""
        return self.pane.view

    def action_wrap(self) -> None:
        """Wrap text that is too wide, or let it go on to the right."""
        self.panes.set_all("wrap", not self.view.wrap)

    def action_times(self) -> None:
        """Change the time column."""
        self.panes.set_all("times", self.view.times.next)

    def action_ids(self) -> None:
        """Show or hide log IDs."""
        self.panes.set_all("show_ids", not self.view.show_ids)

    async def action_split(self) -> None:
        """Show one step more beside the others: the next one that is not shown yet."""
        shown = [pane.step_id for pane in self.panes.panes]
        ids = [step.info.step_id for step in self.feed.info.steps]
        if len(shown) >= MOST_PANES or not ids:
            self.notify(f"There is room for {MOST_PANES} logs side by side.", markup=False)
            return
        position = ids.index(self.pane.step_id) if self.pane.step_id in ids else 0
        others = [each for each in ids[position:] + ids[:position] if each not in shown]
        self._goes_along = False
        with self.app.batch_update():  # it is drawn when it has something to show
            for added in await self.add_panes(1):
                self.panes.activate(added)
                self.show_step(others[0] if others else ids[position])
        self.set_focus(self.view)  # at once, unlike focus(): the next key is meant for it

    async def add_panes(self, count: int) -> list[LogPane]:
        """Panes to the right of the active one; none where the screen is being closed."""
        added = await self.panes.add(count)
        self._zoom(on=False)
        return added

    def action_close_pane(self) -> None:
        """Close this log, unless it is the only one."""
        if len(self.panes.panes) == 1:
            return
        if self.pane.step_id is not None:
            self._places[self.pane.step_id] = self.view.place()
        self.panes.close_active()
        self._zoom(on=False)
        self.set_focus(self.view)
        if self.pane.step_id is not None:
            self.steps.select(self.pane.step_id)
        self.update_view()

    def action_zoom(self) -> None:
        """Give the whole screen to this log, or take it back."""
        self._zoom(on=not self._is_zoomed)

    def _zoom(self, *, on: bool) -> None:
        self._is_zoomed = on
        self.steps.display = not on
        self.panes.zoom(on=on)
        if on:
            self.set_focus(self.view)
