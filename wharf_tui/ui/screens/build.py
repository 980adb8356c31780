"""One build: its steps on the left, the logs of one or more of them on the right, all kept up to date."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import Horizontal
from textual.getters import query_one

from wharf_tui.model.errors import WharfError
from wharf_tui.model.text import clean_plain
from wharf_tui.ui.build_commands import COMMANDS
from wharf_tui.ui.build_keys import BUILD_KEYS
from wharf_tui.ui.commands import bindings_of
from wharf_tui.ui.documents import Documents
from wharf_tui.ui.log_document import Refreshed
from wharf_tui.ui.merged_document import ALL_STEPS
from wharf_tui.ui.merged_labels import MergedLabels
from wharf_tui.ui.screens.paned import PanedScreen
from wharf_tui.ui.session_feed import SessionFeed
from wharf_tui.ui.step_choice import opening_step, runs
from wharf_tui.ui.take_along_control import TakeAlongControl
from wharf_tui.ui.widgets.build_header import BuildHeader
from wharf_tui.ui.widgets.hold_pane import HoldPane
from wharf_tui.ui.widgets.key_hints import KeyHints
from wharf_tui.ui.widgets.log_canvas import ViewPlace
from wharf_tui.ui.widgets.log_pane import LogPane
from wharf_tui.ui.widgets.pane_row import PaneRow
from wharf_tui.ui.widgets.prompt import Prompt
from wharf_tui.ui.widgets.step_list import StepList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import timezone

    from textual.app import ComposeResult

    from wharf_tui.model.build import StepState
    from wharf_tui.model.ids import LogId, StepId
    from wharf_tui.results.log_reader import LogReader
    from wharf_tui.ui.feed import Feed
    from wharf_tui.ui.rows import Address
    from wharf_tui.ui.widgets.log_view import LogView


class BuildScreen(PanedScreen, inherit_bindings=False):
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
    hold = query_one(HoldPane)

    def __init__(self, feed: Feed, clock: Callable[[], int], zone: timezone | None = None) -> None:
        super().__init__(feed, clock)
        self._zone = zone
        self.documents = Documents(feed, self._budget)
        self._labels = MergedLabels()
        self.notice = ""
        """Something that is going on with the build, such as its cancellation."""

    def compose(self) -> ComposeResult:
        """Header, steps and logs, what is typed, keys."""
        yield Prompt()  # first, though last to look at: so the others keep their order of painting when it opens
        yield BuildHeader(id="header")
        with Horizontal(id="body"):
            yield StepList(id="steps")
            yield HoldPane(id="hold")
            yield PaneRow(zone=self._zone, id="panes")
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
        self.set_focus(self.view)  # at once, unlike focus(): the next thing may be another prompt

    @property
    def zone(self) -> timezone | None:
        """Time zone of the clock column; None is the machine's."""
        return self._zone

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

    @property
    def is_counting(self) -> bool:
        """Whether a log in sight is being counted, or merged."""
        return any(
            document.is_counting for pane in self.panes.panes if (document := pane.view.document) is not None
        )

    def look_at_logs(self) -> bool:
        """Look at each log that is shown, once, and tell all panes that show it."""
        panes = [pane for pane in self.panes.panes if pane.step_id is not None]
        marks = {pane: pane.view.marks() for pane in panes}
        followed = {pane.step_id for pane in panes if pane.step_id is not None and pane.view.follow}
        found = self.documents.refresh({pane.step_id for pane in panes if pane.step_id is not None}, followed)
        for pane in panes:
            refreshed = found[pane.step_id] if pane.step_id is not None else None
            if refreshed is not None and refreshed.changed:
                pane.view.log_changed(refreshed, marks[pane])
        return any(refreshed.changed for refreshed in found.values())

    @contextmanager
    def rows_may_change(self) -> Iterator[None]:
        """Rows may come and go within: what is in sight stays where it is."""
        before = [
            (pane, pane.view.document, pane.view.marks(), pane.view.moves, _rows_in(pane))
            for pane in self.panes.panes
        ]
        yield
        for pane, document, marks, moves, rows in before:
            if pane.view.document is document and _rows_in(pane) != rows:
                stays = pane.view.moves == moves
                pane.view.log_changed(Refreshed(changed=True), marks if stays else None)

    def do_work(self) -> bool:
        """Let one of the controls work; while lines in sight are being counted, nothing else is worth the time."""
        if self.is_counting:
            return True
        with self.rows_may_change():
            return self.give_turn()

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
            if pane.step_id == ALL_STEPS:
                pane.view.start_times_at(build.started_ns or 0)
                pane.view.labels = self._labels.of(build.steps, self.app.current_theme)
                pane.show_merged(self.documents.merged(), build, self.feed.liveness)
                continue
            step = self.step_state(pane.step_id)
            if step is None:
                pane.show_nothing("This build has no steps", build.problem or "Nothing was recorded.")
                if build.steps:
                    self.show_step(opening_step(build.steps) or build.steps[0].info.step_id)
                continue
            pane.view.start_times_at(step.started_ns or build.started_ns or 0)
            document = self.documents.of(step.info.step_id)
            pane.show_step(step, document, build, self.feed.liveness, now_ns)

    def show_step(self, step_id: StepId) -> None:
        """Show a step's log in the active pane, or with ``ALL_STEPS`` all of them merged."""
        self._put_step(step_id)
        self.update_view()

    def show_steps(self, steps: Iterable[tuple[LogPane, StepId]]) -> None:
        """Show a step's log in each of some panes; the keys go to the last one."""
        for pane, step_id in steps:
            self.panes.activate(pane)
            self._put_step(step_id)
        self.update_view()

    def _put_step(self, step_id: StepId) -> None:
        pane = self.pane
        if pane.step_id is not None and pane.step_id != step_id and pane.view.document is not None:
            self._places[pane.step_id] = pane.view.place()
        place = self._places.get(step_id, ViewPlace())
        pane.step_id = step_id
        if step_id == ALL_STEPS:
            pane.view.labels = self._labels.of(self.feed.info.steps, self.app.current_theme)
            pane.view.show(self.documents.merged(), self.feed.info.started_ns or 0, place)
        else:
            document = self.documents.of(step_id)
            self.steps.select(step_id)
            document.refresh(self._budget.bytes, follow=place.follow)
            step = self.step_state(step_id)
            pane.view.labels = ()
            pane.view.show(document, (step.started_ns if step else None) or 0, place)
        for control in self.controls:
            control.step_shown()

    def reader_of(self, step_id: StepId) -> LogReader:
        """A step's log, counted as far as one slice goes; those in sight are counted anyway."""
        log = self.feed.log(step_id)
        if step_id not in self.documents.made:
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
        self.go_to_line(step_id, self.feed.log(step_id).line_of(log_id))

    def go_to_line(self, step_id: StepId, line: int) -> None:
        """Show a line of a step's file, counted from 1, in the pane where the keys go."""
        if self.pane.step_id not in {step_id, ALL_STEPS}:
            self.choose_step(step_id)
        document = self.view.document
        if document is None:
            return
        if not document.is_shown(step_id, line):
            for control in self.controls:
                control.reveal(step_id, line)
        self.view.go_to_row(document.row_of(step_id, line))
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
        panes = self.panes.panes
        if event.pane not in panes or any(
            pane.view is self.focused for pane in panes if pane is not event.pane
        ):
            return  # it has been closed since, or the keys have gone on to another one
        self.panes.activate(event.pane)
        if event.pane.step_id is not None:
            self.steps.select(event.pane.step_id)

    def on_log_view_yanked(self, event: LogView.Yanked) -> None:
        """Copy lines, and say how."""
        event.stop()
        document = event.log_view.document
        if document is not None:
            control = self.control(TakeAlongControl)
            control.copy_rows(document, event.rows, with_address=event.with_address)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While one types, only what is typed counts."""
        del parameters
        return not self.prompt.display or action == "escape"

    def action_step(self, direction: int) -> None:
        """To the next (1) or previous (-1) step."""
        ids = [step.info.step_id for step in self.feed.info.steps]
        here = self.here
        at = here.step_id if self.pane.step_id == ALL_STEPS and here is not None else self.pane.step_id
        if at in ids:
            target = ids.index(at) + direction
            if 0 <= target < len(ids):
                self.choose_step(ids[target])

    def action_nth_step(self, number: int) -> None:
        """To the step with this place in the list, counted from 1."""
        if number <= len(self.feed.info.steps):
            self.choose_step(self.feed.info.steps[number - 1].info.step_id)

    def action_all_steps(self) -> None:
        """All steps merged in order of time, or the step of the line one is at."""
        if self.pane.step_id == ALL_STEPS:
            here = self.here
            if here is not None:
                self.choose_step(here.step_id)
                self.go_to(here.step_id, here.log_id)
            elif self.feed.info.steps:
                self.choose_step(self.feed.info.steps[0].info.step_id)
            return
        place = self.view.place()
        if self.pane.step_id is not None and not place.follow:
            # The same lines, where they are, as soon as the merged log has them.
            self._places[ALL_STEPS] = ViewPlace(
                column=place.column, follow=False, seen_lines=-1, marks=place.marks
            )
        self.choose_step(ALL_STEPS)

    def action_follow(self) -> None:
        """Show the end as it grows, of the step that runs, and go along when the next one starts."""
        self._goes_along = True
        self.view.action_bottom()
        if self.is_live:
            self.steps_changed()

    async def action_escape(self) -> None:
        """One thing less: the search, the zoom, this build; but never out of the program."""
        if self.prompt.display:
            self.prompt.action_cancel()
        elif self.view.select_from is not None:
            self.view.select_from = None
        elif any(control.leave() for control in self.controls):
            return
        elif self._is_zoomed:
            self._zoom(on=False)
        elif len(self.app.screen_stack) > 1:
            await self.run_action("app.back")


def _rows_in(pane: LogPane) -> tuple[int, ...]:
    """Different where rows of a pane have come or gone."""
    document = pane.view.document
    return (-1, 0) if document is None else (document.row_count, document.version)
