"""Puts the viewer together: the user's configuration, and the ways in which builds are opened from inside it."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import TYPE_CHECKING

from wharf_tui.cli.attach_words import read_attach
from wharf_tui.cli.bundles import feed_of, is_bundle
from wharf_tui.cli.connect_options import ConnectOptions, looks_like_address
from wharf_tui.cli.target import find_paths, is_build, open_files, shelf_of
from wharf_tui.model.errors import UsageError, WharfError
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.layout import default_builds_dir

if TYPE_CHECKING:
    from collections.abc import Callable

    from wharf_tui.attach.session import AttachSession
    from wharf_tui.model.build import StepInfo
    from wharf_tui.results.shelf import Shelf
    from wharf_tui.runtimes.step_shell import StepShell
    from wharf_tui.ui.app import WharfApp
    from wharf_tui.ui.controller import BuildController
    from wharf_tui.ui.feed import Feed
    from wharf_tui.ui.rows import Address
    from wharf_tui.ui.way_back import Seen

_PLAIN = ConnectOptions(None, tls=False, tls_ca=None, tls_cert=None, tls_key=None)


async def show_viewer(
    target: Path | tuple[Path, ...] | Shelf | Feed | None,
    controller: BuildController | None = None,
    stop: asyncio.Event | None = None,
    sessions: Sessions | None = None,
    *,
    at: Address | None = None,
    leaving: Callable[[Seen | None], None] = lambda _seen: None,
) -> None:
    """Show the viewer until its user leaves.

    Args:
        target: folder of the build to show, or a feed; several folders or a shelf show the list of them, None that of all.
        controller: the build that runs beside the viewer, if one does.
        stop: ends the viewer from outside when it is set.
        sessions: what copies builds from workers; ended with the viewer.
        at: the line that is shown first.
        leaving: is told what was looked at last, when the viewer has gone.

    Raises:
        WharfError: the target cannot be shown.
    """
    from wharf_tui.ui.drawing_pace import write_soon
    from wharf_tui.ui.garbage import spare_what_is_here

    sessions = sessions or Sessions()
    app = _make_app(target, controller, sessions, at)
    gc.freeze()  # what has been loaded stays: looking it over for garbage would hold up the first screen
    app.when_shown = spare_what_is_here
    write_soon()
    stopping = (
        None if stop is None else asyncio.create_task(_leave_when(stop, app), name="leave-when-stopped")
    )
    try:
        await app.run_async()
        leaving(app.trail.last)
    finally:
        if stopping is not None:
            stopping.cancel()
        await sessions.close()


class Sessions:
    """What copies builds from workers while they are looked at; nothing of it outlives the viewer.

    Args:
        connect: how workers are reached.
    """

    def __init__(self, connect: ConnectOptions = _PLAIN) -> None:
        self._connect = connect
        self._tasks: list[asyncio.Task[None]] = []

    async def attach(self, address: str) -> Feed:
        """Reach a worker, and begin to copy its build.

        Raises:
            WharfError: it cannot be reached, or does not let us in.
        """
        from wharf_tui.attach.session import AttachSession

        endpoint = read_attach(address, self._connect)
        session = AttachSession(endpoint, default_builds_dir())
        await session.open()
        return self.begin(session, endpoint.address)

    def begin(self, session: AttachSession, address: str, again: tuple[str, ...] | None = None) -> Feed:
        """Copy an opened session's build, until it ends or its feed is closed.

        Args:
            session: what copies.
            address: the worker.
            again: as ``Feed.again``; None is the worker's address.
        """
        from wharf_tui.ui.feed import StoreFeed
        from wharf_tui.ui.session_feed import SessionFeed

        copying = asyncio.create_task(session.run(), name="attach")
        self._tasks.append(copying)
        reader = BuildReader.open(session.path)
        if session.copied_by_another:
            return StoreFeed(reader)
        return SessionFeed(
            reader,
            session.progress,
            address,
            lambda: _failure_of(copying),
            lambda: _end(copying),
            again=again,
        )

    async def close(self) -> None:
        """End all of them, and wait until they have let go of their files."""
        for copying in self._tasks:
            _end(copying)
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _failure_of(copying: asyncio.Task[None]) -> WharfError | None:
    """Why a session could not go on.

    Raises:
        BaseException: it ended in a way that nobody foresaw.
    """
    failure = copying.exception() if copying.done() and not copying.cancelled() else None
    if failure is None or isinstance(failure, WharfError):
        return failure
    raise failure


def _end(copying: asyncio.Task[None]) -> None:
    copying.cancel()


def _make_app(
    target: Path | tuple[Path, ...] | Shelf | Feed | None,
    controller: BuildController | None,
    sessions: Sessions,
    at: Address | None,
) -> WharfApp:
    from wharf_tui.ui.app import WharfApp
    from wharf_tui.ui.opening import Doors
    from wharf_tui.ui.settings import load_settings, settings_path
    from wharf_tui.ui.view_state import ViewStates, default_folder

    return WharfApp(
        target,
        default_builds_dir(),
        controller,
        settings=load_settings(settings_path()),
        views=ViewStates(default_folder()),
        doors=Doors(lambda text: open_from_inside(text, sessions), sessions.attach, _shell_in),
        at=at,
    )


def _shell_in(runtime: str, build_name: str, step: StepInfo) -> StepShell:
    """A shell where a step runs or has run, with the user's own cluster settings; called in a thread."""
    from wharf_tui.cli.build_options import user_configuration
    from wharf_tui.runtimes.kubernetes.settings import kubernetes_settings
    from wharf_tui.runtimes.step_commands import StepImages
    from wharf_tui.runtimes.step_shell import open_step_shell

    settings = kubernetes_settings(user_configuration(), StepImages())
    return open_step_shell(runtime, build_name, step, settings.context, settings.namespace)


async def open_from_inside(text: str, sessions: Sessions) -> Feed | tuple[Path, ...] | Shelf:
    """What a user means who types a target in the viewer; several builds are paths to choose from.

    Raises:
        WharfError: nothing answers to it.
    """
    if looks_like_address(text):
        return await sessions.attach(text)
    return await asyncio.to_thread(_find, text)


def _find(text: str) -> Feed | tuple[Path, ...] | Shelf:
    from wharf_tui.ui.feed import StoreFeed

    if text == "-":
        raise UsageError("standard input can only be opened from the command line", "wharf-tui open -")
    if (shelf := shelf_of(text)) is not None:
        return shelf
    text = str(Path(text).expanduser()) if text.startswith("~") else text
    if is_bundle(Path(text)):
        return feed_of(Path(text))
    paths = find_paths(text)
    if len(paths) == 1 and not is_build(paths[0]):
        return StoreFeed(open_files([str(paths[0])]))
    return StoreFeed(BuildReader.open(paths[0])) if len(paths) == 1 else tuple(paths)


async def _leave_when(stop: asyncio.Event, app: WharfApp) -> None:
    """Who ends the process from outside wants the viewer gone, too; its terminal may not even be there any more."""
    await stop.wait()
    app.exit()
