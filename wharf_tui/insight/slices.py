"""Long work in slices: who has an event loop does a slice now and then, who has a thread does all of it.

Nothing here waits, starts threads or knows about asyncio.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final, Protocol

_SLICE_BYTES: Final = 512 * 1024


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work has come."""

    done: int
    """Bytes looked at."""
    total: int
    """Bytes there are now; a log may still grow."""

    @property
    def is_done(self) -> bool:
        """Whether everything that is there has been looked at."""
        return self.done >= self.total

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 1.0


class SlicedWork(Protocol):
    """Work that is done in slices. When it is done, and logs have grown since, it goes on."""

    def step(self, budget_bytes: int) -> Progress:
        """Do a slice.

        Args:
            budget_bytes: how much of the logs to look at, about: whole lines are taken, one at least.

        Returns:
            How far it has come.
        """


def run(work: SlicedWork, stop: threading.Event, slice_bytes: int = _SLICE_BYTES) -> bool:
    """Do all of it, in a thread of the caller's.

    The work needs readers of its own then (``LogReader`` of the same folder): a reader belongs to one thread.

    Args:
        work: what to do.
        stop: when set, the work is left after the slice it is in.
        slice_bytes: bytes of a slice.

    Returns:
        Whether it was done to its end.
    """
    while not stop.is_set():
        if work.step(slice_bytes).is_done:
            return True
    return False
