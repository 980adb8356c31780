"""``wharf-tui open``: stored builds and text files in the viewer."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from wharf_tui.cli import complete
from wharf_tui.cli.at_option import at_option
from wharf_tui.cli.bundles import feed_of, is_bundle
from wharf_tui.cli.signals import on_stop_signals
from wharf_tui.cli.target import STANDARD_INPUT, find_paths, is_build, open_files, shelf_of
from wharf_tui.cli.terminal import is_interactive
from wharf_tui.model.errors import UsageError
from wharf_tui.model.text import clean_plain
from wharf_tui.results.build_reader import BuildReader

if TYPE_CHECKING:
    from wharf_tui.results.shelf import Shelf
    from wharf_tui.ui.feed import Feed
    from wharf_tui.ui.rows import Address

_TOLD_BYTES = 20 * 1024 * 1024
"""Of a bundle that takes so long to unpack that one should know why."""


@click.command()
@click.argument("targets", metavar="[TARGET]...", nargs=-1, shell_complete=complete.builds)
@at_option
def command(targets: tuple[str, ...], *, at: Address | None) -> None:
    """Open TARGETs in the viewer; without one, choose from a list of all builds.

    A TARGET is a build's folder, number or name, or `latest`; or a build in a database that `aggregate` writes, as
    sqlite:///FILE#NUMBER or postgresql://USER@HOST/NAME#NUMBER. Several builds, a folder of builds, and a database without
    #NUMBER are shown as a list. Text files, compressed ones too, folders of them, and `-` for standard input are shown
    side by side as if they were steps of one build.
    """
    if not targets:
        if at is not None:
            raise UsageError("--at needs a build", "For example: wharf-tui open latest --at 4:1841")
        open_catalogue()
        return
    bundles = [Path(target) for target in targets if is_bundle(Path(target))]
    if bundles:
        if len(targets) > 1:
            raise UsageError("a bundle is opened alone", "Open one after the other.")
        require_terminal()
        if bundles[0].stat().st_size > _TOLD_BYTES:
            click.echo(clean_plain(f"Unpacking {bundles[0]}…"), err=True)
        _show(feed_of(bundles[0]), at)
        return
    if len(targets) == 1 and (shelf := shelf_of(targets[0])) is not None:
        _show(shelf)
        return
    paths = [path for target in targets for path in find_paths(target)]
    builds = tuple(path for path in paths if is_build(path))
    if builds and len(builds) < len(paths):
        raise UsageError("builds and text files cannot be opened together", "Open them one after the other.")
    if not builds:
        _show_files([str(path) for path in paths], at)
        return
    if at is not None and len(builds) > 1:
        raise UsageError("--at names a line of one build, but there are several", "Open one of them.")
    for path in builds:
        BuildReader.open(path).close()  # what is wrong with it is said before the screen is taken
    _show(builds[0] if len(builds) == 1 else builds, at)


def open_catalogue() -> None:
    """Show the list of builds."""
    _show(None)


def require_terminal() -> None:
    """The viewer needs a terminal at all ends: keys come from one, and the screen is drawn on standard error.

    Raises:
        UsageError: there is none.
    """
    if not is_interactive():
        raise UsageError("the viewer needs a terminal", "Use `wharf-tui logs` to print logs.")


def _show_files(targets: list[str], at: Address | None) -> None:
    from wharf_tui.ui.feed import StoreFeed

    piped = _free_standard_input() if STANDARD_INPUT in targets else None
    reader = open_files(targets, piped)
    try:
        again = () if piped is not None else ("open", *(str(Path(target).absolute()) for target in targets))
        _show(StoreFeed(reader, again), at)
    finally:
        reader.close()


def _free_standard_input() -> IO[bytes]:
    """Standard input carries a log: take it aside, and let keys come from the terminal itself.

    Raises:
        UsageError: there is no terminal.
    """
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError as error:
        raise UsageError(
            "the viewer needs a terminal for its keys", "Use `wharf-tui logs -` to print."
        ) from error
    piped = os.dup(0)
    os.dup2(terminal, 0)
    os.close(terminal)
    return os.fdopen(piped, "rb")


def _show(target: Path | tuple[Path, ...] | Shelf | Feed | None, at: Address | None = None) -> None:
    require_terminal()
    asyncio.run(_view(target, at))


async def _view(target: Path | tuple[Path, ...] | Shelf | Feed | None, at: Address | None) -> None:
    """Show it; whoever ends the process from outside ends the viewer, too."""
    from wharf_tui.cli.verdict import print_leaving
    from wharf_tui.cli.viewer import show_viewer

    stop = asyncio.Event()
    with on_stop_signals(lambda _name: stop.set()):
        await show_viewer(target, stop=stop, at=at, leaving=print_leaving)
