"""Screens hold at any size and in any colours, and the log is drawn anew where it must be."""

from __future__ import annotations

import pytest

from wharf_tui.model.status import Status
from wharf_tui.ui.slices import TARGET_SECONDS, SliceBudget
from wharf_tui.ui.themes import DARK, LIGHT, ansi_color, preferred_theme


@pytest.mark.parametrize("size", [(1, 1), (12, 4), (30, 8), (80, 24), (300, 100)])
async def test_any_size(size, sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 150)
    async with run_app(sample.path, size=size) as pilot:
        seen = see(pilot)
        await pilot.pause(0.1)
        await seen.press("k", "l", "t", "tab", "j", "question_mark", "q", "G", "F")
        assert pilot.app.is_running


async def test_rows_are_as_wide_as_the_terminal_after_each_change(sample, run_app, see):
    sample.run(1)
    sample.print(1, b"0123456789" * 30)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 1)
        for width in (200, 60, 120):
            await pilot.resize_terminal(width, 24)
            await seen.until(
                lambda: seen.view.render_line(0).cell_length == seen.view.scrollable_content_region.width
            )
            assert seen.lines[0].endswith("▸")


async def test_the_palette_changes_the_colors_of_the_log_too(sample, run_app, see):
    sample.run(1)
    sample.print(1, b"\x1b[31mred")
    async with run_app(sample.path) as pilot:
        seen = see(pilot)

        def color() -> str | None:
            styles = {segment.text: segment.style for segment in seen.view.render_line(0)}
            style = styles.get("red")
            return style.color.name if style and style.color else None

        await seen.until(lambda: color() == ansi_color(1, dark=True))
        await seen.press("ctrl+p", *"light", "enter")
        await seen.until(lambda: color() == ansi_color(1, dark=False))


@pytest.mark.parametrize(
    ("variable", "theme"),
    [
        ("15;0", DARK.name),
        ("0;15", LIGHT.name),
        ("0;default;7", LIGHT.name),
        ("", DARK.name),
        ("x", DARK.name),
    ],
)
def test_a_light_terminal_gets_the_light_theme(variable, theme, monkeypatch):
    monkeypatch.setenv("COLORFGBG", variable)
    assert preferred_theme() == theme


def test_terminal_colors():
    assert ansi_color(16, dark=True) == "#000000"
    assert ansi_color(196, dark=True) == "#ff0000"
    assert ansi_color(231, dark=False) == "#ffffff"
    assert ansi_color(244, dark=True) == "#808080"
    assert ansi_color(1, dark=True) != ansi_color(1, dark=False)


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_text_can_be_read_on_every_ground(theme):
    def luminance(color: str) -> float:
        channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: str, other: str) -> float:
        high, low = sorted((luminance(one), luminance(other)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    grounds = [theme.background, theme.surface, theme.panel, theme.variables["selected"]]
    words = [
        theme.foreground,
        theme.primary,
        theme.success,
        theme.warning,
        theme.error,
        theme.variables["muted"],
    ]
    for ground in grounds:
        assert min(contrast(word, ground) for word in words) >= 4.0
    log_colors = [ansi_color(index, dark=theme.dark) for index in range(16)]
    assert min(contrast(color, theme.background) for color in log_colors) >= 4.0


def test_slices_learn_how_much_fits():
    budget = SliceBudget()
    before = budget.bytes
    budget.learn(TARGET_SECONDS / 10)
    assert budget.bytes == 2 * before
    budget.learn(TARGET_SECONDS * 0.7)
    assert budget.bytes == 2 * before
    for _ in range(40):
        budget.learn(1.0)
    smallest = budget.bytes
    assert 0 < smallest < before
    for _ in range(80):
        budget.learn(0.0)
    assert budget.bytes <= 64 * 1024 * 1024


async def test_a_log_that_cannot_be_read_is_told_where_it_would_be(sample, run_app, see):
    sample.run(1)
    sample.print(1, b"one")
    sample.finish(1, Status.SUCCESS)
    log = sample.path / "steps" / "1" / "logs.log"
    log.unlink()
    log.mkdir()
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: any("This log cannot be read" in line for line in seen.lines))
        assert "logs.log" in seen.status
