"""Going somewhere: lines, addresses, times, shares; typed behind ``:`` or asked for."""

from __future__ import annotations

import pytest

from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS
from wharf_tui.ui.rows import Address

from .conftest import START_NS

SIZE = (120, 24)


def place(step: int, line: int) -> Address:
    return Address(StepId(step), LogId(line))


@pytest.fixture
def timed(sample):
    """A line each ten seconds from 22:40:00 (UTC) on; step 2 has ten lines."""
    for step, count in ((1, 400), (2, 10)):
        sample.run(step)
        sample.writer.log(StepId(step)).append_many(
            [(START_NS + n * 10 * NS, b"%d:%d" % (step, n + 1)) for n in range(count)]
        )
        sample.finish(step, Status.SUCCESS)
    sample.end(Status.SUCCESS)
    return sample


async def opened(seen) -> None:
    await seen.until(lambda: bool(seen.messages))
    await seen.press("1", "g")
    await seen.until(lambda: seen.messages[:1] == ["1:1"])


def told(seen) -> list[str]:
    return [note.message for note in seen.pilot.app._notifications]


def keys(text: str) -> list[str]:
    return ["space" if character == " " else character for character in text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("184", (1, 184)),
        ("1", (1, 1)),
        ("400", (1, 400)),
        ("9999", (1, 400)),
        ("2:5", (2, 5)),
        ("2:99", (2, 10)),
        ("22:50", (1, 61)),
        ("22:50:05", (1, 62)),
        ("23:59", (1, 400)),
        ("+30s", (1, 4)),
        ("+5", (1, 6)),
        ("50%", (1, 200)),
        ("0%", (1, 1)),
        ("100%", (1, 400)),
        ("150%", (1, 400)),
        ("-1", (1, 400)),
        ("-400", (1, 1)),
        ("-9999", (1, 1)),
        ("$", (1, 400)),
    ],
)
@pytest.mark.parametrize("way", ["colon", "ctrl+g"])
async def test_where_one_comes_to(way, text, expected, timed, run_app, see):
    async with run_app(timed.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await seen.press(way, *keys(text), "enter")
        assert told(seen) == []
        assert not seen.screen.prompt.display
        assert seen.screen.here == place(*expected)
        assert seen.view.spot in seen.view.visible_rows


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nowhere", "nowhere is neither a line, nor a time"),
        ("7:1", "there is no step 7"),
        ("25:99", "there is no step 25"),
        ("1:0", "1:0"),
        ("1_0", "1_0"),
        ("٣", "٣"),
        ("9" * 5000, "neither a line"),
    ],
)
async def test_bad_input_is_told_beside_the_prompt_and_can_be_mended(text, complaint, timed, run_app, see):
    async with run_app(timed.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        before = seen.view.scroll_offset
        await seen.press("ctrl+g")
        seen.screen.prompt._input.value = text
        await seen.press("enter")
        assert complaint in seen.screen.prompt.note
        assert seen.view.scroll_offset == before
        await seen.press("ctrl+u", "7", "enter")
        assert seen.screen.here == place(1, 7)


async def test_a_time_in_the_merged_log(timed, run_app, see):
    async with run_app(timed.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await seen.press("a", "g")
        await seen.until(lambda: seen.screen.here == place(1, 1))
        await seen.press("colon", *"22:41", "enter")
        assert seen.screen.here == place(1, 7)
        await seen.press("colon", *"2:3", "enter")
        assert seen.screen.here == place(2, 3)
        await seen.press("colon", *"+10s", "enter")
        assert seen.screen.here == place(1, 4)
        await seen.press("colon", *"9", "enter")
        assert seen.screen.here in {place(1, 9), place(2, 9)}


async def test_a_line_that_is_missing_is_the_next_that_is_there(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 3)
    sample.writer.log(StepId(1)).add_gap(GapKind.HOLE, "connection lost", missing=10)
    sample.count_to(1, 60, first=14)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 60"])
        await seen.press("g", "colon", *"8", "enter")
        here = seen.screen.here
        assert here in {place(1, 3), place(1, 14)}


async def test_nowhere_to_go(sample, run_app, see):
    sample.run(1)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.press("colon", *"5", "enter")
        assert told(seen) == ["there are no lines yet"]
        await seen.press("ctrl+g", "5", "enter")
        assert seen.screen.prompt.note == "there are no lines yet"
        await seen.press("escape")
        assert not seen.screen.prompt.display
