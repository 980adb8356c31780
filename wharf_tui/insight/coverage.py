"""Which bytes of a log have been looked at, in whatever order that was done."""

from __future__ import annotations

from bisect import bisect_left


class Coverage:
    """Ranges of offsets, merged where they touch. A reader in another thread sees it before or after a change."""

    def __init__(self) -> None:
        self._ranges: tuple[tuple[int, int], ...] = ()

    @property
    def size(self) -> int:
        """Bytes covered."""
        return sum(end - start for start, end in self._ranges)

    def add(self, start: int, end: int) -> None:
        """Cover ``start`` up to, but not with, ``end``."""
        if end <= start:
            return
        kept = [(a, b) for a, b in self._ranges if b < start or a > end]
        touched = [(a, b) for a, b in self._ranges if not (b < start or a > end)]
        merged = (min([start, *(a for a, _ in touched)]), max([end, *(b for _, b in touched)]))
        self._ranges = tuple(sorted([*kept, merged]))

    def covers(self, start: int, end: int) -> bool:
        """Whether all of it is covered."""
        return start >= end or any(a <= start and end <= b for a, b in self._ranges)

    def gap_after(self, at: int, limit: int) -> tuple[int, int] | None:
        """The first range at or behind ``at``, and before ``limit``, that is not covered."""
        ranges = self._ranges
        index = bisect_left(ranges, (at + 1,)) - 1
        if index >= 0 and ranges[index][1] > at:
            at = ranges[index][1]
        if at >= limit:
            return None
        following = ranges[index + 1][0] if index + 1 < len(ranges) else limit
        return at, min(following, limit)

    def gap_before(self, at: int) -> tuple[int, int] | None:
        """The last range before ``at`` that is not covered."""
        for start, end in reversed(self._ranges):
            if start < at <= end:
                at = start
        if at <= 0:
            return None
        return max((end for _, end in self._ranges if end <= at), default=0), at
