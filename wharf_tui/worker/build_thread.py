"""A build in a thread of its own, so that nothing beside it holds it up: steps must start and end whatever the viewer does."""

from __future__ import annotations

from wharf_tui.model.errors import WharfError
from wharf_tui.model.status import Status
from wharf_tui.worker.builder import Builder
from wharf_tui.worker.loop_thread import LoopThread


class BuildThread:
    """Runs a builder once. Everything here may be called from any other thread."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._thread: LoopThread[Status] = LoopThread("build")

    def start(self) -> None:
        """Begin; when this returns the build can be cancelled."""
        self._thread.start(self._builder.run)

    @property
    def running(self) -> bool:
        """Whether the build has begun and not ended."""
        return self._thread.running

    @property
    def error(self) -> WharfError | None:
        """Why the build ended where it was not a step's fault."""
        return self._builder.error

    @property
    def failure(self) -> str:
        """The error's message; empty where there is none."""
        return self._builder.failure

    def cancel(self, reason: str = "cancelled by the user") -> None:
        """End the build: gently at the first call, by force at the second."""
        self._thread.call(self._builder.cancel, reason)

    async def result(self) -> Status:
        """Wait for the build's end."""
        return await self._thread.result()
