"""Goes from error to error, and to the first cause of a build's failure: the line that tells most, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from wharf_tui.insight.causes import Cause, failed_steps, find_causes
from wharf_tui.model.build import Liveness
from wharf_tui.model.text import clean_plain
from wharf_tui.ui import line_walk
from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control
from wharf_tui.ui.filter_control import FilterControl
from wharf_tui.ui.merged_document import ALL_STEPS
from wharf_tui.ui.step_counts_control import StepCountsControl

if TYPE_CHECKING:
    from wharf_tui.insight.line_set import LineSet
    from wharf_tui.model.ids import StepId
    from wharf_tui.ui.screens.build import BuildScreen


class ErrorControl(Control):
    """Errors, warnings and causes of one screen's build."""

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self._causes: list[Cause] = []
        self._at = -1
        self._wants_cause = False
        """To go there as soon as the failed logs have been counted."""
        self._was_failed: bool | None = None

    def opened(self) -> None:
        """A build that has failed opens on what tells why."""
        self._was_failed = bool(failed_steps(self.screen.feed.info.steps))
        self._wants_cause = self._was_failed and self.screen.feed.liveness is not Liveness.RUNNING

    def move(self, direction: int, *, errors: bool) -> None:
        """To the next (1) or previous (-1) error, or warning."""
        screen = self.screen
        document, visible = screen.view.document, screen.view.visible_rows
        kind = "errors" if errors else "warnings"
        if document is None or not visible:
            return
        spot = screen.view.spot
        if spot is not None and spot in visible:
            row = spot
        else:
            row = visible[0] - 1 if direction > 0 else visible[-1] + 1
        found = line_walk.next_line(document, self._sets(errors=errors), row, backwards=direction < 0)
        if found is None:
            more = "" if self._is_looked_through() else " yet"
            way = "below" if direction > 0 else "above"
            screen.notify(f"No more {kind} {way}{more}.", markup=False)
            return
        screen.go_to_line(*found)

    def go_to_cause(self) -> None:
        """To the likeliest cause of the failure; again, to the next one."""
        screen = self.screen
        if not failed_steps(screen.feed.info.steps):
            screen.notify("No step has failed.", markup=False)
            return
        if not self._find():
            self._wants_cause = True
            screen.notify("The failed log is still being counted; a moment.", markup=False)
            return
        if not self._causes:
            screen.notify("The failed step printed nothing that tells why.", markup=False)
            return
        self._at = (self._at + 1) % len(self._causes)
        self._go()

    def work(self) -> bool:
        """Go to the cause as soon as it is known: on opening, and when the build fails while its end is followed."""
        screen = self.screen
        has_failed = bool(failed_steps(screen.feed.info.steps))
        if self._was_failed is False and has_failed and screen.goes_along and screen.view.follow:
            self._wants_cause = True
        self._was_failed = has_failed
        if not self._wants_cause:
            return False
        if not self._find():
            return False
        self._wants_cause = False
        if self._causes and self._may_go():
            self._at = 0
            self._go()
        return False

    def show(self) -> None:
        """Say which cause one is at."""
        here = self.screen.here if self._at >= 0 else None
        cause = self._causes[self._at] if 0 <= self._at < len(self._causes) else None
        is_there = cause is not None and here is not None and here.log_id == cause.log_id
        for pane in self.screen.panes.panes:
            pane.cause_note = Content()
            if is_there and cause is not None and pane is self.screen.pane:
                text = f"cause {self._at + 1} of {len(self._causes)}: {clean_plain(cause.why)}  "
                pane.cause_note = Content.styled(text, "$error")

    def _may_go(self) -> bool:
        """Whether nobody has gone anywhere yet."""
        view = self.screen.view
        return (
            view.follow
            and view.spot is None
            and self.screen.goes_along
            and not self.screen.control(FilterControl).is_on
        )

    def _go(self) -> None:
        cause = self._causes[self._at]
        if self.screen.pane.step_id not in {cause.step_id, ALL_STEPS}:
            self.screen.show_step(cause.step_id)
        if cause.line:
            self.screen.go_to_line(cause.step_id, cause.line)
        else:
            self.screen.notify(
                clean_plain(cause.why), title="The step failed", severity="error", markup=False
            )
        self.screen.update_view()

    def _find(self) -> bool:
        """Look for causes, if the failed logs have been counted; whether they have."""
        screen = self.screen
        failed = [step.info.step_id for step in failed_steps(screen.feed.info.steps)]
        logs = {step_id: screen.reader_of(step_id) for step_id in failed}
        for log in logs.values():
            log.refresh(screen.slice_bytes)
        if not all(log.is_indexed for log in logs.values()):
            return False
        levels = screen.control(StepCountsControl)
        errors = {step_id: levels.levels(step_id).errors for step_id in failed}
        causes = find_causes(screen.feed.info.steps, logs, errors)
        if [cause.line for cause in causes] != [cause.line for cause in self._causes]:
            self._causes, self._at = causes, -1
        return True

    def _sets(self, *, errors: bool) -> dict[StepId, LineSet]:
        levels = self.screen.control(StepCountsControl)
        found = {}
        for step in self.screen.feed.info.steps:
            known = levels.levels(step.info.step_id)
            found[step.info.step_id] = known.errors if errors else known.warnings
        return found

    def _is_looked_through(self) -> bool:
        levels = self.screen.control(StepCountsControl)
        shown = self.screen.pane.step_id
        steps = [step.info.step_id for step in self.screen.feed.info.steps]
        return all(levels.levels(each).progress.is_done for each in steps if shown in {each, ALL_STEPS})


def _of(screen: BuildScreen) -> ErrorControl:
    return screen.control(ErrorControl)


COMMANDS = (
    Command(
        "next-error",
        "Next, previous error",
        lambda screen, _: _of(screen).move(1, errors=True),
        "e",
    ),
    Command(
        "previous-error",
        "Next, previous error",
        lambda screen, _: _of(screen).move(-1, errors=True),
        "E",
        "E",
    ),
    Command(
        "next-warning",
        "Next, previous warning",
        lambda screen, _: _of(screen).move(1, errors=False),
        "right_square_bracket",
        "]",
    ),
    Command(
        "previous-warning",
        "Next, previous warning",
        lambda screen, _: _of(screen).move(-1, errors=False),
        "left_square_bracket",
        "[",
    ),
    Command(
        "cause",
        "Cause",
        lambda screen, _: _of(screen).go_to_cause(),
        "exclamation_mark",
        "!",
        show=True,
    ),
)
