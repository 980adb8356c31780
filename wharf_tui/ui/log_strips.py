"""Draws one row of a log: gutter, text with its own colours, and marks where the row goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timezone
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from wharf_tui.model.lines import Gap, LogLine
from wharf_tui.model.text import StyledText, clean, clean_plain
from wharf_tui.model.timestamps import NS, to_datetime
from wharf_tui.ui import words
from wharf_tui.ui.log_document import Row
from wharf_tui.ui.sgr_styles import rich_style

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNKNOWN_ID: Final = "·"
_CUT_LEFT, _CUT_RIGHT = "◂", "▸"


class TimeColumn(Enum):
    """What the gutter tells about a line's time."""

    OFF = "off"
    CLOCK = "clock"
    """Time of day in the machine's time zone."""
    ELAPSED = "since start"
    """Time since the step started."""

    @property
    def next(self) -> TimeColumn:
        """The one that the key brings next."""
        members = list(TimeColumn)
        return members[(members.index(self) + 1) % len(members)]


_TIME_WIDTHS: Final = {TimeColumn.OFF: 0, TimeColumn.CLOCK: 12, TimeColumn.ELAPSED: 10}


@dataclass(frozen=True, slots=True)
class LogLook:
    """Everything but the row itself that decides how a row is drawn."""

    width: int
    """Cells of the pane."""
    column: int
    """Cells that have been scrolled off to the left."""
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

    @property
    def gutter_width(self) -> int:
        """Cells before the text."""
        parts = [width for width in (self.id_width, _TIME_WIDTHS[self.times]) if width]
        return 1 + sum(parts) + 2 * len(parts)


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """A row as it stands on the screen."""

    strip: Strip
    text_width: int
    """Cells of the whole text, to know how far one can scroll to the right."""


def draw_row(row: Row, look: LogLook) -> DrawnRow:
    """Draw a row, exactly ``look.width`` cells wide."""
    if isinstance(row, Gap):
        return _draw_gap(row, look)
    content = _content(row, look)
    text_width = sum(segment.cell_length for segment in content)
    room = max(look.width - look.gutter_width, 1)
    goes_on = text_width > look.column + room
    end = look.column + room - goes_on
    segments = [Segment(_gutter(row, look), look.gutter), *_between(content, look.column, end)]
    if goes_on:
        segments.append(Segment(_CUT_RIGHT, look.mark))
    elif text_width < end:
        segments.append(Segment(" " * (end - max(text_width, look.column)), look.text))
    strip = Strip(segments, look.gutter_width + room)
    return DrawnRow(strip.adjust_cell_length(look.width, look.text), text_width)


def _between(segments: list[Segment], start: int, end: int) -> Iterator[Segment]:
    """What lies in the cells from ``start`` to ``end``; a wide character that is cut in half becomes a blank."""
    position = 0
    for segment in segments:
        width = segment.cell_length
        if position + width > start and position < end:
            left, _ = segment.split_cells(end - position) if position + width > end else (segment, None)
            yield left.split_cells(start - position)[1] if position < start else left
        position += width


def _draw_gap(gap: Gap, look: LogLook) -> DrawnRow:
    line = f"╌╌╌╌ {clean_plain(gap.describe())} ".ljust(look.width, "╌")
    strip = Strip([Segment(line, look.gap)])
    return DrawnRow(strip.adjust_cell_length(look.width, look.gap), 0)


def _gutter(line: LogLine, look: LogLook) -> str:
    parts = []
    if look.id_width:
        parts.append((str(line.log_id) if line.log_id else _UNKNOWN_ID).rjust(look.id_width))
    if look.times is not TimeColumn.OFF:
        parts.append(_time(line.at_ns, look).rjust(_TIME_WIDTHS[look.times]))
    text = "  ".join(parts)
    mark = _CUT_LEFT if look.column else " "
    return f" {text} {mark}" if parts else mark


def _time(at_ns: int | None, look: LogLook) -> str:
    if at_ns is None:
        return ""
    if look.times is TimeColumn.CLOCK:
        seconds, rest = divmod(at_ns, NS)
        return f"{_clock(seconds, look.zone)}.{rest // 1_000_000:03d}"
    return elapsed_text(at_ns - look.started_ns)


def elapsed_text(nanoseconds: int) -> str:
    """``+0.123``, ``+2:05.123``, ``+1:02:05``; a line may also lie before the start."""
    sign, milliseconds = "-" if nanoseconds < 0 else "+", abs(nanoseconds) // 1_000_000
    seconds, millis = divmod(milliseconds, 1000)
    if seconds < 60:
        return f"{sign}{seconds}.{millis:03d}"
    if seconds < 3600:
        return f"{sign}{seconds // 60}:{seconds % 60:02d}.{millis:03d}"
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


@lru_cache(maxsize=256)
def _clock(seconds: int, zone: timezone | None) -> str:
    return to_datetime(seconds * NS, zone).strftime("%H:%M:%S")


def _content(line: LogLine, look: LogLook) -> list[Segment]:
    styled = clean(line.message, is_cut=line.is_cut)
    segments = _text_segments(styled, look)
    notes = []
    if styled.frames > 1:
        notes.append(f"↺ {styled.frames:,}")
    if line.is_cut:
        notes.append(f"… {words.size(line.size - len(line.message))} more")
    if notes:
        segments.append(Segment("  " + "  ".join(notes), look.mark))
    return segments


def _text_segments(styled: StyledText, look: LogLook) -> list[Segment]:
    if not styled.spans and not styled.escapes:
        return [Segment(styled.text, look.text)] if styled.text else []
    edges = {0, len(styled.text)}
    edges.update(*((span.start, span.end) for span in styled.spans), *styled.escapes)
    points = sorted(edges)
    spans, escapes = iter(styled.spans), iter(styled.escapes)
    span, escape = next(spans, None), next(escapes, None)
    segments = []
    for start, end in pairwise(points):
        while span is not None and span.end <= start:
            span = next(spans, None)
        while escape is not None and escape[1] <= start:
            escape = next(escapes, None)
        style = look.text
        if span is not None and span.start <= start:
            style += rich_style(span.style, dark=look.dark)
        if escape is not None and escape[0] <= start:
            style = look.mark
        segments.append(Segment(styled.text[start:end], style))
    return segments
