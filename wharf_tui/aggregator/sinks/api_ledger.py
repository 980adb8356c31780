"""What wharf-api has acknowledged, in a SQLite file of ours: wharf-api itself keeps no IDs and would take a line twice.

Before lines are sent their number is noted, and after the answer they are noted as acknowledged. Where the answer never
came, the note says which lines may be there, and wharf-api's own log of the build says which are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wharf_tui.aggregator.sinks.port import BuildState, Conflict
from wharf_tui.model.errors import StoreError
from wharf_tui.model.ids import StepId
from wharf_tui.model.timestamps import now_ns
from wharf_tui.results.lock import WriterLock
from wharf_tui.results.os_errors import writing

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS builds (
        build INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, number INTEGER NOT NULL, origin TEXT NOT NULL,
        epoch TEXT NOT NULL, state TEXT NOT NULL, problem TEXT NOT NULL DEFAULT '')""",
    # `lines`: how many lines wharf-api has of this number: those that were there before us, and those acknowledged.
    "CREATE TABLE IF NOT EXISTS numbers (number INTEGER PRIMARY KEY, lines INTEGER NOT NULL)",
    """CREATE TABLE IF NOT EXISTS steps (
        build INTEGER NOT NULL, step INTEGER NOT NULL, acknowledged INTEGER NOT NULL, chain BLOB NOT NULL, last_ns INTEGER,
        PRIMARY KEY (build, step)) WITHOUT ROWID""",
    # Lines that were sent, in their order, and whose answer has not been noted; of one step at a time.
    """CREATE TABLE IF NOT EXISTS in_flight (
        number INTEGER NOT NULL, position INTEGER NOT NULL, build INTEGER NOT NULL, step INTEGER NOT NULL,
        log_id INTEGER NOT NULL, sent_ns INTEGER NOT NULL, text_digest BLOB NOT NULL, chain BLOB NOT NULL, last_ns INTEGER,
        PRIMARY KEY (number, position)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS alarms (
        build INTEGER NOT NULL, step INTEGER NOT NULL, log_id INTEGER NOT NULL, noticed_ns INTEGER NOT NULL,
        PRIMARY KEY (build, step, log_id)) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS pod_reports (pod_uid TEXT NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (pod_uid, kind)) WITHOUT ROWID",
)


@dataclass(frozen=True, slots=True)
class StepMark:
    """How far a step has been acknowledged."""

    acknowledged: int = 0
    """ID of the last line, holes counted in."""
    chain: bytes = b""
    """Digest over all lines up to it."""
    last_ns: int | None = None
    """Time of the last line that had one."""


@dataclass(frozen=True, slots=True)
class SentLine:
    """A line on its way."""

    build: int
    step_id: StepId
    sent_ns: int
    """The time that is sent with it."""
    text_digest: bytes
    mark: StepMark
    """How far the step is once this line is there."""


class Ledger:
    """One file, used by one sink.

    Args:
        path: made when missing.

    Raises:
        StoreBusyError: another aggregator uses it.
        StoreError: it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with writing("create", path.parent):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = WriterLock(path.with_name(path.name + ".lock"))
        self._lock.acquire()
        try:
            self._connection = sqlite3.connect(
                path, timeout=30.0, isolation_level=None, check_same_thread=False
            )
            for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", *_SCHEMA):
                self._connection.execute(statement)
        except sqlite3.Error as error:
            self._lock.release()
            raise StoreError(f"the ledger {path} cannot be used: {error}") from error

    def close(self) -> None:
        """Close the file, and let others use it. May be called twice."""
        self._connection.close()
        self._lock.release()

    def register(self, uid: str, number: int, origin: str, epoch: str) -> None:
        """Make a build known."""
        with self._written():
            self._run(
                "INSERT INTO builds (uid, number, origin, epoch, state) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (uid, number, origin, epoch, BuildState.RUNNING.value),
            )

    def build(self, uid: str) -> tuple[int, str, BuildState] | None:
        """A build's key, epoch and state; None where it is not known."""
        rows = self._run("SELECT build, epoch, state FROM builds WHERE uid = ?", (uid,))
        return (rows[0][0], rows[0][1], BuildState(rows[0][2])) if rows else None

    def state_of_origin(self, origin: str) -> BuildState | None:
        """The state of the newest build from there."""
        rows = self._run("SELECT state FROM builds WHERE origin = ? ORDER BY build DESC LIMIT 1", (origin,))
        return BuildState(rows[0][0]) if rows else None

    def set_state(self, build: int, state: BuildState, problem: str) -> None:
        """Note how a build stands."""
        with self._written():
            self._run(
                "UPDATE builds SET state = ?, problem = ? WHERE build = ?", (state.value, problem, build)
            )

    def set_epoch(self, build: int, epoch: str) -> None:
        """Note under which epoch the lines are known to be the source's."""
        with self._written():
            self._run("UPDATE builds SET epoch = ? WHERE build = ?", (epoch, build))

    def lines_of_number(self, number: int) -> int | None:
        """How many lines wharf-api has of a build's number; None where nobody has counted yet."""
        rows = self._run("SELECT lines FROM numbers WHERE number = ?", (number,))
        return int(rows[0][0]) if rows else None

    def set_lines_of_number(self, number: int, lines: int) -> None:
        """Note how many lines were there before us."""
        with self._written():
            self._run(
                "INSERT INTO numbers (number, lines) VALUES (?, ?) ON CONFLICT DO NOTHING", (number, lines)
            )

    def marks(self, build: int) -> dict[StepId, StepMark]:
        """How far each step has been acknowledged."""
        rows = self._run("SELECT step, acknowledged, chain, last_ns FROM steps WHERE build = ?", (build,))
        return {StepId(step): StepMark(last, chain, last_ns) for step, last, chain, last_ns in rows}

    def in_flight(self, number: int) -> list[SentLine]:
        """What was sent for a build's number, and not answered."""
        rows = self._run(
            "SELECT build, step, sent_ns, text_digest, log_id, chain, last_ns FROM in_flight WHERE number = ? "
            "ORDER BY position",
            (number,),
        )
        return [
            SentLine(build, StepId(step), sent_ns, digest, StepMark(log_id, chain, last_ns))
            for build, step, sent_ns, digest, log_id, chain, last_ns in rows
        ]

    def sending(self, number: int, lines: Sequence[SentLine]) -> None:
        """Note what is about to be sent."""
        with self._written():
            for position, line in enumerate(lines):
                mark = line.mark
                self._run(
                    "INSERT INTO in_flight (number, position, build, step, log_id, sent_ns, text_digest, chain, last_ns) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        number,
                        position,
                        line.build,
                        line.step_id,
                        mark.acknowledged,
                        line.sent_ns,
                        line.text_digest,
                        mark.chain,
                        mark.last_ns,
                    ),
                )

    def acknowledge(self, number: int, lines: Sequence[SentLine]) -> None:
        """Note that these lines are there, and that nothing more of what was sent is."""
        with self._written():
            if lines:
                last = lines[-1]
                self._put_mark(last.build, last.step_id, last.mark)
            self._run("UPDATE numbers SET lines = lines + ? WHERE number = ?", (len(lines), number))
            self._run("DELETE FROM in_flight WHERE number = ?", (number,))

    def pass_over(self, build: int, step_id: StepId, mark: StepMark) -> None:
        """Note a hole: nothing is sent for it."""
        with self._written():
            self._put_mark(build, step_id, mark)

    def record_alarm(self, build: int, conflict: Conflict) -> None:
        """Keep an alarm, once."""
        with self._written():
            self._run(
                "INSERT INTO alarms (build, step, log_id, noticed_ns) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (build, conflict.step_id, conflict.log_id, now_ns()),
            )

    def has_report(self, pod_uid: str, kind: str) -> bool:
        """Whether a pod's end has been reported."""
        return bool(self._run("SELECT 1 FROM pod_reports WHERE pod_uid = ? AND kind = ?", (pod_uid, kind)))

    def note_report(self, pod_uid: str, kind: str) -> None:
        """Note that a pod's end has been reported."""
        with self._written():
            self._run(
                "INSERT INTO pod_reports (pod_uid, kind) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (pod_uid, kind),
            )

    def _put_mark(self, build: int, step_id: StepId, mark: StepMark) -> None:
        self._run(
            "INSERT INTO steps (build, step, acknowledged, chain, last_ns) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (build, step) DO UPDATE SET acknowledged = excluded.acknowledged, chain = excluded.chain, "
            "last_ns = excluded.last_ns",
            (build, step_id, mark.acknowledged, mark.chain, mark.last_ns),
        )

    @contextmanager
    def _written(self) -> Iterator[None]:
        self._run("BEGIN IMMEDIATE")
        try:
            yield
            self._run("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.rollback()
            raise

    def _run(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(statement, parameters).fetchall()
        except (sqlite3.Error, OverflowError) as error:
            raise StoreError(f"the ledger {self.path} cannot be used: {error}") from error
