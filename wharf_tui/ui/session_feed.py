"""The feed of a build that runs elsewhere: its local copy, and how far the copying has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wharf_tui.attach.progress import Phase, Progress
from wharf_tui.model.status import Status, combined_status
from wharf_tui.model.text import clean_plain
from wharf_tui.ui.feed import StoreFeed

if TYPE_CHECKING:
    from collections.abc import Callable

    from wharf_tui.model.errors import WharfError
    from wharf_tui.results.build_reader import BuildReader


def _no_failure() -> WharfError | None:
    return None


def _nothing() -> None:
    """For who does not wait for the end."""


class SessionFeed(StoreFeed):
    """A build that is being copied. Until everything that was stored is here, the viewer holds its display.

    Args:
        reader: the copy.
        progress: how far the copying has come; only looked at.
        address: the worker.
        failure: why the session has ended, where it could not go on.
        on_close: ends what copies, once nobody looks any more.
        again: as ``Feed.again``; None is the worker's address.
    """

    def __init__(
        self,
        reader: BuildReader,
        progress: Progress,
        address: str = "",
        failure: Callable[[], WharfError | None] = _no_failure,
        on_close: Callable[[], None] = _nothing,
        *,
        again: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__(reader, again or (("attach", address) if address else None))
        self.progress = progress
        self.address = clean_plain(address)
        self._failure = failure
        self._on_close = on_close

    @property
    def status(self) -> Status:
        """State of the build at its worker: the copy goes on for a while when all steps have ended."""
        steps = self.info.steps
        if steps and all(step.status.is_final or step.skipped for step in steps):
            return combined_status(step.status for step in steps if not step.skipped)
        return super().status

    @property
    def failure(self) -> WharfError | None:
        """Why the session has ended, where it could not go on."""
        return self._failure()

    @property
    def is_incoming(self) -> bool:
        """Whether lines are still to come that were stored before we came: the display is to be held."""
        progress = self.progress
        return not progress.caught_up and progress.phase is not Phase.ENDED and self.failure is None

    def close(self) -> None:
        """Close the copy's files, and end the copying."""
        super().close()
        self._on_close()
