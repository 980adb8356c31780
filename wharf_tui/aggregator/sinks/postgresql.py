"""PostgreSQL: lines go in with COPY. Needs the package psycopg (the extra ``postgres``)."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, LiteralString

from wharf_tui.aggregator.rows import stamped_lines, to_text
from wharf_tui.aggregator.sinks.connection import Refused, Row
from wharf_tui.aggregator.sinks.port import Run
from wharf_tui.model.errors import (
    AccessDeniedError,
    InputError,
    StorageFullError,
    StoreBusyError,
    StoreError,
    UnreachableError,
    UsageError,
    WharfError,
)

if TYPE_CHECKING:
    import psycopg

_SETTINGS: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,  # a server that vanished is noticed in half a minute
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 60_000,
    "application_name": "wharf-tui",
    "client_encoding": "utf8",
}
"""Unless the URL says otherwise."""
_COPY = "COPY log_lines (build, step, log_id, at_ns, message, raw) FROM STDIN"
_SCHEMA_LOCK = 0x77686172665F7475
"""Any number that nobody else locks: ``wharf_tu``."""
_UNIQUE_VIOLATION = "23505"
_REFUSING_CLASSES = ("22", "23", "54", "P0")
"""Data and integrity errors, limits, and errors that triggers raise: the same row would fail again."""
_DENIED = (
    "authentication failed",
    "pg_hba.conf",
    "no password supplied",
    "does not exist",
    "permission denied",
)
"""How a refusal to connect reads; libpq gives no code for it."""
_FETCH = 2000
_names = itertools.count(1)


class PostgresConnection:
    """A connection to one database.

    Args:
        url: as libpq takes it; what it leaves out comes from PGPASSWORD, .pgpass and the like.
    """

    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise UsageError(
                "PostgreSQL needs the package psycopg", "Install it: pip install 'wharf-tui[postgres]'"
            ) from error
        self._psycopg = psycopg
        self._url = url
        self._name = _without_password(url)
        self._connection: psycopg.Connection[Row] | None = None

    @property
    def name(self) -> str:
        """The URL without its password."""
        return self._name

    def open(self, *, read_only: bool = False) -> None:
        """Connect.

        Raises:
            UnreachableError: nobody answers there.
            AccessDeniedError: we are not let in, or there is no such database.
            InputError: the database is not in UTF-8.
        """
        if self._connection is not None and not self._connection.closed:
            return
        try:
            wanted = {**_SETTINGS, **self._psycopg.conninfo.conninfo_to_dict(self._url)}
            self._connection = self._psycopg.connect(**wanted, autocommit=True)
            self._connection.read_only = read_only
        except self._psycopg.Error as error:
            raise self._mapped(error) from error
        encoding = self._connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            self.close()
            raise InputError(
                f"{self.name} is in {encoding}, and takes only some characters",
                "Make it with: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0",
            )

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def interrupt(self) -> None:
        """Cut the connection under a call that waits for the server."""
        if self._connection is None or self._connection.closed:
            return
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as end:
            end.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction. Where the server is gone at its end, nobody knows whether it was committed."""
        try:
            with self._open_connection().transaction():
                yield
        except self._psycopg.Error as error:
            raise self._mapped(error) from error

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run a statement."""
        try:
            cursor = self._open_connection().execute(_query(statement), parameters)
            return cursor.fetchall() if cursor.description is not None else []
        except self._psycopg.Error as error:
            raise self._mapped(error) from error

    def stream(self, statement: str, parameters: Sequence[Any] = ()) -> Generator[Row, None, None]:
        """The rows of a query, fetched in portions from a cursor on the server."""
        try:
            with (
                self._open_connection().transaction(),
                self._open_connection().cursor(f"wharf_tui_{next(_names)}") as cursor,
            ):
                cursor.itersize = _FETCH
                yield from cursor.execute(_query(statement), parameters)
        except self._psycopg.Error as error:
            raise self._mapped(error) from error

    def insert_lines(self, build: int, run: Run) -> Refused | None:
        """Insert all lines of a run with one COPY, or none."""
        connection = self._open_connection()
        try:
            with connection.transaction(), connection.cursor() as cursor, cursor.copy(_COPY) as copy:
                copy.write(_copy_text(build, run))
        except self._psycopg.Error as error:
            state = error.sqlstate or ""
            if state.startswith(_REFUSING_CLASSES):
                return Refused(_reason(error), is_duplicate=state == _UNIQUE_VIOLATION)
            raise self._mapped(error) from error
        return None

    def lock_build(self, build: int) -> None:
        """Wait for other aggregators' transactions on this build."""
        self.execute("SELECT 1 FROM builds WHERE build = ? FOR UPDATE", (build,))

    def lock_schema(self) -> None:
        """Wait for others that change the schema."""
        self.execute("SELECT pg_advisory_xact_lock(?)", (_SCHEMA_LOCK,))

    def has_table(self, name: str) -> bool:
        """Whether the search path leads to such a table."""
        return self.execute("SELECT to_regclass(?)", (name,)) != [(None,)]

    def _open_connection(self) -> psycopg.Connection[Row]:
        if self._connection is None:
            raise UnreachableError(f"{self.name} is not connected")
        return self._connection

    def _mapped(self, error: psycopg.Error) -> WharfError:
        state, reason = error.sqlstate or "", _reason(error)
        if self._connection is not None and self._connection.broken:
            self.close()
        if (
            state.startswith("28")
            or state == "3D000"
            or (not state and any(text in reason for text in _DENIED))
        ):
            return AccessDeniedError(
                f"{self.name} does not let us in: {reason}", "Check user, password (PGPASSWORD) and database."
            )
        if state == "53100":
            return StorageFullError(
                f"{self.name} has no space left: {reason}",
                "Free some space; nothing is lost, and the copy goes on by itself.",
            )
        if state in {"40001", "40P01", "55P03"}:
            return StoreBusyError(f"{self.name} is busy: {reason}")
        if state == "42501":
            return StoreError(
                f"{self.name} does not allow that: {reason}",
                "See docs/aggregator.md for the rights it takes.",
            )
        if isinstance(error, self._psycopg.OperationalError) or state.startswith(
            ("08", "25", "53", "57", "58", "XX")
        ):
            return UnreachableError(
                f"{self.name} does not answer: {reason}",
                "Check that the server runs, and that the address is right.",
            )
        return StoreError(f"{self.name}: {reason}")


def _copy_text(build: int, run: Run) -> bytes:
    """The lines in COPY's text format."""
    head = b"%d\t%d\t" % (build, run.step_id)
    must_escape = b"\\" in run.data or b"\t" in run.data or b"\r" in run.data
    is_text = b"\0" not in run.data and _is_utf8(run.data)
    parts = []
    for log_id, (at_ns, message) in enumerate(stamped_lines(run.data), run.first_log_id):
        tail = b"\\N"
        if not is_text:
            text, raw = to_text(message)
            if raw is not None:
                message, tail = text.encode(), b"\\\\x" + raw.hex().encode()  # noqa: PLW2901 - the common case needs no copy
        if must_escape:
            message = message.replace(b"\\", b"\\\\").replace(b"\t", b"\\t").replace(b"\r", b"\\r")  # noqa: PLW2901
        at = b"\\N" if at_ns is None else b"%d" % at_ns
        parts.append(b"%s%d\t%s\t%s\t%s\n" % (head, log_id, at, message, tail))
    return b"".join(parts)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _query(statement: str) -> LiteralString:
    """With ``%s`` for parameters, as psycopg wants it."""
    return statement.replace("%", "%%").replace("?", "%s")


def _reason(error: psycopg.Error) -> str:
    message = error.diag.message_primary or str(error)
    detail = f" ({error.diag.message_detail})" if error.diag.message_detail else ""
    return " ".join(f"{message}{detail}".split())


def _without_password(url: str) -> str:
    from urllib.parse import urlsplit, urlunsplit

    parts = urlsplit(url)
    user, at, place = parts.netloc.rpartition("@")
    netloc = f"{user.partition(':')[0]}{at}{place}"
    return urlunsplit((parts.scheme, netloc, parts.path, "", ""))
