"""The place where a log goes on: against a model that knows the truth, for any cut and any repetition."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.runtimes.kubernetes.align import Alignment, align


@dataclass(frozen=True)
class Reading:
    """A log, what of it is stored, and what a later answer has of it."""

    log: list[int]
    stored_end: int
    window: int
    """How many of the stored lines are remembered."""
    begin: int
    """Where the answer begins: the log before it was rotated away, or not asked for."""
    end: int

    @property
    def stored(self) -> list[int]:
        return self.log[max(self.stored_end - self.window, 0) : self.stored_end]

    @property
    def answer(self) -> list[int]:
        return self.log[self.begin : self.end]

    @property
    def truth(self) -> int:
        return self.stored_end - self.begin


@st.composite
def readings(draw, lines=st.integers(0, 2)) -> Reading:
    log = draw(st.lists(lines, min_size=1, max_size=40))
    stored_end = draw(st.integers(0, len(log)))
    begin = draw(st.integers(0, len(log)))
    end = draw(st.integers(max(begin, stored_end), len(log)))
    return Reading(log, stored_end, draw(st.integers(1, 12)), begin, end)


@st.composite
def distinct_readings(draw) -> Reading:
    reading = draw(readings())
    order = draw(st.permutations(range(len(reading.log))))
    return Reading(list(order), reading.stored_end, reading.window, reading.begin, reading.end)


@given(distinct_readings())
def test_distinct_lines_are_found_for_every_cut(reading: Reading) -> None:
    found = align(reading.stored, reading.answer)
    if reading.truth > 0 and reading.stored:
        assert found == Alignment(reading.truth, proven=True)
    else:
        assert found is None


@given(readings())
def test_what_is_proven_is_true_and_nothing_is_stored_twice(reading: Reading) -> None:
    found = align(reading.stored, reading.answer)
    if reading.truth > 0 and reading.stored:
        assert found is not None
        assert found.position >= reading.truth
        assert not found.proven or found.position == reading.truth
    elif found is not None:  # lines repeat across a hole: equal lines look like an overlap
        assert found.position > 0


@given(readings())
def test_repeated_lines_are_exact_where_the_answer_begins_with_what_is_remembered(reading: Reading) -> None:
    begin = max(reading.stored_end - reading.window, 0)
    reading = Reading(reading.log, reading.stored_end, reading.window, begin, max(reading.end, begin))
    if reading.stored:
        assert align(reading.stored, reading.answer, complete=True) == Alignment(reading.truth, proven=True)


@given(readings(), st.data())
def test_overlaps_against_the_definition(reading: Reading, data: st.DataObject) -> None:
    """The chosen place is the best by the rule, computed the slow way."""
    answer = data.draw(st.lists(st.integers(0, 2), max_size=20))
    stored = reading.stored

    def overlap(place: int) -> int:
        count = 0
        while count < min(place, len(stored)) and answer[place - 1 - count] == stored[-1 - count]:
            count += 1
        return count

    overlaps = [overlap(place) for place in range(len(answer) + 1)]
    possible = [
        place
        for place in range(1, len(answer) + 1)
        if overlaps[place] and overlaps[place] == min(place, len(stored))
    ]
    found = align(stored, answer)
    if possible:
        best = max(possible, key=lambda place: (min(place, len(stored)), place))
        assert found == Alignment(best, proven=len(possible) == 1)
    elif any(overlaps):
        assert found is not None
        assert not found.proven
        assert overlaps[found.position] == max(overlaps)
    else:
        assert found is None


@pytest.mark.parametrize("cut", range(1, 200))
def test_one_time_for_all_lines_cut_after_every_line(cut: int) -> None:
    log = [hash(b"2024-01-01T00:00:00.000000000Z same")] * 200
    assert align(log[:cut], log, complete=True) == Alignment(cut, proven=True)


def test_a_line_that_came_in_between_is_told() -> None:
    assert align([1, 2, 4], [1, 2, 3, 4, 5]) == Alignment(4, proven=False)


def test_many_lines_that_repeat_take_no_time() -> None:
    found = align([7] * 4096, [7] * 200_000)
    assert found is not None
    assert not found.proven
    assert found.position == 200_000
