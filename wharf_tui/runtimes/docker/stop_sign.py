"""Lets one thread end what another one waits for: a pull, a build, an upload."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from wharf_tui.runtimes.docker.streams import ByteStream


class StopSign:
    """Shown once, it ends the answer that is being read, and is looked at before the next one."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._is_shown = False
        self._stream: ByteStream | None = None

    def is_shown(self) -> bool:
        """Whether to stop."""
        return self._is_shown

    def show(self) -> None:
        """Stop."""
        with self._mutex:
            self._is_shown = True
            if self._stream is not None:
                self._stream.stop()

    @contextmanager
    def guarding(self, stream: ByteStream) -> Iterator[ByteStream]:
        """Read an answer inside: it ends early, or breaks, once the sign is shown. It is closed behind."""
        with self._mutex:
            self._stream = stream
            if self._is_shown:
                stream.stop()
        try:
            yield stream
        finally:
            with self._mutex:
                self._stream = None
            stream.close()
