"""A log's scroll bar looks like Textual's."""

from __future__ import annotations

import pytest
from textual.geometry import Offset, Region
from textual.scrollbar import ScrollBar

from wharf_tui.ui.widgets.log_scroll_bar import LogScrollBar


def cells(strips):
    return [[(character, style) for text, style, _ in strip for character in text] for strip in strips]


@pytest.mark.parametrize("theme", ["wharf-dark", "wharf-light"])
@pytest.mark.parametrize("lines", [0, 5, 40, 3000])
async def test_it_is_drawn_as_textual_would_draw_it(theme, lines, sample, run_app, see):
    sample.run(1)
    sample.count_to(1, lines)
    async with run_app(sample.path, size=(90, 20)) as pilot:
        seen = see(pilot)
        pilot.app.theme = theme
        await seen.until(lambda: seen.view.document is not None and seen.view.document.line_count == lines)
        bar = seen.view.vertical_scrollbar
        assert isinstance(bar, LogScrollBar)
        height = bar.size.height
        assert height
        for position in (0, 0.25, 1, 13, 1500, 2990):
            bar.position = position
            for bar.mouse_over, bar.grabbed in ((False, None), (True, None), (True, Offset(0, 3))):
                for crop in (Region(0, 0, 1, height), Region(0, 3, 1, 4)):
                    ours = bar.render_lines(crop)
                    bar.refresh()
                    assert cells(ours) == cells(ScrollBar.render_lines(bar, crop))
                    assert {strip.cell_length for strip in ours} == {1}


async def test_it_is_used_as_before(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 3000)
    async with run_app(sample.path, size=(90, 20)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 3000"])
        await pilot.click(seen.view.vertical_scrollbar, offset=(0, 1))
        await seen.until(lambda: seen.view.visible_rows.stop < 3000)
        assert not seen.view.follow


async def test_a_bar_that_has_just_been_hidden_draws_as_many_lines_as_it_is_asked_for(sample, run_app, see):
    sample.run(1)
    async with run_app(sample.path, size=(90, 20)) as pilot:
        seen = see(pilot)
        bar = seen.view.vertical_scrollbar
        height = bar.size.height
        seen.screen.panes.active.display = False
        seen.screen._compositor._full_map_invalidated = True
        assert bar.size.height == 0
        assert len(bar.render_lines(Region(0, 0, 1, height))) == height
