"""Finds the place in a log that is read again, from wherever it still begins, behind which everything is new.

A log that rotates has no line numbers to go by, and times prove nothing: lines share them, and clocks go backwards. But
the last lines that were taken, in their order, stand in the log only once. Where they are not in it any more, the log
has lost what followed them.
"""

from __future__ import annotations

from collections import deque

from wharf_tui.runtimes.docker.log_entries import LoggedLine

KEPT_LINES = 4096
_SHORT_LINES = 256
_HELD_BYTES = 16 * 1024 * 1024


class KnownLines:
    """The last lines that were taken of a container's log, as what they hash to."""

    def __init__(self) -> None:
        self.keys: deque[int] = deque(maxlen=KEPT_LINES)
        self.count = 0
        """How many lines the log had when it was read last; at least so many, where it was not read from its start."""
        self.last_ns: int | None = None
        """Time of the last one."""

    def add(self, lines: list[LoggedLine]) -> None:
        """These were taken, too."""
        self.keys.extend(map(_key, lines))
        self.count += len(lines)
        if lines:
            self.last_ns = lines[-1].at_ns

    def ends_with(self, line: LoggedLine) -> bool:
        """Whether this is the line that was taken last."""
        return bool(self.keys) and self.keys[-1] == _key(line)

    def has(self, line: LoggedLine) -> bool:
        """Whether it is among the last lines that were taken."""
        return _key(line) in self.keys

    def is_new(self, line: LoggedLine) -> bool:
        """Whether it is later than the last line that was taken, or as late and not among the last ones."""
        return line.at_ns >= (self.last_ns or 0) and not self.has(line)

    def shorten(self) -> None:
        """Nothing comes for now: keep what finds the place in most cases."""
        while len(self.keys) > _SHORT_LINES:
            self.keys.popleft()

    def forget(self) -> None:
        """What comes now is not compared with what was before."""
        self.keys.clear()
        self.count = 0


class Overlap:
    """One reading of a log's end, compared with what was taken of it.

    Args:
        known: what was taken; without any line everything is new.
    """

    def __init__(self, known: KnownLines) -> None:
        self.is_found = not known.keys
        """Whether the place was found: what ``feed`` returns is proven to follow what was taken."""
        self.held: list[LoggedLine] | None = []
        """All lines that have come while the place is not found; None where they are too many."""
        self.is_behind_the_times = False
        """Whether what has come is known, or older than that. Where the place is not found then, nothing was lost: the
        log does not come back as it was, or not to its end."""
        self._known = list(known.keys)
        self._known_keys = frozenset(self._known)
        self._last_ns = known.last_ns or 0
        self._last_run = _last_run(self._known)
        self._seen: deque[tuple[int, bool]] = deque(maxlen=max(len(self._known), 1))
        self._streams: set[int] = set()
        self._has_known = False
        self._held_size = 0

    def feed(self, lines: list[LoggedLine]) -> list[LoggedLine]:
        """Take the next lines; returns those that are new."""
        if self.is_found:
            return lines
        for index, line in enumerate(lines):
            if self._sees(line):
                self.is_found, self.held = True, []
                return lines[index + 1 :]
        self._hold(lines)
        if lines:
            self.is_behind_the_times = self._has_known or lines[-1].at_ns <= self._last_ns
        return []

    def is_behind(self, unended: list[LoggedLine]) -> bool:
        """Whether all was taken, to the lines without an end with which the reading ended: a container had ended there."""
        return any(self._sees(line) for line in unended)

    def _sees(self, line: LoggedLine) -> bool:
        """Whether this is the line that was taken last."""
        key = _key(line)
        # A reading may begin in the middle of a long line; then the stream's first line lacks its beginning.
        self._seen.append((key, line.stream not in self._streams))
        self._streams.add(line.stream)
        self._has_known = self._has_known or key in self._known_keys
        return key == self._known[-1] and self._is_here()

    def _is_here(self) -> bool:
        """Whether all that was seen up to here is what was taken last, and can stand nowhere else."""
        count = min(len(self._seen), len(self._known))
        is_one_of_equals = self._last_run > 1
        if is_one_of_equals and self._last_run >= count < len(self._known):
            return False  # of equal lines at one moment, nobody knows which these are
        taken = reversed(self._known)
        return all(
            key == known or (may_be_cut and not is_one_of_equals)
            for (key, may_be_cut), known in zip(reversed(self._seen), taken, strict=False)
        )

    def _hold(self, lines: list[LoggedLine]) -> None:
        self._held_size += sum(len(line.message) + 100 for line in lines)
        if self._held_size > _HELD_BYTES:
            self.held = None
        elif self.held is not None:
            self.held += lines


def _key(line: LoggedLine) -> int:
    return hash((line.at_ns, line.stream, line.message))


def _last_run(keys: list[int]) -> int:
    """How many equal ones are at the end."""
    count = 0
    for key in reversed(keys):
        if key != keys[-1]:
            break
        count += 1
    return count
