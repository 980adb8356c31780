"""Folds sections and stack traces of the logs that are shown, and opens them again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from wharf_tui.insight.sections import Fold, FoldIndex
from wharf_tui.model.errors import WharfError
from wharf_tui.model.status import Status
from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control
from wharf_tui.ui.folding import Folding
from wharf_tui.ui.merged_document import ALL_STEPS
from wharf_tui.ui.slices import work_on

if TYPE_CHECKING:
    from wharf_tui.model.ids import StepId
    from wharf_tui.ui.screens.build import BuildScreen

_REBUILD_SECONDS: Final = 0.5
"""Between two looks at the folds of a log that grows."""


class FoldControl(Control):
    """The folds of one screen's logs."""

    is_background = True

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self._indexes: dict[StepId, FoldIndex] = {}
        self._known: dict[StepId, tuple[int, int, int]] = {}
        self._chosen: dict[StepId, dict[int, bool]] = {}
        """What somebody has closed or opened, by the first lines."""
        self._next_look = 0.0

    def work(self) -> bool:
        """Look for folds in the logs in sight."""
        now = time.monotonic()
        for pane in self.screen.panes.panes:
            step_id = pane.step_id
            if step_id is None or step_id == ALL_STEPS:
                continue
            document = self.screen.documents.of(step_id)
            if document.is_counting:
                continue
            index = self._indexes.get(step_id)
            if index is None:
                index = self._indexes[step_id] = FoldIndex(document.log)
            is_done = index.progress.is_done
            if not is_done:
                try:
                    work_on(index)
                except WharfError:  # the log itself tells what is wrong with it
                    continue
            if not is_done and now >= self._next_look:
                self._next_look = now + _REBUILD_SECONDS
                self._fold(step_id)
            elif is_done and self._known.get(step_id, (0, -1, 0))[:2] != (
                index.restarts,
                index.progress.done,
            ):
                self._fold(step_id)
            if not is_done:
                return True
        return False

    def is_at_head(self) -> bool:
        """Whether the line one is at heads a fold."""
        here = self.screen.here
        if here is None or self.screen.pane.step_id != here.step_id:
            return False
        document = self.screen.documents.of(here.step_id)
        if document.folding is None or document.filter is not None:
            return False
        return document.folding.at(document.log.line_of(here.log_id))[1]

    def toggle(self) -> bool:
        """Close or open the fold in which one is; whether there is one."""
        here = self.screen.here
        if here is None or self.screen.pane.step_id != here.step_id:
            return False
        document = self.screen.documents.of(here.step_id)
        folding = document.folding
        line = document.log.line_of(here.log_id)
        fold = folding.around(line) if folding is not None and document.filter is None else None
        if folding is None or fold is None:
            return False
        self._choose(here.step_id, [fold], closed=not folding.at(fold.first_line)[0])
        self.screen.view.go_to_row(document.row_of_line(fold.first_line))
        return True

    def set_all(self, *, closed: bool | None) -> None:
        """Close or open all folds of the log; None does what is not the case."""
        step_id = self.screen.pane.step_id
        folding = self.screen.documents.of(step_id).folding if step_id else None
        if not step_id or folding is None or not folding.folds:
            self.screen.notify("There is nothing to fold in this log.", markup=False)
            return
        if closed is None:
            closed = not folding.hidden
        self._choose(step_id, list(folding.folds), closed=closed)

    def reveal(self, step_id: StepId, line: int) -> None:
        """Open the folds that hide a line."""
        document = self.screen.documents.of(step_id)
        if document.folding is not None and document.filter is None:
            around = [fold for fold in document.folding.folds if fold.first_line < line <= fold.last_line]
            if around:
                self._choose(step_id, around, closed=False)

    def _choose(self, step_id: StepId, folds: list[Fold], *, closed: bool) -> None:
        chosen = self._chosen.setdefault(step_id, {})
        chosen.update((fold.first_line, closed) for fold in folds)
        self._fold(step_id)
        self.screen.update_view()

    def _fold(self, step_id: StepId) -> None:
        """Let a log have the folds that are known."""
        index = self._indexes[step_id]
        folds = index.folds
        document = self.screen.documents.of(step_id)
        known = (index.restarts, index.progress.done, len(folds))
        if self._known.get(step_id, (0, 0, 0))[0] != index.restarts:
            self._chosen.pop(step_id, None)
        self._known[step_id] = known
        if not folds and document.folding is None:
            return
        step = self.screen.step_state(step_id)
        is_closed = dict(self._chosen.get(step_id, {}))
        if step is not None and step.status is Status.FAILED and folds:
            # What went wrong must not be hidden by a marker: its end stays open.
            last = max(folds, key=lambda fold: fold.last_line).last_line
            for fold in folds:
                if fold.last_line == last:
                    is_closed.setdefault(fold.first_line, False)
        with self.screen.rows_may_change():
            document.fold(Folding(folds, is_closed) if folds else None)


def _of(screen: BuildScreen) -> FoldControl:
    return screen.control(FoldControl)


COMMANDS = (
    Command(
        "fold",
        "Fold all sections and traces, or open all",
        lambda screen, _: _of(screen).set_all(closed=None),
        "Z",
        "Z",
    ),
    Command("fold-all", "Fold all sections and traces", lambda screen, _: _of(screen).set_all(closed=True)),
    Command(
        "unfold-all", "Open all sections and traces", lambda screen, _: _of(screen).set_all(closed=False)
    ),
)
