"""Words that stand out, several at once, each in its colour, in all panes."""

from __future__ import annotations

from wharf_tui.ui.highlight_control import HighlightControl

SIZE = (120, 24)


def colors(seen, word: str) -> set[str]:
    found = set()
    for row in range(seen.view.size.height):
        for segment in seen.view.render_line(row):
            style = segment.style
            if word in segment.text and style is not None and style.bgcolor is not None:
                found.add(style.bgcolor.name)
    return found


async def highlight(seen, text: str) -> None:
    await seen.press("H", *("space" if letter == " " else letter for letter in text), "enter")


async def test_each_has_a_colour_of_its_own_and_the_same_again_takes_it_away(sample, run_app, see):
    sample.run(1)
    sample.print(1, b"one two three", b"two", b"three")
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 3)
        (plain,) = colors(seen, "three")
        await highlight(seen, "two")
        await highlight(seen, "thr[e]+")
        two, three = colors(seen, "two"), colors(seen, "three")
        assert len(two) == 1
        assert len(three) == 1
        assert len(two | three | {plain}) == 3
        await highlight(seen, "two")
        assert plain in colors(seen, "two")
        assert colors(seen, "three") == three  # the one that stays keeps its colour
        await seen.press("colon", *"highlights-off", "enter")
        assert colors(seen, "three") == {plain}


async def test_a_bad_pattern_is_told_and_nothing_changes(sample, run_app, see):
    sample.run(1)
    sample.print(1, b"one")
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages == ["one"])
        await highlight(seen, "(one")
        assert seen.screen.prompt.display
        assert "unclosed group" in seen.screen.prompt.note
        assert seen.view.highlights == ()
        await seen.press("escape")
        assert not seen.screen.prompt.display
        await seen.press("colon", *"highlight", "space", *"(one", "enter")
        assert any("unclosed" in note.message for note in pilot.app._notifications)


async def test_a_step_shown_later_and_a_new_pane_have_them_too(sample, run_app, see):
    for step in (1, 2):
        sample.run(step)
        sample.print(step, b"needle")
    async with run_app(sample.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages == ["needle"])
        (plain,) = colors(seen, "needle")
        await highlight(seen, "needle")
        assert plain not in colors(seen, "needle")
        await seen.press("2")
        await seen.until(lambda: "build/lint" in seen.title)
        assert plain not in colors(seen, "needle")
        await seen.press("vertical_line")
        await seen.until(lambda: len(seen.screen.panes.panes) == 2)
        assert all(pane.view.highlights for pane in seen.screen.panes.panes)


async def test_they_are_of_the_theme_when_it_changes(sample, run_app, see):
    sample.run(1)
    sample.print(1, b"needle")
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages == ["needle"])
        await highlight(seen, "needle")
        dark = colors(seen, "needle")
        pilot.app._set_theme("light")
        await seen.until(lambda: colors(seen, "needle").isdisjoint(dark))
        await pilot.pause()
        assert colors(seen, "needle") != colors(seen, " ")


async def test_empty_matches_and_wide_characters(sample, run_app, see):
    sample.run(1)
    sample.print(1, "日本 x* e\u0301".encode())
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 1)
        before = seen.lines
        for pattern in ("x*", "本", "$"):
            seen.screen.control(HighlightControl).toggle(pattern)
        await pilot.pause()
        assert seen.lines == before
        await seen.press("w")
        assert seen.lines == before
