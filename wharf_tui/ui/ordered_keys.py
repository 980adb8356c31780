"""Keys act one after the other, however quickly they come.

Textual hands a key to the widget that has the focus when the key comes, though keys before it may not have acted yet:
what is typed right behind the Enter of a prompt would land in the prompt. Here a key has acted when the next one is
looked at.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from textual import events
from textual.app import App, ScreenStackError
from textual.widgets import Input

if TYPE_CHECKING:
    from textual.events import Event

_MOUNT_SECONDS: Final = 1.0
"""How long a key waits for its screen to be there."""


class OrderedKeys(App[None]):
    """An app in which no key overtakes another one, or what it brings about."""

    async def on_event(self, event: Event) -> None:
        """Let a key act at once; everything else goes its usual way."""
        if isinstance(event, events.Key) and not event.is_forwarded and await self._take_key(event):
            self.key_taken()
            return
        if isinstance(event, events.Paste) and not event.is_forwarded and isinstance(self.focused, Input):
            first_line = next(iter(event.text.splitlines()), "")
            self.focused.replace(first_line, *sorted(self.focused.selection))
            return
        await super().on_event(event)

    def key_taken(self) -> None:
        """A key has acted."""

    async def _take_key(self, key: events.Key) -> bool:
        """Do what a key stands for; whether it stands for anything."""
        try:
            screen = self.screen
            with suppress(TimeoutError):
                if not screen.is_mounted:  # the key before has just opened it
                    await asyncio.wait_for(screen._mounted_event.wait(), _MOUNT_SECONDS)  # noqa: SLF001 - nothing else tells
            if not screen.is_mounted or self.screen.maximized is not None:
                return False
        except ScreenStackError:
            return True  # the app is being closed
        self.app_focus = True
        if await self._check_bindings(key.key, priority=True):
            return True
        focused = self.focused
        if isinstance(focused, Input) and key.is_printable and key.character is not None:
            focused.replace(key.character, *sorted(focused.selection))
            return True
        return await self._check_bindings(key.key)
