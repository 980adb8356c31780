"""Text files of others: their lines are messages as a whole, and their times are read in their own format."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest

from wharf_tui.insight.causes import find_causes
from wharf_tui.insight.fast_merge import FastMerge
from wharf_tui.insight.level_index import LevelIndex
from wharf_tui.insight.levels import Level
from wharf_tui.insight.line_filter import FilterRules, LineFilter
from wharf_tui.insight.pattern import Pattern, compile_pattern
from wharf_tui.insight.search import Search
from wharf_tui.insight.sections import FoldIndex
from wharf_tui.insight.silences import Silences
from wharf_tui.insight.slices import SlicedWork
from wharf_tui.insight.time_formats import find_time_format
from wharf_tui.insight.time_map import TimeMap
from wharf_tui.model.build import StepInfo, StepState
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS
from wharf_tui.results.text_file import TextFileReader

ONE, TWO = StepId(1), StepId(2)
ISO = b"""\
2026-11-23T21:56:29Z starting
2026-11-23T21:56:30Z ERROR: one
\tat x
\x1b[32m2026-11-23T21:56:31Z\x1b[0m green
2026-11-23T21:58:00Z later
"""
SLASHES = b"""\
2026/11/23 21:56:29 begin
2026/11/23 21:56:30 work
2026/11/23 21:59:00 end"""


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[dict[StepId, TextFileReader]]:
    made = {}
    for step_id, text in ((ONE, ISO), (TWO, SLASHES)):
        path = tmp_path / f"{step_id}.log"
        path.write_bytes(text)
        made[step_id] = TextFileReader(path, find_time_format(text, UTC))
        made[step_id].refresh()
    yield made
    for log in made.values():
        log.close()


def work_off(work: SlicedWork) -> None:
    for _ in range(1000):
        if work.step(100).is_done:
            return
    raise AssertionError("it does not end")


def pattern(text: str) -> Pattern:
    compiled = compile_pattern(text, is_regex=True)
    assert isinstance(compiled, Pattern)
    return compiled


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("2026", [1, 2, 4, 5]),
        ("^2026-11-23T21:56:3", [2, 4]),
        ("21:56:31Z green", [4]),
        (r"\A2026.*one", [2]),
        ("^starting", []),
        (" ", [1, 2, 3, 4, 5]),
        ("(?=2026)2026-11-23T21:58", [5]),
    ],
)
def test_what_stands_in_the_line_is_searched(
    logs: dict[StepId, TextFileReader], text: str, lines: list[int]
) -> None:
    search = Search(pattern(text), logs)
    work_off(search)
    search.close()
    assert list(search.hits(ONE)) == lines
    if text == "2026":
        assert list(search.hits(TWO)) == [1, 2, 3]


def test_levels_filter_folds_and_causes(logs: dict[StepId, TextFileReader]) -> None:
    index = LevelIndex(logs[ONE])
    work_off(index)
    assert list(index.errors) == [2]
    shown = LineFilter(logs[ONE], FilterRules(min_level=Level.ERROR))
    work_off(shown)
    assert list(shown.visible) == [2, 3]
    late = LineFilter(logs[ONE], FilterRules(from_ns=logs[ONE].read(5, 1)[0].at_ns))
    work_off(late)
    assert list(late.visible) == [5]
    folds = FoldIndex(logs[ONE])
    work_off(folds)
    assert folds.folds == []
    failed = StepState(StepInfo(ONE, "", "x"), Status.FAILED)
    assert find_causes([failed], logs)[0].line == 2


def test_times_are_read_in_the_format_of_the_file(logs: dict[StepId, TextFileReader]) -> None:
    merge = FastMerge(logs)
    work_off(merge)
    order = [(row.step_id, row.line) for row in merge.rows(0, 20)]
    assert order == [(1, 1), (2, 1), (1, 2), (1, 3), (2, 2), (1, 4), (1, 5), (2, 3)]
    silences = Silences(TimeMap(logs[ONE]), 10 * NS)
    work_off(silences)
    assert [(silence.before_line, silence.duration_ns) for silence in silences.found] == [(5, 89 * NS)]
