"""A thread with an event loop of its own, for what must go on whatever holds up the others.

The loop that draws or prints stands still while its terminal takes nothing (ctrl-s, a connection that hangs): builds must
run and be served all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

T = TypeVar("T")
S = TypeVar("S")


class LoopThread(Generic[T]):
    """Runs a coroutine once. Everything here may be called from any other thread.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[object] | None = None
        self._has_begun = threading.Event()
        self._result: Future[T] | None = None

    def start(self, main: Callable[[], Coroutine[object, object, T]]) -> None:
        """Begin; when this returns it can be called, or has ended already.

        Args:
            main: called in the thread; its coroutine is run there.
        """
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=self._name)
        self._result = executor.submit(lambda: asyncio.run(self._run(main)))
        self._result.add_done_callback(lambda _: self._has_begun.set())
        executor.shutdown(wait=False)  # takes nothing more, and ends with the coroutine
        self._has_begun.wait()

    @property
    def running(self) -> bool:
        """Whether the coroutine has begun and not ended."""
        return self._result is not None and not self._result.done()

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Let the loop call a function; where it has ended nothing happens."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(function, *arguments)

    def cancel(self) -> None:
        """Cancel the coroutine."""
        if self._task is not None:
            self.call(self._task.cancel)

    async def result(self) -> T:
        """Wait for the coroutine's end; raises what it has raised."""
        assert self._result is not None
        return await asyncio.wrap_future(self._result)

    async def receive(self, handed_out: Future[S]) -> S:
        """Wait for what the coroutine hands out while it runs; raises what it has raised if it ended instead.

        Args:
            handed_out: set by the coroutine.
        """
        assert self._result is not None
        handed, ended = asyncio.wrap_future(handed_out), asyncio.wrap_future(self._result)
        first: set[asyncio.Future[Any]] = {handed, ended}
        try:
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            if not handed.done():
                ended.result()
            return handed.result()
        finally:
            ended.cancel()  # what it raises later is for who waits for the result

    async def _run(self, main: Callable[[], Coroutine[object, object, T]]) -> T:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._has_begun.set()
        return await main()
