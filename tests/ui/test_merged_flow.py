"""The merged log on the screen: there and back, and nothing moves while lines come."""

from __future__ import annotations

import pytest

from wharf_tui.attach.progress import Progress
from wharf_tui.model.build import StepInfo, StepState
from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.ui.notes_control import NotesControl
from wharf_tui.ui.rows import Address
from wharf_tui.ui.session_feed import SessionFeed

from .conftest import START_NS

SIZE = (120, 24)


def at(sample, step: int, *lines: tuple[float, bytes]) -> None:
    sample.writer.log(StepId(step)).append_many(
        [(START_NS + int(seconds * NS), message) for seconds, message in lines]
    )


def place(step: int, line: int) -> Address:
    return Address(StepId(step), LogId(line))


@pytest.fixture
def two(sample):
    """Step 1 prints on whole seconds, step 2 half a second later."""
    for step in (1, 2):
        sample.run(step)
        at(sample, step, *((n + step / 4, b"step %d line %d" % (step, n)) for n in range(1, 201)))
    return sample


async def test_there_and_back_to_the_same_line(two, run_app, see):
    async with run_app(two.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["step 1 line 200"])
        await seen.press("colon", *"100", "enter")
        assert seen.screen.here == place(1, 100)
        await seen.press("a")
        await seen.until(lambda: "all steps" in seen.title and seen.screen.here == place(1, 100))
        assert any("step 2 line 100" in line for line in seen.lines)
        await seen.press("colon", *"2:105", "enter")
        assert seen.screen.here == place(2, 105)
        await seen.press("a")
        await seen.until(lambda: "build/lint" in seen.title)
        assert seen.screen.here == place(2, 105)


async def test_who_follows_goes_on_to_follow(two, run_app, see):
    async with run_app(two.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["step 1 line 200"])
        await seen.press("a")
        await seen.until(lambda: "step 2 line 200" in seen.lines[-1])
        assert seen.view.follow
        at(two, 1, (500, b"more"))
        await seen.until(lambda: seen.lines[-1].endswith("more"))
        assert seen.view.follow


async def test_late_lines_above_move_nothing_that_is_in_sight(two, run_app, see):
    async with run_app(two.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: bool(seen.messages))
        await seen.press("a", "colon", *"1:100", "enter")
        await seen.until(lambda: seen.screen.here == place(1, 100))
        before = seen.lines
        two.run(3)
        at(two, 3, *((n / 100, b"late %d" % n) for n in range(1, 301)))
        await seen.until(lambda: seen.view.document.row_count == 700)
        assert seen.lines == before
        at(two, 1, *((400 + n, b"new") for n in range(50)))
        await seen.until(lambda: seen.view.document.row_count == 750)
        assert seen.lines == before
        await seen.until(lambda: "+350 new" in seen.status)


async def test_late_lines_between_those_in_sight_leave_the_spot_where_it_is(two, run_app, see):
    async with run_app(two.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: bool(seen.messages))
        await seen.press("a", "colon", *"1:100", "enter")
        await seen.until(lambda: seen.screen.here == place(1, 100))
        row = seen.view.spot - seen.view.visible_rows[0]
        two.run(3)
        at(two, 3, (98.6, b"between"), (98.7, b"between"))
        await seen.until(lambda: sum("between" in line for line in seen.lines) == 2)
        assert seen.view.spot - seen.view.visible_rows[0] == row
        assert seen.screen.here == place(1, 100)


@pytest.mark.parametrize("wrapped", [False, True])
async def test_what_is_selected_is_what_is_copied_while_lines_come_above(wrapped, two, run_app, see):
    async with run_app(two.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: bool(seen.messages))
        if wrapped:
            await seen.press("w")
        await seen.press("a", "colon", *"1:100", "enter")
        await seen.until(lambda: seen.screen.here == place(1, 100))
        await seen.press("v", "j", "j")
        two.run(3)
        at(two, 3, *((n / 100, b"late") for n in range(1, 101)))
        await seen.until(lambda: seen.view.document.row_count == 500)
        rows = seen.view.selection
        found = [line.message for _, line in seen.view.document.whole_lines(rows, 1000)]
        assert found == [b"step 1 line 100", b"step 2 line 100", b"step 1 line 101"]


async def test_silences_that_are_found_later_move_nothing(sample, run_app, see):
    sample.run(1)
    at(sample, 1, *((n * 100, b"line %d" % n) for n in range(1, 41)))
    sample.finish(1, Status.SUCCESS)
    sample.end(Status.SUCCESS)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: any("without output" in line for line in seen.lines))
        await seen.press("colon", *"20", "enter")
        row = seen.view.spot - seen.view.visible_rows[0]
        document = seen.view.document
        rows = document.row_count
        seen.screen.control(NotesControl).set_threshold(1000 * NS)
        await seen.until(lambda: document.row_count < rows)
        assert seen.screen.here == place(1, 20)
        seen.screen.control(NotesControl).set_threshold(10 * NS)
        await seen.until(lambda: document.row_count == rows)
        assert seen.screen.here == place(1, 20)
        assert seen.view.spot - seen.view.visible_rows[0] == row


async def test_gaps_of_all_steps_are_in_the_merged_log(two, run_app, see):
    two.writer.log(StepId(2)).add_gap(GapKind.HOLE, "connection lost", missing=2)
    at(two, 2, (300, b"after it"))
    async with run_app(two.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: bool(seen.messages))
        await seen.press("a")
        await seen.until(lambda: seen.lines[-1].endswith("after it"))
        assert "connection lost" in seen.lines[-2]
        await seen.press("k", "j")
        assert seen.lines[-1].split()[0] == "203"


async def test_braces_go_from_the_merged_log_to_the_neighbour_of_the_step_one_is_at(two, run_app, see):
    async with run_app(two.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: bool(seen.messages))
        await seen.press("a", "colon", *"2:100", "enter")
        await seen.until(lambda: seen.screen.here == place(2, 100))
        await seen.press("left_curly_bracket")
        await seen.until(lambda: "build/compile" in seen.title)


async def test_steps_that_come_later_join_the_merged_log_of_an_attached_build(sample, run_app, see):
    progress = Progress()
    progress.begin_stream(0)
    progress.caught_up_now(inferred=False)
    sample.run(1)
    at(sample, 1, *((n, b"keep %d" % n if n % 2 else b"drop %d" % n) for n in range(1, 101)))
    feed = SessionFeed(BuildReader.open(sample.path), progress, "worker.test:5010")
    async with run_app(feed, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["drop 100"])
        await seen.press("a", "ampersand", *"keep", "enter")
        await seen.until(lambda: "keep 99" in seen.lines[-1])
        sample.writer.add_steps((StepState(StepInfo(StepId(4), "late", "comer")),))
        sample.run(4)
        at(sample, 4, (200, b"drop it"), (201, b"keep it"))
        await seen.until(lambda: seen.lines[-1].endswith("keep it"))
        await seen.until(lambda: "comer" in seen.lines[-1])
        assert not any("drop" in line for line in seen.lines)
        await seen.press("slash", *"keep it", "enter")
        await seen.until(lambda: seen.screen.here == place(4, 2))


async def test_the_search_goes_by_rows_in_the_merged_log(two, run_app, see):
    async with run_app(two.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: bool(seen.messages))
        await seen.press("a", "colon", *"2:50", "enter")
        await seen.until(lambda: seen.screen.here == place(2, 50))
        await seen.press("G", "g", "slash", *"line 1[0-9]$", "enter")
        await seen.until(lambda: seen.screen.here == place(1, 10))
        for step, line in ((2, 10), (1, 11), (2, 11)):
            await seen.press("n")
            assert seen.screen.here == place(step, line)
        await seen.press("N", "N", "N", "N")
        assert seen.screen.here == place(2, 19)
        assert "20 of 20" in seen.title


async def test_a_search_begins_at_the_top_of_the_screen_not_above_it(two, run_app, see):
    async with run_app(two.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: bool(seen.messages))
        await seen.press("a", "g")
        await seen.until(lambda: len(seen.messages) > 10)
        await seen.press("j")  # line 1 of step 2 is at the top now, line 1 of step 1 just above
        await seen.press("slash", *"line 1$", "enter")
        await seen.until(lambda: seen.screen.here == place(2, 1) and seen.view.spot is not None)
        assert "2 of 2" in seen.title


async def test_the_names_of_steps_are_as_bright_as_the_theme_wants_them(two, run_app, see):
    async with run_app(two.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.press("a")
        await seen.until(lambda: "all steps" in seen.title)
        dark = seen.view.labels
        assert dark
        pilot.app.theme = "wharf-light"
        await seen.until(lambda: seen.view.labels != dark)
        assert [label.text for label in seen.view.labels] == [label.text for label in dark]
        assert all(ours.style != theirs.style for ours, theirs in zip(seen.view.labels, dark, strict=True))
        pilot.app.theme = "wharf-dark"
        await seen.until(lambda: seen.view.labels == dark)
