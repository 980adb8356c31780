"""Moving over rows of several lines is moving over all lines written one under the other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.ui.row_walk import RowWalk

HEIGHTS = st.lists(st.integers(1, 5), min_size=1, max_size=12)


def all_lines(heights: list[int]) -> list[tuple[int, int]]:
    return [(row, part) for row, height in enumerate(heights) for part in range(height)]


@given(HEIGHTS, st.data(), st.integers(-60, 60))
def test_moves(heights: list[int], data: st.DataObject, lines: int) -> None:
    every = all_lines(heights)
    start = data.draw(st.integers(0, len(every) - 1))
    walk = RowWalk(len(heights), heights.__getitem__)
    assert walk.move(every[start], lines) == every[min(max(start + lines, 0), len(every) - 1)]


@given(HEIGHTS, st.integers(1, 30), st.data())
def test_screens(heights: list[int], height: int, data: st.DataObject) -> None:
    every = all_lines(heights)
    walk = RowWalk(len(heights), heights.__getitem__)
    assert walk.end(height) == every[max(len(every) - height, 0)]
    start = data.draw(st.integers(0, len(every) - 1))
    assert list(walk.lines(every[start], height)) == every[start : start + height]


@given(st.integers(0, 50), st.integers(0, 50), st.integers(-60, 60), st.integers(1, 30))
def test_rows_of_one_line_each(rows: int, start: int, lines: int, height: int) -> None:
    walk = RowWalk(rows)
    assert walk.move((start, 0), lines)[0] == (min(max(start + lines, 0), rows - 1) if rows else 0)
    assert walk.end(height) == (max(rows - height, 0), 0)
    assert len(list(walk.lines((0, 0), height))) == min(rows, height)
