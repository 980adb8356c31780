"""SQLite: the sink that needs no server. One writer at a time; what is committed is on the device."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from wharf_tui.aggregator.rows import stamped_lines, to_text
from wharf_tui.aggregator.sinks.connection import Refused, Row
from wharf_tui.aggregator.sinks.port import Run
from wharf_tui.model.errors import InputError, StorageFullError, StoreBusyError, StoreError, WharfError

BUSY_SECONDS = 5.0
"""How long to wait for another writer before that is told."""
_INSERT = "INSERT INTO log_lines (build, step, log_id, at_ns, message, raw) VALUES "
_ROW = "(?, ?, ?, ?, ?, ?)"
_COLUMNS = 6
_ROWS = 500
"""Rows in one statement: measured to be nearly twice as fast as a statement a row, and more gains nothing."""
_DUPLICATE = frozenset({sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_NO_DATABASE = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
_PRIMARY_CODE = 0xFF


class SqliteConnection:
    """A connection to one file.

    Args:
        path: the database; made when missing, unless it is only read.
    """

    dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    @property
    def name(self) -> str:
        """The file."""
        return f"sqlite:///{self.path}"

    def open(self, *, read_only: bool = False) -> None:
        """Connect.

        Raises:
            InputError: the file is no database, or is not there and is only read.
            StoreError: it cannot be opened or made.
        """
        if self._connection is not None:
            return
        if read_only and not self.path.is_file():
            raise InputError(f"{self.path} does not exist", "Check the path behind sqlite:///.")
        try:
            connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise self._mapped(error) from error
        self._connection = connection
        try:
            if not read_only:
                self.execute("PRAGMA page_size = 8192")  # for a new file: long lines stay on their page
                self.execute("PRAGMA journal_mode = WAL")
                self.execute("PRAGMA synchronous = FULL")
                self.execute("PRAGMA foreign_keys = ON")
            self.execute("PRAGMA cache_size = -16384")
        except WharfError:
            self.close()
            raise

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def interrupt(self) -> None:
        """Stop the statement that runs."""
        if self._connection is not None:
            self._connection.interrupt()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """One writer's transaction; other writers wait from its first statement on."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run a statement."""
        try:
            return self._open_connection().execute(statement, parameters).fetchall()
        except (sqlite3.Error, OverflowError) as error:
            raise self._mapped(error) from error

    def stream(self, statement: str, parameters: Sequence[Any] = ()) -> Generator[Row, None, None]:
        """The rows of a query as they are read."""
        try:
            yield from self._open_connection().execute(statement, parameters)
        except sqlite3.Error as error:
            raise self._mapped(error) from error

    def insert_lines(self, build: int, run: Run) -> Refused | None:
        """Insert all lines of a run, or none, many rows with each statement."""
        connection, step_id = self._open_connection(), int(run.step_id)
        at_once = _COLUMNS * min(_ROWS, connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // _COLUMNS)
        values: list[Any] = []
        self.execute("SAVEPOINT run")
        try:
            for log_id, (at_ns, message) in enumerate(stamped_lines(run.data), run.first_log_id):
                values += (build, step_id, log_id, at_ns, *to_text(message))
                if len(values) >= at_once:
                    connection.execute(_INSERT + ", ".join([_ROW] * (len(values) // _COLUMNS)), values)
                    values.clear()
            if values:
                connection.execute(_INSERT + ", ".join([_ROW] * (len(values) // _COLUMNS)), values)
        except (sqlite3.IntegrityError, sqlite3.DataError, OverflowError) as error:
            self.execute("ROLLBACK TO run")
            self.execute("RELEASE run")
            code = getattr(error, "sqlite_errorcode", 0)
            return Refused(str(error), is_duplicate=code in _DUPLICATE)
        except sqlite3.Error as error:
            raise self._mapped(error) from error
        self.execute("RELEASE run")
        return None

    def lock_build(self, build: int) -> None:
        """A transaction is the only one anyway."""

    def lock_schema(self) -> None:
        """A transaction is the only one anyway."""

    def has_table(self, name: str) -> bool:
        """Whether there is such a table."""
        return bool(self.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)))

    def _open_connection(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError(f"{self.name} is not open")
        return self._connection

    def _roll_back(self) -> None:
        """SQLite rolls back by itself on some errors; a connection that cannot is given up."""
        connection = self._connection
        if connection is None or not connection.in_transaction:
            return
        try:
            connection.execute("ROLLBACK")
        except sqlite3.Error:
            self.close()

    def _mapped(self, error: sqlite3.Error | OverflowError) -> WharfError:
        code = getattr(error, "sqlite_errorcode", 0)
        primary = code & _PRIMARY_CODE
        if primary in _BUSY:
            return StoreBusyError(f"{self.path} has been locked by another process for {BUSY_SECONDS:g} s")
        if primary == sqlite3.SQLITE_FULL:
            return StorageFullError(
                f"no space left for {self.path}",
                "Free some space; nothing is lost, and the copy goes on by itself.",
            )
        if primary == sqlite3.SQLITE_IOERR:
            return StorageFullError(
                f"{self.path} cannot be written: {error}", "Check the disk; the copy goes on when it can."
            )
        if primary in _NO_DATABASE:
            return InputError(f"{self.path} is no SQLite database, or a damaged one: {error}")
        return StoreError(
            f"{self.path}: {error}", "Check that the folder is there, and that you may write to it."
        )
