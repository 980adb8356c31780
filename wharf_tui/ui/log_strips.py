"""Draws one row of a log: gutter, text with its own colours, and marks where the row goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timezone
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from wharf_tui.insight.levels import Level
from wharf_tui.insight.line_level import level_of
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import Gap, LogLine
from wharf_tui.model.text import StyledText, clean, clean_plain
from wharf_tui.model.timestamps import NS, to_datetime
from wharf_tui.ui import words
from wharf_tui.ui.log_look import TIME_WIDTHS, LogLook, TimeColumn
from wharf_tui.ui.rows import Note, Row, RowExtra
from wharf_tui.ui.sgr_styles import rich_style

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNKNOWN_ID: Final = "·"
_CUT_LEFT, _CUT_RIGHT, _GOES_ON = "◂", "▸", "↳"
_FOLDED, _UNFOLDED = "▸", "▾"
_LEVEL_BYTES: Final = 2048
_NO_STYLE: Final = Style()


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """A row as it stands on the screen."""

    strips: tuple[Strip, ...]
    """Its lines: one, or where text is wrapped as many as it takes."""
    text_width: int
    """Cells of the whole text, to know how far one can scroll to the right."""


_NO_EXTRA: Final = RowExtra(StepId(0))


def draw_row(
    row: Row, look: LogLook, before_ns: int | None = None, extra: RowExtra = _NO_EXTRA, sign: str = ""
) -> DrawnRow:
    """Draw a row, each line exactly ``look.width`` cells wide.

    Args:
        row: what to draw.
        look: how.
        before_ns: time of the line before, for the column that tells how long it took.
        extra: what belongs to the row beside its text.
        sign: one character for the first cell.
    """
    if isinstance(row, Gap):
        return _draw_rule(f"╌╌╌╌ {clean_plain(row.describe())} ", "╌", look.gap, look)
    if isinstance(row, Note):
        return _draw_rule(f"{' ' * max(look.gutter_width - 1, 0)}── {row.text} ", " ", look.note, look)
    content = _content(row, look, extra)
    text_width = sum(segment.cell_length for segment in content)
    if look.wrap:
        gutter = _gutter_segments(row, look, before_ns, extra, sign)
        return DrawnRow(tuple(_wrapped(content, gutter, look)), text_width)
    room = look.text_width
    goes_on = text_width > look.column + room
    end = look.column + room - goes_on
    gutter = _gutter_segments(row, look, before_ns, extra, sign)
    strip = _line(gutter, content, (look.column, end), text_width, look)
    if goes_on:
        strip = Strip([*strip, Segment(_CUT_RIGHT, look.mark)], strip.cell_length + 1)
    return DrawnRow((strip.adjust_cell_length(look.width, look.text),), text_width)


def _wrapped(content: list[Segment], gutter: list[Segment], look: LogLook) -> Iterator[Strip]:
    """The text broken wherever the pane ends, as a terminal does: what is copied from it has no breaks."""
    begin = gutter
    for line in _broken(content, look.text_width):
        yield Strip([*begin, *line]).adjust_cell_length(look.width, look.text)
        begin = [Segment(" " * (look.gutter_width - 1) + _GOES_ON, look.mark)]


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
    gutter: list[Segment], content: list[Segment], span: tuple[int, int], text_width: int, look: LogLook
) -> Strip:
    start, end = span
    segments = [*gutter, *_between(content, start, end)]
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


def _draw_rule(text: str, fill: str, style: Style, look: LogLook) -> DrawnRow:
    """A row of ours, whatever the column one has scrolled to."""
    strip = Strip([Segment(text, style)])
    if strip.cell_length < look.width:
        strip = Strip([Segment(text + fill * (look.width - strip.cell_length), style)])
    return DrawnRow((strip.adjust_cell_length(look.width, style),), 0)


def _gutter_segments(
    line: LogLine, look: LogLook, before_ns: int | None, extra: RowExtra, sign: str
) -> list[Segment]:
    parts = []
    if look.id_width:
        parts.append((str(line.log_id) if line.log_id else _UNKNOWN_ID).rjust(look.id_width))
    if look.times is not TimeColumn.OFF:
        parts.append(_time(line.at_ns, look, before_ns).rjust(TIME_WIDTHS[look.times]))
    mark = _CUT_LEFT if look.column else " "
    if extra.is_fold:
        mark = _FOLDED if extra.folded else _UNFOLDED
    text = f" {'  '.join(parts)} " if parts else ""
    style = look.gutter + _level_style(line.message, look)
    segments = [Segment(text, style)] if text else []
    if sign and text:
        segments = [Segment(set_cell_size(sign, 1), look.gutter + look.warning), Segment(text[1:], style)]
    segments += [
        Segment(label.text + " ", look.gutter + label.style)
        for label in look.labels
        if label.step_id == extra.step_id
    ]
    segments.append(Segment(sign if sign and not text else mark, look.mark if extra.is_fold else style))
    return segments


def _level_style(message: bytes, look: LogLook) -> Style:
    level = level_of(message[:_LEVEL_BYTES])
    if level is None or level < Level.WARN:
        return _NO_STYLE
    return look.error if level >= Level.ERROR else look.warning


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


def _content(line: LogLine, look: LogLook, extra: RowExtra) -> list[Segment]:
    styled = clean(line.message, is_cut=line.is_cut)
    segments = _text_segments(styled, look)
    notes = []
    if extra.folded:
        notes.append(f"… {extra.folded:,} more {'line' if extra.folded == 1 else 'lines'}")
    if styled.frames > 1:
        notes.append(f"↺ {styled.frames:,}")
    if line.is_cut:
        notes.append(f"… {words.size(line.size - len(line.message))} more")
    if notes:
        segments.append(Segment("  " + "  ".join(notes), look.mark))
    return segments


def _text_segments(styled: StyledText, look: LogLook) -> list[Segment]:
    hits = look.find(styled.text) if look.find is not None else ()
    colored = [(find(styled.text), style) for find, style in look.highlights]
    if not (styled.spans or styled.escapes or hits or any(found for found, _ in colored)):
        return [Segment(styled.text, look.text)] if styled.text else []
    edges = {0, len(styled.text)}
    edges.update(*((span.start, span.end) for span in styled.spans), *styled.escapes, *hits)
    edges.update(edge for found, _ in colored for span in found for edge in span)
    points = sorted(edges)
    spans = _Ranges([(span.start, span.end, rich_style(span.style, dark=look.dark)) for span in styled.spans])
    escapes = _Ranges([(start, end, look.mark) for start, end in styled.escapes])
    marked = _Ranges([(start, end, look.hit) for start, end in hits])
    layers = [_Ranges([(start, end, style) for start, end in found]) for found, style in colored]
    segments = []
    for start, end in pairwise(points):
        style = escapes.at(start) or look.text + spans.at(start)
        for layer in layers:
            style += layer.at(start)
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
