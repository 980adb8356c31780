"""How far an attach has come: what the viewer's hold screen and the plain printer tell."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import Enum


class Phase(Enum):
    """Where a session stands."""

    CONNECTING = "connecting"
    CATCHING_UP = "catching up"
    LIVE = "live"
    RECONNECTING = "reconnecting"
    ENDED = "ended"


@dataclass(slots=True)
class Progress:
    """A session's state. Written by the session only; everybody else reads."""

    phase: Phase = Phase.CONNECTING
    caught_up: bool = False
    """Everything that was stored when we came is here."""
    inferred: bool = False
    """The worker cannot say so; it looks like it."""
    expected: int = 0
    """Lines that were to come when the stream began; 0 where that is not known."""
    received: int = 0
    """Of these, how many are here."""
    problem: str = ""
    """Why there is no connection now."""
    attempts: int = 0
    """Tries since the connection broke."""
    note: str = ""
    """What the last reconnect brought: ``reconnected after 8.2s, 57 lines recovered``."""
    complete: bool = False
    """The build ended, and all of its lines are here."""
    _began: float = field(default_factory=time.monotonic)
    _broke: float | None = None
    """Since when lines may be missing that came before."""
    _unreachable_since: float | None = None

    def begin_stream(self, expected: int) -> None:
        """A stream began that will first bring ``expected`` lines."""
        self._began = time.monotonic()
        self.expected, self.received = expected, 0
        self.phase = Phase.LIVE if self.caught_up else Phase.CATCHING_UP

    def caught_up_now(self, *, inferred: bool) -> None:
        """All that was stored is here."""
        self.caught_up, self.inferred = True, inferred
        self.phase = Phase.LIVE
        if self._broke is not None:
            self.note = (
                f"reconnected after {time.monotonic() - self._broke:.1f}s, {self.received:,} lines recovered"
            )
            self._broke = None

    def connection_broke(self, problem: str) -> None:
        """The stream ended before the build did."""
        self.problem = problem
        self.attempts += 1
        now = time.monotonic()
        self._broke = self._broke or now
        self._unreachable_since = self._unreachable_since or now
        if self.phase is not Phase.CONNECTING:
            self.phase = Phase.RECONNECTING

    def connected(self) -> None:
        """The stream brings something."""
        self.problem, self.attempts, self._unreachable_since = "", 0, None

    def ended(self, *, complete: bool) -> None:
        """Nothing more will come."""
        self.phase, self.complete = Phase.ENDED, complete

    @property
    def seconds_without_connection(self) -> float:
        """How long it has been broken; 0 where it is not."""
        return 0.0 if self._unreachable_since is None else time.monotonic() - self._unreachable_since

    @property
    def lines_per_second(self) -> float:
        """Since the stream began."""
        return self.received / max(time.monotonic() - self._began, 0.001)

    @property
    def seconds_left(self) -> float | None:
        """Until caught up, at this pace; None where that cannot be said."""
        if not self.expected or not self.received:
            return None
        return max(0, self.expected - self.received) / max(self.lines_per_second, 0.001)
