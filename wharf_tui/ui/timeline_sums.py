"""Works out a build's timeline in slices, as its logs grow: when which step ran, and how much it printed in each column."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from wharf_tui.insight.time_map import TimeMap
from wharf_tui.insight.timeline import StepSpan, Timeline, spans, time_of_line, whole
from wharf_tui.model.build import Liveness
from wharf_tui.model.errors import WharfError
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status
from wharf_tui.ui.slices import SliceBudget
from wharf_tui.ui.status_look import is_text
from wharf_tui.ui.step_choice import runs

if TYPE_CHECKING:
    from wharf_tui.ui.feed import Feed

_PAUSE_SECONDS: Final = 0.5
"""Between two times that activity is summed up."""
_WHILE_LIVE_SECONDS: Final = 0.02
"""Between two slices while a build runs: its lines and the keys come first."""
_SUM_SHARE: Final = 30
"""A sum that took one moment is followed by at least this many moments without."""


@dataclass(frozen=True, slots=True)
class TimelineSums:
    """The timeline as it was a moment ago."""

    timeline: Timeline
    spans: tuple[StepSpan, ...]
    activity: Mapping[StepId, list[int]]
    """Bytes that each step printed in each column."""


class TimelineWork:
    """Samples the logs' times, and sums up what was printed, one step a slice.

    Args:
        feed: the build.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.sums: TimelineSums | None = None
        """None before the first time, and where no time is known."""
        self.has_looked = False
        """Whether it is known that no time is known."""
        self._maps: dict[StepId, TimeMap] = {}
        self._next: TimelineSums | None = None
        self._activity: dict[StepId, list[int]] = {}
        self._to_sum: list[StepId] = []
        """Whose activity is still to be summed up for what comes next."""
        self._next_sample = self._next_sum = self._sum_seconds = 0.0
        self._summed: object = None
        self._budget = SliceBudget()

    def start_again(self) -> None:
        """Nobody waits for the next time."""
        self._next_sum = 0.0

    def step(self, columns: int, now_ns: int) -> bool:
        """Do a slice; whether there is more to do.

        Args:
            columns: of the timeline.
            now_ns: the time, for steps that run.

        Raises:
            InputError: a log cannot be read.
        """
        is_live = self._feed.liveness is Liveness.RUNNING
        is_sampling = False
        if time.monotonic() >= self._next_sample:
            is_sampling = self._sample()
            if is_live:
                self._next_sample = time.monotonic() + _WHILE_LIVE_SECONDS
        try:
            return self._sum_up(columns, now_ns, is_live=is_live) or is_sampling
        except WharfError:
            self._next, self._next_sum = None, time.monotonic() + _PAUSE_SECONDS
            raise

    def _sample(self) -> bool:
        """Take samples of the first log that has not been sampled to its end."""
        for step in self._feed.info.steps:
            time_map = self._map_of(step.info.step_id)
            if time_map.progress.is_done:
                continue
            started = time.monotonic()
            try:
                progress = time_map.step(self._budget.bytes)
            except WharfError:
                continue  # the log's pane tells about it
            if not progress.is_done:
                self._budget.learn(time.monotonic() - started)
            return True
        return False

    def _map_of(self, step_id: StepId) -> TimeMap:
        if step_id not in self._maps:
            self._maps[step_id] = TimeMap(self._feed.log(step_id))
        return self._maps[step_id]

    def _sum_up(self, columns: int, now_ns: int, *, is_live: bool) -> bool:
        """Begin with a new timeline, or sum up one step's activity; whether there are more of them."""
        started = time.monotonic()
        if self._next is None:
            if started < self._next_sum or not self._begin(columns, now_ns, is_live=is_live):
                return False
        elif self._to_sum:
            step_id = self._to_sum.pop()
            time_map = self._map_of(step_id)
            # What has not been sampled would be read as a whole: its turn comes when it has been.
            is_sampled = time_map.progress.is_done
            timeline = self._next.timeline
            self._activity[step_id] = timeline.activity(time_map) if is_sampled else [0] * timeline.columns
        self._sum_seconds += time.monotonic() - started
        if self._to_sum:
            return True
        self.sums, self._next = self._next, None
        self._next_sum = time.monotonic() + max(_PAUSE_SECONDS, _SUM_SHARE * self._sum_seconds)
        return False

    def _begin(self, columns: int, now_ns: int, *, is_live: bool) -> bool:
        """Whether there is anything new to sum up."""
        sampled = tuple((each.position, each.log.complete_end, each.restarts) for each in self._maps.values())
        state = (sampled, self._feed.info.steps, columns)
        if state == self._summed and not is_live:
            return False
        self._summed, self._sum_seconds = state, 0.0
        found = self._find_spans(is_live=is_live)
        timeline = whole(found, now_ns, columns)
        self.has_looked = all(each.progress.is_done for each in self._maps.values())
        if timeline is None:
            self.sums = None
            return False
        self._activity = {}
        self._next = TimelineSums(timeline, tuple(found), self._activity)
        self._to_sum = [span.step_id for span in found]
        return True

    def _find_spans(self, *, is_live: bool) -> list[StepSpan]:
        """When steps ran; what runs no more has ended with its last line, where nothing else is known."""
        steps = {step.info.step_id: step for step in self._feed.info.steps}
        sampled = {step_id: each for step_id, each in self._maps.items() if each.progress.is_done}
        found: list[StepSpan] = []
        for span in spans(steps.values(), sampled):
            step = steps[span.step_id]
            end, status = span.end_ns, span.status
            grows = is_live and runs(step) and step.status is not Status.UNKNOWN
            if end is None and not grows:
                log = self._feed.log(span.step_id)
                end = max(time_of_line(log, log.line_count) or 0, span.start_ns)
            if is_text(step):
                status = Status.RUNNING  # a text file has no state that anybody would have to worry about
            found.append(replace(span, end_ns=end, status=status))
        return found
