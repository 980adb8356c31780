"""Following the end of a log, stopping, and how nothing moves once one has stopped."""

from __future__ import annotations

import pytest

from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.ui import log_document
from wharf_tui.ui.goto_control import GotoControl


async def test_the_end_stays_in_sight_while_lines_come(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 10)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages == [f"line {n}" for n in range(1, 11)])
        assert seen.status == "10 lines so far  FOLLOW"
        sample.count_to(1, 500, first=11)
        await seen.until(lambda: seen.messages[-1:] == ["line 500"])
        height = seen.view.size.height
        assert seen.messages == [f"line {n}" for n in range(501 - height, 501)]
        assert seen.status == "500 lines so far  FOLLOW"


@pytest.mark.parametrize("key", ["k", "up", "ctrl+u", "pageup", "b", "g", "home"])
async def test_any_move_up_stops_following_and_nothing_moves_after(key, sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 300)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 300"])
        await seen.press(key)
        held = seen.lines
        assert not seen.view.follow
        assert seen.status == "300 lines so far  paused — G"
        sample.count_to(1, 1504, first=301)
        await seen.until(lambda: seen.status.endswith("+1,204 new — G"))
        assert [line.split()[-1] for line in held] == [line.split()[-1] for line in seen.lines]
        await seen.press("G")
        assert seen.messages[-1] == "line 1504"
        assert seen.status == "1,504 lines so far  FOLLOW"


async def test_the_wheel_up_stops_following(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 300)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 300"])
        await pilot._post_mouse_events([_wheel_up()], seen.view)
        assert not seen.view.follow
        assert seen.messages[-1] == "line 297"


def _wheel_up():
    from textual.events import MouseScrollUp

    return MouseScrollUp


async def test_coming_down_to_the_end_follows_again(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 100)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 100"])
        await seen.press("k", "k")
        assert not seen.view.follow
        await seen.press("j")
        assert not seen.view.follow
        await seen.press("j")
        assert seen.view.follow


async def test_a_taller_terminal_keeps_the_end(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 300)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 300"])
        for size in ((80, 50), (120, 20), (80, 24)):
            await pilot.resize_terminal(*size)
            await seen.until(lambda: seen.messages[-1:] == ["line 300"])
            assert seen.view.follow


async def test_a_held_place_stays_when_the_terminal_changes(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 300)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 300"])
        await seen.press("g")
        await pilot.resize_terminal(80, 40)
        await pilot.pause()
        assert not seen.view.follow
        assert seen.messages[0] == "line 1"


async def test_each_step_keeps_its_place(sample, run_app, see):
    sample.run(1)
    sample.run(2)
    sample.count_to(1, 200)
    sample.count_to(2, 90)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 200"])
        await seen.press("g")
        await seen.press("right_curly_bracket")
        await seen.until(lambda: seen.messages[-1:] == ["line 90"])
        sample.count_to(1, 207, first=201)
        await seen.press("left_curly_bracket")
        await seen.until(lambda: seen.messages[:1] == ["line 1"])
        await seen.until(lambda: seen.status.endswith("+7 new — G"))


async def test_gaps_have_rows_of_their_own(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 3)
    sample.writer.log(StepId(1)).add_gap(GapKind.HOLE, "connection lost", missing=3)
    sample.count_to(1, 8, first=7)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) == 6)
        assert [line.split()[0] for line in seen.lines[:3] + seen.lines[4:6]] == ["1", "2", "3", "7", "8"]
        assert " lines 4-6 missing: connection lost " in seen.lines[3]
        assert seen.status.startswith("lines 4-6 missing: connection lost")


@pytest.fixture
def uncounted(sample, monkeypatch):
    """A build with a log without an index, which is counted slowly until its fixture says otherwise."""
    monkeypatch.setattr("wharf_tui.ui.slices._SMALLEST", 4096)
    monkeypatch.setattr("wharf_tui.ui.slices._LARGEST", 4096)
    monkeypatch.setattr(log_document, "TAIL_LINES", 200)
    sample.run(1)
    for first in range(1, 60_000, 5000):
        sample.count_to(1, first + 4999, first=first)
    sample.finish(1, Status.SUCCESS)
    sample.end(Status.SUCCESS)
    (sample.path / "steps" / "1" / "logs.index").unlink()
    return sample


async def test_the_end_of_a_large_log_is_there_at_once_and_gets_its_numbers_without_a_jump(
    uncounted, run_app, see, monkeypatch
):
    async with run_app(uncounted.path) as pilot:
        seen = see(pilot)
        seen.screen._budget.bytes = 4096
        await seen.until(lambda: seen.messages[-1:] == ["line 60000"])
        assert seen.lines[-1].split()[0] == "·"
        assert "counting lines" in seen.status
        await seen.press("pageup")
        held = seen.messages
        monkeypatch.setattr("wharf_tui.ui.slices._LARGEST", 1 << 20)
        await seen.until(lambda: seen.status.startswith("1-60,000 complete"))
        assert seen.messages == held
        assert seen.lines[0].split()[0] == held[0].split()[1]
        assert not seen.view.follow


@pytest.mark.parametrize("then", ["", "pageup", "escape"])
async def test_where_somebody_wants_to_go_while_lines_are_counted_is_gone_to_later(
    then, uncounted, run_app, see, monkeypatch
):
    async with run_app(uncounted.path) as pilot:
        seen = see(pilot)
        seen.screen._budget.bytes = 4096
        await seen.until(lambda: seen.messages[-1:] == ["line 60000"])
        assert seen.screen.control(GotoControl).go("30000") == ""
        assert seen.view.document.is_counting
        await seen.press(*filter(None, [then]))
        monkeypatch.setattr("wharf_tui.ui.slices._LARGEST", 1 << 20)
        if then:
            await seen.until(lambda: seen.status.startswith("1-60,000 complete"))
            await pilot.pause(0.2)
            assert "line 30000" not in seen.messages
        else:
            await seen.until(lambda: "line 30000" in seen.messages)
            assert seen.screen.here.log_id == 30_000
