"""All steps merged: the order, the places that hold while logs grow, and the way from line to line, against plain lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wharf_tui.insight.line_filter import FilterRules, LineFilter
from wharf_tui.insight.line_set import LineSet
from wharf_tui.insight.pattern import Pattern, compile_pattern
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import GapKind, LogLine
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter
from wharf_tui.ui import line_walk
from wharf_tui.ui.log_document import LogDocument
from wharf_tui.ui.merged_document import MergedDocument
from wharf_tui.ui.row_document import RowDocument
from wharf_tui.ui.rows import RowMark

ALL = 1 << 40
START = 1_700_000_000 * 10**9


@dataclass
class Step:
    """A step that is written, and what is known of it."""

    writer: LogWriter
    document: LogDocument
    times: list[int] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    filter: LineFilter | None = None

    def append(self, lines: list[tuple[int, bytes]]) -> None:
        self.writer.append_many([(START + at, message) for at, message in lines])
        self.times += [START + at for at, _ in lines]
        self.messages += [message for _, message in lines]

    def gap(self, missing: int) -> None:
        kind = GapKind.HOLE if missing else GapKind.LOST_BEFORE_US
        self.writer.add_gap(kind, f"gone {len(self.gaps)}", missing=missing)
        self.gaps.append(len(self.messages))


class Steps:
    """Several steps and their merge."""

    def __init__(self, folder: Path, count: int = 3) -> None:
        self.steps: dict[StepId, Step] = {}
        self._folder = folder
        for number in range(1, count + 1):
            self.new_step(number)
        self.merged = MergedDocument({step_id: step.document for step_id, step in self.steps.items()})
        self.needle: bytes | None = None
        self.look()

    def new_step(self, number: int) -> Step:
        writer = LogWriter(self._folder / str(number))
        step = Step(writer, LogDocument(LogReader(writer.step_dir), StepId(number)))
        self.steps[StepId(number)] = step
        return step

    def look(self) -> None:
        while True:
            self.merged.refresh(ALL)
            working = [
                step.filter
                for step in self.steps.values()
                if step.filter is not None and not step.filter.step(ALL).is_done
            ]
            self.merged.version += 1
            if not working and not self.merged.is_behind:
                break

    def show_only(self, needle: bytes | None) -> None:
        self.needle = needle
        for step in self.steps.values():
            step.filter = None
            if needle is not None:
                pattern = compile_pattern(needle.decode(), is_regex=False)
                assert isinstance(pattern, Pattern)
                step.filter = LineFilter(step.document.log, FilterRules(keep=(pattern,)))
        self.merged.show_only(
            None
            if needle is None
            else {step_id: step.filter for step_id, step in self.steps.items() if step.filter is not None}
        )
        self.look()

    @property
    def expected(self) -> list[tuple[int, int, bool]]:
        """Step, line, and whether it is the gap behind that line."""
        keyed: list[tuple[tuple[int, int, int], tuple[int, int, bool]]] = []
        for step_id, step in self.steps.items():
            latest = 0
            for line in range(len(step.messages) + 1):
                latest = max(latest, step.times[line - 1] if line else 0)
                is_kept = self.needle is None or (line > 0 and self.needle in step.messages[line - 1])
                if line and is_kept:
                    keyed.append(((latest, step_id, len(keyed)), (step_id, line, False)))
                keyed += [
                    ((latest, step_id, len(keyed) + number), (step_id, line, True))
                    for number in range(step.gaps.count(line))
                ]
        return [item for _, item in sorted(keyed)]

    @property
    def shown(self) -> list[tuple[int, int, bool]]:
        return [self.item(row) for row in range(self.merged.row_count)]

    def item(self, row: int) -> tuple[int, int, bool]:
        mark = self.merged.mark_of(row)
        assert mark is not None
        shown = self.merged.row(row)
        assert self.merged.extra_of(row).step_id == mark.step_id
        if not mark.behind:
            assert isinstance(shown, LogLine)
            assert shown.message == self.steps[mark.step_id].messages[mark.line - 1]
            address = self.merged.address_of(row)
            assert address is not None
            assert (address.step_id, address.log_id) == (mark.step_id, shown.log_id)
        else:
            assert not isinstance(shown, LogLine)
            assert self.merged.address_of(row) is None
        return mark.step_id, mark.line, bool(mark.behind)

    def close(self) -> None:
        for step in self.steps.values():
            step.writer.close()
            step.document.log.close()


LINES = st.lists(st.tuples(st.integers(0, 12), st.sampled_from([b"a", b"b", b"ab"])), min_size=1, max_size=30)
CHANGE = st.one_of(
    st.tuples(st.just("append"), st.integers(1, 3), LINES),
    st.tuples(st.just("gap"), st.integers(1, 3), st.integers(0, 2)),
    st.tuples(st.just("filter"), st.just(0), st.sampled_from([b"a", b"b", b"ab", b"c"])),
    st.tuples(st.just("all"), st.just(0), st.none()),
    st.tuples(st.just("new"), st.just(0), LINES),
)


def change(steps: Steps, what: str, step: int, value: object) -> None:
    if what == "append":
        steps.steps[StepId(step)].append(value)  # type: ignore[arg-type]
    elif what == "gap":
        steps.steps[StepId(step)].gap(value)  # type: ignore[arg-type]
    elif what == "new":
        made = steps.new_step(len(steps.steps) + 1)
        made.append(value)  # type: ignore[arg-type]
        steps.merged.add(made.document)
        steps.look()
        if steps.needle is not None:
            steps.show_only(steps.needle)
    else:
        steps.show_only(value)  # type: ignore[arg-type]
    steps.look()


@settings(max_examples=150, deadline=None)
@given(changes=st.lists(CHANGE, min_size=1, max_size=8), at=st.integers(0, 1000))
def test_the_order_holds_and_so_does_every_place_through_all_changes(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, int, object]], at: int
) -> None:
    steps = Steps(tmp_path_factory.mktemp("build"))
    for what, step, value in changes:
        held = {
            (*steps.item(row), mark.behind): mark
            for row in range(steps.merged.row_count)
            if (mark := steps.merged.mark_of(row)) is not None
        }
        change(steps, what, step, value)
        shown = steps.shown
        assert shown == steps.expected
        for row in range(len(shown)):
            mark = steps.merged.mark_of(row)
            assert mark is not None
            assert steps.merged.row_of_mark(mark) == row
        for (*item, _), old in held.items():
            if tuple(item) in shown:
                row = steps.merged.row_of_mark(old)
                assert shown[row] == tuple(item)
                assert steps.merged.mark_of(row) == old
        rows = range(at % (len(shown) + 1), min(at % (len(shown) + 1) + at % 150, len(shown)))
        copied = [(step_id, line.message) for step_id, line in steps.merged.whole_lines(rows, 100)]
        assert copied == [
            (step_id, steps.steps[StepId(step_id)].messages[line - 1])
            for step_id, line, is_gap in shown[rows.start : rows.stop]
            if not is_gap
        ]
    steps.close()


@settings(max_examples=100, deadline=None)
@given(
    changes=st.lists(CHANGE, min_size=1, max_size=5),
    wanted=st.lists(st.sets(st.integers(1, 40)), min_size=4, max_size=4),
    height=st.integers(1, 30),
    single=st.booleans(),
    needle=st.sampled_from([None, b"a", b"b"]),
)
def test_walking_over_rows_is_as_looking_at_each(
    tmp_path_factory: pytest.TempPathFactory,
    changes: list[tuple[str, int, object]],
    wanted: list[set[int]],
    height: int,
    single: bool,
    needle: bytes | None,
) -> None:
    steps = Steps(tmp_path_factory.mktemp("build"))
    for what, step, value in changes:
        change(steps, what, step, value)
    steps.show_only(needle)
    sets: dict[StepId, LineSet] = {}
    for (step_id, known), lines in zip(steps.steps.items(), wanted, strict=False):
        sets[step_id] = LineSet()
        for line in lines:
            if line <= len(known.messages):
                sets[step_id].put(line, 1, 1)
    document: RowDocument = steps.merged
    if single:
        first = steps.steps[StepId(1)]
        if first.filter is not None:
            first.document.show_only(first.filter)
        document = first.document
    marks = [document.mark_of(row) for row in range(document.row_count)]
    fits = [
        mark is not None and not mark.behind and mark.step_id in sets and mark.line in sets[mark.step_id]
        for mark in marks
    ]
    for row in range(-1, document.row_count + 1):
        below = [other for other in range(row + 1, len(fits)) if fits[other]]
        assert line_walk.next_row(document, sets, row) == (below[0] if below else None)
        above = [other for other in range(min(row, len(fits))) if fits[other]]
        found = line_walk.next_row(document, sets, row, backwards=True)
        assert found == (above[-1] if above else None)
    if steps.needle is None:
        ranks = [line_walk.rank_of(document, sets, row) if fits[row] else None for row in range(len(fits))]
        assert [rank for rank in ranks if rank is not None] == list(range(1, sum(fits) + 1))
        if any(fits):
            edges = [min(len(fits) * cell // height, len(fits)) for cell in range(height + 1)]
            bar = tuple(any(fits[start:stop]) for start, stop in pairwise(edges))
            assert line_walk.marks(document, sets, height) == bar
    steps.close()


def test_a_mark_of_a_step_that_is_not_here_is_the_first_row(tmp_path: Path) -> None:
    steps = Steps(tmp_path)
    steps.steps[StepId(1)].append([(1, b"a")])
    steps.look()
    assert steps.merged.row_of_mark(RowMark(StepId(9), 3)) == 0
    assert not steps.merged.is_shown(StepId(9), 3)
    steps.close()
