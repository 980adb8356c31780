"""Opens another build, or attaches to a worker, from a build's screen. What goes wrong is said beside what was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control
from wharf_tui.ui.opening import WAYS, Opening

if TYPE_CHECKING:
    from wharf_tui.ui.screens.build import BuildScreen


class OpenControl(Control):
    """One opening at a time.

    Args:
        screen: from which it is opened; it stays below the other one.
    """

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self._opening = Opening(screen, self._say, self._close)
        self._way = ""

    def open(self, way: str, target: str) -> None:
        """Ask what to open, or open it if it is known.

        Args:
            way: one of ``WAYS``.
            target: what the user means; empty asks.
        """
        self._way = way
        self.screen.ask(self, f"{way} ", WAYS[way], target)
        if target:
            self._opening.start(way, target)

    def prompt_changed(self, text: str) -> None:
        """What was wrong is wrong no more."""
        del text
        self._say("")

    def prompt_submitted(self, text: str) -> None:
        """Open it; the prompt stays until something comes of it."""
        self._opening.start(self._way, text)

    def prompt_cancelled(self) -> None:
        """Let it be."""
        self._opening.stop()
        self._close()

    def _say(self, text: str, style: str = "$muted") -> None:
        self.screen.prompt.say(text, style)

    def _close(self) -> None:
        self.screen.prompt_done()


COMMANDS = (
    Command(
        "open",
        "Open another build or file",
        lambda screen, target: screen.control(OpenControl).open("open", target),
        argument="TARGET",
    ),
    Command(
        "attach",
        "Attach to a worker",
        lambda screen, address: screen.control(OpenControl).open("attach", address),
        argument="HOST:PORT",
    ),
)
