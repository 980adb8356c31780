"""From error to error, and to the first cause of a failure."""

from __future__ import annotations

import pytest

from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.status import Status
from wharf_tui.ui.rows import Address
from wharf_tui.ui.step_counts_control import StepCountsControl

SIZE = (120, 24)


def place(step: int, line: int) -> Address:
    return Address(StepId(step), LogId(line))


def told(seen) -> list[str]:
    return [note.message for note in seen.pilot.app._notifications]


async def looked_through(seen, *steps: int) -> None:
    levels = seen.screen.control(StepCountsControl)
    await seen.until(lambda: all(levels.levels(StepId(step)).progress.is_done for step in steps))


def lines_with(count: int, **at: bytes) -> list[bytes]:
    marked = {int(name[1:]): text for name, text in at.items()}
    return [marked.get(number, b"line %d" % number) for number in range(1, count + 1)]


async def test_from_error_to_error_and_from_warning_to_warning(sample, run_app, see):
    sample.run(1)
    sample.print(
        1, *lines_with(300, _50=b"ERROR: one", _120=b"WARNING: odd", _200=b"error: two", _260=b"WARN x")
    )
    sample.finish(1, Status.SUCCESS)
    sample.end(Status.SUCCESS)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await looked_through(seen, 1)
        await seen.press("g", "e")
        assert seen.screen.here == place(1, 50)
        await seen.press("e")
        assert seen.screen.here == place(1, 200)
        await seen.press("e")
        assert told(seen) == ["No more errors below."]
        await seen.press("E")
        assert seen.screen.here == place(1, 50)
        await seen.press("E")
        assert told(seen)[-1] == "No more errors above."
        await seen.press("right_square_bracket")
        assert seen.screen.here == place(1, 120)
        await seen.press("right_square_bracket")
        assert seen.screen.here == place(1, 260)
        await seen.press("left_square_bracket")
        assert seen.screen.here == place(1, 120)


async def test_errors_of_all_steps_in_the_merged_log(sample, run_app, see):
    for step in (1, 2):
        sample.run(step)
        sample.print(step, *lines_with(100, _40=b"ERROR: of step %d" % step))
        sample.finish(step, Status.SUCCESS)
    sample.end(Status.SUCCESS)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await looked_through(seen, 1, 2)
        await seen.press("a", "g")
        await seen.until(lambda: "200 lines" in seen.status)
        await seen.press("g", "e")
        assert seen.screen.here == place(1, 40)
        await seen.press("e")
        assert seen.screen.here == place(2, 40)
        await seen.press("E")
        assert seen.screen.here == place(1, 40)


async def test_errors_that_the_filter_hides_are_skipped(sample, run_app, see):
    sample.run(1)
    sample.print(1, *lines_with(100, _20=b"ERROR: hidden", _60=b"ERROR: line 60"))
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await looked_through(seen, 1)
        await seen.press("ampersand", *"line", "enter")
        await seen.until(lambda: "99 shown" in seen.status)
        await seen.press("g", "e")
        assert seen.screen.here == place(1, 60)
        assert "filter off" not in seen.status


@pytest.fixture
def failed(sample):
    sample.run(1)
    sample.print(
        1,
        *lines_with(
            400,
            _100=b"src/main.c:10:5: error: 'x' undeclared",
            _200=b"ERROR: tests failed: 3",
            _399=b"make: *** [all] Error 2",
        ),
    )
    sample.finish(1, Status.FAILED)
    sample.run(2)
    sample.count_to(2, 10)
    sample.finish(2, Status.CANCELLED)
    sample.end(Status.FAILED)
    return sample


async def test_a_failed_build_opens_on_what_tells_why(failed, run_app, see):
    async with run_app(failed.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "cause 1 of" in seen.title)
        assert seen.screen.here == place(1, 100)
        assert "error" in seen.title


async def test_again_goes_from_cause_to_cause_and_round(failed, run_app, see):
    async with run_app(failed.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "cause 1 of" in seen.title)
        count = int(seen.title.split("cause 1 of ")[1].split(":")[0])
        assert count > 1
        where = [seen.screen.here]
        for number in range(2, count + 1):
            await seen.press("exclamation_mark")
            assert f"cause {number} of {count}" in seen.title
            where.append(seen.screen.here)
        assert len(set(where)) == count
        await seen.press("exclamation_mark")
        assert seen.screen.here == place(1, 100)
        await seen.press("j", "j", "g")
        assert "cause 1" not in seen.title


async def test_no_failure_is_told(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 3)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 3)
        await seen.press("exclamation_mark")
        assert told(seen) == ["No step has failed."]


async def test_a_step_that_failed_without_a_word(sample, run_app, see):
    sample.run(1)
    sample.finish(1, Status.FAILED, "image not found")
    sample.end(Status.FAILED)
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "image not found" in told(seen))
        await seen.press("exclamation_mark")
        assert set(told(seen)) == {"image not found"}


async def test_when_a_followed_build_fails_the_view_goes_there(sample, run_app, see):
    sample.run(1)
    sample.run(2)
    sample.count_to(1, 300)
    sample.print(2, *lines_with(300, _100=b"ERROR: it broke"))
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 300"])
        sample.finish(2, Status.FAILED)
        await seen.until(lambda: "cause 1 of" in seen.title)
        assert "build/lint" in seen.title
        assert seen.screen.here == place(2, 100)


@pytest.mark.parametrize("keys", [("k",), ("1", "G"), ("1", "g")])
async def test_but_not_when_somebody_has_gone_somewhere(keys, sample, run_app, see):
    sample.run(1)
    sample.run(2)
    sample.count_to(1, 300)
    sample.print(2, *lines_with(300, _100=b"ERROR: it broke"))
    async with run_app(sample.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 300"])
        await seen.press("2", "1") if keys[0] == "1" else None
        await seen.press(*keys)
        before = seen.lines
        sample.finish(2, Status.FAILED)
        await seen.until(lambda: seen.screen.step_state(StepId(2)).status is Status.FAILED)
        seen.screen.look()
        await pilot.pause()
        assert "build/compile" in seen.title
        assert seen.lines == before
        await seen.press("exclamation_mark")
        await seen.until(lambda: seen.screen.here == place(2, 100))


async def test_in_the_merged_log_the_cause_is_shown_there(failed, run_app, see):
    async with run_app(failed.path, size=SIZE) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "cause 1 of" in seen.title)
        await seen.press("a")
        await seen.until(lambda: "all steps" in seen.title and bool(seen.messages))
        await seen.press("g", "exclamation_mark")
        await seen.until(lambda: "cause 2 of" in seen.title)
        assert "all steps" in seen.title
