"""The line that was asked for is shown, now or when it comes; where one was is known at the end."""

from __future__ import annotations

import pytest

from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.lines import Gap, GapKind
from wharf_tui.model.status import Status
from wharf_tui.results import layout
from wharf_tui.results.gap_file import write_gaps
from wharf_tui.ui.place_control import PlaceControl
from wharf_tui.ui.rows import Address


def at(step: int, line: int) -> Address:
    return Address(StepId(step), LogId(line))


def said(pilot) -> str:
    return "\n".join(notification.message for notification in pilot.app._notifications)


async def test_a_stored_build_opens_at_the_line(sample, run_app, see):
    for step in (1, 2):
        sample.run(step)
        sample.count_to(step, 500)
        sample.finish(step, Status.FAILED)
    sample.end(Status.FAILED)
    async with run_app(sample.path, at=at(2, 250)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.screen.here == at(2, 250))
        assert "line 250" in seen.messages
        assert not seen.view.follow
        await seen.until(lambda: pilot.app.trail.last is not None and pilot.app.trail.last.at == at(2, 250))


async def test_a_line_that_has_not_come_is_shown_when_it_comes(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 100)
    async with run_app(sample.path, at=at(1, 150)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "1:150 has not come yet; it is shown when it does." in said(pilot))
        sample.count_to(1, 149, first=101)
        await seen.until(lambda: "line 149" in seen.messages)
        assert seen.view.follow
        sample.count_to(1, 151, first=150)
        await seen.until(lambda: seen.screen.here == at(1, 150))
        sample.count_to(1, 400, first=152)
        await seen.until(lambda: "+249 new" in seen.status)
        assert "line 150" in seen.messages


async def test_who_has_gone_elsewhere_is_not_taken_away(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 100)
    async with run_app(sample.path, at=at(1, 150)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "has not come yet" in said(pilot))
        await seen.press("g")
        await seen.until(lambda: "it is not waited for" in said(pilot))
        sample.count_to(1, 200, first=101)
        await seen.until(lambda: "+100 new" in seen.status)
        assert seen.messages[0] == "line 1"


async def test_escape_ends_the_waiting(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 100)
    async with run_app(sample.path, at=at(1, 150)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "has not come yet" in said(pilot))
        await seen.press("escape")
        await seen.until(lambda: "not waited for any more" in said(pilot))
        sample.count_to(1, 200, first=101)
        await seen.until(lambda: "line 200" in seen.messages)
        assert seen.view.follow


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (at(9, 1), "this build has no step 9. Its steps are: 1, 2, 3."),
        (at(1, 9999), "1:9999 is not there: the step has 10 lines."),
        (at(2, 1), "2:1 is not there: the step has no lines."),
    ],
)
async def test_what_is_not_there_is_said(wanted, expected, sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 10)
    sample.finish(1)
    sample.end(Status.SUCCESS)
    async with run_app(sample.path, at=wanted) as pilot:
        seen = see(pilot)
        await seen.until(lambda: expected in said(pilot))
        assert pilot.app.is_running


async def test_a_line_that_is_missing_shows_where_it_would_be(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 100)
    write_gaps(
        layout.step_dir(sample.path, StepId(1)) / layout.GAPS, (Gap(GapKind.HOLE, LogId(50), 10, "lost"),)
    )
    sample.finish(1)
    sample.end(Status.SUCCESS)
    async with run_app(sample.path, at=at(1, 55)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "1:55 is one of the lines that are missing." in said(pilot))
        assert seen.screen.here == at(1, 61)
        assert any("lines 51-60 missing" in line for line in seen.lines)


async def test_at_the_end_there_is_no_place_to_come_back_to(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 100)
    async with run_app(sample.path) as pilot:
        seen = see(pilot)
        await seen.until(lambda: seen.messages[-1:] == ["line 100"])
        seen.screen.control(PlaceControl).show()
        assert pilot.app.trail.last is not None
        assert pilot.app.trail.last.at is None
        await seen.press("g")
        await seen.until(lambda: pilot.app.trail.last.at == at(1, 1))
