"""Remembers the end of what is stored of a log: the last lines' hashes and times, for finding the place again."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wharf_tui.model.timestamps import NS

KEPT_LINES: Final = 4096
_REACH_BACK_LINES: Final = 256
"""The log is read again from the second of the earliest of so many last lines."""
_KEPT_END_BYTES: Final = 64 * 1024
"""What is remembered of the very last line."""


@dataclass(frozen=True, slots=True)
class KnownLines:
    """Lines that are stored, as far as an answer can have them."""

    hashes: Sequence[int]
    complete: bool
    """Whether these are all of them."""


class LogPosition:
    """How far a log is stored.

    Args:
        kept_lines: how many lines are remembered, at least.
    """

    def __init__(self, kept_lines: int = KEPT_LINES) -> None:
        self.lines = 0
        """How many are stored."""
        self.bytes = 0
        """How large they are together."""
        self.last_ns: int | None = None
        """Time of the last one that has one."""
        self._last_end = b""
        self._kept_lines = kept_lines
        self._blocks: deque[tuple[list[int], list[int]]] = deque()
        self._kept = 0
        self._forgotten_ns: int | None = None
        """The latest time of a line that is not remembered any more."""

    def extend(self, lines: Sequence[bytes], times: Sequence[int | None]) -> None:
        """These lines are stored, too. They are as the API sent them; a line without a time has the last one's."""
        if not lines:
            return
        filled = []
        for at_ns in times:
            self.last_ns = at_ns if at_ns is not None else self.last_ns
            filled.append(self.last_ns or 0)
        self.lines += len(lines)
        self.bytes += sum(map(len, lines))
        self._last_end = lines[-1][-_KEPT_END_BYTES:]
        self._blocks.append((list(map(hash, lines)), filled))
        self._kept += len(lines)
        while self._kept - len(self._blocks[0][0]) >= self._kept_lines:
            hashes, block_times = self._blocks.popleft()
            self._kept -= len(hashes)
            self._forgotten_ns = max(
                block_times if self._forgotten_ns is None else [self._forgotten_ns, *block_times]
            )

    def ends_with(self, line: bytes) -> bool:
        """Whether this is the last line stored, or its last part."""
        return self.lines > 0 and self._last_end.endswith(line[-_KEPT_END_BYTES:])

    def reach_back(self) -> int:
        """The second to read again from: some stored lines lie behind it, even if the clock jitters."""
        earliest: list[int] = []
        for _, times in reversed(self._blocks):
            earliest += times[-_REACH_BACK_LINES:]
            if len(earliest) >= _REACH_BACK_LINES:
                break
        return min(earliest, default=0) // NS

    def known(self, since_s: int | None) -> KnownLines:
        """What an answer may begin with.

        Args:
            since_s: the answer has no lines from before this second; None where it was not limited.
        """
        if since_s is None:
            known = [one for hashes, _ in self._blocks for one in hashes]
            return KnownLines(known, complete=self._forgotten_ns is None)
        since_ns = since_s * NS
        known = [
            one
            for hashes, times in self._blocks
            for one, at_ns in zip(hashes, times, strict=True)
            if at_ns >= since_ns
        ]
        return KnownLines(known, complete=self._forgotten_ns is None or self._forgotten_ns < since_ns)
