"""All concerns of a build's screen and all that can be done there."""

from __future__ import annotations

from typing import Final

from wharf_tui.ui import command_line, search_control
from wharf_tui.ui.command_line import CommandLine
from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control
from wharf_tui.ui.search_control import SearchControl

CONTROLS: Final[tuple[type[Control], ...]] = (
    SearchControl,
    CommandLine,
)
"""In the order in which they get their turns to work, and to be left by Escape."""

COMMANDS: Final[tuple[Command, ...]] = (
    *search_control.COMMANDS,
    *command_line.COMMANDS,
)
