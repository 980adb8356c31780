"""Listens to what the engine tells of containers: one that starts may live for a moment only, too short to be listed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wharf_tui.model.errors import RunError
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.streams import ByteStream

_START, _DIE = "start", "die"
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_MOST_EVENTS: Final = 10_000
_MOST_EXIT_CODES: Final = 1000


@dataclass(frozen=True, slots=True)
class ContainerStarted:
    """A container was started."""

    container: str
    """Its ID."""
    name: str


class ContainerEvents:
    """Listens in a thread of its own. What is missed while the engine is away, a list of containers must tell.

    Args:
        engine: which.
        labels: that the containers have.
        ring: called when there is something to pull.
    """

    def __init__(self, engine: Engine, labels: Sequence[str], ring: Callable[[], object]) -> None:
        self._engine = engine
        self._labels = labels
        self._ring = ring
        self._mutex = threading.Lock()
        self._started: list[ContainerStarted] = []
        self._stream: ByteStream | None = None
        self._is_closed = threading.Event()
        self.exit_codes: dict[str, int] = {}
        """Of containers that have ended, by ID; the last ones."""
        self._thread = threading.Thread(target=self._listen, name="docker-events", daemon=True)

    def start(self) -> None:
        """Begin to listen: what starts from now on is told.

        Raises:
            RunError: the engine does not tell.
        """
        self._stream = self._engine.container_events((_START, _DIE), self._labels)
        self._thread.start()

    def pull(self) -> list[ContainerStarted]:
        """What has started since the last time."""
        with self._mutex:
            started, self._started = self._started, []
        return started

    def close(self) -> None:
        """Listen no more."""
        with self._mutex:
            self._is_closed.set()
            if self._stream is not None:
                self._stream.stop()
        if self._thread.is_alive():
            self._thread.join()

    def _listen(self) -> None:
        pause = _SHORTEST_PAUSE
        while not self._is_closed.is_set():
            try:
                stream = self._stream or self._open()
                with stream:
                    for event in stream.events():
                        pause = _SHORTEST_PAUSE
                        self._take(event)
            except RunError:
                pause = min(pause * 2, _LONGEST_PAUSE)
            self._stream = None
            self._is_closed.wait(pause)

    def _open(self) -> ByteStream:
        stream = self._engine.container_events((_START, _DIE), self._labels)
        with self._mutex:
            self._stream = stream
            if self._is_closed.is_set():
                stream.stop()
        self._ring()  # what was missed can be listed
        return stream

    def _take(self, event: dict[str, Any]) -> None:
        actor = event.get("Actor") or {}
        container, attributes = str(actor.get("ID")), actor.get("Attributes") or {}
        if event.get("Action") == _DIE:
            while len(self.exit_codes) >= _MOST_EXIT_CODES:
                del self.exit_codes[next(iter(self.exit_codes))]
            self.exit_codes[container] = int(attributes.get("exitCode") or 0)
            return
        with self._mutex:
            self._started.append(ContainerStarted(container, str(attributes.get("name"))))
            del self._started[:-_MOST_EVENTS]
        self._ring()
