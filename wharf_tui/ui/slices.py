"""How much of a long piece of work may be done before the screen gets its turn again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wharf_tui.insight.slices import Progress, SlicedWork

TARGET_SECONDS: Final = 0.018
"""How long a slice may take: with the screen drawn in between, a key is still answered at once."""
_PIECE_BYTES: Final = 1024 * 1024
_SMALLEST, _LARGEST = 256 * 1024, 64 * 1024 * 1024


class SliceBudget:
    """Bytes for the next slice, learnt from how long the last ones took on this machine."""

    def __init__(self) -> None:
        self.bytes = 1024 * 1024
        """What the next slice may read."""

    def learn(self, seconds: float) -> None:
        """Take note of how long a slice took that used its whole budget."""
        if seconds > TARGET_SECONDS:
            self.bytes = max(_SMALLEST, self.bytes // 2)
        elif seconds < TARGET_SECONDS / 2:
            self.bytes = min(_LARGEST, self.bytes * 2)


def work_on(work: SlicedWork) -> Progress:
    """Do as much of some work as a slice may take; less where it has to wait for something."""
    ends = time.monotonic() + TARGET_SECONDS
    progress = work.step(_PIECE_BYTES)
    done = -1
    while not progress.is_done and progress.done != done and time.monotonic() < ends:
        done = progress.done
        progress = work.step(_PIECE_BYTES)
    return progress
