"""Opens builds from inside the viewer: by what the user types, in a task of the screen where it was typed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from wharf_tui.model.errors import UsageError, WharfError
from wharf_tui.model.text import clean_plain
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.catalogue import find_build
from wharf_tui.results.shelf import Shelf
from wharf_tui.runtimes.step_shell import StepShell, open_step_shell
from wharf_tui.ui.feed import Feed, StoreFeed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.screen import Screen
    from textual.worker import Worker

    from wharf_tui.model.build import StepInfo

WAYS = {
    "open": "a folder, a file, a number, a name, or latest",
    "attach": "HOST:PORT of a worker; --token-file FILE, --tls-ca FILE and the like where it needs them",
}
"""What may be typed behind each of them."""


async def _cannot_attach(address: str) -> Feed:
    raise UsageError(f"nothing can be attached to from here, not {address} either")


async def _open_stored(target: str) -> Feed | tuple[Path, ...] | Shelf:
    return StoreFeed(BuildReader.open(find_build(target, Path())))


@dataclass(frozen=True, slots=True)
class Doors:
    """How a build comes in: the viewer knows neither the network nor the words of the command line.

    All raise WharfError where nothing comes.
    """

    open: Callable[[str], Awaitable[Feed | tuple[Path, ...] | Shelf]] = _open_stored
    """Takes what the user means by a target; several builds are paths to choose from."""
    attach: Callable[[str], Awaitable[Feed]] = _cannot_attach
    """Takes the address of a worker. What copies the build ends when the feed is closed."""
    shell: Callable[[str, str, StepInfo], StepShell] = open_step_shell
    """Takes a build's runtime, the name of its folder, and a step: a shell where that step runs. Called in a thread."""


@runtime_checkable
class Opener(Protocol):
    """The app, as far as screens need it to open other builds, and containers."""

    doors: Doors

    async def show_opened(self, way: str, target: str) -> None:
        """Open a target in one of ``WAYS``, and show it.

        Raises:
            WharfError: nothing comes.
        """


class Opening:
    """Opens one build at a time for a screen, and tells what comes of it.

    Args:
        screen: where it was asked for; what is under way ends with it.
        say: tells something beside what was typed, in a style.
        done: the build is shown.
    """

    def __init__(
        self, screen: Screen[None], say: Callable[[str, str], None], done: Callable[[], None]
    ) -> None:
        self._screen = screen
        self._say = say
        self._done = done
        self._worker: Worker[None] | None = None

    def start(self, way: str, target: str) -> None:
        """Open a target in one of ``WAYS``."""
        target = target.strip()
        if not target:
            self._say(f"type {WAYS[way]}", "$warning")
            return
        self._say("connecting…" if way == "attach" else "opening…", "$muted")
        self._worker = self._screen.run_worker(self._open(way, target), group="opening", exclusive=True)

    def stop(self) -> None:
        """Let it be."""
        if self._worker is not None:
            self._worker.cancel()

    async def _open(self, way: str, target: str) -> None:
        app = self._screen.app
        assert isinstance(app, Opener)
        try:
            await app.show_opened(way, target)
        except WharfError as error:
            text = f"{error.message}. {error.hint}" if error.hint else error.message
            self._say(clean_plain(text), "$error")
        else:
            self._done()
