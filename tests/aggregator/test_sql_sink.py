"""The sink's promises, on SQLite and on PostgreSQL: idempotent, never overwritten, never a hole."""

import random
import sqlite3

import pytest

from tests.aggregator.conftest import MESSAGES, T0
from tests.aggregator.oracle import query
from wharf_tui.aggregator.rows import stored_line
from wharf_tui.aggregator.sinks.choice import database, sinks
from wharf_tui.aggregator.sinks.port import (
    Batch,
    BuildState,
    Conclusion,
    Conflict,
    Header,
    PodReport,
    Registered,
    Run,
)
from wharf_tui.aggregator.sinks.sql_sink import SqlSink
from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.errors import AccessDeniedError, InputError, StoreError, UnreachableError, UsageError
from wharf_tui.model.ids import BuildId, LogId, StepId
from wharf_tui.model.lines import Gap, GapKind
from wharf_tui.model.status import ArtifactEvent, Status, StatusEvent

ONE, TWO = StepId(1), StepId(2)
STEPS = tuple(StepState(StepInfo(step, "build", f"s{step}")) for step in (ONE, TWO))
HEADER = Header(
    BuildInfo(BuildId(42), STEPS, source="ci.yml", started_ns=T0, epoch="e1"), Status.RUNNING, "worker x"
)


def text(log_id: int, step: int = 1) -> tuple[int | None, bytes]:
    message = MESSAGES[log_id % len(MESSAGES)] if log_id % 3 == 0 else b"line %d of %d" % (log_id, step)
    return (None if log_id % 7 == 0 else T0 + log_id), message


def run(first: int, count: int, step: StepId = ONE) -> Run:
    data = b"".join(stored_line(*text(log_id, step)) for log_id in range(first, first + count))
    return Run(step, first - 1, first, count, data)


def batch(registered: Registered, *runs: Run, **other: object) -> Batch:
    return Batch(registered.build, HEADER, "e1", STEPS, runs=runs, **other)  # type: ignore[arg-type]  # named at the call


@pytest.fixture
def sink(url):
    (first, *_) = sinks(url)
    assert isinstance(first, SqlSink)
    first.open()
    yield first
    first.close()


def rows(url: str) -> list[tuple[object, ...]]:
    return query(url, "SELECT step, log_id, at_ns, message, raw FROM log_lines ORDER BY step, log_id")


def as_rows(step: int, *log_ids: int) -> list[tuple[object, ...]]:
    from wharf_tui.aggregator.rows import to_text

    return [(step, log_id, text(log_id, step)[0], *to_text(text(log_id, step)[1])) for log_id in log_ids]


def test_lines_of_every_kind_are_kept_as_they_are(url, sink) -> None:
    registered = sink.begin("u1", HEADER)
    committed = sink.commit(batch(registered, run(1, 60), run(1, 5, TWO)))
    assert (committed.new_lines, committed.copied_to) == (65, {ONE: 60, TWO: 5})
    assert rows(url) == [*as_rows(1, *range(1, 61)), *as_rows(2, *range(1, 6))]
    assert sink.begin("u1", HEADER).copied_to == {ONE: 60, TWO: 5}


def test_the_same_batch_again_changes_nothing(url, sink) -> None:
    registered = sink.begin("u1", HEADER)
    for _ in range(3):
        assert sink.commit(batch(registered, run(1, 40))).copied_to[ONE] == 40
    assert sink.commit(batch(registered, run(21, 30))).new_lines == 10
    assert rows(url) == as_rows(1, *range(1, 51))


def test_any_overlap_of_batches_ends_in_each_line_once(url, sink) -> None:
    registered, chance = sink.begin("u1", HEADER), random.Random(7)
    (other, *_) = sinks(url)
    other.open()
    last = 0
    while last < 200:
        first = chance.randint(max(1, last - 15), last + 1)
        who = chance.choice((sink, other))
        last = max(last, who.commit(batch(registered, run(first, chance.randint(1, 25)))).copied_to[ONE])
    other.close()
    assert rows(url) == as_rows(1, *range(1, last + 1))


def test_lines_behind_what_is_not_there_are_not_taken(url, sink) -> None:
    registered = sink.begin("u1", HEADER)
    sink.commit(batch(registered, run(1, 10)))
    committed = sink.commit(batch(registered, run(12, 5)))
    assert (committed.new_lines, committed.copied_to) == (0, {ONE: 10, TWO: 0})
    assert rows(url) == as_rows(1, *range(1, 11))


def test_a_hole_is_passed_over_only_where_it_is_recorded(url, sink) -> None:
    registered = sink.begin("u1", HEADER)
    gap = Gap(GapKind.HOLE, LogId(10), 3, "rotated", T0, T0 + 1)
    hole = Run(ONE, 10, 14, 0, b"")
    committed = sink.commit(batch(registered, run(1, 10), hole, run(14, 2), gaps=((ONE, gap),)))
    assert committed.copied_to[ONE] == 15
    again = sink.commit(batch(registered, run(1, 10), hole, run(14, 3), gaps=((ONE, gap),)))
    assert (again.new_lines, again.copied_to[ONE]) == (1, 16)
    assert rows(url) == as_rows(1, *range(1, 11), 14, 15, 16)
    assert query(url, "SELECT step, after_log_id, kind, missing, reason, from_ns, to_ns FROM gaps") == [
        (1, 10, "hole", 3, "rotated", T0, T0 + 1)
    ]


def test_the_same_line_with_another_text_is_an_alarm_and_no_overwrite(url, sink) -> None:
    registered = sink.begin("u1", HEADER)
    sink.commit(batch(registered, run(1, 10)))
    changed = Run(ONE, 0, 1, 12, run(1, 12).data.replace(b"line 5 of 1", b"line 5 of 2"))
    committed = sink.commit(batch(registered, changed))
    assert committed.conflict == Conflict(ONE, 5)
    assert (committed.new_lines, committed.copied_to[ONE]) == (0, 10)
    for later in (changed, run(11, 5)):
        committed = sink.commit(batch(registered, later))
        assert committed.is_disputed
        assert (committed.new_lines, committed.copied_to[ONE]) == (0, 10)
    assert rows(url) == as_rows(1, *range(1, 11))
    assert query(url, "SELECT step, log_id, stored_message, offered_message FROM alarms") == [
        (1, 5, "line 5 of 1", "line 5 of 2")
    ]
    assert sink.begin("u1", HEADER).state is BuildState.DISPUTED


def test_another_time_for_the_same_line_is_an_alarm_too(url, sink) -> None:
    registered = sink.begin("u1", HEADER)
    sink.commit(batch(registered, run(1, 3)))
    data = stored_line(T0 + 2, b"line 1 of 1")
    assert sink.commit(batch(registered, Run(ONE, 0, 1, 1, data))).conflict == Conflict(ONE, 1)


def test_a_line_that_somebody_deleted_is_put_back(url, sink) -> None:
    registered = sink.begin("u1", HEADER)
    sink.commit(batch(registered, run(1, 20)))
    connection = database(url)
    connection.open()
    connection.execute("DELETE FROM log_lines WHERE log_id IN (1, 7, 8, 20)")
    connection.close()
    assert sink.commit(batch(registered, run(1, 20))).new_lines == 4
    assert rows(url) == as_rows(1, *range(1, 21))


def refuse_line(url: str, log_id: int) -> None:
    connection = database(url)
    connection.open()
    if url.startswith("sqlite"):
        connection.execute(
            f"CREATE TRIGGER refusing BEFORE INSERT ON log_lines WHEN new.log_id = {log_id} "
            "BEGIN SELECT raise(ABORT, 'not this one'); END"
        )
    else:
        connection.execute(f"ALTER TABLE log_lines ADD CONSTRAINT not_this_one CHECK (log_id <> {log_id})")
    connection.close()


@pytest.mark.parametrize("refused", [1, 2, 77, 100])
def test_a_row_that_is_refused_is_named_and_what_is_before_it_is_kept(url, sink, refused) -> None:
    registered = sink.begin("u1", HEADER)
    refuse_line(url, refused)
    committed = sink.commit(batch(registered, run(1, 100), run(1, 4, TWO)))
    assert committed.refusal is not None
    assert (committed.refusal.step_id, committed.refusal.log_id) == (ONE, refused)
    assert "not" in committed.refusal.reason
    assert committed.copied_to[ONE] == refused - 1
    assert rows(url) == as_rows(1, *range(1, refused))


def test_events_artifacts_and_states_are_kept_once_and_an_end_is_never_taken_back(url, sink) -> None:
    registered = sink.begin("u1", HEADER)
    events = ((ONE, StatusEvent(1, Status.RUNNING, T0)), (ONE, StatusEvent(2, Status.FAILED, None)))
    artifacts = ((TWO, ArtifactEvent(1, "report\0.zip")),)
    ended = StepState(STEPS[0].info, Status.FAILED, T0, T0 + 5, 1, "exit 1", last_log_id=3)
    for steps in (STEPS, (ended,), STEPS):
        sink.commit(Batch(registered.build, HEADER, "e1", steps, events=events, artifacts=artifacts))
    assert query(url, "SELECT step, event_id, status, at_ns FROM status_events") == [
        (1, 1, "Running", T0),
        (1, 2, "Failed", None),
    ]
    assert query(url, "SELECT step, artifact_id, name FROM artifacts") == [(2, 1, "report\u2400.zip")]
    assert query(url, "SELECT status, exit_code, reason, last_log_id FROM steps WHERE step = 1") == [
        ("Failed", 1, "exit 1", 3)
    ]


def conclude(sink: SqlSink, registered: Registered, last: dict[StepId, int] | None) -> tuple[str, ...]:
    info = BuildInfo(BuildId(42), STEPS, started_ns=T0, finished_ns=T0 + 9, result=Status.SUCCESS, epoch="e1")
    header = Header(info, Status.SUCCESS, "worker x")
    return sink.conclude(Conclusion(registered.build, header, BuildState.COMPLETE, "", last))


def test_a_build_is_complete_only_when_all_of_it_is_counted(url, sink) -> None:
    registered = sink.begin("u1", HEADER)
    sink.commit(batch(registered, run(1, 10), run(1, 5, TWO)))
    problems = conclude(sink, registered, {ONE: 10, TWO: 6})
    assert problems == ("step 2: 5 lines are stored, and its source has 6",)
    assert query(url, "SELECT state FROM builds") == [("incomplete",)]
    assert conclude(sink, registered, {ONE: 9, TWO: 5}) == (
        "step 1: line 10 is stored, and its source ends at line 9",
    )
    assert conclude(sink, registered, {ONE: 10, TWO: 5}) == ()
    assert query(url, "SELECT state, status, result, finished_ns FROM builds") == [
        ("complete", "Success", "Success", T0 + 9)
    ]
    assert sink.state_of("u1") is BuildState.COMPLETE
    assert sink.state_of_origin("worker x") is BuildState.COMPLETE
    assert sink.state_of("nobody") is None


def test_a_complete_build_stays_so_when_it_is_copied_again(url, sink) -> None:
    registered = sink.begin("u1", HEADER)
    sink.commit(batch(registered, run(1, 10)))
    conclude(sink, registered, {ONE: 10})
    sink.commit(batch(registered, run(1, 10)))
    assert query(url, "SELECT state, status FROM builds") == [("complete", "Success")]
    sink.commit(batch(registered, run(11, 1)))
    assert query(url, "SELECT state FROM builds") == [("running",)]


def test_holes_count_as_missing_and_not_as_lines(url, sink) -> None:
    registered = sink.begin("u1", HEADER)
    gap = Gap(GapKind.HOLE, LogId(10), 3, "rotated")
    sink.commit(batch(registered, run(1, 10), Run(ONE, 10, 14, 0, b""), run(14, 2), gaps=((ONE, gap),)))
    assert conclude(sink, registered, {ONE: 15}) == ()
    assert query(url, "SELECT lines, gaps FROM build_overview") == [(12, 1)]


def test_a_nameless_build_is_found_by_a_line_of_its_own(sink) -> None:
    registered = sink.begin("u1", HEADER)
    sink.commit(batch(registered, run(1, 10)))
    at_ns, message = text(9)
    assert at_ns is not None
    assert sink.find_twin("worker x", ONE, 9, at_ns, message) == "u1"
    assert sink.find_twin("worker y", ONE, 9, at_ns, message) is None
    assert sink.find_twin("worker x", ONE, 9, at_ns + 1, message) is None
    assert sink.find_twin("worker x", ONE, 9, at_ns, message + b".") is None


def test_what_became_of_a_pod_is_kept(url, sink) -> None:
    report = PodReport(
        "p1", "ci", "worker-1", 42, "failed", "OOMKilled", "too\0much", ("one", "two"), ("log",), T0
    )
    sink.report_pod(report)
    sink.report_pod(report)
    assert query(url, "SELECT pod_uid, kind, number, message, events, log FROM pod_reports") == [
        ("p1", "failed", 42, "too\u2400much", "one\ntwo", "log")
    ]


def test_ids_that_no_column_takes_are_refused_in_words(sink) -> None:
    with pytest.raises(InputError, match="too large"):
        sink.begin("u2", Header(BuildInfo(BuildId(2**63)), Status.RUNNING, "x"))
    registered = sink.begin("u1", HEADER)
    with pytest.raises(InputError, match="too large"):
        sink.commit(batch(registered, events=((ONE, StatusEvent(2**64 - 1, Status.RUNNING, None)),)))


def test_the_read_view_names_steps_and_shows_times(url, sink) -> None:
    sink.commit(batch(sink.begin("u1", HEADER), run(1, 1)))
    ((number, stage, step, log_id, at, message),) = query(
        url, "SELECT build_number, stage, step_name, log_id, CAST(at AS text), message FROM build_log"
    )
    assert (number, stage, step, log_id, message) == (42, "build", "s1", 1, "line 1 of 1")
    assert str(at).replace(" ", "T").startswith("2024-02-03T10:00:01.123456")


def test_a_schema_of_a_newer_version_is_left_alone(url, sink) -> None:
    connection = database(url)
    connection.open()
    connection.execute(
        "INSERT INTO schema_versions (version, applied_ns, applied_by) VALUES (99, 0, 'wharf-tui 9')"
    )
    connection.close()
    (newcomer, *_) = sinks(url)
    with pytest.raises(InputError, match="schema version 99"):
        newcomer.open()
    newcomer.close()


def test_deleting_a_build_while_it_is_copied_is_told(url, sink) -> None:
    registered = sink.begin("u1", HEADER)
    connection = database(url)
    connection.open()
    connection.execute("DELETE FROM builds")
    connection.close()
    with pytest.raises(InputError, match="deleted"):
        sink.commit(batch(registered, run(1, 1)))


def test_a_file_that_is_no_database_is_told(tmp_path) -> None:
    (tmp_path / "notes.db").write_text("no database at all, but long enough to be looked at" * 30)
    (sink,) = sinks(f"sqlite:///{tmp_path}/notes.db")
    with pytest.raises(InputError, match="no SQLite database"):
        sink.open()


def test_a_folder_that_is_not_there_is_told(tmp_path) -> None:
    (sink,) = sinks(f"sqlite:///{tmp_path}/nowhere/x.db")
    with pytest.raises(StoreError, match="unable to open"):
        sink.open()


def test_a_server_that_is_not_there_or_does_not_know_us_is_told(postgres) -> None:
    (sink, *_) = sinks("postgresql://wharf:secret@127.0.0.1:1/builds")
    with pytest.raises(UnreachableError) as gone:
        sink.open()
    assert "secret" not in gone.value.message
    (sink, *_) = sinks(f"postgresql://nobody@127.0.0.1:{postgres.port}/postgres")
    with pytest.raises(AccessDeniedError):
        sink.open()


def test_a_database_that_is_not_in_utf8_is_refused(postgres) -> None:
    connection = database(postgres.admin_url)
    connection.open()
    connection.execute(
        "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    )
    connection.close()
    (sink, *_) = sinks(postgres.admin_url.replace("/postgres", "/latin"))
    with pytest.raises(InputError, match="is in LATIN1"):
        sink.open()


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://file.db", "sqlite:///", "builds.db"])
def test_other_urls_are_refused(url) -> None:
    with pytest.raises(UsageError):
        sinks(url)


def test_the_file_can_be_read_by_others_while_it_is_written(sqlite_url) -> None:
    (sink,) = sinks(sqlite_url)
    sink.open()
    registered = sink.begin("u1", HEADER)
    reader = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    for first in range(1, 100, 10):
        sink.commit(batch(registered, run(first, 10)))
        ((count, last),) = reader.execute("SELECT count(*), max(log_id) FROM log_lines").fetchall()
        assert count == last == first + 9
    reader.close()
    sink.close()
