"""Draws one row of a log: gutter, text with its own colours, and marks where the row goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timezone
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
from wharf_tui.ui.log_look import TIME_WIDTHS, LogLook, TimeColumn
from wharf_tui.ui.sgr_styles import rich_style

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNKNOWN_ID: Final = "·"
_CUT_LEFT, _CUT_RIGHT, _GOES_ON = "◂", "▸", "↳"


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """A row as it stands on the screen."""

    strips: tuple[Strip, ...]
    """Its lines: one, or where text is wrapped as many as it takes."""
    text_width: int
    """Cells of the whole text, to know how far one can scroll to the right."""


def draw_row(row: Row, look: LogLook, before_ns: int | None = None) -> DrawnRow:
    """Draw a row, each line exactly ``look.width`` cells wide.

    Args:
        row: what to draw.
        look: how.
        before_ns: time of the line before, for the column that tells how long it took.
    """
    if isinstance(row, Gap):
        return _draw_gap(row, look)
    content = _content(row, look)
    text_width = sum(segment.cell_length for segment in content)
    if look.wrap:
        return DrawnRow(tuple(_wrapped(content, _gutter(row, look, before_ns), look)), text_width)
    room = look.text_width
    goes_on = text_width > look.column + room
    end = look.column + room - goes_on
    gutter = Segment(_gutter(row, look, before_ns), look.gutter)
    strip = _line(gutter, content, (look.column, end), text_width, look)
    if goes_on:
        strip = Strip([*strip, Segment(_CUT_RIGHT, look.mark)], strip.cell_length + 1)
    return DrawnRow((strip.adjust_cell_length(look.width, look.text),), text_width)


def _wrapped(content: list[Segment], gutter: str, look: LogLook) -> Iterator[Strip]:
    """The text broken wherever the pane ends, as a terminal does: what is copied from it has no breaks."""
    begin = Segment(gutter, look.gutter)
    for line in _broken(content, look.text_width):
        yield Strip([begin, *line]).adjust_cell_length(look.width, look.text)
        begin = Segment(" " * (look.gutter_width - 1) + _GOES_ON, look.mark)


def _broken(content: list[Segment], width: int) -> Iterator[list[Segment]]:
    """Lines of at most ``width`` cells; no wide character is cut in half unless it is wider than a line."""
    line: list[Segment] = []
    room = width
    for segment in content:
        rest = segment
        while rest.cell_length > room:
            piece, after = rest.split_cells(room)
            if piece.text + after.text != rest.text and width > 1:
                piece, after = rest.split_cells(room - 1)
            yield [*line, piece]
            line, room, rest = [], width, after
        line.append(rest)
        room -= rest.cell_length
    yield line


def _line(
    gutter: Segment, content: list[Segment], span: tuple[int, int], text_width: int, look: LogLook
) -> Strip:
    start, end = span
    segments = [gutter, *_between(content, start, end)]
    if text_width < end:
        segments.append(Segment(" " * (end - max(text_width, start)), look.text))
    return Strip(segments, look.gutter_width + end - start)


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
    return DrawnRow((strip.adjust_cell_length(look.width, look.gap),), 0)


def _gutter(line: LogLine, look: LogLook, before_ns: int | None) -> str:
    parts = []
    if look.id_width:
        parts.append((str(line.log_id) if line.log_id else _UNKNOWN_ID).rjust(look.id_width))
    if look.times is not TimeColumn.OFF:
        parts.append(_time(line.at_ns, look, before_ns).rjust(TIME_WIDTHS[look.times]))
    text = "  ".join(parts)
    mark = _CUT_LEFT if look.column else " "
    return f" {text} {mark}" if parts else mark


def _time(at_ns: int | None, look: LogLook, before_ns: int | None) -> str:
    if at_ns is None:
        return ""
    if look.times is TimeColumn.DELTA:
        return "" if before_ns is None else elapsed_text(at_ns - before_ns)
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
    hits = look.find(styled.text) if look.find is not None else ()
    if not styled.spans and not styled.escapes and not hits:
        return [Segment(styled.text, look.text)] if styled.text else []
    edges = {0, len(styled.text)}
    edges.update(*((span.start, span.end) for span in styled.spans), *styled.escapes, *hits)
    points = sorted(edges)
    spans = _Ranges([(span.start, span.end, rich_style(span.style, dark=look.dark)) for span in styled.spans])
    escapes = _Ranges([(start, end, look.mark) for start, end in styled.escapes])
    marked = _Ranges([(start, end, look.hit) for start, end in hits])
    segments = []
    for start, end in pairwise(points):
        style = escapes.at(start) or look.text + spans.at(start)
        segments.append(Segment(styled.text[start:end], style + marked.at(start)))
    return segments


class _Ranges:
    """Styles of sorted ranges, asked for from left to right."""

    def __init__(self, ranges: list[tuple[int, int, Style]]) -> None:
        self._ranges = iter(ranges)
        self._current = next(self._ranges, None)

    def at(self, position: int) -> Style | None:
        """The style at a position; None where there is none."""
        while self._current is not None and self._current[1] <= position:
            self._current = next(self._ranges, None)
        if self._current is None or self._current[0] > position:
            return None
        return self._current[2]
