"""Which lines of a piece of a log are meant: the one question behind search, filter and levels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from wharf_tui.insight.line_set import bitset


class LineMatcher(Protocol):
    """Sorts whole lines of a log into sets."""

    @property
    def set_count(self) -> int:
        """How many sets it sorts lines into; a line may be in several or in none."""

    def match(self, data: bytes) -> tuple[int, ...] | None:
        """Look at some lines.

        Args:
            data: whole lines as they stand in the file; only the last one may lack its LF.

        Returns:
            A bitset for each set, bit 0 being the first line; or None where it is not known yet: then the caller asks
            again with the same object.

        Raises:
            WharfError: it cannot be told for these lines, nor for any after them.
        """

    def close(self) -> None:
        """Let go of what it holds; it may not be asked any more."""


class HitScan:
    """Looks for hits in many lines at once while they are rare, and line by line where they are frequent.

    Args:
        find: offset of the first hit at or behind an offset, or -1: it may find too much, never too little. None where
            no such quick way is known.
        judge: what a line with a hit is: the number of its set from 1, or 0 for none. Gets all lines, the hit's offset,
            and where the line starts and ends. None where every line with a hit is of set 1.
        judge_all: the same for each line of some lines, a byte for each.
        set_count: the highest number.
    """

    def __init__(
        self,
        find: Callable[[bytes, int], int] | None,
        judge: Callable[[bytes, int, int, int], int] | None,
        judge_all: Callable[[bytes], bytes],
        set_count: int = 1,
    ) -> None:
        self._find = find
        self._judge = judge
        self._judge_all = judge_all
        self._tables = [bytes(byte == number for byte in range(256)) for number in range(1, set_count + 1)]
        self._is_dense = False

    def match(self, text: bytes) -> tuple[int, ...]:
        """The lines of ``text`` that belong to each set, as bitsets."""
        if self._find is None or self._is_dense:
            return tuple(self._line_by_line(text))
        return tuple(self._hit_by_hit(text, self._find))

    def _hit_by_hit(self, text: bytes, find: Callable[[bytes, int], int]) -> list[int]:
        judge = self._judge
        bits = [0] * len(self._tables)
        line = counted = hits = 0
        stop = len(text) - text.endswith(b"\n")
        hit = find(text, 0)
        while 0 <= hit <= stop:
            line += text.count(b"\n", counted, hit)
            end = text.find(b"\n", hit)
            end = len(text) if end < 0 else end
            verdict = 1 if judge is None else judge(text, hit, text.rfind(b"\n", 0, hit) + 1, end)
            if verdict:
                bits[verdict - 1] |= 1 << line
            if end >= stop:
                break
            counted = end
            hits += 1
            if hits % _CHECK_EVERY == 0 and hits * _LINES_PER_HIT > line:
                rest = self._line_by_line(text[end + 1 :])
                return [known | new << (line + 1) for known, new in zip(bits, rest, strict=True)]
            hit = find(text, end + 1)
        return bits

    def _line_by_line(self, text: bytes) -> list[int]:
        verdicts = self._judge_all(text)
        self._is_dense = (len(verdicts) - verdicts.count(0)) * _LINES_PER_HIT * 2 > len(verdicts)
        return [bitset(verdicts.translate(table)) for table in self._tables]


_CHECK_EVERY: Final = 64
_LINES_PER_HIT: Final = 12
"""A hit takes as long as so many lines when each is looked at."""
