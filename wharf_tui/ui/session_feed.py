"""The feed of a build that runs elsewhere: its local copy, and how far the copying has come."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from wharf_tui.results.build_reader import BuildReader
from wharf_tui.ui.feed import StoreFeed


class SessionProgress(Protocol):
    """What the viewer is told of a session; it only reads."""

    @property
    def phase(self) -> Enum:
        """Its value is a word: connecting, catching up, live, reconnecting, ended."""
        ...

    @property
    def caught_up(self) -> bool:
        """Everything that was stored when we came is here."""
        ...

    @property
    def inferred(self) -> bool:
        """The worker cannot say so; it looks like it."""
        ...

    @property
    def expected(self) -> int:
        """Lines that were to come when the stream began; 0 where that is not known."""
        ...

    @property
    def received(self) -> int:
        """Of these, how many are here."""
        ...

    @property
    def lines_per_second(self) -> float:
        """Since the stream began."""
        ...

    @property
    def seconds_left(self) -> float | None:
        """Until caught up, at this pace; None where that cannot be said."""
        ...

    @property
    def problem(self) -> str:
        """Why there is no connection now; empty where there is one."""
        ...

    @property
    def note(self) -> str:
        """What the last reconnect brought."""
        ...

    @property
    def complete(self) -> bool:
        """The build ended, and all of its lines are here."""
        ...


class SessionFeed(StoreFeed):
    """A build that is being copied. Until ``progress.caught_up`` the viewer holds its display."""

    def __init__(self, reader: BuildReader, progress: SessionProgress) -> None:
        super().__init__(reader)
        self.progress = progress
