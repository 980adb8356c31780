"""Filters against the plain way: look at each line, then at its neighbours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wharf_tui.insight.levels import Level
from wharf_tui.insight.line_filter import FilterRules, LineFilter
from wharf_tui.insight.line_level import level_of
from wharf_tui.insight.pattern import Pattern, compile_pattern
from wharf_tui.model.lines import encode_line
from wharf_tui.model.timestamps import NS
from wharf_tui.results import layout
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter

MakeLog = Callable[..., LogReader]


def pattern(text: str) -> Pattern:
    compiled = compile_pattern(text, is_regex=True)
    assert isinstance(compiled, Pattern)
    return compiled


PATTERNS = [pattern(text) for text in ("a", "b", "^x", "c$", "zzz")]
some_patterns = st.lists(st.sampled_from(PATTERNS), max_size=2).map(tuple)
all_rules = st.builds(
    FilterRules,
    keep=some_patterns,
    drop=some_patterns,
    min_level=st.none() | st.sampled_from(Level),
    from_ns=st.none() | st.integers(0, 30).map(lambda second: second * NS),
    to_ns=st.none() | st.integers(0, 30).map(lambda second: second * NS),
    before=st.integers(0, 5),
    after=st.integers(0, 5),
)
messages = st.lists(
    st.sampled_from(
        ["a", "b", "x", "c", "ERROR: a", "WARN: x", "DEBUG: b", "INFO a", "\tat c", " a", "", "x c"]
    ),
    max_size=40,
)


def naive(lines: list[str], times: list[int], rules: FilterRules) -> list[int]:
    levels: list[Level | None] = []
    for line in lines:
        own = level_of(line.encode())
        is_tail = line.startswith((" ", "\t")) and own is None
        levels.append(levels[-1] if is_tail and levels else own)
    shown, hidden = set(), set()
    for index, (line, level, at) in enumerate(zip(lines, levels, times, strict=True)):
        kept = not rules.keep or any(has(line, one) for one in rules.keep)
        if any(has(line, one) for one in rules.drop):
            hidden.add(index)
        if at < (rules.from_ns or 0) or (rules.to_ns is not None and at >= rules.to_ns):
            hidden.add(index)
        if rules.min_level is not None and rules.min_level < Level.WARN and (level or 9) < rules.min_level:
            hidden.add(index)
        if kept and (
            rules.min_level is None or rules.min_level < Level.WARN or (level or 0) >= rules.min_level
        ):
            shown.add(index)
    near = {
        other
        for index in shown - hidden
        for other in range(max(index - rules.before, 0), min(index + rules.after + 1, len(lines)))
    }
    return [index + 1 for index in sorted(near - hidden)]


def has(line: str, one: Pattern) -> bool:
    line = line.lower()
    return (
        line.startswith("x")
        if one.text == "^x"
        else line.endswith("c")
        if one.text == "c$"
        else one.text in line
    )


def work_off(work: LineFilter, budget: int = 1 << 20) -> None:
    for _ in range(100_000):
        if work.step(budget).is_done:
            return
    raise AssertionError("it does not end")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=messages,
    rules=all_rules,
    budget=st.integers(1, 600),
    aim=st.integers(1, 45),
    backwards=st.booleans(),
    data=st.data(),
)
def test_it_shows_what_the_plain_way_shows(
    make_log: MakeLog,
    lines: list[str],
    rules: FilterRules,
    budget: int,
    aim: int,
    backwards: bool,
    data: st.DataObject,
) -> None:
    times = sorted(data.draw(st.lists(st.integers(1, 30), min_size=len(lines), max_size=len(lines))))
    times = [second * NS for second in times]
    log = make_log(b"".join(encode_line(at, line.encode()) for at, line in zip(times, lines, strict=True)))
    shown = LineFilter(log, rules)
    shown.aim(aim, backwards=backwards)
    work_off(shown, budget)
    assert list(shown.visible) == naive(lines, times, rules)
    assert shown.problem is None
    before, after = data.draw(st.tuples(st.integers(0, 6), st.integers(0, 6)))
    shown.set_context(before, after)
    assert list(shown.visible) == naive(lines, times, replace(rules, before=before, after=after))
    shown.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=messages, rules=all_rules, cuts=st.lists(st.integers(0, 40), max_size=3))
def test_a_growing_log_ends_up_the_same(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], rules: FilterRules, cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    times = [(number // 2 + 1) * NS for number in range(len(lines))]
    writer, log = LogWriter(folder), LogReader(folder)
    shown = LineFilter(log, rules)
    edges = [0, *sorted(cut for cut in cuts if cut < len(lines)), len(lines)]
    for start, stop in pairwise(edges):
        writer.append_many(
            [(at, line.encode()) for at, line in zip(times[start:stop], lines[start:stop], strict=True)]
        )
        log.refresh()
        work_off(shown, 100)
        known = lines[:stop]
        assert list(shown.visible) == naive(known, times[:stop], rules)
    writer.close()
    log.close()


def test_rows_and_lines_lead_to_each_other(make_log: MakeLog) -> None:
    log = make_log(b"".join(b"a\n" if number % 10 == 0 else b"b\n" for number in range(1, 101)))
    shown = LineFilter(log, FilterRules(keep=(pattern("a"),)))
    assert shown.nearest_row(50) is None
    work_off(shown)
    assert [shown.line_of_row(row) for row in (0, 4, 9, 10)] == [10, 50, 100, None]
    assert [shown.nearest_row(line) for line in (1, 50, 54, 56, 100, 500)] == [0, 4, 4, 5, 9, 9]


def test_what_is_near_is_shown_long_before_the_rest(make_log: MakeLog) -> None:
    log = make_log(b"".join(b"a %d\n" % number for number in range(100_000)))
    shown = LineFilter(log, FilterRules(keep=(pattern("9$"),)))
    shown.aim(50_000)
    assert not shown.step(5000).is_done
    assert shown.visible.next(1) == 50_000


def test_a_trace_belongs_to_its_error(make_log: MakeLog) -> None:
    data = b"INFO a\n\tx\nERROR b\n\tat c\n\tat d\nINFO e\n at f\n"
    shown = LineFilter(make_log(data), FilterRules(min_level=Level.ERROR))
    work_off(shown, 12)
    assert list(shown.visible) == [3, 4, 5]


def test_another_log_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / layout.LOG
    path.write_bytes(b"a\nb\na\na\n")
    log = LogReader(tmp_path)
    log.refresh()
    shown = LineFilter(log, FilterRules(keep=(pattern("a"),)))
    work_off(shown)
    path.write_bytes(b"b\na\n")
    log.refresh()
    work_off(shown)
    assert (list(shown.visible), shown.restarts) == ([2], 1)
    log.close()


def test_rules_that_hide_nothing() -> None:
    assert FilterRules(before=3).show_all
    assert not FilterRules(drop=(pattern("a"),)).show_all
