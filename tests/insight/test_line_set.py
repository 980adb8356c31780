"""A set of lines against Python's own set."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.insight.line_set import LineSet, bitset

LINES = 20_000
runs = st.lists(
    st.tuples(st.integers(1, LINES), st.integers(0, 2**80), st.integers(0, 5000)), min_size=1, max_size=12
)


def model_of(puts: list[tuple[int, int, int]]) -> tuple[LineSet, set[int]]:
    lines, model = LineSet(), set[int]()
    for first, bits, count in puts:
        lines.put(first, bits, count)
        model -= set(range(first, first + count))
        model |= {first + place for place in range(min(count, 81)) if bits >> place & 1}
    return lines, model


@given(runs, st.lists(st.integers(-3, LINES + 6000), max_size=20))
def test_it_is_a_set(puts: list[tuple[int, int, int]], questions: list[int]) -> None:
    lines, model = model_of(puts)
    assert len(lines) == len(model)
    assert list(lines) == sorted(model)
    for line in questions:
        assert (line in lines) == (line in model)
        assert lines.count_before(line) == sum(member < line for member in model)
        assert lines.next(line) == min((member for member in model if member >= line), default=None)
        assert lines.previous(line) == max((member for member in model if member <= line), default=None)


@given(runs)
def test_select_is_the_inverse_of_count_before(puts: list[tuple[int, int, int]]) -> None:
    lines, model = model_of(puts)
    assert [lines.select(rank) for rank in range(1, len(model) + 1)] == sorted(model)
    assert lines.select(0) is lines.select(len(model) + 1) is None


@given(runs, st.integers(1, LINES), st.integers(0, 3000))
def test_bits_come_out_as_they_went_in(puts: list[tuple[int, int, int]], first: int, count: int) -> None:
    lines, model = model_of(puts)
    assert lines.bits(first, count) == sum(
        1 << (line - first) for line in model if first <= line < first + count
    )


@given(runs, st.integers(1, 30))
def test_buckets_hold_all(puts: list[tuple[int, int, int]], buckets: int) -> None:
    lines, model = model_of(puts)
    last = max(model, default=1)
    counts = lines.per_bucket(last, buckets)
    assert len(counts) == buckets
    assert sum(counts) == len(model)


def test_every_line_of_ten_million_takes_little_memory() -> None:
    lines = LineSet()
    for first in range(1, 10_000_001, 1_000_000):
        lines.put(first, (1 << 1_000_000) - 1, 1_000_000)
    assert len(lines) == 10_000_000
    assert lines.select(7_654_321) == 7_654_321
    assert len(lines._bits) <= 1_250_000


def test_a_bitset_from_flags() -> None:
    assert bitset(b"") == 0
    assert bitset(b"\1\0\0\1") == 0b1001


def test_clearing() -> None:
    lines = LineSet()
    lines.put(5, 1, 1)
    lines.clear()
    assert len(lines) == 0
    assert lines.next(1) is None
