"""What the aggregator has to say, as it happens: a message for people, and fields for machines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from wharf_tui.model.timestamps import now_ns

Value = str | int | float | bool | None


class Level(Enum):
    """How much it matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened."""

    at_ns: int
    level: Level
    message: str
    fields: tuple[tuple[str, Value], ...] = ()


class Journal:
    """Hands entries to whoever prints them. Used in one thread."""

    def __init__(self, write: Callable[[Entry], None]) -> None:
        self._write = write

    def info(self, message: str, **fields: Value) -> None:
        """Something went as it should."""
        self._write(Entry(now_ns(), Level.INFO, message, tuple(fields.items())))

    def warning(self, message: str, **fields: Value) -> None:
        """Something did not, and is tried again."""
        self._write(Entry(now_ns(), Level.WARNING, message, tuple(fields.items())))

    def error(self, message: str, **fields: Value) -> None:
        """Something will not go by itself: somebody has to look."""
        self._write(Entry(now_ns(), Level.ERROR, message, tuple(fields.items())))
