"""The ``:`` line: anything that can be done, by its name; and where to go, just typed."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from textual.binding import Binding

from wharf_tui.model.text import clean_plain
from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from wharf_tui.ui.screens.build import BuildScreen

_SHORT: Final = {
    "q": "back",
    "q!": "quit",
    "quit": "quit",
    "h": "help",
    "g": "goto",
    "w": "save",
    "w!": "save!",
    "write": "save",
    "e": "open",
    "s": "search",
    "f": "filter",
    "v": "filter-out",
}
"""What hands type that know vim and lnav."""


class CommandLine(Control):
    """Takes what is typed behind ``:``."""

    def open(self, text: str = "") -> None:
        """Ask what to do."""
        self.screen.ask(self, ":", "a command, a line, a time; tab completes", text, sorted(self.names()))

    def prompt_changed(self, text: str) -> None:
        """Tell what the command takes."""
        name, _, _ = text.strip().partition(" ")
        known = self.names()
        name = _SHORT.get(name, name)
        if name in known:
            self.screen.prompt.say(known[name])
            return
        fitting = [each for each in sorted(known) if each.startswith(name)] if name else []
        self.screen.prompt.say("  ".join(fitting[:6]))

    async def prompt_submitted(self, text: str) -> None:
        """Do it; what is wrong with it is said in the prompt."""
        self.screen.prompt_done()
        complaint = await self.execute(text)
        if complaint:
            self.screen.notify(clean_plain(complaint), severity="warning", markup=False)

    async def execute(self, text: str) -> str:
        """Do what a line says. Returns what is wrong with it; empty where nothing is."""
        name, _, argument = text.strip().partition(" ")
        if not name:
            return ""
        name, argument = _SHORT.get(name, name), argument.strip()
        command = self.screen.command_named(name)
        if command is not None:
            if argument and not command.argument:
                return f"{name} takes nothing behind it"
            await self.screen.execute(command, argument)
            return ""
        bound = _bound_actions(self.screen).get(name)
        if bound is not None:
            node, binding = bound
            await self.screen.app.run_action(binding.action, node)
            return ""
        if name[0] in "0123456789+-@$" and (goto := self.screen.command_named("goto")) is not None:
            await self.screen.execute(goto, text.strip())
            return ""
        near = difflib.get_close_matches(name, self.names(), 3)
        return f"There is no command {name}." + (f" Did you mean {' or '.join(near)}?" if near else "")

    def names(self) -> dict[str, str]:
        """All that can be typed, and what it does."""
        names = {name: binding.description for name, (_, binding) in _bound_actions(self.screen).items()}
        for command in self.screen.commands:
            names[command.name] = " ".join(
                filter(
                    None, (command.argument and f"{command.name} {command.argument}:", command.description)
                )
            )
        return names


def _bound_actions(screen: BuildScreen) -> Mapping[str, tuple[DOMNode, Binding]]:
    """What has a key but is no command, and where: by the last part of the key binding's ID."""
    found: dict[str, tuple[DOMNode, Binding]] = {}
    for node in (screen.app, screen, screen.view):
        for binding in node.BINDINGS:
            if isinstance(binding, Binding) and binding.id and not binding.action.startswith("command("):
                found.setdefault(binding.id.partition(".")[2], (node, binding))
    return {name: bound for name, bound in found.items() if not name.startswith("step-")}


COMMANDS = (
    Command(
        "command-line",
        "Command line",
        lambda screen, _: screen.control(CommandLine).open(),
        "colon",
        ":",
        show=True,
        priority=True,
    ),
)
