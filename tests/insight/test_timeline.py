"""The row of a build's time."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.insight.time_map import TimeMap
from wharf_tui.insight.timeline import StepSpan, Timeline, spans, time_of_line, whole
from wharf_tui.model.build import StepInfo, StepState
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import encode_line
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS
from wharf_tui.results.log_reader import LogReader

MakeLog = Callable[..., LogReader]
ONE = StepId(1)


def sampled(log: LogReader) -> TimeMap:
    samples = TimeMap(log)
    while not samples.step(1 << 20).is_done:
        pass
    return samples


def state(
    step_id: int, status: Status, started: int | None, finished: int | None, *, skipped: bool = False
) -> StepState:
    return StepState(StepInfo(StepId(step_id), "s", "n"), status, started, finished, skipped=skipped)


@given(st.integers(-1000, 1000), st.integers(1, 10**12), st.integers(1, 300))
def test_columns_and_times_lead_to_each_other(start: int, length: int, columns: int) -> None:
    row = Timeline(start, start + length, columns)
    for column in {0, columns // 2, columns - 1}:
        if row.time_of(column) < row.time_of(column + 1):
            assert row.column_of(row.time_of(column)) == column
            assert row.column_of(row.time_of(column + 1) - 1) == column
    assert row.column_of(start - 5) == 0
    assert row.column_of(start + length + 5) == columns - 1
    assert row.time_of(0) == start
    assert row.time_of(columns) == start + length


def test_activity_is_where_the_lines_are(make_log: MakeLog) -> None:
    busy = [10 * NS + number * NS // 1000 for number in range(2000)]
    log = make_log(b"".join(encode_line(at_ns, b"x" * 40) for at_ns in [NS, *busy, 99 * NS]))
    activity = Timeline(0, 100 * NS, 100).activity(sampled(log))
    assert sum(activity) == log.size
    assert sum(activity[10:13]) > 0.9 * log.size
    assert activity[0] == 0


def test_a_small_log_has_a_shape_too(make_log: MakeLog) -> None:
    log = make_log(b"".join(encode_line(second * NS, b"x" * 9) for second in (1, 1, 1, 8, 9)))
    activity = Timeline(0, 10 * NS, 10).activity(sampled(log))
    assert sum(activity) == log.size
    assert activity[0] == 0
    assert max(activity) == activity[1]


def test_no_lines_are_no_activity(make_log: MakeLog) -> None:
    assert Timeline(0, 10, 5).activity(sampled(make_log(b""))) == [0] * 5


def test_spans_come_from_states_or_else_from_lines(make_log: MakeLog) -> None:
    log = make_log(b"".join(encode_line(second * NS, b"x" * 40) for second in range(5, 20)))
    maps = {StepId(number): sampled(log) for number in (2, 3)}
    steps = [
        state(1, Status.SUCCESS, 1 * NS, 4 * NS),
        state(2, Status.FAILED, None, None),
        state(3, Status.RUNNING, None, None),
        state(4, Status.PENDING, None, None),
        state(5, Status.CANCELLED, 2 * NS, 2 * NS, skipped=True),
    ]
    found = spans(steps, maps)
    assert found == [
        StepSpan(StepId(1), Status.SUCCESS, 1 * NS, 4 * NS),
        StepSpan(StepId(2), Status.FAILED, 5 * NS, 19 * NS),
        StepSpan(StepId(3), Status.RUNNING, 5 * NS, None),
    ]
    assert whole(found, 400 * NS, 80) == Timeline(1 * NS, 400 * NS, 80)
    assert whole([], 0, 80) is None


def test_the_playhead_knows_the_time_of_every_line(make_log: MakeLog) -> None:
    log = make_log(b"none\n" + encode_line(7 * NS, b"x") + b"none\n" * 200)
    assert [time_of_line(log, line) for line in (1, 2, 3, 202, 999)] == [None, *[7 * NS] * 4]
    assert time_of_line(make_log(b"none\n" * 10_000), 10_000) is None
