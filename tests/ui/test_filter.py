"""The filter: what stays, what goes, and that nobody loses the place."""

from __future__ import annotations

import pytest

from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS
from wharf_tui.ui.filter_control import FilterControl
from wharf_tui.ui.rows import Address

from .conftest import START_NS

SIZE = (120, 24)


@pytest.fixture
def words(sample):
    sample.run(1)
    sample.print(1, *(b"needle %d" % n if n % 100 == 17 else b"hay %d" % n for n in range(1, 1001)))
    sample.finish(1, Status.SUCCESS)
    sample.run(2)
    sample.print(2, *(b"needle two" if n == 5 else b"hay two" for n in range(1, 41)))
    sample.finish(2, Status.SUCCESS)
    sample.end(Status.SUCCESS)
    return sample


async def opened(seen, key: str = "1") -> None:
    await seen.until(lambda: bool(seen.messages))
    await seen.press(key, "g")
    await seen.until(lambda: seen.view.scroll_offset.y == 0 and bool(seen.messages))


async def type_filter(seen, text: str) -> None:
    """Typed as a user does; what it was before is selected, and so replaced."""
    await seen.press("ampersand")
    for character in text:
        await seen.press({"!": "exclamation_mark", " ": "space"}.get(character, character))
    await seen.press("enter")


def line(log_id: int) -> Address:
    return Address(StepId(1), LogId(log_id))


def told(seen) -> list[str]:
    return [note.message for note in seen.pilot.app._notifications]


def ids(seen) -> list[int]:
    return [int(text.split()[0]) for text in seen.lines if text and text.split()[0].isdigit()]


async def test_a_pattern_keeps_its_lines_with_their_numbers(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await type_filter(seen, "needle")
        await seen.until(lambda: ids(seen) == list(range(17, 1000, 100)))
        assert "&needle  10 shown" in seen.status
        await seen.press("ctrl+t")
        await seen.until(lambda: "filter off" in seen.status)
        await seen.press("ctrl+t")
        await seen.until(lambda: "10 shown" in seen.status)


async def test_an_exclamation_mark_hides_what_has_the_pattern(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await type_filter(seen, "!hay")
        await seen.until(lambda: ids(seen) == list(range(17, 1000, 100)))
        assert "&!hay  10 shown" in seen.status


async def test_keep_and_hide_together_and_nothing_typed_shows_all(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await type_filter(seen, "needle")
        await type_filter(seen, "!7 *1")
        await type_filter(seen, "!needle [1-4]")
        await seen.until(lambda: ids(seen) == list(range(517, 1000, 100)))
        assert "&needle &!needle [1-4]  5 shown" in seen.status
        await seen.press("ampersand", "backspace", "enter")
        await seen.until(lambda: seen.messages[:1] == ["hay 1"])
        assert "shown" not in seen.status
        await seen.press("ctrl+t")
        assert told(seen) == ["Nothing is filtered. & asks what to keep."]


async def test_the_prompt_brings_the_pattern_and_escape_brings_back_what_was_before(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await type_filter(seen, "needle")
        await seen.until(lambda: len(ids(seen)) == 10)
        await seen.press("ampersand")
        assert seen.screen.prompt.text == "needle"
        await seen.press("h", "a", "y", "space", "1")
        await seen.until(lambda: ids(seen)[:3] == [1, 10, 11])
        await seen.press("escape")
        await seen.until(lambda: ids(seen) == list(range(17, 1000, 100)))
        assert "&needle  10 shown" in seen.status


async def test_escape_out_of_the_prompt_leaves_a_filter_off_that_was_off(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await type_filter(seen, "needle")
        await seen.until(lambda: len(ids(seen)) == 10)
        await seen.press("ctrl+t")
        await seen.until(lambda: seen.messages[-1:] != ["needle 917"])
        await seen.press("ampersand", "x", "escape")
        await seen.until(lambda: "filter off" in seen.status)
        assert not seen.screen.control(FilterControl).is_on
        assert len(seen.messages) > 15


async def test_a_bad_pattern_is_told_and_hides_nothing(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        before = seen.lines
        await type_filter(seen, "(hay")
        assert seen.screen.prompt.display
        assert "unclosed group" in seen.screen.prompt.note
        assert seen.lines == before
        await seen.press("ctrl+r")
        await seen.until(lambda: "No line fits the filter" in " ".join(seen.lines))
        await seen.press("enter")
        assert not seen.screen.prompt.display
        assert "0 shown" in seen.status


async def test_context_grows_and_shrinks_and_the_line_stays(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await type_filter(seen, "needle")
        await seen.until(lambda: len(ids(seen)) == 10)
        await seen.press("plus", "plus")
        await seen.until(lambda: ids(seen)[:5] == [15, 16, 17, 18, 19])
        assert "±2" in seen.status
        await seen.press("minus")
        await seen.until(lambda: ids(seen)[:4] == [16, 17, 18, 116])
        await seen.press("minus", "minus", "minus")
        await seen.until(lambda: ids(seen) == list(range(17, 1000, 100)))


async def test_on_and_off_keeps_the_line_one_is_at_in_its_place(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await seen.press("colon", *"517", "enter")
        await type_filter(seen, "needle")
        await seen.until(lambda: len(ids(seen)) == 10)
        assert seen.screen.here == line(517)
        await seen.press("ctrl+t")
        await seen.until(lambda: len(ids(seen)) > 15)
        assert 517 in ids(seen)
        assert seen.screen.here == line(517)


async def test_the_spot_stays_on_its_line_when_context_and_filter_change(words, run_app, see):
    async with run_app(words.path, size=(120, 10)) as pilot:
        seen = see(pilot)
        await opened(seen)
        await type_filter(seen, "needle")
        await seen.until(lambda: ids(seen)[:1] == [17])
        await seen.press("colon", *"617", "enter")
        for key in ("plus", "plus", "plus", "plus", "minus", "ctrl+t", "ctrl+t", "minus", "minus", "minus"):
            await seen.press(key)
            await seen.until(lambda: 617 in ids(seen))
            assert seen.screen.here == line(617)


async def test_going_to_a_line_that_is_hidden_turns_the_filter_off(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await type_filter(seen, "needle")
        await seen.until(lambda: len(ids(seen)) == 10)
        await seen.press("colon", *"500", "enter")
        await seen.until(lambda: 500 in ids(seen))
        assert seen.screen.here == line(500)
        assert told(seen) == ["The filter hid that line: it is off now. ctrl-t turns it on."]


async def test_going_to_a_line_that_is_not_there_goes_to_the_nearest(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await type_filter(seen, "needle")
        await seen.until(lambda: len(ids(seen)) == 10)
        await seen.press("colon", *"5000", "enter")
        await seen.until(lambda: seen.screen.here == line(1000))


async def test_the_search_skips_what_the_filter_hides(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await type_filter(seen, "needle [357]")
        await seen.until(lambda: ids(seen) == [317, 517, 717])
        await seen.press("slash", *"needle", "enter")
        await seen.until(lambda: seen.screen.here == line(317) and seen.view.spot is not None)
        await seen.press("n")
        await seen.until(lambda: seen.screen.here == line(517))
        await seen.press("n", "n")
        await seen.until(lambda: seen.screen.here == line(317))
        assert "began again" in seen.title
        await seen.press("N")
        await seen.until(lambda: seen.screen.here == line(717))
        assert seen.screen.control(FilterControl).is_on


async def test_the_search_skips_what_the_filter_hides_in_the_merged_log(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await seen.press("a", "g")
        await type_filter(seen, "needle ([35]|two)")
        await seen.until(lambda: len(ids(seen)) == 3)
        await seen.press("slash", *"needle", "enter")
        for at in (317, 517, 5, 317):
            await seen.until(lambda: seen.view.spot is not None)
            await seen.until(lambda at=at: seen.screen.here is not None and seen.screen.here.log_id == at)
            await seen.press("n")
        for at in (317, 5, 517):
            await seen.press("N")
            await seen.until(lambda at=at: seen.screen.here is not None and seen.screen.here.log_id == at)


async def test_levels_of_a_step(sample, run_app, see):
    sample.run(1)
    sample.print(1, b"fine", b"WARNING: odd", b"ERROR: bad", b"  at there", b"fine again")
    sample.finish(1, Status.SUCCESS)
    sample.end(Status.SUCCESS)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await seen.press("L")
        await seen.until(lambda: ids(seen) == [2, 3, 4])
        assert "warn+" in seen.status
        await seen.press("L")
        await seen.until(lambda: ids(seen) == [3, 4])
        await seen.press("L")
        await seen.until(lambda: ids(seen) == [1, 2, 3, 4, 5])
        await seen.press("colon", *"level", "space", *"error", "enter")
        await seen.until(lambda: ids(seen) == [3, 4])
        await seen.press("colon", *"level", "space", *"all", "enter")
        await seen.until(lambda: ids(seen) == [1, 2, 3, 4, 5])


async def test_a_range_of_time(sample, run_app, see):
    sample.run(1)
    sample.writer.log(StepId(1)).append_many([(START_NS + n * 60 * NS, b"minute %d" % n) for n in range(10)])
    sample.finish(1, Status.SUCCESS)
    sample.end(Status.SUCCESS)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        # 1707000000 is 22:40:00 of 2024-02-03 in UTC.
        await seen.press("colon", *"since", "space", *"22:43", "enter")
        await seen.until(lambda: ids(seen) == [4, 5, 6, 7, 8, 9, 10])
        assert "time" in seen.status
        await seen.press("colon", *"until", "space", *"22:45:30", "enter")
        await seen.until(lambda: ids(seen) == [4, 5, 6])
        await seen.press("colon", *"since", "space", *"off", "enter")
        await seen.until(lambda: ids(seen) == [1, 2, 3, 4, 5, 6])
        await seen.press("g", "colon", *"until", "space", *"+90s", "enter")
        await seen.until(lambda: ids(seen) == [1, 2])
        await seen.press("colon", *"until", "space", *"off", "enter")
        await seen.until(lambda: len(ids(seen)) == 10)
        assert "time" not in seen.status


async def test_only_some_steps_in_the_merged_log(words, run_app, see):
    words_total = 1040
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await seen.press("colon", *"only", "space", *"lint", "enter")
        await seen.until(lambda: seen.messages != [] and all("two" in text for text in seen.lines if text))
        assert seen.view.document is not None
        assert seen.view.document.row_count == 40
        await seen.press("colon", *"only", "enter")
        await seen.until(lambda: seen.view.document.row_count == words_total)


async def test_lines_that_come_pass_the_filter_and_move_nothing(sample, run_app, see):
    sample.run(1)
    sample.print(1, *(b"keep %d" % n if n % 2 else b"drop %d" % n for n in range(1, 401)))
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["drop 400"])
        await type_filter(seen, "keep")
        await seen.until(lambda: seen.messages[-1:] == ["keep 399"])
        assert seen.view.follow
        sample.print(1, b"keep 401", b"drop 402")
        await seen.until(lambda: seen.messages[-1:] == ["keep 401"])
        await seen.press("pageup")
        before = seen.lines
        sample.print(1, *(b"keep %d" % n if n % 2 else b"drop %d" % n for n in range(403, 801)))
        await seen.until(lambda: "+398 new" in seen.status)
        await seen.until(lambda: "400 shown" in seen.status)
        assert seen.lines == before
        await seen.press("G")
        await seen.until(lambda: seen.messages[-1:] == ["keep 799"])


async def test_gaps_stay_in_sight(sample, run_app, see):
    sample.run(1)
    sample.print(1, b"keep", b"drop", b"drop")
    sample.writer.log(StepId(1)).add_gap(GapKind.HOLE, "connection lost", missing=3)
    sample.print(1, b"drop", b"keep")
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 6)
        await type_filter(seen, "keep")
        await seen.until(lambda: len([text for text in seen.lines if text]) == 3)
        assert "missing: connection lost" in seen.lines[1]


async def test_side_by_side_both_are_filtered(words, run_app, see):
    async with run_app(words.path, size=(160, 24)) as pilot:
        seen = see(pilot)
        await opened(seen)
        await seen.press("vertical_line")
        await seen.until(lambda: len(seen.screen.panes.panes) == 2)
        await type_filter(seen, "needle")
        documents = [pane.view.document for pane in seen.screen.panes.panes]
        await seen.until(lambda: [d.row_count for d in documents if d is not None] == [10, 1])
        assert all("shown" in pane.filter_note.plain for pane in seen.screen.panes.panes)


async def test_a_step_shown_later_is_filtered_too_and_keeps_its_place(words, run_app, see):
    async with run_app(words.path, size=SIZE) as pilot:
        seen = see(pilot)
        await opened(seen)
        await type_filter(seen, "needle")
        await seen.until(lambda: len(ids(seen)) == 10)
        await seen.press("2")
        await seen.until(lambda: ids(seen) == [5])
        await seen.press("1")
        await seen.until(lambda: len(ids(seen)) == 10)
        await seen.press("ctrl+t")
        await seen.until(lambda: len(ids(seen)) > 15)
        assert 17 in ids(seen)
        await seen.press("2")
        await seen.until(lambda: len(ids(seen)) > 15)


async def test_a_pattern_that_never_ends_is_told_and_blocks_nothing(sample, run_app, see):
    sample.run(1)
    sample.print(1, b"a" * 40 + b"!")
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: bool(seen.messages))
        await type_filter(seen, r"((a+)+)\1$")
        await seen.press("w")
        assert seen.view.wrap
        assert "&((a+)+)" in seen.status
