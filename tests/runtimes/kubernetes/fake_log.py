"""A container's log as kubelets serve it: parts and times, limits by time and tail, rotation, and answers that end early."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from wharf_tui.model.errors import RunError, RuntimeUnavailableError
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS, format_rfc3339
from wharf_tui.runtimes.kubernetes.log_reading import LogQuery

PART = 16384


@dataclass
class ListRecorder:
    """Keeps what it is told, in order; a gap is a text among the lines."""

    taken: list[tuple[int | None, bytes] | str] = field(default_factory=list)

    def output(self, at_ns: int, data: bytes) -> None:
        raise AssertionError

    def lines(self, lines: Iterable[tuple[int | None, bytes]]) -> None:
        self.taken += lines

    def end_line(self) -> None:
        raise AssertionError

    def lost(self, reason: str, from_ns: int | None = None, to_ns: int | None = None) -> None:
        self.taken.append(reason)

    def status(self, status: Status, reason: str = "") -> None:
        raise AssertionError

    @property
    def messages(self) -> list[bytes]:
        return [item[1] for item in self.taken if not isinstance(item, str)]

    @property
    def gaps(self) -> list[str]:
        return [item for item in self.taken if isinstance(item, str)]


class FakeLog:
    """One container that prints its entries while its log is followed.

    Args:
        lines: time and message of each.
        old_style: whether each part of a long line has a time of its own.
        last_lf: whether the last line ends with LF.
    """

    def __init__(
        self, lines: Iterable[tuple[int, bytes]], *, old_style: bool = True, last_lf: bool = True
    ) -> None:
        self.lines = list(lines)
        self.entries = [part for at_ns, message in self.lines for part in _parts(at_ns, message)]
        if not last_lf:
            at_ns, data = self.entries[-1]
            self.entries[-1] = (at_ns, data.removesuffix(b"\n"))
        self.old_style = old_style
        self.printed = 0
        self.file_start = 0
        """Entries before this one have been rotated away."""
        self.previous: FakeLog | None = None
        self.budgets: list[int] = []
        """How many entries each followed answer gets before it is cut; then the container ends."""
        self.breaks = False
        """Whether a cut is an error of the connection, else a clean end."""
        self.rotations: set[int] = set()
        """Numbers of printed entries at which the log is rotated."""
        self.last_words = b""
        """What the kubelet writes at the end of each followed answer."""
        self.on_end: Callable[[], None] = lambda: None
        self.queries: list[LogQuery] = []
        self.random = random.Random(1)

    def open(self, query: LogQuery) -> FakeAnswer | None:
        self.queries.append(query)
        if query.previous:
            if self.previous is None:
                raise RunError("previous terminated container not found")
            return FakeAnswer(self.previous, LogQuery())
        return FakeAnswer(self, query)

    def print_one(self) -> None:
        self.printed += 1
        if self.printed in self.rotations:
            self.file_start = self.printed


class CrashingLog:
    """A container that ends, waits, and is started again.

    While it waits, its log is that of its last run, and so is the one of before its last start.

    Args:
        counts: how many lines each run prints.
    """

    def __init__(self, counts: list[int]) -> None:
        start = 1_700_000_000
        self.runs = [
            FakeLog(((start + run) * NS + number, b"%d.%d" % (run, number)) for number in range(count))
            for run, count in enumerate(counts)
        ]
        for log in self.runs:
            log.printed = len(log.entries)
        self.run = 0
        self.waits = False

    @property
    def lines(self) -> list[tuple[int, bytes]]:
        return [line for log in self.runs for line in log.lines]

    def open(self, query: LogQuery) -> FakeAnswer | None:
        log = self.runs[self.run]
        log.previous = log if self.waits else self.runs[self.run - 1] if self.run else None
        return log.open(query)


class FakeAnswer:
    """One answer."""

    def __init__(self, log: FakeLog, query: LogQuery) -> None:
        self.log = log
        self.query = query
        self.at = log.file_start
        if query.tail is not None:
            self.at = max(self.at, log.printed - query.tail)
        self.since_ns = (query.since_s or 0) * NS
        self.is_new_line = True
        self.budget = 0
        if query.follow:
            self.budget = log.budgets.pop(0) if log.budgets else len(log.entries)
        self.pending = b""
        self.done = False

    def read(self) -> bytes:
        while not self.pending and not self.done:
            self.pending = self._next()
        size = self.log.random.choice([1, 7, 40, 4096, 100_000])
        block, self.pending = self.pending[:size], self.pending[size:]
        return block

    def stop(self) -> None:
        self.done = True

    def close(self) -> None:
        pass

    def _next(self) -> bytes:
        log = self.log
        taken = bytearray()
        while self.at < log.printed and len(taken) < 50_000:
            taken += self._emit(*log.entries[self.at])
            self.at += 1
        if taken:
            return bytes(taken)
        if not self.query.follow:
            self.done = True
            return b""
        if self.budget and log.printed < len(log.entries):
            self.budget -= 1
            log.print_one()
            self.at = max(self.at, log.file_start - 1)
            return self._next()
        self.done = True
        if log.printed == len(log.entries):
            log.on_end()
        elif log.breaks:
            raise RuntimeUnavailableError("the connection broke")
        return log.last_words

    def _emit(self, at_ns: int, data: bytes) -> bytes:
        if at_ns < self.since_ns:
            return b""
        prefix = format_rfc3339(at_ns) + b" " if self.log.old_style or self.is_new_line else b""
        self.is_new_line = data.endswith(b"\n")
        return prefix + data


def _parts(at_ns: int, message: bytes) -> list[tuple[int, bytes]]:
    line = message + b"\n"
    return [(at_ns, line[start : start + PART]) for start in range(0, len(line), PART)]
