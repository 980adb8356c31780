"""One concern of a build's screen, such as its search or its marks: the screen tells it when its turn has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from wharf_tui.ui.screens.build import BuildScreen


class Control:
    """Lives as long as its screen.

    Args:
        screen: whose panes, prompt and steps are used.
    """

    def __init__(self, screen: BuildScreen) -> None:
        self.screen = screen

    def opened(self) -> None:
        """The screen is there, and shows its first step."""

    def step_shown(self) -> None:
        """A pane shows another log, or there is one pane more."""

    def work(self) -> bool:
        """Do a slice of long work, a few milliseconds at most; whether there is more of it."""
        return False

    def show(self) -> None:
        """Bring everything but the lines up to date."""

    def leave(self) -> bool:
        """Escape was pressed: end what is going on; whether anything was."""
        return False

    def close(self) -> None:
        """The screen goes."""


class PromptUser(Protocol):
    """Opens the prompt, and takes what is typed there."""

    def prompt_changed(self, text: str) -> None:
        """The text is another one now."""
        ...

    def prompt_submitted(self, text: str) -> Awaitable[None] | None:
        """Enter was pressed; whoever is content closes the prompt."""
        ...

    def prompt_cancelled(self) -> None:
        """Escape was pressed."""
        ...

    def prompt_option(self, option: str) -> None:
        """``regex`` or ``scope`` is to be the other way."""
        ...
