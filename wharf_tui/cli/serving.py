"""Serves a build that this process writes, where the user wants that."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from concurrent.futures import Future
from typing import TYPE_CHECKING

import click

from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.follow import waiter_for
from wharf_tui.worker.loop_thread import LoopThread

if TYPE_CHECKING:
    from wharf_tui.worker.auth import ListenSettings


@contextlib.asynccontextmanager
async def served(store: BuildWriter, listen: ListenSettings | None) -> AsyncIterator[None]:
    """Serve the build for as long as the context lasts; its port is there before anything is written.

    Args:
        store: the build.
        listen: where; None for not at all.

    Raises:
        WharfError: it cannot be served there.
    """
    if listen is None:
        yield
        return
    serving = _Serving(store, listen)
    thread: LoopThread[None] = LoopThread("serve")
    thread.start(serving.run)
    try:
        port = await thread.receive(serving.port)
        click.echo(f"Serving on {listen.host}:{port} (wharf-tui attach {listen.host}:{port})", err=True)
        yield
    finally:
        thread.call(serving.stop)
        await thread.result()


class _Serving:
    """Serves a build in the loop of a thread of its own."""

    def __init__(self, store: BuildWriter, listen: ListenSettings) -> None:
        self.port: Future[int] = Future()
        """Where it is served."""
        self._store = store
        self._listen = listen
        self._is_over = asyncio.Event()

    def stop(self) -> None:
        self._is_over.set()

    async def run(self) -> None:
        from wharf_tui.worker.server import serve_build

        reader = BuildReader.open(self._store.path)
        try:
            wait = waiter_for(self._store.changes.wait, breath=0)
            async with serve_build(reader, wait, self._listen) as port:
                self.port.set_result(port)
                await self._is_over.wait()
        finally:
            reader.close()
