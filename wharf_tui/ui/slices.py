"""How much of a long piece of work may be done before the screen gets its turn again."""

from __future__ import annotations

from typing import Final

TARGET_SECONDS: Final = 0.012
"""How long a slice may take: with the screen drawn in between, a key is still answered at once."""
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
