"""The screen of one build: what it opens on, what its rows say, what its keys do."""

from __future__ import annotations

from dataclasses import replace

from wharf_tui.model.build import StepInfo, StepState
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status
from wharf_tui.ui.step_choice import opening_step
from wharf_tui.ui.widgets.step_list import StepList


def step_rows(seen) -> list[str]:
    steps = seen.screen.query_one(StepList)
    return [steps.row_content(row, 24).plain.rstrip() for row in range(steps.row_count)]


async def test_a_failed_build_opens_on_the_step_that_failed(sample, run_app, see):
    sample.run(1)
    sample.print(1, b"fine")
    sample.finish(1)
    sample.run(2)
    sample.print(2, b"broken")
    sample.finish(2, Status.FAILED, "make: *** [all] Error 1")
    sample.skip(3, "An earlier stage failed.")
    sample.end(Status.FAILED)
    async with run_app(sample.path, size=(100, 30)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages == ["broken"])
        await seen.until(lambda: "cause 1 of 1" in seen.title)
        assert seen.title.startswith("✗ build/lint  Failed 10.0s  exit code 1: make")
        assert seen.status == "1-1 complete  END"
        assert " build 42  ✗ Failed" in f" {seen.header}"
        assert "3/3 steps" in seen.header
        rows = [
            " ✗ build",
            "  ✓ compile    1  10.0s",
            "  ✗ lint       1  10.0s",
            " ↷ test",
            "  ↷ unit",
        ]
        await seen.until(lambda: step_rows(seen)[1] == rows[1])
        assert step_rows(seen) == rows


async def test_a_running_build_opens_on_the_running_step_and_goes_along(sample, run_app, see):
    sample.run(1)
    sample.print(1, b"first")
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages == ["first"])
        assert seen.title.split(maxsplit=1)[1] == "build/compile  Running 1m39s"
        assert "Running 1m40s  0/3 steps" in seen.header
        sample.finish(1)
        sample.run(2)
        sample.print(2, b"second")
        await seen.until(lambda: seen.messages == ["second"])
        sample.finish(2)
        sample.run(3)
        await seen.until(lambda: "test/unit" in seen.title)
        assert "2/3 steps" in seen.header


async def test_who_has_chosen_a_step_stays_there_until_f(sample, run_app, see):
    sample.run(1)
    sample.print(1, b"first")
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages == ["first"])
        await seen.press("2", "1")
        sample.finish(1)
        sample.run(2)
        sample.print(2, b"second")
        await seen.until(lambda: "1/3" in seen.header)
        assert seen.messages == ["first"]
        await seen.press("F")
        await seen.until(lambda: seen.messages == ["second"])


async def test_who_has_scrolled_up_is_not_carried_along(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 100)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 100"])
        await seen.press("g")
        sample.finish(1)
        sample.run(2)
        await seen.until(lambda: "1/3" in seen.header)
        assert seen.messages[0] == "line 1"


async def test_why_there_is_nothing_to_see(sample, run_app, see):
    sample.run(1)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)

        def reason() -> str:
            return "\n".join(filter(None, (line.strip() for line in seen.lines)))

        await seen.until(lambda: reason() == "No output yet\nRunning for 1m39s")
        await seen.press("3")
        assert reason() == "Not started yet\nWaits for stage build"
        await seen.press("2")
        assert reason() == "Not started yet\nStarts in a moment"
        sample.finish(1)
        await seen.press("1")
        await seen.until(lambda: reason().startswith("This step printed nothing"))
        sample.skip(3, "its condition did not hold")
        await seen.press("3")
        await seen.until(lambda: reason() == "This step was skipped\nits condition did not hold")


async def test_keys_move_between_panes_and_steps(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 3)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        steps = seen.screen.steps
        await seen.until(lambda: len(seen.messages) == 3)
        assert seen.view.has_focus
        await seen.press("tab")
        assert steps.has_focus
        await seen.press("j")
        assert steps.current == 2
        assert "build/lint" in seen.title
        await seen.press("j")
        assert steps.current == 3
        await seen.press("j", "G")
        assert steps.current == 3
        await seen.press("g")
        assert steps.current == 1
        await seen.press("enter")
        assert seen.view.has_focus
        await seen.press("shift+tab")
        assert steps.has_focus
        await seen.press("right_curly_bracket")
        assert steps.current == 2
        await seen.press("left_curly_bracket", "left_curly_bracket")
        assert steps.current == 1
        await seen.press("9")
        assert steps.current == 1


async def test_a_click_chooses_a_step_and_a_second_one_its_log(sample, run_app, see):
    sample.run(1)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await pilot.pause()
        await pilot.click(StepList, offset=(5, 0))
        assert seen.screen.steps.current == 1
        await pilot.click(StepList, offset=(5, 2))
        assert seen.screen.steps.current == 2
        assert not seen.view.has_focus
        await pilot.click(StepList, offset=(5, 2))
        assert seen.view.has_focus


async def test_the_gutter_shows_ids_and_times_as_asked(sample, run_app, see):
    sample.run(1)
    sample.print(1, b"hello")
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 1)
        assert seen.lines[0] == "    1  hello"
        await seen.press("t")
        assert seen.lines[0] == "    1  22:40:01.000  hello"
        await seen.press("t")
        assert seen.lines[0] == "    1      +0.000  hello"
        await seen.press("number_sign")
        assert seen.lines[0] == "     +0.000  hello"
        await seen.press("t")
        assert seen.lines[0] == "             hello"
        await seen.press("t")
        assert seen.lines[0] == " hello"


async def test_sideways(sample, run_app, see):
    sample.run(1)
    sample.print(1, b"short", b"0123456789" * 20)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 2)
        assert seen.lines[1].endswith("▸")
        await seen.press("l")
        assert seen.lines[1].startswith("    2 ◂890123")
        assert seen.title.endswith("column 9")
        for _ in range(40):
            seen.view.action_side(1)
        assert seen.lines[1].endswith("789")
        for _ in range(40):
            seen.view.action_side(-1)
        assert seen.lines[1].startswith("    2  01234")


async def test_a_build_without_steps(builds_dir, run_app, see):
    folder = builds_dir / "wharf-cmd-build-00007-abcd"
    folder.mkdir(parents=True)
    async with run_app(folder) as pilot:
        seen = see(pilot)
        await seen.until(lambda: any("This build has no steps" in line for line in seen.lines))
        await seen.press("tab", "j", "k", "G", "g", "1", "F", "t", "right_curly_bracket")
        log = folder / "steps" / "1" / "logs.log"
        log.parent.mkdir(parents=True)
        log.write_bytes(b"2024-02-03T10:00:01Z here now\n")
        await seen.until(lambda: "here now" in "".join(seen.lines))
        assert "step 1" in seen.title


def state(number: int, status: Status, finished_ns: int | None = None) -> StepState:
    info = StepInfo(StepId(number), "stage", f"step{number}")
    return replace(StepState(info), status=status, finished_ns=finished_ns)


def test_the_step_to_open_on():
    ok, bad, run, wait = Status.SUCCESS, Status.FAILED, Status.RUNNING, Status.PENDING
    assert opening_step(()) is None
    assert opening_step((state(1, wait), state(2, wait))) == 1
    assert opening_step((state(1, ok), state(2, run), state(3, run))) == 2
    assert opening_step((state(1, ok), state(2, ok), state(3, wait))) == 2
    assert opening_step((state(1, bad, 9), state(2, run), state(3, bad, 5))) == 3


async def test_the_build_is_followed_under_and_after_another_screen(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 5)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 5)
        screen = seen.screen
        await seen.press("question_mark")
        sample.count_to(1, 9, first=6)
        await seen.until(lambda: screen.pane.view.visible_rows == range(9))
        await seen.press("q")
        sample.count_to(1, 12, first=10)
        await seen.until(lambda: seen.messages[-1:] == ["line 12"])
