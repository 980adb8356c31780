"""Finds places in a container's log from which it can be read on by time, though its times are not in order.

The engine stamps stdout and stderr in two threads of its own before it writes them: a line may stand behind one that is
later. Asked for what is later than some time, engines leave out every earlier entry (28 was seen to), or only those
before the first match (as its source has it). A place is good for both where everything before it is earlier, and nothing behind it is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from wharf_tui.model.timestamps import NS
from wharf_tui.runtimes.docker.frames import Stream

DISORDER_SECONDS = 10
"""How much later than a place the log must have been seen, to believe that nothing earlier follows any more."""
_DISTANCE_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A place in the log from which it can be read on."""

    at_ns: int = 0
    """Time of the first entry behind it; all before it are earlier. 0 is the log's beginning."""
    lines: dict[Stream, int] = field(default_factory=lambda: dict.fromkeys(Stream, 0))
    """How many lines of each stream lie before it."""
    stream: Stream | None = None
    """Whose the first entry behind it is."""

    @property
    def since(self) -> str:
        """As the engine wants it; empty for the beginning."""
        return f"{self.at_ns // NS}.{self.at_ns % NS:09d}" if self.at_ns else ""


class CheckpointFinder:
    """Looks at each entry of one reading.

    Args:
        start: where the reading begins.
    """

    def __init__(self, start: Checkpoint) -> None:
        self.safe = start
        """The last place that can be trusted."""
        self.nearest = start
        """The last place that is good as far as the log was seen; an earlier entry may still follow."""
        self._latest_ns = start.at_ns
        self._candidates: deque[Checkpoint] = deque()

    def is_place(self, at_ns: int) -> bool:
        """Whether all entries so far are earlier than this one."""
        return at_ns > self._latest_ns

    def add(self, place: Checkpoint) -> None:
        """Between two lines, before an entry for which ``is_place`` holds."""
        self.nearest = place
        if not self._candidates or place.at_ns - self._candidates[-1].at_ns >= _DISTANCE_SECONDS * NS:
            self._candidates.append(place)

    def pass_entry(self, at_ns: int) -> None:
        """An entry that a place may have been before; its time."""
        if at_ns > self._latest_ns:
            self._latest_ns = at_ns
        else:
            while self._candidates and self._candidates[-1].at_ns > at_ns:
                self._candidates.pop()
            if self.safe.at_ns > at_ns:  # the clock has gone back: no time in this log says where to read on
                self.safe = Checkpoint()
            if self.nearest.at_ns > at_ns:
                self.nearest = self._candidates[-1] if self._candidates else self.safe
        while self._candidates and self._latest_ns - self._candidates[0].at_ns >= DISORDER_SECONDS * NS:
            self.safe = self._candidates.popleft()
