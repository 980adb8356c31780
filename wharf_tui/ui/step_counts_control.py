"""Counts lines and errors of all steps for the list of steps, those first that matter most."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wharf_tui.insight.level_index import LevelIndex
from wharf_tui.model.build import Liveness, StepState
from wharf_tui.model.errors import WharfError
from wharf_tui.model.status import Status
from wharf_tui.ui.control import Control
from wharf_tui.ui.slices import SliceBudget
from wharf_tui.ui.step_choice import runs

if TYPE_CHECKING:
    from wharf_tui.model.ids import StepId
    from wharf_tui.results.log_reader import LogReader
    from wharf_tui.ui.screens.build import BuildScreen

_LOOK_SECONDS: Final = 0.2
"""Between two looks at logs that nobody sees."""
_WHILE_LIVE_SECONDS: Final = 0.02
"""Between two slices while a build runs: its lines and the keys come first."""


@dataclass(frozen=True, slots=True)
class StepCounts:
    """What has been counted of one step."""

    lines: int
    """So far."""
    errors: int
    """Lines that say that they are errors, so far."""
    is_whole: bool
    """Whether all that is there has been looked at."""


class StepCountsControl(Control):
    """The counts of one screen.

    Args:
        screen: whose steps are counted.
    """

    is_background = True

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self._levels: dict[StepId, LevelIndex] = {}
        self._budget = SliceBudget()
        self._level_budget = SliceBudget()
        self._next_look = 0.0
        self._next_slice = 0.0
        self._turn = 0

    def levels(self, step_id: StepId) -> LevelIndex:
        """The errors and warnings of a step, as far as they have been found."""
        if step_id not in self._levels:
            self._levels[step_id] = LevelIndex(self.screen.feed.log(step_id))
        return self._levels[step_id]

    def work(self) -> bool:
        """Count some more lines, or look for errors in some; whether there are more."""
        if not self.screen.panes.display:
            return False  # what comes in counts first
        now = time.monotonic()
        if now >= self._next_look and not self._count_lines():
            self._next_look = now + _LOOK_SECONDS
        if now < self._next_slice:
            return False
        is_working = self._look_for_errors()
        if self.screen.is_live:
            self._next_slice = time.monotonic() + _WHILE_LIVE_SECONDS
        return is_working

    def _count_lines(self) -> bool:
        """Count lines of the first log that has not been counted; whether there may be more."""
        for step in self.screen.feed.info.steps:
            log = self.screen.feed.log(step.info.step_id)
            if self._is_settled(step, log):
                continue
            started = time.monotonic()
            try:
                log.refresh(self._budget.bytes)
            except WharfError:
                continue  # the pane that shows it tells about it
            if not log.is_indexed:
                self._budget.learn(time.monotonic() - started)
                return True
        return False

    def _is_settled(self, step: StepState, log: LogReader) -> bool:
        """Whether nothing more can come that has not been counted."""
        is_frozen = self.screen.feed.liveness is Liveness.FROZEN
        return is_frozen and log.is_indexed and (log.size > 0 or step.last_log_id == 0 or step.skipped)

    def _look_for_errors(self) -> bool:
        behind = [
            levels
            for step in self._by_weight()
            if not (levels := self.levels(step.info.step_id)).progress.is_done
        ]
        if not behind:
            return False
        # Every other slice is for what matters most; the others have their turns, too, while that one grows.
        self._turn += 1
        levels = behind[0 if self._turn % 2 else self._turn // 2 % len(behind)]
        started = time.monotonic()
        if not levels.step(self._level_budget.bytes).is_done:
            self._level_budget.learn(time.monotonic() - started)
        return True

    def _by_weight(self) -> list[StepState]:
        shown = {pane.step_id for pane in self.screen.panes.panes}

        def weight(step: StepState) -> int:
            if step.info.step_id in shown:
                return 0
            return 1 if step.status is Status.FAILED else 2 if runs(step) else 3

        return sorted(self.screen.feed.info.steps, key=weight)

    def show(self) -> None:
        """Hand the counts to the list of steps."""
        counts: dict[StepId, StepCounts] = {}
        for step in self.screen.feed.info.steps:
            step_id = step.info.step_id
            log, levels = self.screen.feed.log(step_id), self._levels.get(step_id)
            lines = int(log.last_log_id)
            if not log.is_indexed or not log.size:
                lines = step.last_log_id or lines
            errors = 0 if levels is None else len(levels.errors)
            counts[step_id] = StepCounts(lines, errors, levels is not None and levels.progress.is_done)
        self.screen.steps.show_counts(counts)
