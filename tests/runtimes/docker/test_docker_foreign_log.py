"""A log that rotates, is cut, or breaks off while it is read: nothing twice, nothing out of order, no loss unsaid."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any, Self

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from wharf_tui.model.errors import RuntimeUnavailableError
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS, format_rfc3339
from wharf_tui.runtimes.docker.damaged_log import go_on_behind_damage
from wharf_tui.runtimes.docker.foreign_history import take_history
from wharf_tui.runtimes.docker.foreign_log import ForeignLog
from wharf_tui.runtimes.docker.frames import FrameError, Stream
from wharf_tui.runtimes.docker.known_lines import KnownLines
from wharf_tui.runtimes.docker.log_driver import LogDriver
from wharf_tui.runtimes.sources import History

T0 = 1_700_000_000 * NS


class Answer:
    def __init__(self, blocks: list[bytes], breaks_after: int | None) -> None:
        self.stopped = False
        self._blocks = blocks
        self._breaks_after = breaks_after

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def read(self) -> bytes:
        if self._breaks_after is not None:
            self._breaks_after -= 1
            if self._breaks_after < 0:
                raise RuntimeUnavailableError("the connection broke")
        return self._blocks.pop(0) if self._blocks else b""


class Log:
    """An engine with one log of numbered lines of both streams."""

    def __init__(self) -> None:
        self.lines: list[int] = []
        self.printed = 0
        self.damaged_at: int | None = None
        """The number of a line where no reading gets through."""
        self.breaks_after: int | None = None

    def print(self, count: int) -> None:
        self.lines += range(self.printed, self.printed + count)
        self.printed += count

    def lose(self, count: int) -> None:
        del self.lines[:count]

    def logs(self, container: str, *, follow: bool = False, since: str = "", tail: int | None = None) -> Any:
        chosen = self.lines if tail is None else self.lines[max(len(self.lines) - tail, 0) :]
        if self.damaged_at is not None and self.damaged_at in chosen:
            chosen = chosen[: chosen.index(self.damaged_at)]
        breaks, self.breaks_after = self.breaks_after, None
        return Answer([frame(number) for number in chosen], breaks)


def frame(number: int) -> bytes:
    entry = format_rfc3339(T0 + number) + b" line %d\n" % number
    stream = Stream.STDERR if number % 5 == 0 else Stream.STDOUT
    return bytes([stream, 0, 0, 0]) + len(entry).to_bytes(4, "big") + entry


class Recorder:
    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.gaps: list[int] = []
        """How many lines were stored before each."""

    def lines(self, lines: Iterable[tuple[int | None, bytes]]) -> None:
        self.numbers += [int(message.split()[1]) for _, message in lines]

    def lost(self, reason: str, from_ns: int | None = None, to_ns: int | None = None) -> None:
        self.gaps.append(len(self.numbers))

    def output(self, at_ns: int, data: bytes) -> None:
        raise AssertionError

    def end_line(self) -> None:
        raise AssertionError

    def status(self, status: Status, reason: str = "") -> None:
        raise AssertionError

    def check(self) -> None:
        assert self.numbers == sorted(set(self.numbers)), "repeated or out of order"
        for index in range(1, len(self.numbers)):
            if self.numbers[index] != self.numbers[index - 1] + 1:
                assert index in self.gaps, f"what is missing before {self.numbers[index]} was not said"


def follow(log: Log, recorder: Recorder, *, rotates: bool) -> ForeignLog:
    driver = LogDriver("json-file", 10**6 if rotates else 0, 3, may_drop=False)
    engine: Any = log
    return ForeignLog(
        engine, "c", driver=driver, recorder=recorder, known=KnownLines(), use=lambda _: None, is_raw=False
    )


class RotatingLog(RuleBasedStateMachine):
    """Prints, loses its beginning, breaks off; and is read now and then."""

    @initialize(rotates=st.booleans(), before=st.integers(0, 50))
    def begin(self, rotates: bool, before: int) -> None:
        self.log, self.recorder = Log(), Recorder()
        self.log.print(before)
        self.foreign = follow(self.log, self.recorder, rotates=rotates)
        take_history(self.foreign, History())

    @rule(count=st.integers(1, 2000))
    def print(self, count: int) -> None:
        self.log.print(count)

    @rule(count=st.integers(1, 3000))
    def rotate(self, count: int) -> None:
        self.log.lose(count)

    @rule()
    def read(self) -> None:
        self.foreign.take_new()
        assert not self.log.lines or self.recorder.numbers[-1] == self.log.printed - 1

    @rule(blocks=st.integers(0, 300))
    def read_what_breaks_off(self, blocks: int) -> None:
        self.log.breaks_after = blocks
        with contextlib.suppress(RuntimeUnavailableError):
            self.foreign.take_new()
        self.log.breaks_after = None

    @invariant()
    def nothing_is_wrong(self) -> None:
        self.recorder.check()


RotatingLog.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestRotatingLog = RotatingLog.TestCase


@pytest.mark.parametrize("rotates", [False, True])
@pytest.mark.parametrize("behind", [0, 1, 3, 40, 5000])
def test_damage_costs_what_it_destroyed_and_no_more(behind: int, rotates: bool) -> None:
    log, recorder = Log(), Recorder()
    foreign = follow(log, recorder, rotates=rotates)
    log.print(1000)
    take_history(foreign, History())
    log.damaged_at = log.printed
    log.print(1 + behind)
    go_on_behind_damage(foreign)
    recorder.check()
    assert recorder.numbers == [*range(1000), *range(1001, 1001 + behind)]
    for _ in range(3):
        log.print(7)
        try:
            count = foreign.take_new()
        except FrameError:
            count = 0
        if not count:  # as the bell would tell
            go_on_behind_damage(foreign)
    recorder.check()
    assert recorder.numbers == [*range(1000), *range(1001, log.printed)]
    assert recorder.gaps[0] == 1000
    assert len(recorder.gaps) <= 3


@pytest.mark.parametrize("rotates", [False, True])
def test_a_log_that_was_emptied(rotates: bool) -> None:
    log, recorder = Log(), Recorder()
    foreign = follow(log, recorder, rotates=rotates)
    log.print(10)
    take_history(foreign, History())
    log.print(5)
    log.lose(15)
    assert foreign.take_new() == 0
    assert foreign.take_new() == 0
    log.print(3)
    assert foreign.take_new() == 3
    assert recorder.numbers == [*range(10), 15, 16, 17]
    assert recorder.gaps == [10]


def test_what_is_left_out_on_purpose_is_no_loss() -> None:
    for history, first in ((History(tail=3), 97), (History(tail=0), 100), (History(since_ns=T0 + 90), 90)):
        log, recorder = Log(), Recorder()
        foreign = follow(log, recorder, rotates=True)
        log.print(100)
        take_history(foreign, history)
        log.print(10)
        foreign.take_new()
        assert recorder.numbers == list(range(first, 110))
        assert recorder.gaps == []
