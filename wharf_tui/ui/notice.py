"""What a control says in the first row of the screen while it is at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wharf_tui.ui.screens.build import BuildScreen


class Notice:
    """One control's words; those of others, such as that a build is being cancelled, come first.

    Args:
        screen: where they are shown.
    """

    def __init__(self, screen: BuildScreen) -> None:
        self._screen = screen
        self._text = ""

    def say(self, text: str) -> None:
        """Say something, from the next look at the screen on; nothing takes it back."""
        if self._screen.notice in {"", self._text}:
            self._screen.notice = text
            self._text = text
