"""Reads builds out of a database: which there are, and all that is known of one but for its lines."""

from __future__ import annotations

from dataclasses import dataclass

from wharf_tui.aggregator.sinks.choice import database, is_database
from wharf_tui.aggregator.sinks.connection import SqlConnection
from wharf_tui.aggregator.sinks.migrate import schema_version
from wharf_tui.aggregator.sinks.port import BuildState
from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.errors import InputError, UsageError
from wharf_tui.model.ids import BuildId, LogId, StepId
from wharf_tui.model.lines import Gap, GapKind
from wharf_tui.model.status import ArtifactEvent, Status, StatusEvent

_GAP_KINDS = {kind.value: kind for kind in GapKind}


@dataclass(frozen=True, slots=True)
class StoredBuild:
    """A build as its row tells it."""

    build: int
    """The database's key."""
    uid: str
    number: int
    state: BuildState
    status: Status
    source: str
    started_ns: int | None
    finished_ns: int | None
    failed_step: str
    """``stage/step`` of the step that failed first; empty where none did."""
    step_count: int
    lines: int


@dataclass(frozen=True, slots=True)
class StoredStep:
    """A step, and what there is of it besides its lines."""

    state: StepState
    copied_to: int
    """ID of the last line that the database has, holes counted in."""
    gaps: tuple[Gap, ...]
    events: tuple[StatusEvent, ...]
    artifacts: tuple[ArtifactEvent, ...]


@dataclass(frozen=True, slots=True)
class DatabaseTarget:
    """What a user names: a database, and a build in it."""

    url: str
    build: str
    """A number, a uid or ``latest``; empty where none is named."""


def parse_target(text: str) -> DatabaseTarget:
    """``sqlite:///FILE#BUILD`` or ``postgresql://...#BUILD``; the build may be left out.

    Raises:
        UsageError: it is no database's URL.
    """
    url, _, build = text.partition("#")
    if not is_database(url):
        raise UsageError(
            f"{text!r} is no database", "Write sqlite:///FILE or postgresql://USER@HOST/DATABASE."
        )
    return DatabaseTarget(url, build)


def open_for_reading(url: str) -> SqlConnection:
    """Connect to a database that an aggregator has written.

    Raises:
        InputError: there is none, or what is there was not written by an aggregator.
        UnreachableError: nobody answers there.
    """
    connection = database(url)
    connection.open(read_only=True)
    if schema_version(connection) == 0:
        connection.close()
        raise InputError(
            f"{connection.name} holds no builds", "`wharf-tui aggregate --to` copies builds there."
        )
    return connection


def list_stored(connection: SqlConnection) -> list[StoredBuild]:
    """All builds, newest first."""
    rows = connection.execute(
        "SELECT b.build, b.uid, b.number, b.state, b.status, b.source, b.started_ns, b.finished_ns, o.steps, o.lines "
        "FROM builds AS b JOIN build_overview AS o ON o.build = b.build "
        "ORDER BY coalesce(b.started_ns, b.first_copied_ns) DESC, b.build DESC"
    )
    failed = _failed_steps(connection)
    return [
        StoredBuild(
            build=row[0],
            uid=row[1],
            number=row[2],
            state=BuildState(row[3]),
            status=Status.from_word(row[4]),
            source=row[5],
            started_ns=row[6],
            finished_ns=row[7],
            failed_step=failed.get(row[0], ""),
            step_count=row[8],
            lines=int(row[9]),
        )
        for row in rows
    ]


def find_stored(connection: SqlConnection, wanted: str) -> StoredBuild:
    """The build that the user means; the only one where nothing is said.

    Raises:
        UsageError: no build answers to it, or several do.
    """
    builds = list_stored(connection)
    for build in builds:
        if wanted in (str(build.number), build.uid, "latest") or (not wanted and len(builds) == 1):
            return build
    hint = f"Name one: {connection.name}#NUMBER, or #latest."
    if not wanted and builds:
        newest = ", ".join(str(build.number) for build in builds[:10])
        raise UsageError(f"{connection.name} holds {len(builds)} builds, the newest of them {newest}", hint)
    raise UsageError(f"no build in {connection.name} answers to {wanted!r}", hint)


def read_info(connection: SqlConnection, build: int) -> BuildInfo:
    """The build, without its steps."""
    rows = connection.execute(
        "SELECT number, uid, epoch, source, runtime, environment, started_ns, finished_ns, result, problem FROM builds "
        "WHERE build = ?",
        (build,),
    )
    number, uid, epoch, source, runtime, environment, started, finished, result, problem = rows[0]
    return BuildInfo(
        build_id=BuildId(number),
        uid=uid,
        epoch=epoch,
        source=source,
        runtime=runtime,
        environment=environment,
        started_ns=started,
        finished_ns=finished,
        result=None if result is None else Status.from_word(result),
        problem=problem,
    )


def read_steps(connection: SqlConnection, build: int) -> list[StoredStep]:
    """The build's steps in order."""
    rows = connection.execute(
        "SELECT step, stage, name, type, status, started_ns, finished_ns, exit_code, reason, skipped, last_log_id, "
        "copied_to FROM steps WHERE build = ? ORDER BY step",
        (build,),
    )
    found = []
    for step, stage, name, kind, status, started, finished, exit_code, reason, skipped, last, copied in rows:
        state = StepState(
            info=StepInfo(StepId(step), stage, name, kind),
            status=Status.from_word(status),
            started_ns=started,
            finished_ns=finished,
            exit_code=exit_code,
            reason=reason,
            skipped=bool(skipped),
            last_log_id=last,
        )
        key = (build, step)
        found.append(
            StoredStep(
                state, copied, _gaps(connection, key), _events(connection, key), _artifacts(connection, key)
            )
        )
    return found


def _failed_steps(connection: SqlConnection) -> dict[int, str]:
    rows = connection.execute(
        "SELECT build, step, stage, name FROM steps WHERE status = ? ORDER BY build, finished_ns DESC",
        (Status.FAILED.value,),
    )
    return {build: StepInfo(StepId(step), stage, name).address for build, step, stage, name in rows}


def _gaps(connection: SqlConnection, key: tuple[int, int]) -> tuple[Gap, ...]:
    rows = connection.execute(
        "SELECT kind, after_log_id, missing, reason, from_ns, to_ns FROM gaps WHERE build = ? AND step = ? "
        "ORDER BY after_log_id",
        key,
    )
    return tuple(
        Gap(_GAP_KINDS.get(kind, GapKind.LOST_BEFORE_US), LogId(after), missing, reason, since, until)
        for kind, after, missing, reason, since, until in rows
    )


def _events(connection: SqlConnection, key: tuple[int, int]) -> tuple[StatusEvent, ...]:
    rows = connection.execute(
        "SELECT event_id, status, at_ns FROM status_events WHERE build = ? AND step = ? ORDER BY event_id",
        key,
    )
    return tuple(StatusEvent(event_id, Status.from_word(word), at_ns) for event_id, word, at_ns in rows)


def _artifacts(connection: SqlConnection, key: tuple[int, int]) -> tuple[ArtifactEvent, ...]:
    rows = connection.execute(
        "SELECT artifact_id, name FROM artifacts WHERE build = ? AND step = ? ORDER BY artifact_id", key
    )
    return tuple(ArtifactEvent(artifact_id, name) for artifact_id, name in rows)
