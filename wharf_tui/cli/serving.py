"""Serves a build that this process writes, where the user wants that."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import click

from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.follow import waiter_for

if TYPE_CHECKING:
    from wharf_tui.worker.auth import ListenSettings


@contextlib.asynccontextmanager
async def served(store: BuildWriter, listen: ListenSettings | None) -> AsyncIterator[None]:
    """Serve the build for as long as the context lasts; its port is there before anything is written.

    Args:
        store: the build.
        listen: where; None for not at all.
    """
    if listen is None:
        yield
        return
    from wharf_tui.worker.server import serve_build

    reader = BuildReader.open(store.path)
    try:
        async with serve_build(reader, waiter_for(store.changes.wait, breath=0), listen) as port:
            click.echo(f"Serving on {listen.host}:{port} (wharf-tui attach {listen.host}:{port})", err=True)
            yield
    finally:
        reader.close()
