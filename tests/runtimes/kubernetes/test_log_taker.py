"""Every line of a container's log is taken once, wherever answers end; what the cluster has lost is told."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.runtimes.kubernetes.fake_log import CrashingLog, FakeLog, ListRecorder
from wharf_tui.model.errors import RunError, RuntimeUnavailableError, StoreError
from wharf_tui.model.timestamps import NS
from wharf_tui.runtimes.kubernetes.log_lines import LONGEST_LINE
from wharf_tui.runtimes.kubernetes.log_reading import LogQuery
from wharf_tui.runtimes.kubernetes.log_start import looked_after
from wharf_tui.runtimes.kubernetes.log_taker import LogTaker, Pauses
from wharf_tui.runtimes.kubernetes.part_times import PartTimes

NOW = 1_700_000_000 * NS
NO_PAUSES = Pauses(0, 0, 0, 0)
MARK = looked_after(["sh", "-c", ""])[-1].splitlines()[0].removeprefix('echo "').removesuffix('"').encode()


def numbered(count: int, step_ns: int = 1000) -> list[tuple[int, bytes]]:
    return [(NOW + number * step_ns, b"line %d" % number) for number in range(count)]


def take(log: FakeLog, part_times: PartTimes = PartTimes.UNKNOWN, **options: bool) -> ListRecorder:
    recorder = ListRecorder()
    taker = LogTaker(log.open, recorder, part_times, pauses=NO_PAUSES, **options)
    log.on_end = taker.end
    taker.run()
    return recorder


def assert_exact(log: FakeLog, recorder: ListRecorder) -> None:
    assert recorder.taken == log.lines


def assert_honest(log: FakeLog, recorder: ListRecorder) -> None:
    """In order, nothing twice, and wherever lines are missing a gap says so."""
    places: dict[object, int] = {line: place for place, line in enumerate(log.lines)}
    expected = 0
    for item in [*recorder.taken, None]:
        if isinstance(item, str):
            expected = -1
            continue
        place = len(log.lines) if item is None else places[item]
        if expected >= 0:
            assert place == expected, "lines are missing, and nothing tells it"
        expected = place + 1
    found = [places[item] for item in recorder.taken if not isinstance(item, str)]
    assert found == sorted(set(found))


def test_a_log_that_is_followed_to_its_end_is_read_once_more() -> None:
    log = FakeLog(numbered(5))
    assert_exact(log, take(log))
    assert log.queries == [LogQuery(follow=True), LogQuery(tail=1000)]


def test_a_container_that_has_ended_is_read_once() -> None:
    log = FakeLog(numbered(5))
    log.printed = len(log.entries)
    recorder = ListRecorder()
    taker = LogTaker(log.open, recorder, PartTimes.UNKNOWN, pauses=NO_PAUSES)
    taker.end()
    taker.run()
    assert_exact(log, recorder)
    assert log.queries == [LogQuery()]


def test_nothing_printed() -> None:
    log = FakeLog([])
    assert take(log).taken == []


@pytest.mark.parametrize("breaks", [False, True])
@pytest.mark.parametrize("every", [1, 2, 3, 7, 50])
def test_lines_of_one_nanosecond_cut_after_every_few(every: int, *, breaks: bool) -> None:
    log = FakeLog([(NOW, b"same")] * 60)
    log.budgets, log.breaks = [every] * 60, breaks
    assert_exact(log, take(log))


@given(
    st.lists(st.tuples(st.integers(0, 5 * NS), st.integers(0, 3)), max_size=40),
    st.lists(st.integers(0, 6), max_size=30),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_any_times_and_any_cuts(lines, budgets, breaks, old_style, last_lf) -> None:
    """Times that are equal or go backwards, lines that repeat."""
    log = FakeLog(
        ((NOW + at, b"%d" % text) for at, text in lines), old_style=old_style, last_lf=last_lf or not lines
    )
    log.budgets, log.breaks = budgets, breaks
    assert_exact(log, take(log))


def test_a_clock_that_goes_back_while_nobody_reads() -> None:
    log = FakeLog([(NOW + 5 * NS, b"one"), (NOW, b"two"), (NOW + 5 * NS, b"three")])
    log.budgets = [1]
    assert_exact(log, take(log))


def test_a_large_log_is_read_again_from_where_it_was_left() -> None:
    log = FakeLog([(NOW + number * NS, b"x" * 9_000) for number in range(1000)])
    log.budgets = [900, 50]
    assert_exact(log, take(log))
    begins = [query.since_s - NOW // NS for query in log.queries if query.follow and query.since_s]
    assert len(begins) == 2
    assert 600 < begins[0] < 900 < begins[1] + 260 < 950 + 260


@given(
    st.integers(1, 60),
    st.lists(st.integers(0, 9), max_size=12),
    st.sets(st.integers(1, 60), max_size=4),
    st.sampled_from([1, 10_000, NS // 2, 2 * NS]),
)
def test_rotation_is_exact_or_told(count, budgets, rotations, step_ns) -> None:
    log = FakeLog(numbered(count, step_ns))
    log.budgets, log.rotations = budgets, rotations
    assert_honest(log, take(log))


def test_more_lines_than_are_remembered() -> None:
    log = FakeLog(numbered(30_000, 1))
    log.budgets = [9000, 1, 12_000, 5]
    assert_exact(log, take(log))


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from([0, 1, 16_383, 16_384, 16_385, 32_768, 40_000, 70_000]), max_size=6),
    st.lists(st.integers(0, 5), max_size=10),
    st.booleans(),
    st.sampled_from(list(PartTimes)),
)
def test_long_lines_of_both_styles(sizes, budgets, old_style, part_times) -> None:
    if part_times is not PartTimes.UNKNOWN:
        part_times = PartTimes.YES if old_style else PartTimes.NO
    log = FakeLog(((NOW + number, b"x" * size) for number, size in enumerate(sizes)), old_style=old_style)
    log.budgets = budgets
    assert_exact(log, take(log, part_times))


@pytest.mark.parametrize("old_style", [False, True])
def test_a_line_of_ten_megabytes(*, old_style: bool) -> None:
    log = FakeLog([(NOW, b"y" * 10_000_000), (NOW + 1, b"next")], old_style=old_style)
    log.budgets = [300]
    assert_exact(log, take(log, PartTimes.YES if old_style else PartTimes.NO))


def test_a_line_that_is_too_long_for_one_is_cut_and_that_is_told() -> None:
    size = LONGEST_LINE + 1000
    log = FakeLog([(NOW, b"z" * size), (NOW + 1, b"next")])
    log.budgets = [1, 3000]
    recorder = take(log)
    assert b"".join(recorder.messages) == b"z" * size + b"next"
    assert recorder.messages[-1] == b"next"
    assert recorder.gaps == ["a line that is too long for one was cut in two here"]


def test_what_the_kubelet_writes_into_an_answer_is_no_line() -> None:
    log = FakeLog(numbered(20))
    log.budgets, log.last_words = [3, 0, 5, 1], b"failed to create fsnotify watcher: too many open files"
    assert_exact(log, take(log))


def test_an_answer_that_is_only_an_error() -> None:
    log = FakeLog(numbered(3))
    log.budgets, log.last_words = [0, 0, 3], b"unable to retrieve container logs for docker://0\n"
    assert_exact(log, take(log))


def test_an_ended_container_whose_log_is_gone_is_told() -> None:
    def open_log(query: LogQuery):
        log = FakeLog(numbered(3))
        log.printed, log.last_words = 3, b""
        if query.follow:
            taker.end(is_deleted=True)
            return log.open(query)
        raise RunError("unable to retrieve container logs")

    recorder = ListRecorder()
    taker = LogTaker(open_log, recorder, PartTimes.UNKNOWN, pauses=NO_PAUSES)
    taker.run()
    assert recorder.messages == [b"line 0", b"line 1", b"line 2"]
    assert recorder.gaps == [
        "the end of the container's log could not be read: unable to retrieve container logs"
    ]


def test_a_pod_that_is_gone_keeps_its_last_words() -> None:
    answers = [FakeLog(numbered(2), last_lf=False)]

    def open_log(query: LogQuery):
        if not answers:
            return None
        log = answers.pop()
        log.printed = 2
        return log.open(LogQuery())

    recorder = ListRecorder()
    LogTaker(open_log, recorder, PartTimes.UNKNOWN, pauses=NO_PAUSES).run()
    assert recorder.messages == [b"line 0", b"line 1"]
    assert recorder.gaps == ["the end of the container's log could not be read: its pod is gone"]


def test_a_cluster_that_refuses_the_log() -> None:
    asked = []

    def refuse(query: LogQuery):
        asked.append(query)
        raise RunError('cannot read the log: pods "x" is forbidden')

    with pytest.raises(RunError, match="forbidden"):
        LogTaker(refuse, ListRecorder(), PartTimes.UNKNOWN, pauses=NO_PAUSES).run()
    assert len(asked) > 2


def test_a_cluster_that_is_away_for_a_while() -> None:
    log = FakeLog(numbered(10))
    log.budgets = [4]
    fails = iter([False, True, True, True, True, True, True, True, True, True, True])

    def open_log(query: LogQuery):
        if next(fails, False):
            raise RuntimeUnavailableError("connection refused")
        return log.open(query)

    recorder = ListRecorder()
    taker = LogTaker(open_log, recorder, PartTimes.UNKNOWN, pauses=NO_PAUSES)
    log.on_end = taker.end
    taker.run()
    assert_exact(log, recorder)


def test_a_log_that_cannot_be_stored() -> None:
    class FullRecorder(ListRecorder):
        def lines(self, lines) -> None:
            raise StoreError("no space left")

    log = FakeLog(numbered(2))
    with pytest.raises(StoreError):
        LogTaker(log.open, FullRecorder(), PartTimes.UNKNOWN, pauses=NO_PAUSES).run()


@pytest.mark.parametrize("ahead", [0, 1, 20])
def test_the_line_that_marks_the_beginning_is_taken_out(ahead: int) -> None:
    lines = numbered(30)
    log = FakeLog([*lines[:ahead], (NOW, MARK), *lines[ahead:]])
    log.budgets = [1, 2, 3]
    assert take(log, marks_start=True).taken == lines


@pytest.mark.parametrize("count", [5, 5000])
def test_a_beginning_that_was_rotated_away_is_told(count: int) -> None:
    recorder = take(FakeLog(numbered(count)), marks_start=True)
    assert recorder.messages == [message for _, message in numbered(count)]
    assert recorder.gaps == ["the beginning of the container's log was rotated away before it could be read"]


@pytest.mark.parametrize(("taken", "printed"), [(3, 3), (3, 9), (9, 9), (0, 9), (0, 0)])
@pytest.mark.parametrize("takes_past", [False, True])
def test_a_container_that_is_started_again(taken: int, printed: int, *, takes_past: bool) -> None:
    before, after = FakeLog(numbered(printed)), FakeLog([(NOW + 9 * NS, b"again"), (NOW + 9 * NS, b"and on")])
    before.printed, after.printed = printed, 1
    after.previous = before
    answers = [taken] if taken else []

    def open_log(query: LogQuery):
        if answers:
            before.printed = answers.pop()
            answer = before.open(LogQuery())
            before.printed = max(taken, before.printed)
            return answer
        before.printed = printed
        return after.open(query)

    recorder = ListRecorder()
    taker = LogTaker(
        open_log, recorder, PartTimes.UNKNOWN, may_restart=True, takes_past=takes_past, pauses=NO_PAUSES
    )
    after.on_end = taker.end
    taker.run()
    if taken or takes_past:
        assert recorder.taken == [*before.lines, *after.lines]
    else:
        assert recorder.taken == after.lines


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=5))
def test_a_container_that_crashes_again_and_again(runs: list[tuple[int, int, int]]) -> None:
    """Each run prints some lines, and its log is asked for some times while it runs, and while it waits to be run again."""
    log, recorder = CrashingLog([count for count, _, _ in runs]), ListRecorder()
    times = [(run, waits, asked) for run, (_, *both) in enumerate(runs) for waits, asked in enumerate(both)]
    phases = iter([(run, bool(waits)) for run, waits, asked in times for _ in range(asked + 1)])

    def open_log(query: LogQuery):
        if query.follow:
            log.run, log.waits = next(phases, (log.run, log.waits))
            if (log.run, log.waits) == (len(runs) - 1, True):
                taker.end()
        return log.open(query)

    taker = LogTaker(
        open_log, recorder, PartTimes.UNKNOWN, may_restart=True, takes_past=True, pauses=NO_PAUSES
    )
    taker.run()
    assert recorder.taken == log.lines


@given(st.lists(st.integers(0, 3), min_size=1, max_size=5), st.lists(st.integers(0, 3), max_size=20))
def test_a_container_that_crashes_while_it_is_asked_for(counts: list[int], steps: list[int]) -> None:
    """Whatever runs are missed, no line comes twice, and those that come are in order."""
    log, recorder, left = CrashingLog(counts), ListRecorder(), iter(steps)

    def open_log(query: LogQuery):
        run, waits = divmod(min(log.run * 2 + log.waits + next(left, 1), 2 * len(counts) - 1), 2)
        log.run, log.waits = run, bool(waits)
        if (log.run, log.waits) == (len(counts) - 1, True):
            taker.end()
        return log.open(query)

    taker = LogTaker(
        open_log, recorder, PartTimes.UNKNOWN, may_restart=True, takes_past=True, pauses=NO_PAUSES
    )
    taker.run()
    found = [item for item in recorder.taken if not isinstance(item, str)]
    assert found == sorted(set(found))
    assert found[-1:] == log.lines[-1:] or not counts[-1]


def test_a_follower_whose_log_was_rotated_away_is_noticed() -> None:
    """The followed answer stays open and silent, as kubelets before 1.29 leave it."""
    log = FakeLog(numbered(20))
    log.printed = 10
    silent = threading.Event()

    class Silent:
        def __init__(self) -> None:
            self.answer = log.open(LogQuery())
            self.stopped = threading.Event()

        def read(self) -> bytes:
            assert self.answer is not None
            block = self.answer.read()
            if block:
                return block
            silent.set()
            assert self.stopped.wait(30)
            raise RuntimeUnavailableError("stopped")

        def stop(self) -> None:
            self.stopped.set()

        def close(self) -> None:
            pass

    opened: list[LogQuery] = []

    def open_log(query: LogQuery):
        if query.follow and not opened:
            opened.append(query)
            return Silent()
        return log.open(query)

    recorder = ListRecorder()
    taker = LogTaker(open_log, recorder, PartTimes.UNKNOWN, pauses=NO_PAUSES)
    log.on_end = taker.end
    thread = threading.Thread(target=taker.run)
    thread.start()
    assert silent.wait(30)
    taker.check()
    assert thread.is_alive()
    log.printed = 15
    taker.check()
    thread.join(30)
    assert not thread.is_alive()
    assert_exact(log, recorder)


def test_a_log_that_nobody_wants_any_more_has_lost_nothing() -> None:
    log = FakeLog(numbered(5))
    log.budgets = [2]
    recorder = ListRecorder()
    taker = LogTaker(log.open, recorder, PartTimes.UNKNOWN, pauses=Pauses(after_end=30))
    thread = threading.Thread(target=taker.run)
    thread.start()
    taker.leave()
    thread.join(30)
    assert not thread.is_alive()
    assert not recorder.gaps
