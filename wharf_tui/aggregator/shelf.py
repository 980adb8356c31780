"""The builds of a database, to choose from: the list comes from its rows, and lines are read only of a build that is opened."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from wharf_tui.aggregator.sinks.connection import SqlConnection
from wharf_tui.aggregator.sinks.port import BuildState
from wharf_tui.aggregator.source import build_folder, materialize
from wharf_tui.aggregator.stored_builds import StoredBuild, list_stored, open_for_reading, parse_target
from wharf_tui.model.build import Liveness
from wharf_tui.model.errors import UnreachableError, UsageError, WharfError
from wharf_tui.model.ids import BuildId
from wharf_tui.results.catalogue import BuildSummary
from wharf_tui.results.shelf import Shelf

ORIGIN = "database"


class DatabaseShelf(Shelf):
    """The builds that an aggregator has copied into one database.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql://...``, without a build.
        cache: where builds go; None is this user's cache.

    Raises:
        UsageError: it is no database's URL.
        InputError: there is none, or it holds no builds.
        UnreachableError: nobody answers there.
    """

    def __init__(self, url: str, cache: Path | None = None) -> None:
        self._url = parse_target(url).url
        self._cache = cache
        self._connection: SqlConnection | None = open_for_reading(self._url)
        self._name = self._connection.name
        self._keys: dict[Path, int] = {}
        self._closed = threading.Event()
        self._mutex = threading.Lock()

    @property
    def name(self) -> str:
        """The database, without a password."""
        return self._name

    def list_builds(self) -> list[BuildSummary]:
        """All builds, newest first."""
        with self._mutex, self._connected() as connection:
            builds = [
                (build, build_folder(connection, build, self._cache)) for build in list_stored(connection)
            ]
        self._keys = {path: build.build for build, path in builds}
        return [_summary(build, path) for build, path in builds]

    def fetch(self, build: BuildSummary) -> Path:
        """Bring a build here; what came of it before is gone on with."""
        key = self._keys.get(build.path)
        with self._mutex, self._connected() as connection:
            if key not in {each.build for each in list_stored(connection)}:
                raise UsageError(f"build {build.build_id} is not in {self._name} any more")
            materialize(connection, key, build.path, self._closed.is_set)
        return build.path

    def close(self) -> None:
        """Let go of the database; a call that is under way does so at its end."""
        self._closed.set()
        if self._mutex.acquire(blocking=False):
            self._disconnect()
            self._mutex.release()
        elif (connection := self._connection) is not None:
            connection.interrupt()

    @contextlib.contextmanager
    def _connected(self) -> Iterator[SqlConnection]:
        """The connection; one that failed is made anew for the next call, for the database may have been away."""
        if self._closed.is_set():
            raise UnreachableError(f"{self._name} is not looked at any more")
        if self._connection is None:
            self._connection = open_for_reading(self._url)
        try:
            yield self._connection
        except WharfError:
            self._disconnect()
            raise
        finally:
            if self._closed.is_set():
                self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _summary(build: StoredBuild, path: Path) -> BuildSummary:
    return BuildSummary(
        path=path,
        build_id=BuildId(build.number),
        origin=ORIGIN,
        source=build.source,
        liveness=_liveness(build),
        status=build.status,
        started_ns=build.started_ns,
        finished_ns=build.finished_ns,
        failed_step=build.failed_step,
        step_count=build.step_count,
        size_bytes=0,
    )


def _liveness(build: StoredBuild) -> Liveness:
    """An incomplete copy of a build whose end is known has ended all the same."""
    if build.state is BuildState.RUNNING:
        return Liveness.RUNNING
    return Liveness.FROZEN if build.status.is_final else Liveness.UNFINISHED
