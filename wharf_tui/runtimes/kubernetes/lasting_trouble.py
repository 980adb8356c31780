"""Tells people of what is wrong while a container runs, once it has been wrong for a while: most trouble passes at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from wharf_tui.runtimes.kubernetes.log_taking import LogTaking
from wharf_tui.runtimes.kubernetes.pod_board import PodBoard

_WORTH_A_WORD_SECONDS: Final = 5.0


class LastingTrouble:
    """Of one container.

    Args:
        board: tells whether the cluster is there.
        clock: gives seconds.
    """

    def __init__(self, board: PodBoard, clock: Callable[[], float] = time.monotonic) -> None:
        self._board = board
        self._clock = clock
        self._since: float | None = None

    def look(self, taking: LogTaking) -> str:
        """What is worth a word now; empty where nothing is."""
        words = ""
        if self._board.trouble:
            words = f"the cluster is away: {self._board.trouble}"
        elif taking.trouble:
            words = f"its log cannot be read at the moment: {taking.trouble}"
        if not words:
            self._since = None
            return ""
        now = self._clock()
        self._since = now if self._since is None else self._since
        return words if now - self._since >= _WORTH_A_WORD_SECONDS else ""
