"""How one row is drawn: always as wide as the pane, whatever the line holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from wharf_tui.model.ids import LogId
from wharf_tui.model.lines import Gap, GapKind, LogLine
from wharf_tui.model.timestamps import NS
from wharf_tui.ui.log_look import LogLook, TimeColumn
from wharf_tui.ui.log_strips import draw_row, elapsed_text

MARK = Style(color="red")
LOOK = LogLook(
    width=40,
    column=0,
    wrap=False,
    id_width=4,
    times=TimeColumn.OFF,
    started_ns=0,
    zone=UTC,
    dark=True,
    text=Style(color="white"),
    gutter=Style(color="blue"),
    mark=MARK,
    gap=Style(color="yellow"),
    hit=Style(reverse=True),
)
MESSAGE = st.one_of(
    st.binary(max_size=120),
    st.text(st.sampled_from("ab 日本👩🚀e\u0301\tß\u200d⚠\ufe0f\r\x1b[31m"), max_size=60).map(str.encode),
)


def line(message: bytes, at_ns: int | None = 0, log_id: int = 7, size: int | None = None) -> LogLine:
    return LogLine(LogId(log_id), at_ns, message, len(message) if size is None else size)


def drawn(message: bytes, look: LogLook = LOOK) -> str:
    return draw_row(line(message), look).strips[0].text


@settings(max_examples=150, deadline=None)
@given(MESSAGE, st.integers(1, 90), st.integers(0, 60), st.sampled_from(TimeColumn), st.booleans())
def test_every_row_fills_the_pane_exactly(
    message: bytes, width: int, column: int, times: TimeColumn, ids: bool
) -> None:
    look = replace(LOOK, width=width, column=column, times=times, id_width=4 if ids else 0)
    strip = draw_row(line(message), look).strips[0]
    assert strip.cell_length == width == sum(cell_len(segment.text) for segment in strip)


def solid(text: str) -> list[str]:
    """Characters that take a cell, but for blanks."""
    return [character for character in text if cell_len(character) and character != " "]


@settings(max_examples=150, deadline=None)
@given(MESSAGE, st.integers(8, 90), st.booleans())
def test_wrapped_text_is_all_there_and_each_line_fills_the_pane(
    message: bytes, width: int, ids: bool
) -> None:
    look = replace(LOOK, width=width, id_width=4 if ids else 0)
    wide = draw_row(line(message), replace(look, width=2000)).strips[0].text[look.gutter_width :]
    strips = draw_row(line(message), replace(look, wrap=True)).strips
    assert {strip.cell_length for strip in strips} == {width}
    if look.text_width > 1:
        shown = "".join(strip.text[look.gutter_width :] for strip in strips)
        assert solid(shown) == solid(wide)


def test_what_is_searched_stands_out_across_colors() -> None:
    look = replace(LOOK, find=lambda text: [(text.index("needle"), text.index("needle") + 6)])
    strip = draw_row(line(b"hay nee\x1b[31mdle hay"), look).strips[0]
    marked = "".join(segment.text for segment in strip if segment.style and segment.style.reverse)
    assert marked == "needle"


def test_time_since_the_line_before() -> None:
    look = replace(LOOK, times=TimeColumn.DELTA)
    assert draw_row(line(b"x", at_ns=3 * NS), look, NS).strips[0].text.rstrip() == "    7      +2.000  x"
    assert draw_row(line(b"x", at_ns=3 * NS), look).strips[0].text.rstrip() == "    7              x"


@given(st.text(max_size=30), st.integers(1, 90))
def test_a_gap_fills_the_pane_exactly(reason: str, width: int) -> None:
    gap = Gap(GapKind.HOLE, LogId(3), 2, reason)
    assert draw_row(gap, replace(LOOK, width=width)).strips[0].cell_length == width


def test_text_and_marks() -> None:
    assert drawn(b"hello").rstrip() == "    7  hello"
    assert drawn(b"x" * 33) == "    7  " + "x" * 33
    assert drawn(b"x" * 34) == "    7  " + "x" * 32 + "▸"
    assert drawn(b"0123456789", replace(LOOK, column=4)).rstrip() == "    7 ◂456789"
    assert drawn("日本語".encode(), replace(LOOK, column=1)).rstrip() == "    7 ◂ 本語"
    assert drawn(b"1%\r2%\r3%").rstrip() == "    7  3%  ↺ 3"
    assert (
        draw_row(line(b"begin", size=20_005), LOOK).strips[0].text.rstrip() == "    7  begin  … 20.0 KB more"
    )
    assert draw_row(line(b"end", log_id=0), LOOK).strips[0].text.rstrip() == "    ·  end"
    assert draw_row(line(b"z", at_ns=None), replace(LOOK, times=TimeColumn.CLOCK)).strips[
        0
    ].text.rstrip() == ("    7                z")


def test_colors_and_stand_ins() -> None:
    strip = draw_row(line(b"a\x1b[31mred\x00\x1b[0mb"), LOOK).strips[0]
    styles = {segment.text: segment.style for segment in strip}
    assert styles["a"] == LOOK.text
    assert styles["red"] is not None
    assert styles["red"].color is not None
    assert styles["red"].color.name == "#f27a72"
    assert styles["␀"] == MARK
    light = draw_row(line(b"\x1b[31mred"), replace(LOOK, dark=False)).strips[0]
    assert [
        segment.style.color.name
        for segment in light
        if segment.text == "red" and segment.style and segment.style.color
    ] == ["#bd2430"]


@pytest.mark.parametrize(
    ("message", "channels"), [(b"\x1b[30;40mx", True), (b"\x1b[43mx", True), (b"\x1b[38;5;0;48;5;0mx", True)]
)
def test_no_text_hides_in_its_background(message: bytes, channels: bool) -> None:
    for dark in (True, False):
        strip = draw_row(line(message), replace(LOOK, dark=dark)).strips[0]
        style = next(segment.style for segment in strip if segment.text == "x")
        assert style is not None
        assert (style.color != style.bgcolor) is channels


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "+0.000"),
        (123_456_789, "+0.123"),
        (59 * NS, "+59.000"),
        (125 * NS + 5_000_000, "+2:05.005"),
        (3725 * NS, "+1:02:05"),
        (-1_500_000_000, "-1.500"),
    ],
)
def test_elapsed_times(nanoseconds: int, text: str) -> None:
    assert elapsed_text(nanoseconds) == text
