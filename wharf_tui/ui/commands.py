"""What can be done on a build's screen: each thing has one name, for keys, the ``:`` line, the palette and the help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.binding import Binding

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from wharf_tui.ui.screens.build import BuildScreen


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do."""

    name: str
    """As it is typed behind ``:``; with ``build.`` before it the ID of its key binding."""
    description: str
    """For the help and the palette; commands with the same one share a row of the help."""
    run: Callable[[BuildScreen, str], Awaitable[None] | None]
    """Gets the screen and what was typed behind the name; nothing where a key was pressed."""
    keys: str = ""
    """As Textual names them, with commas between; none means that it has no key."""
    key_display: str | None = None
    argument: str = ""
    """What may be typed behind the name, for people; empty where nothing may."""
    show: bool = False
    """Whether the last row of the screen tells of it."""
    priority: bool = False
    """Whether the key acts at once, so that what is typed right behind it finds a prompt."""

    def binding(self) -> Binding | None:
        """Its key binding, if it has a key."""
        if not self.keys:
            return None
        return Binding(
            self.keys,
            f"command('{self.name}')",
            self.description,
            show=self.show,
            key_display=self.key_display,
            priority=self.priority,
            id=f"build.{self.name}",
        )


def bindings_of(commands: Iterable[Command]) -> list[Binding]:
    """The key bindings of those commands that have keys."""
    return [binding for command in commands if (binding := command.binding()) is not None]
