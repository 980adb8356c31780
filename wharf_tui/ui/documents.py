"""The documents of a build that is shown: one for each step that somebody has looked at, and one of all merged."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from wharf_tui.ui.log_document import LogDocument, Refreshed
from wharf_tui.ui.merged_document import ALL_STEPS, MergedDocument

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wharf_tui.model.ids import StepId
    from wharf_tui.ui.feed import Feed
    from wharf_tui.ui.slices import SliceBudget


class Documents:
    """Made when they are asked for, and kept.

    Args:
        feed: the build.
        budget: how much is read in one look.
    """

    def __init__(self, feed: Feed, budget: SliceBudget) -> None:
        self._feed = feed
        self._budget = budget
        self._steps: dict[StepId, LogDocument] = {}
        self._merged: MergedDocument | None = None

    @property
    def made(self) -> Mapping[StepId, LogDocument]:
        """Those of single steps that have been asked for."""
        return self._steps

    def of(self, step_id: StepId) -> LogDocument:
        """A step's."""
        document = self._steps.get(step_id)
        if document is None:
            document = self._steps[step_id] = LogDocument(self._feed.log(step_id), step_id)
        return document

    def merged(self) -> MergedDocument:
        """That of all steps that there are now."""
        steps = [step.info.step_id for step in self._feed.info.steps]
        if self._merged is None:
            self._merged = MergedDocument({step_id: self.of(step_id) for step_id in steps})
        for step_id in steps:
            if step_id not in self._merged.steps:
                self._merged.add(self.of(step_id))
        return self._merged

    def refresh(self, shown: Iterable[StepId], followed: Iterable[StepId]) -> dict[StepId, Refreshed]:
        """Look at the logs that are shown, once each.

        Args:
            shown: steps, and ``ALL_STEPS`` for the merged log.
            followed: those whose ends are watched.
        """
        found: dict[StepId, Refreshed] = {}
        for step_id in sorted(shown, reverse=True):  # the merged log last: it refreshes the others, too
            started = time.monotonic()
            if step_id == ALL_STEPS:
                found[step_id] = self.merged().refresh(self._budget.bytes)
                continue
            document = self.of(step_id)
            found[step_id] = document.refresh(self._budget.bytes, follow=step_id in followed)
            if document.is_behind:
                self._budget.learn(time.monotonic() - started)
        return found
