"""What is in sight stays where it is: what comes between the looks at a log moves nothing that somebody stands at."""

from __future__ import annotations

import pytest

from wharf_tui.model.ids import LogId, StepId
from wharf_tui.ui.rows import Address, Note, NoteKind

SIZE = (120, 24)


def place(line: int) -> Address:
    return Address(StepId(1), LogId(line))


async def stopped(sample, seen, line: int, *keys: str) -> None:
    await seen.until(lambda: bool(seen.messages))
    await seen.press(*keys, "colon", *str(line), "enter")
    assert seen.screen.here == place(line)


def put_notes(seen, *after: int) -> None:
    document = seen.screen.documents.of(StepId(1))
    with seen.screen.rows_may_change():
        document.set_notes(NoteKind.SILENCE, tuple(Note(line, NoteKind.SILENCE, "quiet") for line in after))


@pytest.mark.parametrize("wrapped", [False, True])
async def test_rows_that_come_above_and_go_again(wrapped, sample, run_app, see):
    sample.run(1)
    sample.print(1, *(b"line %d " % n * (n % 40 + 1) for n in range(1, 301)))
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await stopped(sample, seen, 150, *(["w"] if wrapped else []))
        await seen.press("j", "j", "k")
        before = seen.lines
        put_notes(seen, *range(10, 100))
        await pilot.pause()
        assert seen.lines == before
        put_notes(seen)
        await pilot.pause()
        assert seen.lines == before


@pytest.mark.parametrize("wrapped", [False, True])
async def test_rows_that_come_in_sight_leave_the_spot_in_its_line_of_the_screen(
    wrapped, sample, run_app, see
):
    sample.run(1)
    sample.print(1, *(b"line %d " % n * (n % 40 + 1) for n in range(1, 301)))
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await stopped(sample, seen, 150, *(["w"] if wrapped else []))

        def screen_line() -> int:
            return next(y for y, text in enumerate(seen.lines) if text.split()[:1] == ["150"])

        before = screen_line()
        put_notes(seen, 147, 148, 149)
        await pilot.pause()
        assert screen_line() == before
        assert sum("quiet" in text for text in seen.lines) == (2 if wrapped else 3)
        assert seen.screen.here == place(150)


async def test_going_to_a_line_near_the_end_does_not_follow(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 300)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await stopped(sample, seen, 295)
        assert not seen.view.follow
        before = seen.lines
        sample.count_to(1, 400, first=301)
        await seen.until(lambda: "+100 new" in seen.status)
        assert seen.lines == before
        await seen.press("G")
        assert seen.view.follow


async def test_a_hit_in_sight_stays_in_sight_though_one_followed(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 300)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 300"])
        await seen.press("slash", *"line 295", "enter")
        await seen.until(lambda: seen.screen.here == place(295) and seen.view.spot is not None)
        sample.count_to(1, 400, first=301)
        await seen.until(lambda: "+100 new" in seen.status)
        assert seen.screen.here == place(295)


async def test_a_selection_stays_on_its_lines(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 300)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await stopped(sample, seen, 150)
        await seen.press("v", "j", "j")
        put_notes(seen, *range(1, 140))
        await pilot.pause()
        document = seen.view.document
        found = [line.message for _, line in document.whole_lines(seen.view.selection, 100)]
        assert found == [b"line 150", b"line 151", b"line 152"]
        put_notes(seen, 150)
        await pilot.pause()
        found = [line.message for _, line in document.whole_lines(seen.view.selection, 100)]
        assert found == [b"line 150", b"line 151", b"line 152"]


async def test_coming_back_to_a_step_that_has_other_rows_now(sample, run_app, see):
    for step in (1, 2):
        sample.run(step)
        sample.count_to(step, 300)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await stopped(sample, seen, 150, "1")
        before = seen.lines
        await seen.press("2")
        await seen.until(lambda: "build/lint" in seen.title)
        put_notes(seen, *range(1, 100))
        await seen.press("1")
        await seen.until(lambda: "build/compile" in seen.title)
        assert seen.screen.here == place(150)
        assert [text for text in seen.lines if "quiet" not in text] == before
