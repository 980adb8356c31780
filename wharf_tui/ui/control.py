"""One concern of a build's screen, such as its search or its marks: the screen tells it when its turn has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from wharf_tui.model.ids import StepId
    from wharf_tui.ui.screens.build import BuildScreen


class Control:
    """Lives as long as its screen.

    Args:
        screen: whose panes, prompt and steps are used.
    """

    is_waited_for: ClassVar[bool] = False
    """Whether somebody who has asked for its work waits for it."""
    is_background: ClassVar[bool] = False
    """Whether nobody has asked for its work: it mostly rests while keys are pressed, so that they act at once."""

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

    def reveal(self, step_id: StepId, line: int) -> None:
        """Somebody wants to go to a line that has no row: give it one, if it was this that took it."""

    def leave(self) -> bool:
        """Escape was pressed: end what is going on; whether anything was."""
        return False

    def state(self) -> dict[str, Any]:
        """What to keep for the next time that this build is looked at; values that JSON has."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up what was kept; it may be damaged, or come from another version."""

    def prompt_cancelled(self) -> None:
        """Escape was pressed in the prompt that it has opened: as before."""
        self.screen.prompt_done()

    def prompt_option(self, option: str) -> None:
        """An option of that prompt is to be the other way; most prompts have none."""

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
