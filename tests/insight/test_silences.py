"""Silences against the plain way, and the samples on which they rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wharf_tui.insight import silences, time_map
from wharf_tui.insight.silences import Silence, Silences
from wharf_tui.insight.time_map import TimeMap
from wharf_tui.model.lines import encode_line
from wharf_tui.model.timestamps import NS
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter

MakeLog = Callable[..., LogReader]

steps = st.lists(
    st.tuples(st.integers(0, 8), st.booleans(), st.integers(0, 120)), max_size=60
)  # seconds since the line before, whether it has a time, bytes of the message
jumps = st.lists(st.tuples(st.integers(-8, 8), st.booleans(), st.integers(0, 120)), max_size=60)


@pytest.fixture(autouse=True)
def _short_stretches() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, size in (
            ("_SHORT_STRETCH", 64),
            ("_LONG_STRETCH", 256),
            ("_SHORT_UNTIL", 512),
            ("_HEAD", 40),
        ):
            patch.setattr(time_map, name, size)
        yield


def lines_of(drawn: list[tuple[int, bool, int]]) -> list[tuple[int | None, bytes]]:
    lines: list[tuple[int | None, bytes]] = []
    at_ns = 100 * NS
    for seconds, has_time, size in drawn:
        at_ns += seconds * NS
        lines.append((at_ns if has_time else None, b"x" * size))
    return lines


def naive(lines: list[tuple[int | None, bytes]], threshold_ns: int) -> list[Silence]:
    timed = [(number, at_ns) for number, (at_ns, _) in enumerate(lines, 1) if at_ns is not None]
    return [
        Silence(number, before, at_ns)
        for (_, before), (number, at_ns) in pairwise(timed)
        if at_ns - before >= threshold_ns
    ]


def work_off(work: Silences | TimeMap, budget: int = 1 << 20) -> None:
    for _ in range(100_000):
        if work.step(budget).is_done:
            return
    raise AssertionError("it does not end")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=steps, threshold=st.integers(1, 8), budget=st.integers(1, 3000))
def test_all_silences_are_found(
    make_log: MakeLog, drawn: list[tuple[int, bool, int]], threshold: int, budget: int
) -> None:
    lines = lines_of(drawn)
    log = make_log(b"".join(encode_line(at_ns, message) for at_ns, message in lines))
    found = Silences(TimeMap(log), threshold * NS)
    work_off(found, budget)
    assert found.found == naive(lines, threshold * NS)
    longest = sorted(found.found, key=lambda silence: -silence.duration_ns)
    assert [one.duration_ns for one in found.longest(3)] == [one.duration_ns for one in longest[:3]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=jumps, threshold=st.integers(1, 8))
def test_where_the_clock_jumps_what_is_found_is_true(
    make_log: MakeLog, drawn: list[tuple[int, bool, int]], threshold: int
) -> None:
    lines = lines_of(drawn)
    log = make_log(b"".join(encode_line(at_ns, message) for at_ns, message in lines))
    found = Silences(TimeMap(log), threshold * NS)
    work_off(found)
    true = naive(lines, threshold * NS)
    assert all(silence in true for silence in found.found)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=steps, cuts=st.lists(st.integers(0, 60), max_size=4))
def test_a_growing_log_ends_up_the_same(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[int, bool, int]], cuts: list[int]
) -> None:
    lines = lines_of(drawn)
    folder = tmp_path_factory.mktemp("log")
    writer, log = LogWriter(folder), LogReader(folder)
    found = Silences(TimeMap(log), 4 * NS)
    written = 0
    for stop in [*sorted(cuts), len(lines)]:
        writer.append_many(lines[written:stop])
        written = max(written, min(stop, len(lines)))
        log.refresh()
        work_off(found, 500)
        assert found.found == naive(lines[:written], 4 * NS)
    writer.close()
    log.close()


def test_too_many_silences_raise_the_threshold(make_log: MakeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silences, "MOST", 20)
    lines: list[tuple[int | None, bytes]] = []
    at_ns = 0
    for number in range(1, 301):
        at_ns += (1 + number % 10) * NS
        lines.append((at_ns, b"x"))
    log = make_log(b"".join(encode_line(at_ns, message) for at_ns, message in lines))
    found = Silences(TimeMap(log), NS)
    work_off(found)
    assert found.threshold_ns > NS
    assert len(found.found) <= 40
    assert all(silence in naive(lines, found.threshold_ns) for silence in found.found)


def test_a_log_without_times_has_no_silences(make_log: MakeLog) -> None:
    log = make_log(b"no time\n" * 2000)
    found = Silences(TimeMap(log), 1)
    work_off(found)
    assert found.found == []


def test_samples_lead_from_a_time_to_a_place(make_log: MakeLog) -> None:
    log = make_log(b"".join(encode_line(second * NS, b"x" * 30) for second in range(1, 200)))
    samples = TimeMap(log)
    assert samples.offset_at(5 * NS) == 0
    work_off(samples)
    at = samples.offset_at(100 * NS)
    (line,) = log.read(log.line_of(1 + log.read_raw(0, at).count(b"\n")), 1)
    assert line.at_ns is not None
    assert 90 * NS < line.at_ns <= 100 * NS
