"""A transfer copies a build exactly, whatever fails between its turns."""

import random
from pathlib import Path

import pytest

from tests.aggregator.conftest import add_gap, finish, write_lines
from tests.aggregator.oracle import EXACT, judge, query
from wharf_tui.aggregator.sinks.choice import sinks
from wharf_tui.aggregator.sinks.port import Batch, BuildState, Committed
from wharf_tui.aggregator.tail import BuildTail
from wharf_tui.aggregator.transfer import SourceEnd, Transfer, Turn
from wharf_tui.model.errors import UnreachableError
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.results.build_writer import BuildWriter

ONE, TWO = StepId(1), StepId(2)


class Flaky:
    """A sink that fails now and then: before it has committed, or after, when nobody can know."""

    def __init__(self, sink, seed: int, rate: float = 0.5) -> None:
        self._sink = sink
        self._chance = random.Random(seed)
        self._rate = rate
        self.failures = 0

    def __getattr__(self, name: str):
        return getattr(self._sink, name)

    def commit(self, batch: Batch) -> Committed:
        if self._chance.random() < self._rate:
            self.failures += 1
            if self._chance.random() < 0.5:
                self._sink.commit(batch)
            raise UnreachableError("the connection was cut")
        committed: Committed = self._sink.commit(batch)
        return committed


@pytest.fixture
def open_sink():
    """Open a sink that is closed at the end."""
    opened = []

    def open_(url: str):
        (sink, *_) = sinks(url)
        opened.append(sink)
        sink.open()
        return sink

    yield open_
    for sink in opened:
        sink.close()


def transfer_of(path: Path, uid: str = "", batch_bytes: int = 3000, **kind: bool) -> Transfer:
    tail = BuildTail(path, f"folder {path.name}", **kind)
    return Transfer(tail, uid or tail.reader.info.uid, batch_bytes)


def copy_all(transfer: Transfer, sink, limit: int = 10_000) -> None:
    for _ in range(limit):
        try:
            turn = transfer.turn(sink)
        except UnreachableError:
            continue
        if not turn.goes_on:
            return
        assert turn.conflict is None
        assert turn.refusal is None
    raise AssertionError("it never ended")


def test_a_build_is_copied_exactly_and_is_complete(url, open_sink, make_build) -> None:
    path = make_build(lines=700, steps=3).path
    sink, transfer = open_sink(url), transfer_of(path)
    copy_all(transfer, sink)
    assert transfer.conclude(sink, SourceEnd()) == (BuildState.COMPLETE, "")
    assert judge(url, path) == EXACT
    assert transfer.lines == 2100
    assert query(url, "SELECT status, exit_code FROM steps ORDER BY step") == [("Success", 0)] * 3
    assert query(url, "SELECT count(*) FROM status_events") == [(6,)]


@pytest.mark.parametrize("seed", range(4))
def test_a_sink_that_fails_at_any_moment_gets_each_line_once(url, open_sink, make_build, seed) -> None:
    path = make_build(lines=300, seed=seed).path
    sink = Flaky(open_sink(url), seed)
    copy_all(transfer_of(path, batch_bytes=1500), sink)
    assert sink.failures > 5
    assert judge(url, path) == EXACT


def test_a_copy_that_is_begun_anew_goes_on_where_the_sink_stands(url, open_sink, make_build) -> None:
    path = make_build(lines=400).path
    sink = open_sink(url)
    first = transfer_of(path)
    for _ in range(3):
        first.turn(sink)
    second = transfer_of(path)
    copy_all(second, sink)
    assert first.lines + second.lines == 800
    assert judge(url, path) == EXACT
    third = transfer_of(path)
    copy_all(third, sink)
    assert third.lines == 0


def test_two_aggregators_take_turns_on_one_build(url, open_sink, make_build) -> None:
    path = make_build(lines=500).path
    chance = random.Random(3)
    pairs = [(transfer_of(path, batch_bytes=size), open_sink(url)) for size in (1000, 3700)]
    for _ in range(400):
        transfer, sink = chance.choice(pairs)
        transfer.turn(sink)
    for transfer, sink in pairs:
        copy_all(transfer, sink)
        assert transfer.conclude(sink, SourceEnd()) == (BuildState.COMPLETE, "")
        assert sum(transfer.lines for transfer, _ in pairs) == 1000
    assert judge(url, path) == EXACT


def test_a_build_that_grows_is_followed(url, open_sink, make_build) -> None:
    store: BuildWriter = make_build(lines=50, frozen=False)
    sink, transfer, chance = open_sink(url), transfer_of(store.path), random.Random(5)
    for round_ in range(20):
        write_lines(store, chance.choice((ONE, TWO)), chance.randint(0, 40), chance, 50 + 40 * round_)
        if round_ == 10:
            add_gap(store, ONE, GapKind.LOST_BEFORE_US)
        transfer.turn(sink)
    finish(store, Status.FAILED)
    copy_all(transfer, sink)
    assert judge(url, store.path) == EXACT
    state, problem = transfer.conclude(sink, SourceEnd())
    assert state is BuildState.INCOMPLETE
    assert "lines missing after" in problem
    assert query(url, "SELECT state, status FROM builds") == [("incomplete", "Failed")]


def test_holes_are_recorded_and_the_build_is_incomplete(url, open_sink, make_build) -> None:
    store: BuildWriter = make_build(lines=10, steps=2, frozen=False)
    chance = random.Random(1)
    add_gap(store, ONE, GapKind.HOLE, 5)
    write_lines(store, ONE, 10, chance, 15)
    add_gap(store, ONE, GapKind.HOLE, 2)
    add_gap(store, TWO, GapKind.HOLE, 4)
    finish(store)
    sink, transfer = open_sink(url), transfer_of(store.path, batch_bytes=200)
    copy_all(transfer, sink)
    state, problem = transfer.conclude(sink, SourceEnd())
    assert (state, problem.count("missing")) == (BuildState.INCOMPLETE, 3)
    assert "lines 11-15 missing: the log was rotated away" in problem
    assert judge(url, store.path) == EXACT
    assert query(url, "SELECT step, copied_to FROM steps ORDER BY step") == [(1, 27), (2, 14)]
    assert query(url, "SELECT lines, gaps FROM build_overview") == [(30, 3)]


def test_the_status_does_not_flap_while_steps_run(url, open_sink, make_build) -> None:
    store: BuildWriter = make_build(lines=1, steps=2, frozen=False)
    sink, transfer = open_sink(url), transfer_of(store.path)
    seen = []
    changes = [
        lambda: store.set_status(ONE, Status.SUCCESS),
        lambda: store.set_status(TWO, Status.FAILED),
        lambda: store.freeze(Status.FAILED),
    ]
    for change in changes:
        change()
        transfer.turn(sink)
        seen += query(url, "SELECT status FROM builds")
    assert seen == [("Running",), ("Running",), ("Failed",)]


def test_a_copy_that_nobody_writes_says_nothing_of_its_build(url, open_sink, make_build) -> None:
    store: BuildWriter = make_build(lines=5, steps=2, frozen=False)
    store.close()
    sink = open_sink(url)
    copy_all(transfer_of(store.path, is_copy=True), sink)
    assert query(url, "SELECT DISTINCT status FROM steps") == [("Running",)]
    assert query(url, "SELECT status, state FROM builds") == [("Running", "running")]


def test_a_build_whose_worker_died_is_incomplete(url, open_sink, make_build) -> None:
    store: BuildWriter = make_build(lines=5, frozen=False)
    store.log(ONE).append_output(1, b"half a li")
    store.close()
    with (store.path / "steps/1/logs.log").open("rb+") as file:
        file.seek(-1, 2)
        file.truncate()
    sink, transfer = open_sink(url), transfer_of(store.path)
    copy_all(transfer, sink)
    state, problem = transfer.conclude(sink, SourceEnd())
    assert state is BuildState.INCOMPLETE
    assert "never ended" in problem
    assert query(url, "SELECT count(*) FROM log_lines") == [(10,)], "a torn line is no line"


def other_epoch(path: Path, change_line: int = 0) -> None:
    """The build's worker died, and another goes on with it: perhaps with another line."""
    log = path / "steps/1/logs.log"
    if change_line:
        lines = log.read_bytes().split(b"\n")
        lines[change_line - 1] += b" of another life"
        log.write_bytes(b"\n".join(lines))
        for index in path.glob("steps/*/logs.index"):
            index.unlink()
    store = BuildWriter.reopen(path)
    write_lines(store, ONE, 20, random.Random(9), 900)
    finish(store)


def test_under_a_new_epoch_what_is_stored_is_compared_and_then_trusted(url, open_sink, make_build) -> None:
    store: BuildWriter = make_build(lines=200, frozen=False)
    store.close()
    sink = open_sink(url)
    copy_all(transfer_of(store.path, is_copy=True), sink)
    (before,) = query(url, "SELECT epoch FROM builds")
    other_epoch(store.path)
    transfer = transfer_of(store.path, batch_bytes=900)
    copy_all(transfer, sink)
    assert transfer.conclude(sink, SourceEnd()) == (BuildState.COMPLETE, "")
    assert transfer.lines == 20
    assert judge(url, store.path) == EXACT
    assert query(url, "SELECT epoch FROM builds") != [before]


def test_under_a_new_epoch_another_text_is_an_alarm(url, open_sink, make_build) -> None:
    store: BuildWriter = make_build(lines=200, frozen=False)
    store.close()
    sink = open_sink(url)
    copy_all(transfer_of(store.path, is_copy=True), sink)
    before = query(url, "SELECT * FROM log_lines ORDER BY step, log_id")
    other_epoch(store.path, 151)
    transfer = transfer_of(store.path, batch_bytes=900)
    turns: list[Turn] = []
    while not turns or (turns[-1].goes_on and turns[-1].conflict is None):
        turns.append(transfer.turn(sink))
    conflict = turns[-1].conflict
    assert conflict is not None
    assert (conflict.step_id, conflict.log_id) == (ONE, 151)
    assert transfer.is_disputed
    assert transfer.conclude(sink, SourceEnd())[0] is BuildState.DISPUTED
    assert query(url, "SELECT * FROM log_lines ORDER BY step, log_id") == before
    assert query(url, "SELECT state FROM builds") == [("disputed",)]


def test_a_comparison_that_failed_in_the_middle_is_made_again(url, open_sink, make_build) -> None:
    store: BuildWriter = make_build(lines=200, frozen=False)
    store.close()
    sink = open_sink(url)
    copy_all(transfer_of(store.path, is_copy=True), sink)
    other_epoch(store.path, 151)
    flaky = Flaky(sink, 2, 0.7)
    transfer = transfer_of(store.path, batch_bytes=900)
    while not transfer.is_disputed:
        try:
            turn = transfer.turn(flaky)
        except UnreachableError:
            continue
        assert turn.goes_on
    assert flaky.failures > 2
    assert query(url, "SELECT step, log_id FROM alarms") == [(1, 151)]


def test_a_database_that_was_set_back_gets_what_it_lost(url, open_sink, make_build) -> None:
    """Restored from a backup while we copy: what is committed decides, not what we sent."""
    path = make_build(lines=300).path
    sink, transfer = open_sink(url), transfer_of(path)
    for _ in range(4):
        transfer.turn(sink)
    connection = sinks(url)[0]._connection  # type: ignore[attr-defined]  # the test goes behind the sink's back
    connection.open()
    connection.execute("DELETE FROM log_lines WHERE log_id > 20")
    connection.execute("UPDATE steps SET copied_to = 20 WHERE copied_to > 20")
    connection.close()
    copy_all(transfer, sink)
    assert judge(url, path) == EXACT
    assert transfer.conclude(sink, SourceEnd()) == (BuildState.COMPLETE, "")


def test_a_line_longer_than_a_batch_is_one_line(url, open_sink, make_build) -> None:
    store: BuildWriter = make_build(lines=2, steps=1, frozen=False)
    store.log(ONE).append(7, b"x" * 3_000_000)
    finish(store)
    sink = open_sink(url)
    copy_all(transfer_of(store.path), sink)
    assert judge(url, store.path) == EXACT


def test_a_folder_of_wharf_cmds_is_copied_with_its_last_line(url, open_sink, tmp_path) -> None:
    path = tmp_path / "wharf-cmd-build-00007-123456"
    step = path / "steps/1"
    step.mkdir(parents=True)
    (step / "logs.log").write_bytes(b"2024-02-03T10:00:01.5Z one\n2024-02-03T10:00:02+01:00 two")
    status = '{"lastId":1,"statusUpdates":[{"updateId":1,"timestamp":"2024-02-03T10:00:00Z","status":"%s"}]}'
    (step / "status.json").write_text(status % "Running")
    sink = open_sink(url)
    running = transfer_of(path, path.name, takes_unfinished_lines=True)
    copy_all(running, sink)
    assert running.conclude(sink, SourceEnd())[0] is BuildState.INCOMPLETE
    assert query(url, "SELECT log_id, message FROM log_lines") == [(1, "one")]
    (step / "status.json").write_text(status % "Success")
    ended = transfer_of(path, path.name, takes_unfinished_lines=True)
    copy_all(ended, sink)
    assert ended.conclude(sink, SourceEnd()) == (BuildState.COMPLETE, "")
    assert query(url, "SELECT log_id, message, at_ns FROM log_lines ORDER BY log_id") == [
        (1, "one", 1_706_954_401_500_000_000),
        (2, "two", 1_706_950_802_000_000_000),
    ]
    assert query(url, "SELECT number, status FROM builds") == [(7, "Success")]
