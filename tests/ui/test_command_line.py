"""The ``:`` line, and keys that come in bursts: each acts on what the keys before it have brought about."""

from __future__ import annotations

import pytest
from textual import events
from textual.keys import _character_to_key

from wharf_tui.model.status import Status
from wharf_tui.ui.command_line import CommandLine

SIZE = (110, 24)
SPECIAL = {"\r": ("enter", "\r"), "\x1b": ("escape", None), "\t": ("tab", "\t"), "\x7f": ("backspace", None)}


def burst(seen, keys: str) -> None:
    """All keys at once, as a paste into a terminal without bracketed paste brings them."""
    for character in keys:
        key, text = SPECIAL.get(character, (_character_to_key(character), character))
        seen.pilot.app.post_message(events.Key(key, text))


@pytest.fixture
def words(sample):
    sample.run(1)
    sample.print(1, *(b"needle %d" % n if n % 100 == 17 else b"hay %d" % n for n in range(1, 1001)))
    sample.finish(1, Status.SUCCESS)
    sample.run(2)
    sample.print(2, b"hay", b"a needle here")
    sample.finish(2, Status.SUCCESS)
    sample.end(Status.SUCCESS)
    return sample


def spot_line(seen) -> str:
    assert seen.view.spot is not None
    return str(seen.lines[seen.view.spot - seen.view.visible_rows[0]])


async def opened(seen, step: str = "1") -> None:
    await seen.until(lambda: bool(seen.messages))
    await seen.press(step, "g")
    await seen.until(lambda: seen.messages[:1] == ["hay 1"] or step != "1")


def told(seen) -> list[str]:
    return [note.message for note in seen.pilot.app._notifications]


async def test_what_is_typed_right_behind_enter_is_for_the_log(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        burst(seen, "/needle\rnn")
        await seen.until(lambda: seen.view.spot == 216)
        await seen.until(lambda: "3 of 10" in seen.title)
        assert seen.screen.prompt.text == "needle"
        assert not seen.screen.prompt.display


async def test_a_burst_through_several_prompts(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        burst(seen, "jj:500\r/needle\rn&needle 3\r:wrap\rG")
        await seen.until(lambda: seen.messages[:1] == ["needle 317"])
        assert seen.view.wrap
        assert told(seen) == []


async def test_going_to_a_line_right_behind_a_filter_that_keeps_it(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        burst(seen, "&needle\r:617\r")
        await seen.until(lambda: "10 shown" in seen.status and seen.view.spot == 6)
        assert told(seen) == []
        burst(seen, "g&hay 99\r:50%\r&nowhere\r:50%\r")
        await seen.until(lambda: "0 shown" in seen.status and len(told(seen)) > 0)
        assert "no line fits the filter; ctrl-t shows all" in told(seen)


async def test_keys_before_a_prompt_act_before_it(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        burst(seen, "jjjj/xyz")
        await seen.until(lambda: seen.screen.prompt.text == "xyz")
        assert seen.view.scroll_offset.y == 4


async def test_corrections_act_in_order(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        burst(seen, ":50\x7f17\r")
        await seen.until(lambda: seen.view.spot == 516)


async def test_escape_in_a_burst_leaves_the_prompt_and_nothing_else(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        burst(seen, "/needle\x1bj")
        await seen.until(lambda: seen.view.scroll_offset.y == 1)
        assert not seen.screen.prompt.display
        assert seen.title.count("needle") == 0


async def test_pasted_text_and_enter(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        burst(seen, "/")
        pilot.app.post_message(events.Paste("needle 1\nand more"))
        burst(seen, "\rn")
        await seen.until(lambda: "/needle 1" in seen.title and "2 of 2" in seen.title)


async def test_a_screen_that_has_just_come_takes_the_next_key(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        screen = seen.screen
        burst(seen, "?jq:300\r:help\r")
        await seen.until(lambda: len(pilot.app.screen_stack) == 2 and screen.view.spot == 299)


async def test_tab_never_leaves_the_prompt(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await seen.press("slash", "h", "tab", "a", "shift+tab", "y")
        assert seen.screen.prompt.text == "hay"
        await seen.press("escape")
        assert seen.view.has_focus


async def test_tab_completes_as_far_as_it_is_clear_and_then_goes_round(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        prompt = seen.screen.prompt
        await seen.press("colon", "h", "i", "g", "tab")
        assert prompt.text == "highlight"
        await seen.press("tab")
        assert prompt.text == "highlight"
        await seen.press("tab")
        assert prompt.text == "highlights-off"
        assert "stand out" in prompt.note
        await seen.press("shift+tab")
        assert prompt.text == "highlight"
        await seen.press("escape", "colon", "u", "n", "f", "tab")
        assert prompt.text == "unfold-all"
        await seen.press("escape", "colon", "Z", "Z", "tab")
        assert prompt.text == "ZZ"


async def test_what_was_typed_before_comes_back_by_its_sign(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        burst(seen, ":100\r:200\r/needle\r")
        await seen.until(lambda: "1 of 10" in seen.title or "3 of 10" in seen.title)
        prompt = seen.screen.prompt
        await seen.press("colon", "3", "up")
        assert prompt.text == "200"
        await seen.press("up", "up")
        assert prompt.text == "100"
        await seen.press("down", "down")
        assert prompt.text == "3"
        await seen.press("up", "up", "enter")
        assert seen.view.spot == 99


async def test_whatever_has_a_key_can_be_typed_too(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        burst(seen, ":bottom\r")
        await seen.until(lambda: seen.messages[-1:] == ["hay 1000"])
        burst(seen, ":top\r:select\rjj")
        await seen.until(lambda: seen.view.selection == range(3))
        burst(seen, "v:ids\r:zoom\r")
        await seen.until(lambda: not seen.screen.steps.display and seen.lines[0].strip() == "hay 1")
        names = seen.screen.control(CommandLine).names()
        assert all(names.values())
        assert {"top", "bottom", "wrap", "zoom", "help", "quit", "filter", "only"} <= set(names)


@pytest.mark.parametrize(
    ("text", "told_text"),
    [
        ("foldd", "There is no command foldd. Did you mean fold"),
        ("qwertz", "There is no command qwertz."),
        ("fold now", "fold takes nothing behind it"),
        ("level loud", "loud is no level"),
        ("only nothing", "there is no step nothing"),
        ("since yesterday", "yesterday"),
        ("4:18x", "4:18x is neither a line, nor a time"),
        ("\x1b[2J", "␛[2J"),
    ],
)
async def test_what_cannot_be_done_is_said(text, told_text, words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await seen.press("colon")
        seen.screen.prompt._input.value = text
        await seen.press("enter")
        assert any(told_text in message for message in told(seen)), told(seen)
        assert not seen.screen.prompt.display


async def test_a_prefix_that_is_no_command_tells_what_fits_while_typing(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await seen.press("colon", *"unt")
        assert seen.screen.prompt.note == "until"
        await seen.press(*"il")
        assert "before a time" in seen.screen.prompt.note


async def test_a_click_on_the_log_while_one_types_does_not_lock_the_keys(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await seen.press("colon", "w")
        await pilot.click(seen.view, offset=(20, 3))
        await pilot.pause()
        await seen.press("escape")
        assert not seen.screen.prompt.display
        assert seen.view.has_focus
        await seen.press("j")
        assert seen.view.scroll_offset.y == 1


async def test_what_a_key_brings_to_do_begins_at_once_though_nothing_comes_any_more(
    words, run_app, see, monkeypatch
):
    monkeypatch.setattr("wharf_tui.ui.screens.live._ENDED_SECONDS", 3600.0)
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        seen.screen._pause = 3600.0
        await seen.until(lambda: not seen.screen._is_urgent and seen.screen._timer is not None)
        burst(seen, "/needle\r")
        await seen.until(lambda: "1 of 10" in seen.title)
        burst(seen, "a&needle\r")
        await seen.until(lambda: "11 shown" in seen.status)


async def test_bursts_in_the_list_of_builds(make_sample, run_app, see):
    for number in (41, 42, 43):
        build = make_sample(number)
        build.run(1)
        build.count_to(1, number)
        build.finish(1, Status.SUCCESS)
        build.end(Status.SUCCESS)
    async with run_app(None, size=SIZE) as pilot:
        catalogue = pilot.app.screen
        seen = see(pilot)
        await seen.until(lambda: catalogue.table.current is not None)
        burst(seen, "/42\r\r")
        await seen.until(lambda: pilot.app.screen is not catalogue and pilot.app.screen.is_mounted)
        burst(seen, "gj")
        await seen.until(lambda: seen.messages[:1] == ["line 2"])
        assert seen.view.scroll_offset.y == 1
