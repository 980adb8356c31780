"""Knows whether the engine's process is still the one that started a step: another one may have lost output.

An engine that restarts drops all connections. So one is kept open on which nothing comes: while it lives, so does the
process. Where it broke, the engine is asked whether it remembers the start of the step's container. It keeps only its
last few hundred events, so that on a busy machine a no proves nothing; but then nothing proves the contrary.
"""

from __future__ import annotations

import threading

from wharf_tui.model.errors import RunError
from wharf_tui.model.timestamps import NS
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.streams import ByteStream


class EngineWatch:
    """Watches one engine for all steps of a build. Threads may call at once.

    Args:
        engine: which.

    Raises:
        RunError: it does not answer.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._mutex = threading.Lock()
        self._stream: ByteStream = engine.silent_stream()
        self._number = 1

    def mark(self) -> int:
        """Call this before a container starts, and keep the mark.

        Raises:
            RunError: the engine does not answer.
        """
        with self._mutex:
            if not self._stream.is_open():
                self._stream.close()
                self._stream = self._engine.silent_stream()
                self._number += 1
            return self._number

    def is_same_since(self, mark: int, container: str, started_ns: int | None) -> bool:
        """Whether the engine is proven to be the same process as at the mark.

        Args:
            mark: from then.
            container: one that was started behind the mark.
            started_ns: when it was, by the engine's clock; None where that is not known.
        """
        with self._mutex:
            if mark == self._number and self._stream.is_open():
                return True
        try:
            return started_ns is not None and self._engine.remembers_start(container, started_ns // NS)
        except RunError:
            return False

    def close(self) -> None:
        """Stop watching."""
        with self._mutex:
            self._stream.close()
