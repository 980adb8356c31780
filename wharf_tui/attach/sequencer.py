"""The sorted buffer keyed by log ID: whatever comes in whatever order, lines leave it in order, each once.

It works on runs of whole lines, not on single ones. What is contiguous leaves at once; what is ahead waits, sorted;
what was seen before is dropped. What waits is bounded: beyond the bound the farthest is let go, and the sequencer
says from where on it must be asked for again.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

AHEAD_BYTES = 32 * 1024 * 1024
"""How much may wait for what lies before it, in all sequencers that share a budget."""
_COST_OF_A_PIECE = 100
"""Bytes that a piece takes beside its own: short ones are mostly that."""


@dataclass(frozen=True, slots=True)
class Run:
    """Whole lines with dense IDs, in the form of the file."""

    first_log_id: int
    count: int
    data: bytes

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


class AheadBudget:
    """What may wait in a build's sequencers together."""

    def __init__(self, limit: int = AHEAD_BYTES) -> None:
        self.limit = limit
        self.used = 0


class _Waiting:
    """A run that waits. Live lines come one behind the other, so it grows; its pieces are put together when it leaves."""

    def __init__(self, run: Run) -> None:
        self.first_log_id = run.first_log_id
        self.next_log_id = run.first_log_id
        self.pieces: list[bytes] = []
        self.grow(run)

    def grow(self, run: Run) -> None:
        """Take the run that follows."""
        self.next_log_id += run.count
        self.pieces.append(run.data)

    def shrink(self) -> bytes:
        """Give the last piece back."""
        piece = self.pieces.pop()
        self.next_log_id -= piece.count(b"\n")
        return piece

    def as_run(self) -> Run:
        return Run(self.first_log_id, self.next_log_id - self.first_log_id, b"".join(self.pieces))


class Sequencer:
    """One step's buffer.

    Args:
        last_log_id: ID of the last line that has left already.
        budget: what may wait, shared with the other steps of the build.
    """

    def __init__(self, last_log_id: int = 0, budget: AheadBudget | None = None) -> None:
        self.next_log_id = last_log_id + 1
        """ID of the line that must come next."""
        self.highest_seen = last_log_id
        """Highest ID that has ever come in."""
        self.duplicates = 0
        """Lines that came again and were dropped."""
        self._budget = budget or AheadBudget()
        self._ahead: list[_Waiting] = []
        """Sorted by their first IDs; they may overlap."""
        self._cost = 0
        self._let_go_at: int | None = None
        self._parts: dict[int, list[bytes]] = {}

    @property
    def must_ask_again(self) -> bool:
        """Whether the next lines were here and had to be let go: only a new stream brings them again."""
        return self._let_go_at is not None and self.next_log_id >= self._let_go_at

    def feed(self, first_log_id: int, data: bytes) -> list[Run]:
        """Take a piece of the log, whose last line may go on in a later piece, and give what may leave now."""
        end = data.rfind(b"\n") + 1
        if not end:
            if data:
                self._parts.setdefault(first_log_id, []).append(data)
            return []
        whole, rest = (data, b"") if end == len(data) else (data[:end], data[end:])
        if first_log_id in self._parts:
            whole = b"".join((*self._parts.pop(first_log_id), whole))
        count = whole.count(b"\n")
        if rest:
            self._parts[first_log_id + count] = [rest]
        return self.add(Run(first_log_id, count, whole))

    def add(self, run: Run) -> list[Run]:
        """Take a run, and give what may leave now, in order."""
        self.highest_seen = max(self.highest_seen, run.last_log_id)
        if run.first_log_id > self.next_log_id:
            self._keep(run)
            return []
        fresh = self._unseen(run, self.next_log_id)
        if fresh is None:
            return []
        self.next_log_id = fresh.last_log_id + 1
        return [fresh, *self._what_follows()]

    def skip_hole(self, after: int, missing: int) -> list[Run]:
        """Take it as known that ``missing`` lines behind ``after`` will never come; give what may leave now.

        Nothing happens unless the hole lies right at ``next_log_id``.
        """
        if after + 1 != self.next_log_id:
            return []
        self.next_log_id += missing
        return self._what_follows()

    def first_hole(self) -> tuple[int, int] | None:
        """The first IDs (from, to) that are missing before something that waits; None where nothing waits."""
        return (self.next_log_id, self._ahead[0].first_log_id - 1) if self._ahead else None

    def start_over(self) -> None:
        """A new stream begins, which brings everything behind the last line that has left."""
        self._parts.clear()
        self._ahead.clear()
        self._budget.used -= self._cost
        self._cost = 0
        self._let_go_at = None

    def _unseen(self, run: Run, next_log_id: int) -> Run | None:
        seen = next_log_id - run.first_log_id
        if seen <= 0:
            return run
        self.duplicates += min(seen, run.count)
        return run.without_head(seen) if seen < run.count else None

    def _what_follows(self) -> list[Run]:
        runs: list[Run] = []
        while self._ahead and self._ahead[0].first_log_id <= self.next_log_id:
            waiting = self._ahead.pop(0)
            self._pay(*waiting.pieces, sign=-1)
            fresh = self._unseen(waiting.as_run(), self.next_log_id)
            if fresh is not None:
                runs.append(fresh)
                self.next_log_id = fresh.last_log_id + 1
        return runs

    def _keep(self, run: Run) -> None:
        """Let a run wait. Behind what was let go nothing needs to wait: it will come again as well."""
        if self._let_go_at is not None and run.first_log_id >= self._let_go_at:
            return
        place = bisect_right(self._ahead, run.first_log_id, key=lambda waiting: waiting.first_log_id)
        before = self._ahead[place - 1] if place else None
        fresh = run if before is None else self._unseen(run, before.next_log_id)
        if fresh is None:
            return
        if before is not None and before.next_log_id == fresh.first_log_id:
            before.grow(fresh)
        else:
            self._ahead.insert(place, _Waiting(fresh))
        self._pay(fresh.data)
        while self._ahead and self._budget.used > self._budget.limit:
            self._let_farthest_go()

    def _let_farthest_go(self) -> None:
        farthest = self._ahead[-1]
        self._pay(farthest.shrink(), sign=-1)
        self._let_go_at = farthest.next_log_id
        if not farthest.pieces:
            self._ahead.pop()

    def _pay(self, *pieces: bytes, sign: int = 1) -> None:
        cost = sign * sum(len(piece) + _COST_OF_A_PIECE for piece in pieces)
        self._cost += cost
        self._budget.used += cost
