"""From a URL to sinks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import platformdirs

from wharf_tui.aggregator.sinks.connection import SqlConnection
from wharf_tui.aggregator.sinks.port import Sink
from wharf_tui.aggregator.sinks.sql_sink import SqlSink
from wharf_tui.model.errors import UsageError

DATABASE_SCHEMES = ("sqlite", "postgresql", "postgres")
_WRITERS = 3
"""Connections to a server: it works on one batch while the next is put together."""


def is_database(target: str) -> bool:
    """Whether the user means a database: ``sqlite:///...`` or ``postgresql://...``."""
    return target.partition("://")[0] in DATABASE_SCHEMES and "://" in target


def database(url: str) -> SqlConnection:
    """A connection to the database at ``url``; not open yet.

    Raises:
        UsageError: it is no database's URL, or the package that it takes is missing.
    """
    scheme = url.partition("://")[0]
    if scheme == "sqlite":
        from wharf_tui.aggregator.sinks.sqlite import SqliteConnection

        return SqliteConnection(_sqlite_path(url))
    if scheme in DATABASE_SCHEMES:
        from wharf_tui.aggregator.sinks.postgresql import PostgresConnection

        return PostgresConnection(url)
    raise UsageError(
        f"{url!r} is no database",
        "Write sqlite:///FILE, postgresql://USER@HOST/DATABASE or wharf-api+http://HOST:PORT.",
    )


def sinks(url: str, token: str = "", ledger: Path | None = None) -> Sequence[Sink]:
    """As many connections to ``url`` as are useful; none is open yet.

    Args:
        url: the sink.
        token: for wharf-api; empty is none.
        ledger: where it is kept what wharf-api has acknowledged; None is this user's folder.

    Raises:
        UsageError: it is no sink's URL, or the package that it takes is missing.
        StoreBusyError: another aggregator uses the ledger.
    """
    scheme = url.partition("://")[0]
    if scheme.startswith("wharf-api"):
        from wharf_tui.aggregator.sinks.api_client import ApiClient
        from wharf_tui.aggregator.sinks.api_ledger import Ledger
        from wharf_tui.aggregator.sinks.wharf_api import WharfApiSink

        client = ApiClient(url, token)
        return [WharfApiSink(client, Ledger(ledger or _default_ledger(client.base)))]
    if scheme == "sqlite":
        return [SqlSink(database(url))]
    return [SqlSink(database(url)) for _ in range(_WRITERS)]


def _default_ledger(name: str) -> Path:
    folder = Path(platformdirs.user_state_dir("wharf-tui", appauthor=False)) / "aggregator"
    return folder / f"wharf-api-{hashlib.sha256(name.encode()).hexdigest()[:12]}.ledger.db"


def _sqlite_path(url: str) -> Path:
    """``sqlite:///relative`` or ``sqlite:////absolute``, as everybody writes it."""
    parts = urlsplit(url)
    path = unquote(parts.path).removeprefix("/")
    if parts.netloc or not path:
        raise UsageError(
            f"{url!r} names no file", "Write sqlite:///relative.db or sqlite:////absolute/path.db."
        )
    return Path(path)
