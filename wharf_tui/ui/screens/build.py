"""One build: its steps on the left, the logs of one or more of them on the right, all kept up to date."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import Horizontal
from textual.getters import query_one

from wharf_tui.model.errors import WharfError
from wharf_tui.model.text import clean_plain
from wharf_tui.ui import take_along
from wharf_tui.ui.build_commands import COMMANDS
from wharf_tui.ui.build_keys import BUILD_KEYS
from wharf_tui.ui.commands import bindings_of
from wharf_tui.ui.log_document import Address, LogDocument
from wharf_tui.ui.screens.commanded import CommandedScreen
from wharf_tui.ui.session_feed import SessionFeed
from wharf_tui.ui.step_choice import opening_step, runs
from wharf_tui.ui.widgets.build_header import BuildHeader
from wharf_tui.ui.widgets.hold_pane import HoldPane
from wharf_tui.ui.widgets.key_hints import KeyHints
from wharf_tui.ui.widgets.log_canvas import ViewPlace
from wharf_tui.ui.widgets.log_pane import LogPane
from wharf_tui.ui.widgets.pane_row import MOST_PANES, PaneRow
from wharf_tui.ui.widgets.prompt import Prompt
from wharf_tui.ui.widgets.step_list import StepList

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timezone

    from textual.app import ComposeResult

    from wharf_tui.model.build import StepState
    from wharf_tui.model.ids import LogId, StepId
    from wharf_tui.results.log_reader import LogReader
    from wharf_tui.ui.feed import Feed
    from wharf_tui.ui.widgets.log_view import LogView


class BuildScreen(CommandedScreen, inherit_bindings=False):
    """A build that is running or has ended.

    Args:
        feed: where it comes from; closed with the screen.
        clock: nanoseconds since the epoch, for everything that is shown.
        zone: time zone of the clock column; None is the machine's.
    """

    BINDING_GROUP_TITLE = "Build"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*BUILD_KEYS, *bindings_of(COMMANDS)]

    header = query_one(BuildHeader)
    steps = query_one(StepList)
    panes = query_one(PaneRow)
    hold = query_one(HoldPane)

    def __init__(self, feed: Feed, clock: Callable[[], int], zone: timezone | None = None) -> None:
        super().__init__(feed, clock)
        self._zone = zone
        self._documents: dict[StepId, LogDocument] = {}
        self._places: dict[StepId, ViewPlace] = {}
        self._goes_along = True
        self._is_zoomed = False
        self.notice = ""
        """Something that is going on with the build, such as its cancellation."""

    def compose(self) -> ComposeResult:
        """Header, steps and logs, what is typed, keys."""
        yield BuildHeader(id="header")
        with Horizontal(id="body"):
            yield StepList(id="steps")
            yield HoldPane(id="hold")
            yield PaneRow(zone=self._zone, id="panes")
        yield Prompt()
        yield KeyHints()

    def on_mount(self) -> None:
        """Open on what matters most, and begin to look."""
        self.steps.show(self.feed.info, self._clock(), live=self.is_live)
        first = opening_step(self.feed.info.steps)
        if first is not None:
            self.show_step(first)
        self.hold.display, self.panes.display = self._is_held, not self._is_held
        (self.hold if self._is_held else self.view).focus()
        for control in self.controls:
            control.opened()
        self.call_after_refresh(self.look)

    @property
    def _build_screen(self) -> BuildScreen:
        return self

    def back_to_log(self) -> None:
        """Let the keys go to the log again."""
        self.view.focus()

    @property
    def pane(self) -> LogPane:
        """The pane where the keys go."""
        return self.panes.active

    @property
    def view(self) -> LogView:
        """The lines of that pane."""
        return self.pane.view

    def step_state(self, step_id: StepId | None) -> StepState | None:
        """A step as it stands now."""
        return next((step for step in self.feed.info.steps if step.info.step_id == step_id), None)

    def show_held(self) -> bool:
        """Look how far each step has come, and show it on the hold screen."""
        assert isinstance(self.feed, SessionFeed)
        try:
            return self.hold.count(self.feed, self._budget.bytes)
        except WharfError as error:
            self.tell_once(clean_plain(error.message))
            return False

    def on_unmount(self) -> None:
        """Let go of what the controls hold, too."""
        for control in self.controls:
            control.close()

    def release(self) -> None:
        """Show the log in place of the hold screen."""
        had_focus = self.hold.has_focus
        self._is_held = False
        self.hold.display, self.panes.display = False, True
        if had_focus:
            self.view.focus()
        target = opening_step(self.feed.info.steps)
        if self._goes_along and target is not None:
            self.show_step(target)

    def on_hold_pane_peeked(self) -> None:
        """Show what is here already, while the rest is still coming."""
        self.release()

    def look_at_logs(self) -> bool:
        """Look at each log that is shown, once, and tell all panes that show it."""
        shown = {pane.step_id for pane in self.panes.panes if pane.step_id is not None}
        any_changed = False
        for step_id in shown:
            document = self._documents[step_id]
            panes = [pane for pane in self.panes.panes if pane.step_id == step_id]
            started = time.monotonic()
            refreshed = document.refresh(self._budget.bytes, follow=any(pane.view.follow for pane in panes))
            if document.is_behind:
                self._budget.learn(time.monotonic() - started)
            if refreshed.changed:
                any_changed = True
                for pane in panes:
                    pane.view.log_changed(refreshed)
        return any_changed

    def do_work(self) -> bool:
        """Search on; counting goes on while looking at the logs."""
        is_counting = any(
            document.is_counting for pane in self.panes.panes if (document := pane.view.document) is not None
        )
        return any(control.work() for control in self.controls) or is_counting

    def steps_changed(self) -> None:
        """While nobody has chosen a step: move on when the one that is shown does not run."""
        shown = self.step_state(self.pane.step_id)
        if not self._goes_along or not self.view.follow or (shown is not None and runs(shown)):
            return
        target = opening_step(self.feed.info.steps)
        if target is not None and target != self.pane.step_id:
            self.show_step(target)

    def update_view(self) -> None:
        """Bring everything but the lines up to date."""
        now_ns = self._clock()
        build = self.feed.info
        self.header.show_build(self.feed, now_ns, self.notice)
        self.steps.show(build, now_ns, live=self.is_live)
        for control in self.controls:
            control.show()
        for pane in self.panes.panes:
            step = self.step_state(pane.step_id)
            if step is None:
                pane.show_nothing("This build has no steps", build.problem or "Nothing was recorded.")
                if build.steps:
                    self.show_step(opening_step(build.steps) or build.steps[0].info.step_id)
                continue
            pane.view.start_times_at(step.started_ns or build.started_ns or 0)
            document = self._documents[step.info.step_id]
            pane.show_step(step, document, build, self.feed.liveness, now_ns)

    def show_step(self, step_id: StepId) -> None:
        """Show a step's log in the active pane."""
        pane = self.pane
        if pane.step_id is not None and pane.step_id != step_id:
            self._places[pane.step_id] = pane.view.place()
        document = self._documents.get(step_id)
        if document is None:
            document = self._documents[step_id] = LogDocument(self.feed.log(step_id), step_id)
        pane.step_id = step_id
        self.steps.select(step_id)
        place = self._places.get(step_id, ViewPlace())
        document.refresh(self._budget.bytes, follow=place.follow)
        step = self.step_state(step_id)
        pane.view.show(document, (step.started_ns if step else None) or 0, place)
        self.update_view()

    def reader_of(self, step_id: StepId) -> LogReader:
        """A step's log, counted as far as one slice goes; those in sight are counted anyway."""
        log = self.feed.log(step_id)
        if step_id not in self._documents:
            try:
                log.refresh(self._budget.bytes)
            except WharfError as error:
                self.tell_once(clean_plain(error.message))
        return log

    def choose_step(self, step_id: StepId) -> None:
        """Show a step because somebody wants to see it: from now on the view does not go along by itself."""
        self._goes_along = False
        if step_id != self.pane.step_id:
            self.show_step(step_id)

    @property
    def here(self) -> Address | None:
        """Where one is: the line of the spot if it is in sight, or else the first line in sight."""
        view = self.view
        visible = view.visible_rows
        if view.document is None or not visible:
            return None
        rows = [view.spot] if view.spot is not None and view.spot in visible else visible
        return next((found for row in rows if (found := view.document.address_of(row)) is not None), None)

    def go_to(self, step_id: StepId, log_id: LogId) -> None:
        """Show a line, or where it is not there the nearest one to it."""
        self.choose_step(step_id)
        document = self.view.document
        if document is not None:
            self.view.go_to_row(document.row_of(step_id, document.reader(step_id).line_of(log_id)))
        self.update_view()

    def on_step_list_step_highlighted(self, event: StepList.StepHighlighted) -> None:
        """Somebody chose a step."""
        event.stop()
        self.choose_step(event.step_id)

    def on_row_list_chosen(self) -> None:
        """Enter on a step goes to its log."""
        self.view.focus()

    def on_log_canvas_moved(self, event: LogView.Moved) -> None:
        """Bring badge and title up to date."""
        event.stop()
        self.update_view()

    def on_log_pane_focused(self, event: LogPane.Focused) -> None:
        """The keys go to another pane; the list shows its step."""
        event.stop()
        self.panes.activate(event.pane)
        if event.pane.step_id is not None:
            self.steps.select(event.pane.step_id)

    def on_log_view_yanked(self, event: LogView.Yanked) -> None:
        """Copy lines, and say how."""
        event.stop()
        document, step_id = event.log_view.document, self.pane.step_id
        if document is None or step_id is None:
            return
        place = f"{self.feed.place} {step_id}" if event.with_address else ""
        try:
            told = take_along.copy_rows(document, event.rows, place, self._write_to_terminal)
        except (WharfError, OSError) as error:
            self.notify(clean_plain(f"Not copied: {error}"), severity="error", markup=False)
            return
        self.notify(clean_plain(told), markup=False)

    def _write_to_terminal(self, code: str) -> None:
        driver = self.app._driver  # noqa: SLF001 - Textual's own way to the clipboard knows neither tmux nor screen
        if driver is not None:
            driver.write(code)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While one types, only what is typed counts."""
        del parameters
        return not self.prompt.display or action == "escape"

    def action_step(self, direction: int) -> None:
        """To the next (1) or previous (-1) step."""
        ids = [step.info.step_id for step in self.feed.info.steps]
        if self.pane.step_id in ids:
            target = ids.index(self.pane.step_id) + direction
            if 0 <= target < len(ids):
                self.choose_step(ids[target])

    def action_nth_step(self, number: int) -> None:
        """To the step with this place in the list, counted from 1."""
        if number <= len(self.feed.info.steps):
            self.choose_step(self.feed.info.steps[number - 1].info.step_id)

    def action_follow(self) -> None:
        """Show the end as it grows, of the step that runs, and go along when the next one starts."""
        self._goes_along = True
        self.view.action_bottom()
        if self.is_live:
            self.steps_changed()

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
        if len(shown) >= MOST_PANES or self.pane.step_id not in ids:
            self.notify(f"There is room for {MOST_PANES} logs side by side.", markup=False)
            return
        position = ids.index(self.pane.step_id)
        others = [each for each in ids[position:] + ids[:position] if each not in shown]
        self._goes_along = False
        await self.panes.add()
        self._zoom(on=False)
        self.show_step(others[0] if others else ids[position])
        self.view.focus()

    async def action_close_pane(self) -> None:
        """Close this log, unless it is the only one."""
        if self.pane.step_id is not None:
            self._places[self.pane.step_id] = self.view.place()
        await self.panes.close_active()
        self.view.focus()
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
            self.view.focus()

    async def action_escape(self) -> None:
        """One thing less: the search, the zoom, this build; but never out of the program."""
        if self.view.select_from is not None:
            self.view.select_from = None
        elif any(control.leave() for control in self.controls):
            return
        elif self._is_zoomed:
            self._zoom(on=False)
        elif len(self.app.screen_stack) > 1:
            await self.run_action("app.back")
