"""Puts together what attaches to a worker: session, local copy, and whoever looks at it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wharf_tui.attach.connection import Endpoint
from wharf_tui.attach.session import AttachSession
from wharf_tui.cli.completeness import report_what_is_missing
from wharf_tui.cli.connect_options import ConnectOptions
from wharf_tui.cli.main import tell
from wharf_tui.cli.output import terminal_style
from wharf_tui.cli.plain import print_as_it_comes
from wharf_tui.cli.print_logs import LogsRequest, print_stored
from wharf_tui.cli.signals import on_stop_signals
from wharf_tui.model.build import StepInfo
from wharf_tui.model.errors import ExitStatus
from wharf_tui.model.ids import StepId
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.follow import poll, waiter_for
from wharf_tui.results.layout import default_builds_dir

if TYPE_CHECKING:
    from wharf_tui.ui.rows import Address

GIVE_UP_SECONDS = 600.0
"""How long a program that nobody watches tries to reach a worker that went away."""


@dataclass(frozen=True, slots=True)
class Looking:
    """Somebody looks at the build in the viewer."""

    again: tuple[str, ...]
    """As ``Feed.again``."""
    at: Address | None = None
    """The line that is shown first."""


async def attach_build(
    endpoint: Endpoint, names: Mapping[StepId, StepInfo], connect: ConnectOptions, looking: Looking | None
) -> int:
    """Attach, show or print until the build ends, and return the exit status.

    Args:
        endpoint: the worker.
        names: of its steps, for one that tells only their numbers.
        connect: how workers are reached that are attached to from inside the viewer.
        looking: None prints lines instead.

    Raises:
        WharfError: the worker cannot be reached, or does not let us in.
    """
    session = AttachSession(endpoint, default_builds_dir(), names, None if looking else GIVE_UP_SECONDS)
    await session.open()
    if looking is not None:
        return await _show(session, endpoint.address, connect, looking)
    try:
        return await _print_to_the_end(session, LogsRequest(follow=True), prefix=True)
    finally:
        click.echo(f"Copy: {session.path}", err=True)


async def print_remote_logs(endpoint: Endpoint, request: LogsRequest) -> int:
    """Print what a worker has; with ``follow`` go on until its build ends.

    Raises:
        WharfError: the worker cannot be reached, or the build has no such step.
    """
    session = AttachSession(endpoint, default_builds_dir(), give_up_seconds=GIVE_UP_SECONDS)
    await session.open()
    if request.follow:
        return await _print_to_the_end(session, request)
    async with _copying(session) as copying:
        caught_up = asyncio.create_task(session.wait_caught_up(), name="caught-up")
        try:
            await asyncio.wait({copying, caught_up}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            caught_up.cancel()
        if copying.done():
            copying.result()
        reader = BuildReader.open(session.path)
        try:
            print_stored(reader, request.steps(reader), request.style(reader))
            return report_what_is_missing(reader, request.steps(reader))
        finally:
            reader.close()


async def _print_to_the_end(session: AttachSession, request: LogsRequest, *, prefix: bool = False) -> int:
    """Print the lines of an opened session until the build ends or somebody stops it."""
    stopped = asyncio.Event()
    reader = BuildReader.open(session.path)
    style = terminal_style(prefix=True) if prefix else request.style(reader)
    wait = waiter_for(session.mirror.store.changes.wait) if session.is_copying else poll
    async with _copying(session) as copying:
        printing = asyncio.create_task(
            print_as_it_comes(reader, style, request.only(reader), wait), name="print"
        )
        stopping = asyncio.create_task(stopped.wait(), name="stop")
        try:
            with on_stop_signals(lambda _name: stopped.set()):
                await asyncio.wait({printing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if stopped.is_set():
                return ExitStatus.INTERRUPTED
            await printing
            await copying
            missing = report_what_is_missing(reader, request.steps(reader))
            return missing if session.progress.complete or missing else ExitStatus.INCOMPLETE
        finally:
            for task in (printing, stopping):
                task.cancel()
            await asyncio.gather(printing, stopping, return_exceptions=True)
            reader.close()


@contextlib.asynccontextmanager
async def _copying(session: AttachSession) -> AsyncIterator[asyncio.Task[None]]:
    """The session at work, for as long as the context lasts."""
    copying = asyncio.create_task(session.run(), name="attach")
    try:
        yield copying
    finally:
        copying.cancel()
        await asyncio.gather(copying, return_exceptions=True)


async def _show(session: AttachSession, address: str, connect: ConnectOptions, looking: Looking) -> int:
    from wharf_tui.cli.verdict import print_leaving
    from wharf_tui.cli.viewer import Sessions, show_viewer
    from wharf_tui.ui.session_feed import SessionFeed

    sessions = Sessions(connect)
    feed = sessions.begin(session, address, looking.again)
    await show_viewer(feed, sessions=sessions, at=looking.at, leaving=print_leaving)
    failure = feed.failure if isinstance(feed, SessionFeed) else None
    if failure is not None:
        tell(failure)
        return failure.exit_status
    return ExitStatus.SUCCESS


def names_from_definition(path: Path, stage: str | None, environment: str | None) -> dict[StepId, StepInfo]:
    """The steps that a definition names, for a worker that tells only their numbers.

    Raises:
        InputError: the definition cannot be read.
    """
    from wharf_tui.cli.build_options import BuildOptions

    options = BuildOptions(path, stage=stage, environment=environment)
    return {step.step_id: step.info for step in options.load(1).steps}
