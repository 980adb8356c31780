"""What the SQL sink needs of a database, and what differs between databases is behind it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import resources
from typing import Any, Protocol

from wharf_tui.aggregator.sinks.port import Run

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why the database did not take lines; none of them is stored."""

    reason: str
    is_duplicate: bool
    """One of them is there already."""


class SqlConnection(Protocol):
    """One connection. Statements have ``?`` for parameters; errors come as the project's own."""

    @property
    def name(self) -> str:
        """For people; without a password."""
        ...

    @property
    def dialect(self) -> str:
        """Folder of the schema's migrations."""
        ...

    def open(self, *, read_only: bool = False) -> None:
        """Connect; nothing happens where it is connected."""
        ...

    def close(self) -> None:
        """Disconnect. May be called twice."""
        ...

    def interrupt(self) -> None:
        """From another thread: let a call that waits for an answer fail soon."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All of what is inside, or nothing; committed means on the device."""
        ...

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run a statement and return its rows."""
        ...

    def stream(self, statement: str, parameters: Sequence[Any] = ()) -> Generator[Row, None, None]:
        """The rows of a query, without holding all of them in memory. Who stops before the last one closes it."""
        ...

    def insert_lines(self, build: int, run: Run) -> Refused | None:
        """Insert all lines of a run, or none."""
        ...

    def lock_build(self, build: int) -> None:
        """Inside a transaction: nobody else commits to this build until it ends."""
        ...

    def lock_schema(self) -> None:
        """Inside a transaction: nobody else changes the schema until it ends."""
        ...

    def has_table(self, name: str) -> bool:
        """Whether there is such a table."""
        ...


def migrations(dialect: str) -> list[tuple[int, str, str]]:
    """(version, name, SQL) of every migration of a dialect, in order."""
    folder = resources.files("wharf_tui.aggregator") / "schema" / dialect
    return sorted(
        (int(file.name.partition("_")[0]), file.name, file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    )
