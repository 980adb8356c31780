"""The list of steps: columns that fit, what steps wait for, and counts of lines and errors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region

from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS
from wharf_tui.ui import words
from wharf_tui.ui.widgets.step_list import StepList

START_NS = 1_707_000_000 * NS


def rows(seen, width: int) -> list[str]:
    steps = seen.screen.query_one(StepList)
    return [steps.row_content(row, width).plain.rstrip() for row in range(steps.row_count)]


@pytest.fixture
def counted(sample):
    sample.run(1)
    sample.count_to(1, 1200)
    sample.finish(1)
    sample.run(2)
    sample.print(2, b"fine", b"error: it broke", b"ERROR again", b"warning: no")
    sample.finish(2, Status.FAILED)
    sample.skip(3, "An earlier stage failed.")
    sample.end(Status.FAILED)
    return sample


async def test_lines_and_errors_of_all_steps_are_counted(counted, run_app, see):
    async with run_app(counted.path, size=(160, 40)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "2!" in rows(seen, 46)[2])
        assert rows(seen, 46) == [
            " ✗ build",
            f"   ✓ compile{'1,200      10.0s':>33}",
            f"   ✗ lint{'4  2!  10.0s':>36}",
            " ↷ test",
            "   ↷ unit",
        ]


async def test_columns_give_way_where_it_is_narrow(counted, run_app, see):
    async with run_app(counted.path, size=(160, 40)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "2!" in rows(seen, 46)[2])
        for width, has_lines, has_errors in ((46, True, True), (27, False, True), (20, False, False)):
            compile_row, lint_row = rows(seen, width)[1:3]
            assert ("1,200" in compile_row) == has_lines
            assert ("2!" in lint_row) == has_errors
            assert compile_row.endswith("10.0s") and len(compile_row) == width - 1
            assert "compile" in compile_row


async def test_what_a_step_waits_for_stands_below_it(sample, run_app, see):
    sample.writer.set_status(StepId(1), Status.SCHEDULING, at_ns=START_NS + 40 * NS, reason="pulling golang")
    sample.writer.set_status(StepId(2), Status.INITIALIZING, at_ns=START_NS + 70 * NS)
    async with run_app(sample.path, size=(100, 30)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(rows(seen, 40)) == 7)
        assert rows(seen, 40)[2] == "     pulling golang"
        assert rows(seen, 40)[4] == "     initializing"
        assert seen.screen.steps.can_stop_at(1) and not seen.screen.steps.can_stop_at(2)
        sample.run(1)
        await seen.until(lambda: len(rows(seen, 40)) == 6)


async def test_the_cursor_stays_on_its_step_while_rows_come_and_go(sample, run_app, see):
    sample.run(2)
    async with run_app(sample.path, size=(100, 30)) as pilot:
        seen = see(pilot)
        await seen.press("tab")
        await seen.until(lambda: seen.screen.steps.current == 2)
        sample.writer.set_status(StepId(1), Status.SCHEDULING, at_ns=START_NS, reason="no room")
        await seen.until(lambda: any("no room" in row for row in rows(seen, 40)))
        assert seen.screen.steps.current == 2


@given(st.integers(0, 10**20))
def test_a_count_never_takes_more_than_six_cells(number):
    assert len(words.count(number)) <= 6


@pytest.mark.parametrize(
    ("number", "told"),
    [
        *((0, "0"), (9_999, "9,999"), (10_000, "10.0k"), (18_250, "18.2k"), (99_949, "99.9k")),
        *(
            (99_950, "100k"),
            (999_499, "999k"),
            (999_500, "1.0M"),
            (12_345_678, "12.3M"),
            (2_000_000_000, "2.0G"),
        ),
    ],
)
def test_counts_as_people_read_them(number, told):
    assert words.count(number) == told


async def test_the_cursor_leaves_nothing_behind(counted, run_app, see):
    async with run_app(counted.path, size=(160, 40)) as pilot:
        seen = see(pilot)
        steps = seen.screen.query_one(StepList)
        whole = Region(0, 0, *steps.region.size)
        await seen.until(lambda: steps.region.height > 0)
        for key in ("1", "3", "2", "P", "x"):
            await seen.press(key)
            await pilot.pause(0.05)
            drawn = steps.render_lines(whole)
            steps._styles_cache.clear()
            assert drawn == steps.render_lines(whole)
