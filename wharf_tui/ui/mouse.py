"""Lets the mouse go, so that the terminal selects text with it as it always does, and takes it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from textual.driver import Driver

_LET_GO: Final = "\x1b[?1000l\x1b[?1003l"
_TAKE: Final = "\x1b[?1000h\x1b[?1003h"
"""Only whether the mouse is reported; how it is was settled when the terminal was taken."""


class Mouse:
    """Whose the mouse is."""

    def __init__(self) -> None:
        self.is_ours = True

    def give(self, driver: Driver | None, *, ours: bool) -> None:
        """Take the mouse, or let it go."""
        self.is_ours = ours
        if driver is not None:
            driver.write(_TAKE if ours else _LET_GO)
            driver.flush()
