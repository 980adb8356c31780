"""Which folds of a log are closed: their lines have no row but the first."""

from __future__ import annotations

from collections.abc import Sequence

from wharf_tui.insight.sections import Fold


class Folding:
    """The folds of one log, some of them closed.

    Args:
        folds: in the order of their first lines; one may lie within another.
        is_closed: of each fold, whether somebody closed or opened it; by their first lines. Others are as their markers ask.
    """

    def __init__(self, folds: Sequence[Fold], is_closed: dict[int, bool]) -> None:
        self.folds = tuple(folds)
        self.is_closed = is_closed
        self._outermost: dict[int, Fold] = {}
        hidden: list[tuple[int, int]] = []
        for fold in folds:
            known = self._outermost.get(fold.first_line)
            if known is None or known.last_line < fold.last_line:
                self._outermost[fold.first_line] = fold
        for fold in self._outermost.values():
            within = hidden and fold.first_line <= hidden[-1][1]
            if self._closed(fold) and not within:
                hidden.append((fold.first_line + 1, fold.last_line))
        self.hidden = hidden
        """First and last line of what has no row, in order and apart from each other."""

    def at(self, line: int) -> tuple[int, bool]:
        """How many lines are folded into a line, and whether it heads a fold at all."""
        fold = self._outermost.get(line)
        if fold is None:
            return 0, False
        return (fold.last_line - fold.first_line if self._closed(fold) else 0), True

    def around(self, line: int) -> Fold | None:
        """The innermost fold that a line is in, its head among them."""
        found = None
        for fold in self.folds:
            if fold.first_line > line:
                break
            if line <= fold.last_line:
                found = fold
        return found

    def set(self, lines: Sequence[int], *, closed: bool) -> Folding:
        """The same folds, those that begin with these lines closed or opened."""
        return Folding(self.folds, {**self.is_closed, **dict.fromkeys(lines, closed)})

    def _closed(self, fold: Fold) -> bool:
        return self.is_closed.get(fold.first_line, fold.folded)
