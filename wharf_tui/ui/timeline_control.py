"""The timeline of a build's screen: shown in one row that goes with the log, and takes one to a time in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wharf_tui.insight.timeline import StepSpan, time_of_line
from wharf_tui.model.errors import WharfError
from wharf_tui.model.lines import LogLine
from wharf_tui.model.text import clean_plain
from wharf_tui.model.timestamps import format_duration
from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control
from wharf_tui.ui.merged_document import ALL_STEPS
from wharf_tui.ui.timeline_cells import Cell, cells
from wharf_tui.ui.timeline_sums import TimelineSums, TimelineWork
from wharf_tui.ui.widgets.timeline_row import TimelineRow

if TYPE_CHECKING:
    from wharf_tui.model.ids import StepId
    from wharf_tui.ui.screens.build import BuildScreen

FEWEST_STEPS: Final = 2
FEWEST_ROWS: Final = 30
"""Of a screen on which the row is shown without being asked for."""
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
        self._work = TimelineWork(screen.feed)
        self._cells: list[Cell] = []
        self._cells_of: TimelineSums | None = None
        self._cells_front: StepId | None = None

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
        try:
            return self._work.step(self._row.columns, self.screen.now_ns)
        except WharfError as error:
            self.screen.tell_once(clean_plain(error.message))
            return False

    def show(self) -> None:
        """Bring the row up to date."""
        row = self._row
        if not row.is_attached:
            return
        is_on = self.is_on and self.screen.panes.display
        if row.display != is_on:
            row.display = is_on
            self._work.start_again()
        sums = self._work.sums
        if not is_on:
            return
        if sums is None:
            row.explain("No line has a time that is known." if self._work.has_looked else "")
            return
        pane, timeline = self.screen.pane, sums.timeline
        if self._cells_of is not sums or self._cells_front != pane.step_id:
            self._cells_of, self._cells_front = sums, pane.step_id
            front = None if pane.step_id == ALL_STEPS else pane.step_id
            self._cells = cells(timeline, sums.spans, sums.activity, front)
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
        sums, at_ns = self._work.sums, self._time_here()
        if sums is None or at_ns is None:
            self.screen.notify("No line here has a time that is known.", markup=False)
            return
        last = sums.timeline.columns - 1
        self._go_to_column(min(max(sums.timeline.column_of(at_ns) + columns, 0), last))

    def _go_to_column(self, column: int) -> None:
        sums = self._work.sums
        if sums is not None:
            try:
                self._go_to_time(sums, column)
            except WharfError as error:
                self.screen.tell_once(clean_plain(error.message))

    def _go_to_time(self, sums: TimelineSums, column: int) -> None:
        """Go to the first line of a column: of the step that is shown if it ran then, else of the busiest."""
        shown, timeline = self.screen.pane.step_id, sums.timeline
        at_ns, until_ns = timeline.time_of(column), timeline.time_of(column + 1)

        def fitness(span: StepSpan) -> tuple[int, bool, int]:
            end = timeline.end_ns if span.end_ns is None else span.end_ns
            away = max(span.start_ns - until_ns + 1, at_ns - end, 0)
            activity = sums.activity.get(span.step_id)
            return -away, span.step_id == shown, activity[column] if activity else 0

        best = max(map(fitness, sums.spans))
        wanted = [
            span
            for span in sums.spans
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
