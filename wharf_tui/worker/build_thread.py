"""A build in a thread and an event loop of its own, so that nothing beside it holds it up.

The viewer's loop stands still while its terminal takes nothing (ctrl-s, a connection that hangs): steps must start and
end all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import Future, ThreadPoolExecutor

from wharf_tui.model.errors import WharfError
from wharf_tui.model.status import Status
from wharf_tui.worker.builder import Builder


class BuildThread:
    """Runs a builder once. Everything here may be called from any other thread."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._loop: asyncio.AbstractEventLoop | None = None
        self._has_begun = threading.Event()
        self._result: Future[Status] | None = None

    def start(self) -> None:
        """Begin; when this returns the build can be cancelled."""
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="build")
        self._result = executor.submit(self._run)
        self._result.add_done_callback(lambda _: self._has_begun.set())
        executor.shutdown(wait=False)  # takes nothing more, and ends with the build
        self._has_begun.wait()

    @property
    def running(self) -> bool:
        """Whether the build has begun and not ended."""
        return self._result is not None and not self._result.done()

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
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the build has ended
                self._loop.call_soon_threadsafe(self._builder.cancel, reason)

    async def result(self) -> Status:
        """Wait for the build's end."""
        assert self._result is not None
        return await asyncio.wrap_future(self._result)

    def _run(self) -> Status:
        return asyncio.run(self._build())

    async def _build(self) -> Status:
        self._loop = asyncio.get_running_loop()
        self._has_begun.set()
        return await self._builder.run()
