"""Puts together what follows containers: source, store, and whoever looks at it."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic

import click

from wharf_tui.cli.completeness import report_what_is_missing
from wharf_tui.cli.main import tell
from wharf_tui.cli.serving import served
from wharf_tui.cli.signals import on_stop_signals
from wharf_tui.model.build import BuildInfo
from wharf_tui.model.errors import ExitStatus
from wharf_tui.model.status import Status
from wharf_tui.model.text import clean_plain
from wharf_tui.results.build_number import next_build_id
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.follow import waiter_for
from wharf_tui.results.layout import default_builds_dir
from wharf_tui.runtimes.sources import ContainerSource, Found
from wharf_tui.worker.following import Following
from wharf_tui.worker.loop_thread import LoopThread

if TYPE_CHECKING:
    from wharf_tui.worker.auth import ListenSettings


async def follow_containers(
    source: ContainerSource[Found], listen: ListenSettings | None, *, interactive: bool
) -> int:
    """Follow until all has ended or the user has seen enough, and return the exit status.

    Raises:
        WharfError: nothing can be followed; no store was made.
    """
    follower = _Follower(source)
    thread: LoopThread[Status] = LoopThread("follow")
    thread.start(follower.run)
    try:
        following, store = await thread.receive(follower.started)
    except asyncio.CancelledError:
        thread.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await thread.result()
        raise
    result = await _show(thread, following, store, listen, interactive=interactive)
    if following.error is not None:
        tell(following.error)
    missing = _tell_the_end(store)
    if following.error is not None:
        return following.error.exit_status
    return missing or (ExitStatus.FAILED if result is Status.FAILED else ExitStatus.SUCCESS)


class _Follower(Generic[Found]):
    """Follows a source in the loop of a thread of its own."""

    def __init__(self, source: ContainerSource[Found]) -> None:
        self.started: Future[tuple[Following[Found], BuildWriter]] = Future()
        """What follows, and the store it writes."""
        self._source = source

    async def run(self) -> Status:
        source = self._source
        try:
            found = await source.start()
            builds_dir = default_builds_dir()
            info = BuildInfo(next_build_id(builds_dir), source=source.description, runtime=source.name)
            store = BuildWriter.create(builds_dir, info)
        except BaseException:
            await source.stop()
            raise
        following = Following(store, source, found)
        self.started.set_result((following, store))
        return await following.run()


async def _show(
    thread: LoopThread[Status],
    following: Following[Found],
    store: BuildWriter,
    listen: ListenSettings | None,
    *,
    interactive: bool,
) -> Status:
    """Show what is followed until its end, or until nobody looks any more; returns the result."""
    stopped = asyncio.Event()

    def stop(_signal_name: str = "") -> None:
        stopped.set()
        thread.call(following.stop)

    async with served(store, listen):
        working = asyncio.create_task(thread.result(), name="follow")
        try:
            with on_stop_signals(stop):
                await _present(store, stopped, interactive=interactive)
                thread.call(following.stop)  # it has ended, or nobody looks any more
                await asyncio.wait({working})
                if listen is not None and not interactive and not stopped.is_set():
                    click.echo(
                        "All containers have ended; their logs are served until you stop this (ctrl-c).",
                        err=True,
                    )
                    await stopped.wait()
        finally:
            thread.call(following.stop)
            await asyncio.wait({working})
    return working.result()


async def _present(store: BuildWriter, stopped: asyncio.Event, *, interactive: bool) -> None:
    """Show the store until its end, or until nobody looks any more."""
    if interactive:
        from wharf_tui.cli.viewer import show_viewer

        await show_viewer(store.path, stop=stopped)
        return
    from wharf_tui.cli.output import terminal_style
    from wharf_tui.cli.plain import print_as_it_comes

    reader = BuildReader.open(store.path)
    try:
        await print_as_it_comes(reader, terminal_style(prefix=True), wait=waiter_for(store.changes.wait))
    finally:
        reader.close()


def _tell_the_end(store: BuildWriter) -> int:
    """Say what is missing, and where the logs are; exit status INCOMPLETE where something is missing."""
    missing = ExitStatus.SUCCESS
    reader = BuildReader.open(store.path)
    try:
        with contextlib.suppress(OSError):  # the terminal may be gone; the exit status still tells
            steps = reader.info.steps
            for step in steps:
                reader.log(step.info.step_id).refresh()
            click.echo(f"Followed {len(steps)} container{'s' * (len(steps) != 1)}.", err=True)
            missing = report_what_is_missing(reader, steps)
            click.echo(clean_plain(f"Logs: {store.path}"), err=True)
            click.echo(clean_plain(f"Look again: wharf-tui open {store.path.name}"), err=True)
        return missing
    finally:
        reader.close()
