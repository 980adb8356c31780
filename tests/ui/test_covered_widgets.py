"""Screens are put together without drawing what is covered, and look as Textual would draw them."""

from __future__ import annotations

import importlib.util
import string
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual._compositor import Compositor
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from wharf_tui.ui.covered_widgets import skip_covered_widgets

SCREEN = Region(0, 0, 14, 5)


def untouched_compositor() -> ModuleType:
    """Textual's module as it is on the disk, whatever has been put into the one in use."""
    spec = importlib.util.find_spec("textual._compositor")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


OURS, TEXTUALS = Compositor, untouched_compositor().Compositor


@pytest.fixture(autouse=True, scope="module")
def mended() -> None:
    skip_covered_widgets()
    assert OURS._render_chops.__code__ is not TEXTUALS._render_chops.__code__


class Letters(Widget):
    """A widget whose cells tell in which line and column of which widget they are.

    Args:
        number: of the widget.
        missing: cells at the end of each line that it leaves out.
    """

    def __init__(self, number: int, missing: int) -> None:
        super().__init__()
        self.number, self.missing = number, missing

    def render_lines(self, crop: Region) -> list[Strip]:
        letters = string.ascii_letters
        columns = range(crop.x, max(crop.right - self.missing, crop.x))
        return [
            Strip([Segment("".join(letters[(7 * self.number + 3 * y + x) % len(letters)] for x in columns))])
            for y in crop.line_range
        ]


def cells(strip: Strip | None) -> list[tuple[str, object]] | None:
    """What stands in each cell, and how it looks."""
    return None if strip is None else [(character, style) for text, style, _ in strip for character in text]


def assert_same(compositor: Compositor, crop: Region, lines: set[int]) -> None:
    ours, theirs = (each._render_chops(compositor, crop, lines.__contains__) for each in (OURS, TEXTUALS))
    for y in lines & {*crop.line_range}:
        for x, end in zip(compositor.cuts[y], compositor.cuts[y][1:], strict=False):
            if x < crop.right and end > crop.x:
                assert cells(ours[y][x]) == cells(theirs[y][x])


on_screen = st.builds(Region, st.integers(-4, 13), st.integers(-2, 4), st.integers(1, 14), st.integers(1, 5))
seen = on_screen.map(SCREEN.intersection)


@given(
    st.lists(st.tuples(on_screen, st.just(SCREEN) | seen, st.sampled_from((0, 0, 0, 1, 3))), max_size=8),
    seen,
    st.sets(st.integers(0, 4)),
)
def test_any_widgets_look_as_textual_would_draw_them(placed, crop, lines):
    compositor = Compositor()
    compositor.size = Size(SCREEN.width, SCREEN.height)
    compositor._visible_widgets = {
        Letters(number, missing): (region, clip)
        for number, (region, clip, missing) in enumerate([*placed, (SCREEN, SCREEN, 0)])
        if SCREEN.overlaps(region) and clip.overlaps(region)
    }
    assert_same(compositor, SCREEN, {*range(5)})
    assert_same(compositor, crop, lines)


@pytest.mark.parametrize(
    "keys", [(), ("P",), ("P", "slash"), ("vertical_line", "z"), ("question_mark",), ("ctrl+p",), ("M",)]
)
async def test_screens_look_as_textual_would_draw_them(keys, sample, run_app, see):
    for step in (1, 2):
        sample.run(step)
        sample.count_to(step, 100)
    async with run_app(sample.path, size=(130, 30)) as pilot:
        shown = see(pilot)
        await shown.until(lambda: shown.messages[-1:] == ["line 100"])
        await shown.press(*keys)
        pilot.app.screen.notify("In front of everything.")
        await pilot.pause(0.3)
        whole = Region(0, 0, 130, 30)
        for crop in (whole, Region(0, 0, 130, 1), Region(20, 5, 60, 10), Region(90, 2, 3, 27)):
            assert_same(pilot.app.screen._compositor, crop, {*range(30)})


async def test_what_is_covered_is_not_drawn(sample, run_app, see, monkeypatch):
    async with run_app(sample.path, size=(130, 30)) as pilot:
        shown = see(pilot)
        await shown.press("P")
        await shown.until(lambda: len(shown.screen.panes.panes) == 2)
        drawn: list[Widget] = []

        def watch(widget: Widget) -> None:
            real = widget.render_lines

            def render_lines(crop: Region) -> list[Strip]:
                drawn.append(widget)
                return real(crop)

            monkeypatch.setattr(widget, "render_lines", render_lines)

        for widget in (shown.screen, shown.screen.panes, shown.screen.query_one("#body"), shown.view):
            watch(widget)
        shown.screen._compositor.render_full_update()
        assert drawn == [shown.view]
