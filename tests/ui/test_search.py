"""Searching: counted, from hit to hit and round the end, in one step or all, live, and honest about bad patterns."""

from __future__ import annotations

import pytest
from textual import events

from wharf_tui.ui.widgets.key_hints import KeyHints

SIZE = (110, 24)


async def type_search(seen, text: str) -> None:
    await seen.press("slash", *text)


def spot_line(seen) -> str:
    """The text of the row that one has gone to."""
    assert seen.view.spot is not None
    return str(seen.lines[seen.view.spot - seen.view.visible_rows[0]])


@pytest.fixture
def words(sample):
    sample.run(1)
    sample.print(1, *(b"Needle %d" % n if n % 100 == 17 else b"hay %d" % n for n in range(1, 1001)))
    sample.run(2)
    sample.print(2, b"hay", b"a needle here")
    return sample


async def test_hits_are_counted_and_walked_through_and_the_walk_goes_round(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["hay 1000"])
        await type_search(seen, "needle")
        await seen.until(lambda: "/needle  1 of 10" in seen.title)
        assert spot_line(seen).endswith("Needle 17") or "Needle 17" in spot_line(seen)
        assert "10 found  ^r regex  ^t this step" in seen.screen.prompt.note
        await seen.press("enter")
        assert seen.view.has_focus
        assert not seen.screen.prompt.display
        await seen.press("n")
        assert "/needle  2 of 10" in seen.title
        assert "Needle 117" in spot_line(seen)
        await seen.press("N", "N")
        assert "/needle  10 of 10, began again" in seen.title
        assert "Needle 917" in spot_line(seen)
        assert any(seen.view.hit_marks)
        assert not all(seen.view.hit_marks)


async def test_escape_in_the_prompt_goes_back_to_where_one_was(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["hay 1000"])
        await seen.press("pageup")
        before = seen.lines
        await type_search(seen, "needle")
        await seen.until(lambda: seen.view.spot is not None)
        await seen.press("escape")
        assert seen.lines == before
        assert "needle" not in seen.title


async def test_a_search_through_all_steps_finds_what_is_not_shown(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["hay 1000"])
        await type_search(seen, "a needle")
        await seen.until(lambda: "0 found" in seen.screen.prompt.note)
        await seen.press("ctrl+t")
        await seen.until(lambda: "1 of 1 in all steps" in seen.title)
        assert "build/lint" in seen.title
        await seen.press("enter", "escape")
        assert "needle" not in seen.title


async def test_lines_that_come_later_are_found_too(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["hay 1000"])
        await type_search(seen, "needle")
        await seen.press("enter")
        await seen.until(lambda: "of 10" in seen.title)
        words.print(1, b"one needle more")
        await seen.until(lambda: "1 of 11" in seen.title)


async def test_what_is_wrong_with_a_pattern_is_said_while_typing(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["hay 1000"])
        await type_search(seen, "hay (1")
        await seen.press("enter")
        seen.screen.update_view()
        assert seen.screen.prompt.note == "unclosed group at 5; ^r takes it as plain text"
        assert seen.screen.prompt.display
        assert seen.screen.prompt.size.height == 1
        await seen.press("ctrl+r")
        await seen.until(lambda: "0 found  ^r text" in seen.screen.prompt.note)


async def test_keys_are_text_while_one_types(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["hay 1000"])
        await type_search(seen, "qwtzxnG12")
        assert seen.screen.prompt.text == "qwtzxnG12"
        assert pilot.app.screen is seen.screen


async def test_a_key_that_is_text_is_not_offered_while_one_types(words, run_app, see):
    async with run_app(words.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: bool(seen.messages))
        hints = seen.screen.query_one(KeyHints)
        assert "? Help" in hints.render().plain
        await seen.press("slash")
        await seen.until(lambda: "f1 Help" in hints.render().plain)
        assert "?" not in hints.render().plain


async def test_no_key_is_lost_that_comes_right_behind_the_slash(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["hay 1000"])
        for key, character in (("slash", "/"), *((letter, letter) for letter in "many"), ("slash", "/")):
            pilot.app.post_message(events.Key(key, character))
        await seen.until(lambda: seen.screen.prompt.text == "many/")
        assert not list(pilot.app._notifications)


async def test_n_without_a_search_says_what_to_do(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.press("n")
        assert "/ asks what to look for" in next(iter(pilot.app._notifications)).message


async def test_hits_stand_out(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["hay 1000"])
        await type_search(seen, "needle 1")
        await seen.until(lambda: seen.view.spot is not None)
        row = seen.view.spot - seen.view.visible_rows[0]
        plain = seen.view.rich_style
        marked = [
            segment.text
            for segment in seen.view.render_line(row)
            if segment.style
            and segment.style.bgcolor not in {plain.bgcolor, None}
            and "eedle" in segment.text
        ]
        assert marked == ["Needle 1"]


async def test_opening_the_prompt_moves_nothing_and_its_options_can_be_clicked(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["hay 1000"])
        before = (seen.view.region, seen.screen.steps.region, seen.lines)
        await seen.press("slash")
        await seen.until(lambda: "^t this step" in seen.screen.prompt.note)
        prompt = seen.screen.prompt
        assert (seen.view.region, seen.screen.steps.region, seen.lines) == before
        assert prompt.region.bottom == SIZE[1]
        note = prompt.query_one("#prompt-note")
        right = note.content_region.right
        at = right - len("this step") - note.region.x
        assert await pilot.click("#prompt-note", offset=(at, 0))
        await seen.until(lambda: "^t all steps" in prompt.note)
        assert prompt.display
        assert prompt.has_focus_within
