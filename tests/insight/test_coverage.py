"""Covered ranges against a set of offsets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.insight.coverage import Coverage

ranges = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=8)


@given(ranges, st.integers(0, 90), st.integers(0, 90))
def test_it_is_a_set_of_offsets(added: list[tuple[int, int]], at: int, limit: int) -> None:
    coverage, model = Coverage(), set[int]()
    for start, length in added:
        coverage.add(start, start + length)
        model |= set(range(start, start + length))
    assert coverage.size == len(model)
    assert coverage.covers(at, limit) == model.issuperset(range(at, limit))
    gap = coverage.gap_after(at, limit)
    free = [offset for offset in range(at, limit) if offset not in model]
    if not free:
        assert gap is None
    else:
        assert gap is not None
        assert gap[0] == free[0]
        assert gap[1] == min([limit, *(offset for offset in model if offset > free[0])])
    before = coverage.gap_before(at)
    free = [offset for offset in range(at) if offset not in model]
    if not free:
        assert before is None
    else:
        assert before is not None
        assert before[1] == free[-1] + 1
        assert before[0] == max([offset + 1 for offset in model if offset < free[-1]], default=0)
