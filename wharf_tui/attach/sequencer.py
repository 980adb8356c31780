"""The sorted buffer keyed by log ID: whatever comes in whatever order, lines leave it in order, each once.

It works on runs of whole lines, not on single ones. What is contiguous leaves at once; what is ahead waits, sorted;
what was seen before is dropped. What waits is bounded: beyond the bound the farthest runs are let go, and the sequencer
says so, for they can be asked for again.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field

AHEAD_BYTES = 32 * 1024 * 1024
"""How much may wait for what lies before it."""


@dataclass(frozen=True, slots=True, order=True)
class Run:
    """Whole lines with dense IDs, in the form of the file."""

    first_log_id: int
    count: int
    data: bytes = field(compare=False)

    @property
    def last_log_id(self) -> int:
        """ID of the last line."""
        return self.first_log_id + self.count - 1

    def without_head(self, lines: int) -> Run:
        """The run without its first ``lines`` lines."""
        position = 0
        for _ in range(lines):
            position = self.data.index(b"\n", position) + 1
        return Run(self.first_log_id + lines, self.count - lines, self.data[position:])


class Sequencer:
    """One step's buffer.

    Args:
        last_log_id: ID of the last line that has left already.
        ahead_limit: bytes that may wait.
    """

    def __init__(self, last_log_id: int = 0, ahead_limit: int = AHEAD_BYTES) -> None:
        self.next_log_id = last_log_id + 1
        """ID of the line that must come next."""
        self.highest_seen = last_log_id
        """Highest ID that has ever come in."""
        self.duplicates = 0
        """Lines that came again and were dropped."""
        self.let_go = False
        """Whether something was dropped that had not left: it must be asked for again, from ``next_log_id`` on."""
        self._ahead: list[Run] = []
        self._ahead_bytes = 0
        self._ahead_limit = ahead_limit
        self._parts: dict[int, bytes] = {}

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait for what lies before them."""
        return self._ahead_bytes

    def feed(self, first_log_id: int, data: bytes) -> Iterator[Run]:
        """Take a piece of the log, whose last line may go on in a later piece, and give what may leave now."""
        if first_log_id in self._parts and data:
            data = self._parts.pop(first_log_id) + data
        count = data.count(b"\n")
        if not data.endswith(b"\n"):
            end = data.rfind(b"\n") + 1
            self._parts[first_log_id + count] = data[end:]
            data = data[:end]
        if count == 0:
            return
        yield from self.add(Run(first_log_id, count, data))

    def add(self, run: Run) -> Iterator[Run]:
        """Take a run, and give what may leave now, in order."""
        self.highest_seen = max(self.highest_seen, run.last_log_id)
        if run.first_log_id > self.next_log_id:
            self._keep(run)
            return
        fresh = self._fresh_part(run)
        while fresh is not None:
            self.next_log_id = fresh.last_log_id + 1
            yield fresh
            fresh = self._next_waiting()

    def skip_hole(self, after: int, missing: int) -> Iterator[Run]:
        """Take it as known that ``missing`` lines behind ``after`` will never come; give what may leave now.

        Nothing happens unless the hole lies right at ``next_log_id``.
        """
        if after + 1 != self.next_log_id:
            return
        self.next_log_id += missing
        fresh = self._next_waiting()
        while fresh is not None:
            self.next_log_id = fresh.last_log_id + 1
            yield fresh
            fresh = self._next_waiting()

    def first_hole(self) -> tuple[int, int] | None:
        """The first IDs (from, to) that are missing before something that waits; None where nothing waits."""
        return (self.next_log_id, self._ahead[0].first_log_id - 1) if self._ahead else None

    def forget_parts(self) -> None:
        """The connection broke: half lines will be sent again from their start."""
        self._parts.clear()

    def asked_again(self) -> None:
        """What was let go is on its way again."""
        self.let_go = False

    def _fresh_part(self, run: Run) -> Run | None:
        seen = self.next_log_id - run.first_log_id
        self.duplicates += min(seen, run.count)
        if seen >= run.count:
            return None
        return run.without_head(seen) if seen else run

    def _next_waiting(self) -> Run | None:
        while self._ahead and self._ahead[0].first_log_id <= self.next_log_id:
            run = self._ahead.pop(0)
            self._ahead_bytes -= len(run.data)
            fresh = self._fresh_part(run)
            if fresh is not None:
                return fresh
        return None

    def _keep(self, run: Run) -> None:
        insort(self._ahead, run)
        self._ahead_bytes += len(run.data)
        while self._ahead_bytes > self._ahead_limit:
            self._ahead_bytes -= len(self._ahead.pop().data)
            self.let_go = True
