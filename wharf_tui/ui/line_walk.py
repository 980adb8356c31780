"""From one line of a set to the next among the rows that are shown, and where in all rows such lines are."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from wharf_tui.insight.line_set import LineSet
from wharf_tui.model.ids import StepId
from wharf_tui.ui.merged_document import MergedDocument
from wharf_tui.ui.row_document import RowDocument

_MOST_HIDDEN: Final = 5000
"""Lines that are passed over before one gives up."""


def next_row(
    document: RowDocument, sets: Mapping[StepId, LineSet], row: int, *, backwards: bool = False
) -> int | None:
    """The row of ``next_line``: for a line that is folded away that of what is shown in its place.

    Raises:
        InputError: a log cannot be read.
    """
    found = next_line(document, sets, row, backwards=backwards)
    return None if found is None else document.row_of(*found)


def next_line(
    document: RowDocument, sets: Mapping[StepId, LineSet], row: int, *, backwards: bool = False
) -> tuple[StepId, int] | None:
    """The nearest line of these sets behind a row, or before it, that no filter hides, with its step; it may be folded.

    Args:
        document: the rows.
        sets: lines, by step; those of steps that the document does not show do not count.
        row: from 0; -1 finds the first one, the number of rows backwards the last one.
        backwards: look up instead of down.

    Raises:
        InputError: a log cannot be read.
    """
    if document.is_counting:
        return None
    if isinstance(document, MergedDocument):
        return _next_merged(document, sets, row, backwards=backwards)
    inside = min(max(row, 0), document.row_count - 1)
    mark = document.mark_of(inside)
    if mark is None or mark.step_id not in sets:
        return None
    above = mark.line if mark.behind or not backwards else mark.line - 1
    if row != inside:
        above = 0 if row < 0 else document.line_count
    line = _next_kept(document, mark.step_id, sets[mark.step_id], above, backwards=backwards)
    return None if line is None or line > document.line_count else (mark.step_id, line)


def _next_merged(
    document: MergedDocument, sets: Mapping[StepId, LineSet], row: int, *, backwards: bool
) -> tuple[StepId, int] | None:
    above = document.lines_before(max(row, 0) if backwards else row + 1)
    known = document.lines_before(document.row_count)
    found: list[tuple[int, StepId, int]] = []
    for step_id in above.keys() & sets.keys():
        line = _next_kept(document, step_id, sets[step_id], above[step_id], backwards=backwards)
        if line is not None and line <= known[step_id]:
            found.append((document.row_of(step_id, line), step_id, line))
    return None if not found else (max(found) if backwards else min(found))[1:]


def _next_kept(
    document: RowDocument, step_id: StepId, lines: LineSet, above: int, *, backwards: bool
) -> int | None:
    """The nearest line of a set that no filter hides, at or before a line or behind it."""
    line = lines.previous(above) if backwards else lines.next(above + 1)
    for _ in range(_MOST_HIDDEN):
        if line is None or document.lets_through(step_id, line):
            return line
        line = lines.previous(line - 1) if backwards else lines.next(line + 1)
    return None


def rank_of(document: RowDocument, sets: Mapping[StepId, LineSet], row: int) -> int | None:
    """The how-manieth of the lines of these sets a row shows, from 1, in the document's order; None if it shows none."""
    mark = document.mark_of(row)
    if mark is None or mark.behind or mark.line not in sets.get(mark.step_id, LineSet()):
        return None
    return sum(lines.count_before(before) for lines, before in _before(document, sets, row)) + 1


def marks(document: RowDocument, sets: Mapping[StepId, LineSet], height: int) -> tuple[bool, ...]:
    """For each cell of a scroll bar of this height, whether rows at that height show lines of these sets."""
    rows = document.row_count
    if not rows or document.is_counting or not any(len(lines) for lines in sets.values()):
        return ()
    edges = [min(rows * cell // height, rows) for cell in range(height + 1)]
    counts = [
        sum(lines.count_before(before) for lines, before in _before(document, sets, row)) for row in edges
    ]
    return tuple(after > before for before, after in pairwise(counts))


def _before(document: RowDocument, sets: Mapping[StepId, LineSet], row: int) -> list[tuple[LineSet, int]]:
    """Each set with the first line that is not above a row."""
    if isinstance(document, MergedDocument):
        above = document.lines_before(row)
        return [(lines, above.get(step_id, 0) + 1) for step_id, lines in sets.items() if step_id in above]
    mark = document.mark_of(row)
    if mark is None:  # behind the last row
        mark = document.mark_of(document.row_count - 1)
        return (
            [] if mark is None else [(lines, document.line_count + 1) for lines in _own(sets, mark.step_id)]
        )
    return [(lines, mark.line + bool(mark.behind)) for lines in _own(sets, mark.step_id)]


def _own(sets: Mapping[StepId, LineSet], step_id: StepId) -> list[LineSet]:
    return [sets[step_id]] if step_id in sets else []
