"""Search over one log or several: the nearest hit at once, all of them counted while one reads on.

``aim`` says where one is, ``step`` looks on from there, and ``next`` answers as soon as the answer is certain. The logs
may grow; more steps go on with what is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wharf_tui.insight.line_form import STAMPED, form_of
from wharf_tui.insight.line_set import LineSet
from wharf_tui.insight.log_scan import LogScan
from wharf_tui.insight.pattern import Pattern
from wharf_tui.insight.pattern_matcher import matcher_for
from wharf_tui.insight.slices import Progress
from wharf_tui.model.errors import WharfError
from wharf_tui.model.ids import StepId
from wharf_tui.results.log_reader import LogReader


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that matches."""

    step_id: StepId
    line: int
    """Line of the step's file, from 1."""
    number: int
    """It is the so-many-th of all hits known now, from 1, in order of steps and lines."""
    wrapped: bool
    """Whether one had to go over the end and begin again at the other."""


class Search:
    """One pattern in some steps' logs. To be closed when done with.

    Args:
        pattern: what to look for.
        logs: where, in the order in which the steps are to be gone through; their owner refreshes them.
    """

    def __init__(self, pattern: Pattern, logs: Mapping[StepId, LogReader]) -> None:
        self.pattern = pattern
        self._matchers = {STAMPED: matcher_for(pattern)}
        self._scans: dict[StepId, LogScan] = {}
        self._first: StepId | None = None
        self._backwards = False
        for step_id, log in logs.items():
            self.add(step_id, log)

    @property
    def count(self) -> int:
        """Hits known so far."""
        return sum(len(scan.sets[0]) for scan in self._scans.values())

    @property
    def progress(self) -> Progress:
        """How much has been looked at; when it is done, ``count`` is final for what is there."""
        parts = [scan.progress for scan in self._scans.values()]
        return Progress(sum(part.done for part in parts), sum(part.total for part in parts))

    @property
    def problem(self) -> WharfError | None:
        """Why some log could not be looked at to its end."""
        return next((scan.problem for scan in self._scans.values() if scan.problem), None)

    @property
    def cut_lines(self) -> int:
        """Lines so long that only their beginning was looked at."""
        return sum(scan.cut_lines for scan in self._scans.values())

    def add(self, step_id: StepId, log: LogReader) -> None:
        """Look in one more log, behind the others."""
        form = form_of(log)
        if form not in self._matchers:
            self._matchers[form] = matcher_for(self.pattern, form)
        self._scans[step_id] = LogScan(log, self._matchers[form])

    def hits(self, step_id: StepId) -> LineSet:
        """The lines of one step that match, as far as known."""
        return self._scans[step_id].sets[0]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where the pattern stands in a line's clean text: start and end of each match, in characters."""
        return self._matchers[STAMPED].spans(text)

    def aim(self, step_id: StepId, line: int, *, backwards: bool = False) -> None:
        """Look on from this line, in this direction, before anywhere else."""
        self._first, self._backwards = step_id, backwards
        self._scans[step_id].aim(line, backwards=backwards)
        for other, scan in self._scans.items():
            if other != step_id:
                scan.aim(scan.log.line_count + 1 if backwards else 1, backwards=backwards)

    def step(self, budget_bytes: int) -> Progress:
        """Look at about ``budget_bytes`` more; see ``SlicedWork.step``."""
        for step_id in self._in_order(self._first, backwards=self._backwards):
            scan = self._scans[step_id]
            before = scan.progress.done
            after = scan.step(budget_bytes)
            budget_bytes -= max(after.done - before, 0)
            if not after.is_done or budget_bytes <= 0:
                break
        return self.progress

    def next(self, step_id: StepId, line: int, *, backwards: bool = False) -> Hit | None:
        """The nearest hit behind a line (or, backwards, before it), over the end and on from the other if need be.

        Args:
            step_id: step of the line.
            line: the line; it is taken only where there is no other hit. 0, or one behind the last, will do.
            backwards: look up instead of down.

        Returns:
            The hit; None where there is none, or, as long as ``progress`` is not done, where it is not known yet.
        """
        order = self._in_order(step_id, backwards=backwards)
        last_step = next(iter(self._scans)) if backwards else list(self._scans)[-1]
        here = self._scans[step_id]
        newest = here.log.line_count
        ahead, behind = ((1, line - 1), (line, newest)) if backwards else ((line + 1, newest), (1, line))
        stretches = [ahead, *((1, self._scans[other].log.line_count) for other in order[1:]), behind]
        for position, (other, (low, high)) in enumerate(zip([*order, step_id], stretches, strict=True)):
            scan = self._scans[other]
            found = scan.sets[0].previous(high) if backwards else scan.sets[0].next(low)
            if found is not None and not low <= found <= high:
                found = None
            gone_over = (found or low, high) if backwards else (low, found or high)
            if not scan.covers(*gone_over):
                return None
            if found is not None:
                wrapped = position > order.index(last_step)
                return Hit(other, found, self.number(other, found), wrapped)
        return None

    def number(self, step_id: StepId, line: int) -> int:
        """How many hits there are up to and with this line, in order of steps and lines: the n of "n of N"."""
        number = 0
        for other, scan in self._scans.items():
            if other == step_id:
                return number + scan.sets[0].count_before(line + 1)
            number += len(scan.sets[0])
        return number

    def close(self) -> None:
        """Let go of what was needed to look; what was found can still be asked for."""
        for matcher in self._matchers.values():
            matcher.close()

    def _in_order(self, first: StepId | None, *, backwards: bool) -> list[StepId]:
        """The steps in the order in which one comes through them."""
        steps = list(self._scans)
        if backwards:
            steps.reverse()
        start = steps.index(first) if first is not None else 0
        return steps[start:] + steps[:start]
