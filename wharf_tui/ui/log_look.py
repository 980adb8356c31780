"""Everything but the row itself that decides how a row of a log is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timezone
from enum import Enum
from typing import Final, TypeAlias

from rich.style import Style

from wharf_tui.model.ids import StepId

Finder: TypeAlias = Callable[[str], Sequence[tuple[int, int]]]
"""Ranges of a text that are to stand out, sorted and without overlap."""


PLAIN: Final = Style()


class TimeColumn(Enum):
    """What the gutter tells about a line's time."""

    OFF = "off"
    CLOCK = "clock"
    """Time of day in the machine's time zone."""
    ELAPSED = "since start"
    """Time since the step started."""
    DELTA = "since previous"
    """Time since the line before."""

    @property
    def next(self) -> TimeColumn:
        """The one that the key brings next."""
        members = list(TimeColumn)
        return members[(members.index(self) + 1) % len(members)]


TIME_WIDTHS: Final = {
    TimeColumn.OFF: 0,
    TimeColumn.CLOCK: 12,
    TimeColumn.ELAPSED: 10,
    TimeColumn.DELTA: 10,
}


@dataclass(frozen=True, slots=True)
class StepLabel:
    """What stands before a step's lines where lines of several steps stand together."""

    step_id: StepId
    text: str
    """As wide as that of any other step."""
    width: int
    """In cells."""
    style: Style


@dataclass(frozen=True, slots=True)
class LogLook:
    """How rows are drawn. Two rows that are the same under the same look are the same on the screen."""

    width: int
    """Cells of the pane."""
    column: int
    """Cells that have been scrolled off to the left."""
    wrap: bool
    """Whether text that is too wide goes on in the next line."""
    id_width: int
    """Cells for the log ID; 0 shows none."""
    times: TimeColumn
    started_ns: int
    """What elapsed times count from."""
    zone: timezone | None
    """Time zone of the clock column; None is the machine's."""
    dark: bool
    text: Style
    gutter: Style
    mark: Style
    """For what stands in a line without being of it: stand-ins, notes, cut marks."""
    gap: Style
    hit: Style
    """For what was searched."""
    note: Style = PLAIN
    """For our own words between lines."""
    error: Style = PLAIN
    """For the gutter of lines that say that they are errors."""
    warning: Style = PLAIN
    find: Finder | None = None
    """What is searched."""
    highlights: tuple[tuple[Finder, Style], ...] = ()
    """What else is to stand out; the last one wins."""
    labels: tuple[StepLabel, ...] = ()
    """Names of steps, where lines of several stand together."""

    @property
    def gutter_width(self) -> int:
        """Cells before the text."""
        parts = [width for width in (self.id_width, TIME_WIDTHS[self.times]) if width]
        return 1 + sum(parts) + 2 * len(parts) + self.label_width

    @property
    def label_width(self) -> int:
        """Cells for the name of the step, and a blank."""
        return self.labels[0].width + 1 if self.labels else 0

    @property
    def text_width(self) -> int:
        """Cells for the text."""
        return max(self.width - self.gutter_width, 1)
