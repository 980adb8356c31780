"""Rows of the fast merge against the merge that says what the order is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wharf_tui.insight import fast_merge, running_times, step_items
from wharf_tui.insight.fast_merge import FastMerge, MergedRow
from wharf_tui.insight.line_set import LineSet
from wharf_tui.insight.merge import merge_steps, step_lines
from wharf_tui.model.build import StepInfo
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import Gap, GapKind, encode_line
from wharf_tui.model.timestamps import NS
from wharf_tui.results import layout
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter

MakeLog = Callable[..., LogReader]
ONE, TWO = StepId(1), StepId(2)
Fact = tuple[StepId, int | None, Gap | None]

times = st.none() | st.integers(-1, 12).map(lambda second: second * NS // 2)
forms = st.sampled_from(["ours", "theirs", "zone"])
gaps = st.sampled_from([None, None, None, None, GapKind.HOLE, GapKind.LOST_BEFORE_US])
entries = st.lists(st.tuples(times, forms, gaps), max_size=25)


def stored(at_ns: int | None, form: str, message: bytes) -> bytes:
    if at_ns is None or at_ns < 0 or form == "ours":
        return encode_line(at_ns, message)
    second, half = divmod(at_ns, NS)
    fraction = ".5" if half else ""
    zone = "Z" if form == "theirs" else "+00:00"
    return f"1970-01-01T00:00:{second:02d}{fraction}{zone} ".encode() + message + b"\n"


def write(folder: Path, lines: list[tuple[int | None, str, GapKind | None]]) -> LogReader:
    """A log with gaps, of which the store's own writer only knows its own form of times."""
    writer = LogWriter(folder)
    raw = b""
    for at_ns, form, gap in lines:
        writer.append(at_ns, b"m")
        raw += stored(at_ns, form, b"m")
        if gap is not None:
            writer.add_gap(gap, "why", missing=2 if gap is GapKind.HOLE else 0)
    writer.close()
    (folder / layout.LOG).write_bytes(raw)
    (folder / layout.INDEX).unlink(missing_ok=True)
    log = LogReader(folder)
    log.refresh()
    return log


def small_blocks(patch: pytest.MonkeyPatch, lines: int) -> None:
    for module in (fast_merge, running_times, step_items):
        patch.setattr(module, "BLOCK_LINES", lines)


def by_definition(logs: dict[StepId, LogReader]) -> list[Fact]:
    infos = {step_id: StepInfo(step_id, "s", "n") for step_id in logs}
    streams = [(infos[step_id], step_lines(infos[step_id], log, 10)) for step_id, log in logs.items()]
    return [
        (row.step.step_id, row.line.log_id if row.line else None, row.gap) for row in merge_steps(streams)
    ]


def facts(rows: list[MergedRow], logs: dict[StepId, LogReader]) -> list[Fact]:
    return [
        (row.step_id, None if row.gap else logs[row.step_id].log_id_of(row.line), row.gap) for row in rows
    ]


def work_off(merge: FastMerge, budget: int = 1 << 20) -> None:
    for _ in range(100_000):
        if merge.step(budget).is_done:
            return
    raise AssertionError("it does not end")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(entries, min_size=1, max_size=4),
    block=st.integers(1, 7),
    budget=st.integers(1, 500),
    window=st.integers(1, 9),
)
def test_the_order_is_the_one_that_merge_defines(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[list[tuple[int | None, str, GapKind | None]]],
    block: int,
    budget: int,
    window: int,
) -> None:
    logs = {StepId(n): write(tmp_path_factory.mktemp("step"), lines) for n, lines in enumerate(steps, 1)}
    expected = by_definition(logs)
    with pytest.MonkeyPatch.context() as patch:
        small_blocks(patch, block)
        merge = FastMerge(dict(reversed(logs.items())))
        work_off(merge, budget)
        assert merge.row_count == len(expected)
        rows = [row for first in range(0, len(expected), window) for row in merge.rows(first, window)]
        assert facts(rows, logs) == expected
        seen = dict.fromkeys(logs, 0)
        for number, row in enumerate(rows):
            assert merge.lines_before(number) == seen
            if row.gap is None:
                assert merge.row_of(row.step_id, row.line) == number
                seen[row.step_id] += 1
        assert merge.lines_before(len(rows)) == seen
    for log in logs.values():
        log.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(entries, min_size=1, max_size=3),
    shown=st.lists(st.sets(st.integers(1, 25)), min_size=3, max_size=3),
    block=st.integers(1, 7),
)
def test_only_some_lines(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[list[tuple[int | None, str, GapKind | None]]],
    shown: list[set[int]],
    block: int,
) -> None:
    logs = {StepId(n): write(tmp_path_factory.mktemp("step"), lines) for n, lines in enumerate(steps, 1)}
    visible = {step_id: set_of(lines) for step_id, lines in zip(logs, shown, strict=False)}
    with pytest.MonkeyPatch.context() as patch:
        small_blocks(patch, block)
        merge = FastMerge(logs)
        work_off(merge, 300)
        every = merge.rows(0, 1000)
        merge.show_only(visible)
        expected = [row for row in every if row.gap or row.line in visible[row.step_id]]
        assert merge.rows(0, 1000) == expected
        assert merge.row_count == len(expected)
        for number, row in enumerate(expected):
            if not row.gap:
                assert merge.row_of(row.step_id, row.line) == number
        merge.show_only(None)
        assert merge.rows(0, 1000) == every
    for log in logs.values():
        log.close()


def set_of(lines: set[int]) -> LineSet:
    found = LineSet()
    for line in lines:
        found.put(line, 1, 1)
    return found


@given(st.lists(st.tuples(st.sampled_from([ONE, TWO]), st.integers(0, 9), st.booleans()), max_size=40))
def test_growing_logs_end_up_in_the_same_order(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[StepId, int, bool]]
) -> None:
    folders = {step_id: tmp_path_factory.mktemp("step") for step_id in (ONE, TWO)}
    writers = {step_id: LogWriter(folder) for step_id, folder in folders.items()}
    logs = {step_id: LogReader(folder) for step_id, folder in folders.items()}
    with pytest.MonkeyPatch.context() as patch:
        small_blocks(patch, 3)
        merge = FastMerge(logs)
        for step_id, second, look in [*events, (ONE, 5, True)]:
            writers[step_id].append(second * NS, b"m")
            if look:
                for log in logs.values():
                    log.refresh()
                work_off(merge, 70)
                expected = by_definition(logs)
                assert facts(merge.rows(0, 1000), logs) == expected
    for step_id in (ONE, TWO):
        writers[step_id].close()
        logs[step_id].close()


def test_a_line_without_an_end_counts_and_grows(tmp_path: Path) -> None:
    path = tmp_path / layout.LOG
    path.write_bytes(b"1970-01-01T00:00:05Z a\n1970-01-01T00:00:09Z b")
    log = LogReader(tmp_path, take_unfinished_line=True)
    log.refresh()
    merge = FastMerge({ONE: log})
    work_off(merge)
    assert merge.row_count == 2
    with path.open("ab") as file:
        file.write(b"b\n1970-01-01T00:00:10Z c")
    log.refresh()
    work_off(merge)
    assert [row.line for row in merge.rows(0, 9)] == [1, 2, 3]
    assert merge.first_row_at(9 * NS) == 1
    log.close()


def test_lines_without_any_time_are_one_step_after_the_other(make_log: MakeLog) -> None:
    merge = FastMerge({ONE: make_log(b"a\n" * 3000), TWO: make_log(b"b\n" * 2000)})
    work_off(merge)
    assert merge.rows(2999, 2) == [MergedRow(ONE, 3000), MergedRow(TWO, 1)]
    assert merge.row_of(TWO, 2000) == 4999


def test_another_log_in_its_place(tmp_path: Path, make_log: MakeLog) -> None:
    path = tmp_path / layout.LOG
    path.write_bytes(b"1970-01-01T00:00:05Z a\n" * 4)
    log = LogReader(tmp_path)
    log.refresh()
    merge = FastMerge({ONE: log, TWO: make_log(b"1970-01-01T00:00:03Z b\n")})
    work_off(merge)
    path.write_bytes(b"1970-01-01T00:00:01Z a\n")
    log.refresh()
    work_off(merge)
    assert merge.restarts == 1
    assert merge.rows(0, 9) == [MergedRow(ONE, 1), MergedRow(TWO, 1)]
    log.close()


def test_a_step_joins_in_and_an_empty_one_is_nowhere(make_log: MakeLog) -> None:
    merge = FastMerge({TWO: make_log(b"1970-01-01T00:00:03Z b\n")})
    merge.add(ONE, make_log(b""))
    work_off(merge)
    assert merge.rows(0, 9) == [MergedRow(TWO, 1)]
    assert merge.row_of(ONE, 1) == 0
    assert merge.rows(5, 3) == []


def test_long_lines_are_not_read_to_order_them(make_log: MakeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_times, "_LARGEST_BLOCK", 1000)
    lines = b"".join(b"1970-01-01T00:00:%02dZ %s\n" % (second % 60, b"x" * 50) for second in range(600))
    log = make_log(lines)
    merge = FastMerge({ONE: log, TWO: make_log(lines)})
    work_off(merge, 3000)
    assert facts(merge.rows(0, 2000), {ONE: log, TWO: log}) == by_definition({ONE: log, TWO: log})
