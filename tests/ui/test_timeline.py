"""The timeline: what its cells show, where its playhead stands, and that a click goes to that time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.insight.timeline import StepSpan, Timeline
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS
from wharf_tui.ui.settings import Settings
from wharf_tui.ui.timeline_cells import HEIGHTS, cells
from wharf_tui.ui.timeline_control import TimelineControl
from wharf_tui.ui.widgets.timeline_row import LABEL_CELLS

ONE, TWO = StepId(1), StepId(2)


def spans(draw_end: int = 10) -> list[StepSpan]:
    return [StepSpan(ONE, Status.SUCCESS, 0, draw_end), StepSpan(TWO, Status.FAILED, 5, 20)]


def test_cells_tell_whose_time_it_is_and_how_busy_it_was():
    found = cells(Timeline(0, 20, 4), spans(), {ONE: [100, 100, 0, 0], TWO: [0, 1, 0, 400]}, TWO)
    assert [cell.step_id for cell in found] == [ONE, TWO, TWO, TWO]
    assert [cell.in_front for cell in found] == [False, True, True, True]
    assert [cell.height for cell in found] == [5, 2, 1, 8]  # nothing printed is the lowest, a little is seen
    assert [cell.has_failure for cell in found] == [False, False, False, True]


def test_where_nobody_is_in_front_the_busiest_is():
    found = cells(Timeline(0, 20, 4), spans(), {ONE: [1, 1, 1, 0], TWO: [0, 9, 0, 9]}, None)
    assert [cell.step_id for cell in found] == [ONE, TWO, ONE, TWO]
    assert [cell.in_front for cell in found] == [
        True,
        False,
        True,
        False,
    ]  # so that one sees where the next begins


def test_time_in_which_no_step_ran_is_empty():
    apart = [StepSpan(ONE, Status.SUCCESS, 0, 4), StepSpan(TWO, Status.SUCCESS, 16, 20)]
    found = cells(Timeline(0, 20, 5), apart, {}, ONE)
    assert [cell.step_id for cell in found] == [ONE, ONE, None, None, TWO]
    assert found[2].height == 0


def test_a_step_that_ended_at_the_beginning_of_time_runs_no_more():
    assert [
        cell.step_id for cell in cells(Timeline(0, 9, 2), [StepSpan(ONE, Status.SUCCESS, 0, 0)], {}, ONE)
    ] == [
        ONE,
        None,
    ]


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=1, max_size=8),
    st.integers(1, 40),
    st.data(),
)
def test_every_cell_within_a_span_is_its_own_and_no_other_is(ends, columns, data):
    ran = [
        StepSpan(StepId(index), Status.SUCCESS, min(pair), max(pair)) for index, pair in enumerate(ends, 1)
    ]
    timeline = Timeline(0, 1001, columns)
    activity = {
        span.step_id: data.draw(st.lists(st.integers(0, 10**12), min_size=columns, max_size=columns))
        for span in ran
    }
    found = cells(timeline, ran, activity, ONE)
    assert len(found) == columns
    for column, cell in enumerate(found):
        there = {
            span.step_id
            for span in ran
            if timeline.column_of(span.start_ns) <= column <= timeline.column_of(span.end_ns or 0)
        }
        assert (cell.step_id in there) if there else (cell.step_id is None)
        assert cell.in_front == (ONE in there)
        assert 0 <= cell.height < len(HEIGHTS)


@pytest.fixture
def three(sample):
    """Steps that take 10 s each, at 1, 2 and 3 s; the lines of the first come once a second."""
    start = 1_707_000_000 * NS
    for step in (1, 2, 3):
        sample.run(step)
    log = sample.writer.log(StepId(1))
    log.append_many([(start + (1 + index) * NS, b"line %d" % (index + 1)) for index in range(10)])
    sample.count_to(2, 5)
    for step in (1, 2, 3):
        sample.finish(step, Status.FAILED if step == 2 else Status.SUCCESS)
    sample.end(Status.FAILED)
    return sample


def control(seen) -> TimelineControl:
    found = seen.screen.control(TimelineControl)
    assert isinstance(found, TimelineControl)
    return found


async def shown(seen) -> None:
    """Wait until the timeline has cells."""
    await seen.until(lambda: any(sign in control(seen).row.text for sign in HEIGHTS[1:]))


async def test_it_shows_by_itself_where_there_is_room(three, run_app, see):
    async with run_app(three.path, size=(100, 30)) as pilot:
        seen = see(pilot)
        await shown(seen)
        assert control(seen).row.region.y == 1
        assert "12.0s" in control(seen).row.text  # from 1 s to 13 s


@pytest.mark.parametrize(
    ("size", "settings"), [((100, 29), Settings()), ((100, 40), Settings(timeline=False))]
)
async def test_elsewhere_a_key_brings_it_and_takes_it_away(three, run_app, see, size, settings):
    async with run_app(three.path, size=size, settings=settings) as pilot:
        seen = see(pilot)
        await seen.until(lambda: len(seen.messages) > 0)
        assert not control(seen).row.display
        await seen.press("T")
        await shown(seen)
        await seen.press("T")
        assert not control(seen).row.display


async def test_the_playhead_goes_with_the_log_and_a_click_moves_the_log(three, run_app, see):
    async with run_app(three.path, size=(80, 30)) as pilot:
        seen = see(pilot)
        await seen.press("1", "g")
        await shown(seen)
        row = control(seen).row
        await seen.until(lambda: row.text.startswith("   +0.0s ┃"))
        middle = LABEL_CELLS + row.columns * 6 // 12
        await pilot.click(row, offset=(middle, 0))
        await seen.until(lambda: row.text[middle] == "┃")
        assert seen.screen.here is not None
        assert (seen.screen.here.step_id, seen.screen.here.log_id) == (1, 7)  # it was printed after 6 s
        await seen.press("greater_than_sign")
        assert seen.screen.here.log_id == 8
        await seen.press("less_than_sign")
        await seen.until(lambda: seen.screen.here is not None and seen.screen.here.log_id == 8)


async def test_a_time_at_which_the_shown_step_did_not_run_goes_to_one_that_did(three, run_app, see):
    async with run_app(three.path, size=(80, 30)) as pilot:
        seen = see(pilot)
        await seen.press("3")
        await shown(seen)
        await pilot.click(control(seen).row, offset=(LABEL_CELLS, 0))
        await seen.until(lambda: "build/compile" in seen.title)
        assert seen.screen.here is not None and seen.screen.here.log_id == 1


async def test_a_click_beside_the_time_is_its_first_or_last_moment(three, run_app, see):
    async with run_app(three.path, size=(80, 30)) as pilot:
        seen = see(pilot)
        await seen.press("1")
        await shown(seen)
        await pilot.click(control(seen).row, offset=(0, 0))
        await seen.until(lambda: seen.screen.here is not None and seen.screen.here.log_id == 1)


async def test_logs_without_times_say_so(run_app, see, tmp_path):
    from wharf_tui.results.files_reader import FilesReader
    from wharf_tui.ui.feed import StoreFeed

    for name in ("a.log", "b.log"):
        (tmp_path / name).write_bytes(b"no time\n" * 5)
    feed = StoreFeed(FilesReader([tmp_path / "a.log", tmp_path / "b.log"]))
    async with run_app(feed, size=(80, 30)) as pilot:
        seen = see(pilot)
        await seen.until(lambda: "No line has a time" in control(seen).row.text)


async def test_a_running_build_grows_to_the_right(sample, run_app, see):
    sample.run(1)
    sample.count_to(1, 3)
    sample.run(2)
    async with run_app(sample.path, size=(80, 30)) as pilot:
        seen = see(pilot)
        await shown(seen)
        assert "1m39s" in control(seen).row.text  # the clock of these tests stands at 100 s
        start = 1_707_000_000 * NS
        for second, count in ((50, 500), (90, 30)):
            sample.writer.log(StepId(2)).append_many([(start + second * NS, b"more")] * count)
        await seen.press("2")  # its end is in sight, and with it the playhead
        await seen.until(lambda: HEIGHTS[8] in control(seen).row.text)
