"""Comes to the line that was asked for on the command line, and notes where one is for the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wharf_tui.ui import words
from wharf_tui.ui.control import Control
from wharf_tui.ui.way_back import Seen

if TYPE_CHECKING:
    from wharf_tui.results.log_reader import LogReader
    from wharf_tui.ui.rows import Address
    from wharf_tui.ui.screens.build import BuildScreen


class PlaceControl(Control):
    """The line that one screen was opened for.

    Args:
        screen: the screen.
    """

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self._wanted: Address | None = None
        self._waits = False
        """It was told that the line is waited for."""

    def opened(self) -> None:
        """Begin with the step of that line, if it is there."""
        self._wanted = wanted = self.screen.at
        if wanted is not None and self.screen.step_state(wanted.step_id) is not None:
            self.screen.choose_step(wanted.step_id)

    def work(self) -> bool:
        """Go there as soon as the line is there; what a running build has not printed yet is waited for."""
        wanted, screen = self._wanted, self.screen
        if wanted is None or not screen.panes.display or not screen.view.size.height:
            return False
        may_come = screen.is_live
        if screen.step_state(wanted.step_id) is None:
            if not may_come:
                steps = ", ".join(str(step.info.step_id) for step in screen.feed.info.steps) or "none"
                self._give_up(f"{wanted}: this build has no step {wanted.step_id}. Its steps are: {steps}.")
            return False
        if self._waits and not screen.view.follow:
            self._give_up(f"{wanted} has not come yet; you have gone elsewhere, so it is not waited for.")
            return False
        if screen.pane.step_id != wanted.step_id:
            screen.choose_step(wanted.step_id)
        document = screen.view.document
        if document is None or document.is_counting:
            return False  # the log is counted while it is looked at
        log = document.reader(wanted.step_id)
        if log.last_log_id < wanted.log_id and may_come:
            self._wait(wanted)
            return False
        self._wanted = None
        screen.call_next(self._go_to, wanted, log)  # what is in sight stays there until all work is done
        return False

    def _go_to(self, wanted: Address, log: LogReader) -> None:
        self.screen.go_to(wanted.step_id, wanted.log_id)
        self.screen.view.stand_still()
        missing = _why_missing(wanted, log)
        if missing:
            self.screen.notify(missing, severity="warning", markup=False)

    def leave(self) -> bool:
        """Wait no longer; whether a line was waited for."""
        if self._wanted is None:
            return False
        self._give_up(f"{self._wanted} is not waited for any more.")
        return True

    def show(self) -> None:
        """Note where one is: when the screen goes, its panes have gone before it."""
        screen, view = self.screen, self.screen.view
        is_at_end = view.follow and view.spot is None
        at = None if is_at_end or not screen.panes.display else screen.here
        screen.trail.last = Seen(screen.feed.reader, screen.feed.again, at)

    def _wait(self, wanted: Address) -> None:
        if not self._waits:
            self._waits = True
            self.screen.notify(f"{wanted} has not come yet; it is shown when it does.", markup=False)

    def _give_up(self, why: str) -> None:
        self._wanted = None
        self.screen.notify(why, severity="warning", markup=False)


def _why_missing(wanted: Address, log: LogReader) -> str:
    """What to say where the line itself is not there."""
    if log.last_log_id < wanted.log_id:
        has = words.lines(log.line_count) if log.line_count else "no lines"
        return f"{wanted} is not there: the step has {has}."
    if log.log_id_of(log.line_of(wanted.log_id)) != wanted.log_id:
        return f"{wanted} is one of the lines that are missing."
    return ""
