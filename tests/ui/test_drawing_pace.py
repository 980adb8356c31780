"""Lines are drawn soon, and by a shorter way than Textual's that shows the same."""

from __future__ import annotations

import pytest
from textual import screen
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from wharf_tui.ui.drawing_pace import draw_soon
from wharf_tui.ui.widgets.log_view import LogView


def test_changes_are_drawn_soon_unless_the_user_says_how_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "UPDATE_PERIOD", 1 / 60)
    monkeypatch.setenv("TEXTUAL_FPS", "60")
    draw_soon()
    assert screen.UPDATE_PERIOD == 1 / 60
    monkeypatch.delenv("TEXTUAL_FPS")
    draw_soon()
    assert screen.UPDATE_PERIOD == 1 / 200


def cells(strips: list[Strip]) -> list[list[tuple[str, object]]]:
    """What stands in each cell of each line, and how it looks."""
    return [[(character, style) for text, style, _ in strip for character in text] for strip in strips]


async def test_a_log_that_has_just_been_opened_beside_is_drawn_without_its_looks(sample, run_app, see):
    sample.run(1)
    async with run_app(sample.path, size=(90, 20)) as pilot:
        view = LogView()
        pilot.app.screen.mount(view)
        view._component_styles.clear()  # as it is where it is drawn before it has been styled
        assert len(view.render_lines(Region(0, 0, 40, 5))) == 5


async def test_nothing_vanishes_when_the_screen_gets_wider(sample, run_app, see):
    async with run_app(sample.path, size=(60, 20)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: any(line.strip() for line in seen.lines))
        await pilot.resize_terminal(110, 20)
        await seen.until(lambda: seen.view.region.width > 60)
        view = seen.view
        drawn = view.render_lines(Region(0, 0, *view.region.size))
        assert {strip.cell_length for strip in drawn} == {view.scrollable_content_region.width}
        assert any(strip.text.strip() for strip in drawn)


@pytest.mark.parametrize("keys", [(), ("w",), ("t", "k", "k"), ("v", "k"), ("slash", *"line", "enter")])
@pytest.mark.parametrize("theme", ["wharf-dark", "wharf-light"])
async def test_the_log_is_drawn_as_textual_would_draw_it(keys, theme, sample, run_app, see):
    sample.run(1)
    sample.print(
        1, b"\x1b[31mred\x1b[0m line", "日本 wide e\u0301 line".encode(), b"x" * 300, b"line \xff", b""
    )
    async with run_app(sample.path, size=(90, 20)) as pilot:
        seen = see(pilot)
        pilot.app.theme = theme
        await seen.until(lambda: bool(seen.messages))
        await seen.press(*keys)
        await pilot.pause(0.3)
        view = seen.view
        width, height = view.region.size
        for crop in (Region(0, 0, width, height), Region(0, 2, width, 3), Region(5, 1, 20, 4)):
            ours = view.render_lines(crop)
            # Textual fills up what the scroll bar is laid over.
            theirs = [
                strip.crop(0, view.scrollable_content_region.width)
                for strip in ScrollView.render_lines(view, crop)
            ]
            assert cells(ours) == cells(theirs)
            assert [strip.cell_length for strip in ours] == [strip.cell_length for strip in theirs]
