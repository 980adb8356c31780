"""The timeline of a build's screen: samples the logs' times, shows them in one row, and goes to a time in the log."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from wharf_tui.insight.time_map import TimeMap
from wharf_tui.insight.timeline import StepSpan, Timeline, spans, time_of_line, whole
from wharf_tui.model.errors import WharfError
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import LogLine
from wharf_tui.model.status import Status
from wharf_tui.model.text import clean_plain
from wharf_tui.model.timestamps import format_duration
from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control
from wharf_tui.ui.merged_document import ALL_STEPS
from wharf_tui.ui.slices import SliceBudget
from wharf_tui.ui.status_look import is_text
from wharf_tui.ui.step_choice import runs
from wharf_tui.ui.timeline_cells import Cell, cells
from wharf_tui.ui.widgets.timeline_row import TimelineRow

if TYPE_CHECKING:
    from wharf_tui.model.build import StepState
    from wharf_tui.ui.screens.build import BuildScreen

FEWEST_STEPS: Final = 2
FEWEST_ROWS: Final = 30
"""Of a screen on which the row is shown without being asked for."""
_PAUSE_SECONDS: Final = 0.5
"""Between two times that activity is summed up."""
_WHILE_LIVE_SECONDS: Final = 0.02
"""Between two slices while a build runs: its lines and the keys come first."""
_SUM_SHARE: Final = 30
"""A sum that took one moment is followed by at least this many moments without."""
_UNTIMED_LINES: Final = 16
"""How far below the place where one is a line with a time is looked for."""


class TimelineControl(Control):
    """The timeline of one screen.

    Args:
        screen: whose panes and steps are used.
    """

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self._row = TimelineRow(self._go_to_column, id="timeline")
        self._wanted: bool | None = None
        """What the user has chosen; None leaves it to the size of the screen."""
        self._maps: dict[StepId, TimeMap] = {}
        self._spans: list[StepSpan] = []
        self._timeline: Timeline | None = None
        self._activity: dict[StepId, list[int]] = {}
        self._to_sum: list[StepId] = []
        """Whose activity is still to be summed up for the timeline that comes next."""
        self._next: tuple[Timeline, list[StepSpan], dict[StepId, list[int]]] | None = None
        self._next_sample = self._next_sum = 0.0
        self._sum_seconds = 0.0
        self._summed: object = None
        self._cells: list[Cell] = []
        self._cells_of: object = None
        self._budget = SliceBudget()

    def opened(self) -> None:
        """The row has its place below the header."""
        self._row.display = False
        self.screen.mount(self._row, before="#body")

    @property
    def row(self) -> TimelineRow:
        """The row."""
        return self._row

    @property
    def is_on(self) -> bool:
        """Whether the row is to be seen: as the user wants it, or else where there is room and need for it."""
        if self._wanted is not None:
            return self._wanted
        screen = self.screen
        return (
            screen.settings.timeline
            and len(screen.feed.info.steps) >= FEWEST_STEPS
            and screen.size.height >= FEWEST_ROWS
        )

    def toggle(self) -> None:
        """Show the row, or hide it."""
        self._wanted = not self.is_on
        self.screen.update_view()

    def state(self) -> dict[str, bool | None]:
        """Whether the user wants it."""
        return {"on": self._wanted}

    def restore(self, state: dict[str, object]) -> None:
        """As it was."""
        wanted = state.get("on")
        self._wanted = wanted if isinstance(wanted, bool) else None

    def work(self) -> bool:
        """Sample some more times, or sum up what one step printed."""
        if not self._row.display or not self._row.columns:
            return False
        is_sampling = False
        if time.monotonic() >= self._next_sample:
            is_sampling = self._sample()
            if self.screen.is_live:
                self._next_sample = time.monotonic() + _WHILE_LIVE_SECONDS
        try:
            return self._sum_up(is_sampling=is_sampling) or is_sampling
        except WharfError as error:  # the log's pane tells about it
            self._next, self._next_sum = None, time.monotonic() + _PAUSE_SECONDS
            self._row.explain(clean_plain(error.message))
            return False

    def _sample(self) -> bool:
        for step in self.screen.feed.info.steps:
            step_id = step.info.step_id
            if step_id not in self._maps:
                self._maps[step_id] = TimeMap(self.screen.feed.log(step_id))
            time_map = self._maps[step_id]
            if not time_map.progress.is_done:
                started = time.monotonic()
                try:
                    progress = time_map.step(self._budget.bytes)
                except WharfError:
                    continue
                if not progress.is_done:
                    self._budget.learn(time.monotonic() - started)
                return True
        return False

    def _sum_up(self, *, is_sampling: bool) -> bool:
        """One step's activity; whether there are more of them."""
        now = time.monotonic()
        if self._next is None:
            if now < self._next_sum:
                return False
            logs = tuple((each.log.complete_end, each.restarts) for each in self._maps.values())
            columns = self._row.columns
            state = (logs, self.screen.feed.info.steps, columns, is_sampling)
            if state == self._summed and not self.screen.is_live:
                return False
            self._summed, self._sum_seconds = state, 0.0
            found = self._find_spans()
            timeline = whole(found, self.screen.now_ns, columns)
            if timeline is None:
                self._timeline = None
                return False
            self._next = timeline, found, {}
            self._to_sum = [span.step_id for span in found]
        else:
            timeline, _, activity = self._next
            if self._to_sum:
                step_id = self._to_sum.pop()
                if step_id not in self._maps:  # sampling has not come to it yet
                    self._maps[step_id] = TimeMap(self.screen.feed.log(step_id))
                time_map = self._maps[step_id]
                # What has not been sampled would be read as a whole: its turn comes when it has been.
                is_sampled = time_map.progress.is_done
                activity[step_id] = timeline.activity(time_map) if is_sampled else [0] * timeline.columns
        self._sum_seconds += time.monotonic() - now
        if self._to_sum:
            return True
        self._timeline, self._spans, self._activity = self._next
        self._next = None
        self._next_sum = time.monotonic() + max(_PAUSE_SECONDS, _SUM_SHARE * self._sum_seconds)
        return False

    def _find_spans(self) -> list[StepSpan]:
        """When steps ran; what runs no more has ended with its last line, where nothing else is known."""
        steps = self.screen.feed.info.steps
        live = self.screen.is_live
        found = spans(steps, {key: each for key, each in self._maps.items() if each.progress.is_done})
        by_id = {step.info.step_id: step for step in steps}
        ended = [
            replace(span, end_ns=self._last_time(span))
            if span.end_ns is None and not (live and _grows(by_id[span.step_id]))
            else span
            for span in found
        ]
        # A text file has no state that anybody would have to worry about.
        return [
            replace(span, status=Status.RUNNING) if is_text(by_id[span.step_id]) else span for span in ended
        ]

    def _last_time(self, span: StepSpan) -> int:
        log = self.screen.feed.log(span.step_id)
        return max(time_of_line(log, log.line_count) or 0, span.start_ns)

    def show(self) -> None:
        """Bring the row up to date."""
        row = self._row
        if not row.is_attached:
            return
        is_on = self.is_on and self.screen.panes.display
        if row.display != is_on:
            row.display = is_on
            self._next_sum = 0.0
        if not is_on:
            return
        timeline = self._timeline
        if timeline is None:
            row.explain("No line has a time that is known." if self._summed else "")
            return
        pane = self.screen.pane
        key = (id(self._activity), pane.step_id)
        if key != self._cells_of:
            self._cells_of = key
            self._cells = cells(timeline, self._spans, self._activity, pane.step_id)
        at_ns = self._time_here()
        playhead = None if at_ns is None else timeline.column_of(at_ns)
        since = "" if at_ns is None else f"+{format_duration(at_ns - timeline.start_ns)}"
        row.show(self._cells, playhead, since, format_duration(timeline.end_ns - timeline.start_ns))

    def _time_here(self) -> int | None:
        """When the line was printed where one is, or the next one that has a time."""
        view = self.screen.view
        visible = view.visible_rows
        if view.document is None or not visible:
            return None
        first = view.spot if view.spot is not None and view.spot in visible else visible[0]
        for row in range(first, first + _UNTIMED_LINES):
            shown = view.document.row(row)
            if isinstance(shown, LogLine) and shown.at_ns is not None:
                return shown.at_ns
        return None

    def move(self, columns: int) -> None:
        """So many columns later (positive) or earlier."""
        at_ns = self._time_here()
        if self._timeline is None or at_ns is None:
            self.screen.notify("No line here has a time that is known.", markup=False)
            return
        self._go_to_column(min(max(self._timeline.column_of(at_ns) + columns, 0), self._timeline.columns - 1))

    def _go_to_column(self, column: int) -> None:
        timeline = self._timeline
        if timeline is not None:
            try:
                self.go_to_time(timeline.time_of(column), timeline.time_of(column + 1))
            except WharfError as error:
                self.screen.tell_once(clean_plain(error.message))

    def go_to_time(self, at_ns: int, until_ns: int) -> None:
        """Go to the first line of a stretch of time: of the step that is shown if it ran then, else of the busiest.

        Raises:
            InputError: a log cannot be read.
        """
        shown = self.screen.pane.step_id
        timeline = self._timeline
        if timeline is None or not self._spans:
            return
        column = timeline.column_of(at_ns)

        def fitness(span: StepSpan) -> tuple[int, bool, int]:
            end = timeline.end_ns if span.end_ns is None else span.end_ns
            away = max(span.start_ns - until_ns + 1, at_ns - end, 0)
            activity = self._activity.get(span.step_id)
            return -away, span.step_id == shown, activity[column] if activity else 0

        best = max(map(fitness, self._spans))
        wanted = [
            span
            for span in self._spans
            if fitness(span) == best or (shown == ALL_STEPS and fitness(span)[0] == best[0])
        ]
        found = [place for span in wanted if (place := self._place_at(span.step_id, at_ns)) is not None]
        if found:
            _, step_id, line = min(found)
            self.screen.go_to_line(step_id, line)

    def _place_at(self, step_id: StepId, at_ns: int) -> tuple[int, StepId, int] | None:
        """The first line of a step from a time on, or its last: its time, step and line."""
        log = self.screen.reader_of(step_id)
        if not log.line_count:
            return None
        line = min(log.first_line_at(at_ns), log.line_count)
        return time_of_line(log, line) or 0, step_id, line


def _grows(step: StepState) -> bool:
    return runs(step) and step.status is not Status.UNKNOWN


COMMANDS = (
    Command(
        "timeline",
        "Timeline",
        lambda screen, _: screen.control(TimelineControl).toggle(),
        "T",
        "T",
    ),
    Command(
        "earlier",
        "Earlier, later on the timeline",
        lambda screen, _: screen.control(TimelineControl).move(-1),
        "less_than_sign",
        "<",
    ),
    Command(
        "later",
        "Earlier, later on the timeline",
        lambda screen, _: screen.control(TimelineControl).move(1),
        "greater_than_sign",
        ">",
    ),
)
