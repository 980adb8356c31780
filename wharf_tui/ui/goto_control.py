"""Goes to a line, an address, a time, a share of the log, as it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wharf_tui.insight.goto import (
    AddressTarget,
    BadTarget,
    FromEndTarget,
    LinesOnTarget,
    LineTarget,
    PercentTarget,
    Target,
    parse_target,
)
from wharf_tui.model.text import clean_plain
from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control
from wharf_tui.ui.merged_document import ALL_STEPS, MergedDocument
from wharf_tui.ui.times_of_day import time_of

if TYPE_CHECKING:
    from wharf_tui.model.ids import StepId
    from wharf_tui.ui.row_document import RowDocument
    from wharf_tui.ui.screens.build import BuildScreen


class GotoControl(Control):
    """Takes where to go.

    Args:
        screen: the screen.
    """

    is_waited_for = True

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self._later = ""
        """Where to go when the lines have been counted."""
        self._standing: tuple[object, int, bool] = (None, 0, False)
        """The log, jumps in it, and whether it was followed, when that was asked for."""

    def open(self) -> None:
        """Ask where to go."""
        self.screen.ask(self, "→", "1841 a line, 4:1841 of step 4, 14:02 a time, +30s, 50%, -1 the last")

    def prompt_changed(self, text: str) -> None:  # noqa: ARG002  it is a PromptUser
        """What is wrong is said at the end: half a time is no mistake."""
        self.screen.prompt.say("")

    def prompt_submitted(self, text: str) -> None:
        """Go there, or say why not."""
        complaint = self.go(text) if text else ""
        if complaint:
            self.screen.prompt.say(clean_plain(complaint), "$error")
            return
        self.screen.prompt_done()

    def go(self, text: str) -> str:
        """Go to what was typed. Returns what is wrong with it; empty where nothing is."""
        screen = self.screen
        document = screen.view.document
        if document is None or not document.line_count:
            return "there are no lines yet"
        if document.is_counting:
            self._later, self._standing = text, (document, screen.view.moves, screen.view.follow)
            share = f"{document.counted_share:.0%}"
            told = f"The lines are still being counted ({share}); then {text} is shown."
            screen.notify(clean_plain(told), markup=False)
            return ""
        self._later = ""
        target = parse_target(text, {step.info.step_id for step in screen.feed.info.steps})
        if isinstance(target, BadTarget):
            return f"{target.problem}. {target.hint}"
        if isinstance(target, AddressTarget | LineTarget):
            step_id = target.step_id if isinstance(target, AddressTarget) else self._own_step()
            if screen.step_state(step_id) is None:
                return f"there is no step {step_id}" if step_id else "no line is in sight to tell the step"
            screen.go_to(step_id, target.log_id)
            return ""
        if not document.row_count:
            return "no line fits the filter; ctrl-t shows all"
        row = self._row_of(target, document)
        if isinstance(row, str):
            return row
        screen.view.go_to_row(row)
        screen.update_view()
        return ""

    def work(self) -> bool:
        """Go where somebody wanted to go while lines were counted, unless he has gone elsewhere since."""
        text, view = self._later, self.screen.view
        if text and (view.document is None or not view.document.is_counting):
            self._later = ""
            if (view.document, view.moves, view.follow) == self._standing:
                # What is in sight stays there until all work is done.
                self.screen.call_next(self.screen.execute, COMMANDS[0], text)
            self._standing = (None, 0, False)
        return False

    def leave(self) -> bool:
        """Go there no more; whether somebody wanted to."""
        was_wanted, self._later = bool(self._later), ""
        return was_wanted

    def _own_step(self) -> StepId:
        """The step that one is in; ``ALL_STEPS`` where that cannot be told."""
        shown = self.screen.pane.step_id
        if shown is not None and shown != ALL_STEPS:
            return shown
        here = self.screen.here
        return here.step_id if here is not None else ALL_STEPS

    def _row_of(self, target: Target, document: RowDocument) -> int | str:
        view, last = self.screen.view, document.row_count - 1
        visible = view.visible_rows
        here = view.spot if view.spot is not None and view.spot in visible else visible.start
        if isinstance(target, FromEndTarget):
            return max(last + 1 - target.lines, 0)
        if isinstance(target, LinesOnTarget):
            return min(here + target.lines, last)
        if isinstance(target, PercentTarget):
            return int(last * target.percent / 100)
        at_ns = time_of(self.screen, target)
        if isinstance(at_ns, str):
            return at_ns
        if isinstance(document, MergedDocument):
            return document.first_row_at(at_ns)
        step_id = self.screen.pane.step_id
        if step_id is None:
            return "there is no step"
        log = document.reader(step_id)
        return document.row_of(step_id, min(log.first_line_at(at_ns), max(log.line_count, 1)))


def _go(screen: BuildScreen, text: str) -> None:
    control = screen.control(GotoControl)
    if not text:
        control.open()
        return
    complaint = control.go(text)
    if complaint:
        screen.notify(clean_plain(complaint), severity="warning", markup=False)


COMMANDS = (
    Command(
        "goto",
        "Go to a line, a time, a share",
        _go,
        "ctrl+g",
        argument="1841 | 4:1841 | 14:02 | +30s | 50%",
        priority=True,
    ),
)
