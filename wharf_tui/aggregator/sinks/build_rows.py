"""The rows of a build but for its lines: the build itself, its steps, events, gaps and artifacts."""

from __future__ import annotations

from wharf_tui.aggregator.rows import MAX_INT64, storable
from wharf_tui.aggregator.sinks.connection import SqlConnection
from wharf_tui.aggregator.sinks.port import (
    Batch,
    BuildState,
    Conclusion,
    Header,
    PodReport,
    Registered,
)
from wharf_tui.model.build import StepState
from wharf_tui.model.errors import InputError
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import now_ns

_FINAL_WORDS = tuple(status.value for status in Status if status.is_final)


def register(connection: SqlConnection, uid: str, header: Header) -> Registered:
    """Make a build known, or find it, inside a transaction.

    Raises:
        InputError: its number is too large for a database.
    """
    info, now = header.info, now_ns()
    if info.build_id > MAX_INT64:
        raise InputError(f"the build's number is too large for a database: {info.build_id}")
    connection.execute(
        "INSERT INTO builds (uid, number, epoch, state, status, origin, source, runtime, environment, started_ns, "
        "first_copied_ns, last_copied_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (uid) DO NOTHING",
        (
            storable(uid),
            info.build_id,
            storable(info.epoch),
            BuildState.RUNNING.value,
            header.status.value,
            storable(header.origin),
            storable(info.source),
            storable(info.runtime),
            storable(info.environment),
            info.started_ns,
            now,
            now,
        ),
    )
    rows = connection.execute("SELECT build, state, epoch FROM builds WHERE uid = ?", (storable(uid),))
    build, state, epoch = rows[0]
    return Registered(build, BuildState(state), epoch, copied_to(connection, build))


def state_of(connection: SqlConnection, build: int) -> BuildState:
    """A build's state.

    Raises:
        InputError: somebody has deleted the build.
    """
    rows = connection.execute("SELECT state FROM builds WHERE build = ?", (build,))
    if not rows:
        raise InputError(
            f"build {build} is no longer in {connection.name}: somebody deleted it while it was copied"
        )
    return BuildState(rows[0][0])


def copied_to(connection: SqlConnection, build: int) -> dict[StepId, int]:
    """How far each step is committed."""
    rows = connection.execute("SELECT step, copied_to FROM steps WHERE build = ?", (build,))
    return {StepId(step): last for step, last in rows}


def set_copied_to(connection: SqlConnection, build: int, step_id: StepId, log_id: int) -> None:
    """Note how far a step is committed; it only ever grows."""
    connection.execute(
        "UPDATE steps SET copied_to = ? WHERE build = ? AND step = ? AND copied_to < ?",
        (log_id, build, step_id, log_id),
    )


def update_header(
    connection: SqlConnection, build: int, header: Header, epoch: str, state: BuildState
) -> None:
    """Take over how the build stands. One that is complete stays as it was concluded."""
    if state is BuildState.COMPLETE:
        return
    info = header.info
    connection.execute(
        "UPDATE builds SET epoch = ?, state = ?, status = ?, result = NULL, what_is_missing = '', problem = ?, origin = ?, started_ns = ?, "
        "finished_ns = ?, last_copied_ns = ? WHERE build = ?",
        (
            storable(epoch),
            state.value,
            header.status.value,
            storable(info.problem),
            storable(header.origin),
            info.started_ns,
            info.finished_ns,
            now_ns(),
            build,
        ),
    )


def store_steps(connection: SqlConnection, batch: Batch) -> None:
    """Take over the states of steps, and what their logs lack. An end is never taken back."""
    for step in batch.steps:
        _store_step(connection, batch.build, step)
    for step_id, gap in batch.gaps:
        connection.execute(
            "INSERT INTO gaps (build, step, after_log_id, kind, missing, reason, from_ns, to_ns) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                batch.build,
                step_id,
                gap.after,
                gap.kind.value,
                gap.missing,
                storable(gap.reason),
                gap.from_ns,
                gap.to_ns,
            ),
        )


def store_events(connection: SqlConnection, batch: Batch) -> None:
    """Add status and artifact events that are not there yet."""
    for step_id, event in batch.events:
        connection.execute(
            "INSERT INTO status_events (build, step, event_id, status, at_ns) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (batch.build, step_id, event.event_id, event.status.value, event.at_ns),
        )
    for step_id, artifact in batch.artifacts:
        connection.execute(
            "INSERT INTO artifacts (build, step, artifact_id, name) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (batch.build, step_id, artifact.artifact_id, storable(artifact.name)),
        )


def conclude(connection: SqlConnection, conclusion: Conclusion, problems: tuple[str, ...]) -> None:
    """Mark the end, inside a transaction in which all was counted."""
    for step in conclusion.header.info.steps:
        _store_step(connection, conclusion.build, step)
    before = state_of(connection, conclusion.build)
    info, state = conclusion.header.info, conclusion.state
    if problems and state is BuildState.COMPLETE:
        state = BuildState.INCOMPLETE
    if before is BuildState.DISPUTED or (before is BuildState.COMPLETE and not problems):
        return
    connection.execute(
        "UPDATE builds SET state = ?, status = ?, result = ?, problem = ?, what_is_missing = ?, started_ns = ?, "
        "finished_ns = ?, last_copied_ns = ? WHERE build = ?",
        (
            state.value,
            conclusion.header.status.value,
            info.result.value if info.result is not None else None,
            storable(info.problem),
            storable("; ".join(filter(None, (conclusion.what_is_missing, *problems)))),
            info.started_ns,
            info.finished_ns,
            now_ns(),
            conclusion.build,
        ),
    )


def store_pod_report(connection: SqlConnection, report: PodReport) -> None:
    """Keep what became of a worker pod, once for each kind of end."""
    connection.execute(
        "INSERT INTO pod_reports (pod_uid, kind, noticed_ns, namespace, pod, number, reason, message, events, log) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            report.pod_uid,
            report.kind,
            report.noticed_ns,
            report.namespace,
            report.pod,
            report.number,
            storable(report.reason),
            storable(report.message),
            storable("\n".join(report.events)),
            storable("\n".join(report.log)),
        ),
    )


def _store_step(connection: SqlConnection, build: int, step: StepState) -> None:
    info = step.info
    connection.execute(
        "INSERT INTO steps (build, step, stage, name, type, status, reason, skipped, exit_code, started_ns, finished_ns, "
        "last_log_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (build, step) DO UPDATE SET "
        "stage = excluded.stage, name = excluded.name, type = excluded.type, status = excluded.status, "
        "reason = excluded.reason, skipped = excluded.skipped, exit_code = excluded.exit_code, "
        "started_ns = excluded.started_ns, finished_ns = excluded.finished_ns, last_log_id = excluded.last_log_id "
        "WHERE steps.status NOT IN (?, ?, ?) OR excluded.status IN (?, ?, ?)",
        (
            build,
            info.step_id,
            storable(info.stage),
            storable(info.name),
            storable(info.type),
            step.status.value,
            storable(step.reason),
            step.skipped,
            step.exit_code,
            step.started_ns,
            step.finished_ns,
            step.last_log_id,
            *_FINAL_WORDS,
            *_FINAL_WORDS,
        ),
    )
