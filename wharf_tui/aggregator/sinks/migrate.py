"""Brings a database's schema up to date: numbered SQL files, each applied once, all in one transaction."""

from __future__ import annotations

from wharf_tui import __version__
from wharf_tui.aggregator.sinks.connection import SqlConnection, migrations
from wharf_tui.model.errors import InputError
from wharf_tui.model.timestamps import now_ns


def migrate(connection: SqlConnection) -> None:
    """Apply what is missing; nothing is written where the schema is up to date.

    Raises:
        InputError: a newer wharf-tui has been here.
    """
    known = migrations(connection.dialect)
    if schema_version(connection) == known[-1][0]:
        return
    with connection.transaction():
        connection.lock_schema()
        if not connection.has_table("schema_versions"):
            connection.execute(
                "CREATE TABLE schema_versions "
                "(version integer PRIMARY KEY, applied_ns bigint NOT NULL, applied_by text NOT NULL)"
            )
        present = _highest(connection)
        for version, _, script in known:
            if version > present:
                for statement in script.split(";\n"):
                    if statement.strip():
                        connection.execute(statement)
                connection.execute(
                    "INSERT INTO schema_versions (version, applied_ns, applied_by) VALUES (?, ?, ?)",
                    (version, now_ns(), f"wharf-tui {__version__}"),
                )


def schema_version(connection: SqlConnection) -> int:
    """The schema's version; 0 where there is none.

    Raises:
        InputError: it is newer than what we know.
    """
    if not connection.has_table("schema_versions"):
        return 0
    version = _highest(connection)
    newest = migrations(connection.dialect)[-1][0]
    if version > newest:
        raise InputError(
            f"{connection.name} has schema version {version}, and this wharf-tui knows versions up to {newest}",
            "Use the wharf-tui that wrote it, or a newer one.",
        )
    return version


def _highest(connection: SqlConnection) -> int:
    rows = connection.execute("SELECT coalesce(max(version), 0) FROM schema_versions")
    return int(rows[0][0])
