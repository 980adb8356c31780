"""A database as a sink: every batch is one transaction, and lines that are there already are compared, never replaced.

A build's row is locked first, so that two aggregators on one build take turns. Under that lock the step's ``copied_to``
says which lines are there: what lies behind it is new by proof and is inserted at full speed; what lies before it is
compared with what is stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from wharf_tui.aggregator.rows import MAX_INT64, storable, to_message
from wharf_tui.aggregator.sinks import alarms, build_rows
from wharf_tui.aggregator.sinks.connection import SqlConnection
from wharf_tui.aggregator.sinks.migrate import migrate
from wharf_tui.aggregator.sinks.port import (
    Batch,
    BuildState,
    Committed,
    Conclusion,
    Conflict,
    Header,
    PodReport,
    Refusal,
    Registered,
    Run,
)
from wharf_tui.aggregator.sinks.run_lines import RunLine, lines_of, split_run, sub_runs
from wharf_tui.aggregator.sinks.verify import what_does_not_add_up
from wharf_tui.model.errors import InputError
from wharf_tui.model.ids import StepId


@dataclass(slots=True)
class _Outcome:
    """How far one batch has come."""

    batch: Batch
    copied_to: dict[StepId, int]
    new_lines: int = 0
    conflict: Conflict | None = None
    refusal: Refusal | None = None
    touched: set[StepId] = field(default_factory=set)

    @property
    def goes_on(self) -> bool:
        return self.conflict is None and self.refusal is None


class SqlSink:
    """Copies builds into one database, over one connection."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    @property
    def name(self) -> str:
        """The database, without a password."""
        return self._connection.name

    def open(self) -> None:
        """Connect, and bring the schema up to date."""
        self._connection.open()
        migrate(self._connection)

    def interrupt(self) -> None:
        """Let a call that waits for the database fail soon."""
        self._connection.interrupt()

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()

    def begin(self, uid: str, header: Header) -> Registered:
        """Make a build known, or find it."""
        self._connection.open()
        with self._connection.transaction():
            return build_rows.register(self._connection, uid, header)

    def state_of(self, uid: str) -> BuildState | None:
        """What is stored of a build's state."""
        self._connection.open()
        rows = self._connection.execute("SELECT state FROM builds WHERE uid = ?", (storable(uid),))
        return BuildState(rows[0][0]) if rows else None

    def state_of_origin(self, origin: str) -> BuildState | None:
        """What is stored of the newest build from there."""
        self._connection.open()
        rows = self._connection.execute(
            "SELECT state FROM builds WHERE origin = ? ORDER BY build DESC LIMIT 1", (storable(origin),)
        )
        return BuildState(rows[0][0]) if rows else None

    def find_twin(self, origin: str, step_id: StepId, log_id: int, at_ns: int, message: bytes) -> str | None:
        """The newest build from ``origin`` that has exactly this line."""
        self._connection.open()
        rows = self._connection.execute(
            "SELECT b.uid, l.message, l.raw FROM builds AS b JOIN log_lines AS l ON l.build = b.build "
            "WHERE b.origin = ? AND l.step = ? AND l.log_id = ? AND l.at_ns = ? ORDER BY b.build DESC",
            (origin, step_id, log_id, at_ns),
        )
        return next((str(uid) for uid, text, raw in rows if to_message(text, raw) == message), None)

    def commit(self, batch: Batch) -> Committed:
        """Store a batch. Behind a line in conflict, or one that is refused, nothing of it is stored."""
        _refuse_large_ids(batch)
        self._connection.open()
        connection = self._connection
        with connection.transaction():
            connection.lock_build(batch.build)
            state = build_rows.state_of(connection, batch.build)
            if state is BuildState.DISPUTED:
                return Committed(build_rows.copied_to(connection, batch.build), 0, is_disputed=True)
            build_rows.store_steps(connection, batch)
            outcome = _Outcome(batch, build_rows.copied_to(connection, batch.build))
            for run in batch.runs:
                self._store_run(run, outcome)
                if not outcome.goes_on:
                    break
            build_rows.store_events(connection, batch)
            for step_id in outcome.touched:
                build_rows.set_copied_to(connection, batch.build, step_id, outcome.copied_to[step_id])
            if outcome.conflict is not None:
                state = BuildState.DISPUTED
            elif outcome.new_lines or state is not BuildState.COMPLETE:
                state = BuildState.RUNNING
            build_rows.update_header(connection, batch.build, batch.header, batch.epoch, state)
        return Committed(outcome.copied_to, outcome.new_lines, outcome.conflict, outcome.refusal)

    def conclude(self, conclusion: Conclusion) -> tuple[str, ...]:
        """Count what is stored, and mark the end."""
        self._connection.open()
        with self._connection.transaction():
            self._connection.lock_build(conclusion.build)
            last = conclusion.last_log_ids
            problems = () if last is None else what_does_not_add_up(self._connection, conclusion.build, last)
            build_rows.conclude(self._connection, conclusion, problems)
        return problems

    def report_pod(self, report: PodReport) -> None:
        """Keep what became of a worker pod."""
        self._connection.open()
        with self._connection.transaction():
            build_rows.store_pod_report(self._connection, report)

    def _store_run(self, run: Run, outcome: _Outcome) -> None:
        committed = outcome.copied_to.get(run.step_id, 0)
        if run.after > committed:
            return  # what lies before it is not here (any more): the caller goes back and sends it again
        old, new = split_run(run, committed - run.first_log_id + 1)
        if old is not None and old.count:
            self._compare(old, outcome)
        if new is not None and new.count and outcome.goes_on:
            self._append(new, outcome)
        if outcome.goes_on:
            self._advance(run.step_id, run.last_log_id, outcome)

    def _advance(self, step_id: StepId, log_id: int, outcome: _Outcome) -> None:
        if log_id > outcome.copied_to.get(step_id, 0):
            outcome.copied_to[step_id] = log_id
            outcome.touched.add(step_id)

    def _append(self, run: Run, outcome: _Outcome) -> None:
        """Insert what should be new; halve it until the one line is found that is refused."""
        refused = self._connection.insert_lines(outcome.batch.build, run)
        if refused is None:
            outcome.new_lines += run.count
            self._advance(run.step_id, run.last_log_id, outcome)
        elif refused.is_duplicate:
            self._compare(run, outcome)
        elif run.count == 1:
            outcome.refusal = Refusal(run.step_id, run.first_log_id, refused.reason)
        else:
            for half in split_run(run, run.count // 2):
                if half is not None and outcome.goes_on:
                    self._append(half, outcome)

    def _compare(self, run: Run, outcome: _Outcome) -> None:
        """Lines that are there must be the same; lines that are not there (somebody deleted them) are put back."""
        rows = self._connection.execute(
            "SELECT log_id, at_ns, message, raw FROM log_lines WHERE build = ? AND step = ? AND log_id BETWEEN ? AND ?",
            (outcome.batch.build, run.step_id, run.first_log_id, run.last_log_id),
        )
        stored = {log_id: RunLine(log_id, at_ns, to_message(text, raw)) for log_id, at_ns, text, raw in rows}
        for line in lines_of(run):
            found = stored.get(line.log_id)
            if found is not None and found != line:
                alarms.record(self._connection, outcome.batch, run.step_id, found, line)
                outcome.conflict = Conflict(run.step_id, line.log_id)
                return
        for missing in sub_runs(run, stored.keys()):
            self._append(missing, outcome)
            if not outcome.goes_on:
                return


def _refuse_large_ids(batch: Batch) -> None:
    """Raise for IDs that wharf's 64 bits without a sign allow, and no column takes."""
    ids = (
        *(run.last_log_id for run in batch.runs),
        *(step.info.step_id for step in batch.steps),
        *(event.event_id for _, event in batch.events),
        *(artifact.artifact_id for _, artifact in batch.artifacts),
    )
    if max(ids, default=0) > MAX_INT64:
        raise InputError(
            f"build {batch.header.info.build_id} has an ID that is too large for a database: {max(ids)}"
        )
