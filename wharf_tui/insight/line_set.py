"""A set of a log's lines in a bit per line: every line of ten million may be in it, and it still takes 1.3 MB.

Counts per block of lines make "the n-th", "how many before" and "the next one" quick at any size.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Final

_BLOCK_BYTES: Final = 512
_BLOCK_LINES: Final = _BLOCK_BYTES * 8


class LineSet:
    """Lines of one log, by number from 1. May be read by one thread while another adds to it.

    A run of lines is handed over as a bitset: an ``int`` whose lowest bit stands for the run's first line.
    """

    def __init__(self) -> None:
        self._bits = bytearray()
        self._counts = array("H")
        self._sums: array[int] | None = None
        self._total = 0
        self._mutex = threading.RLock()

    def __len__(self) -> int:
        return self._total

    def __contains__(self, line: int) -> bool:
        index = line - 1
        return 0 <= index < len(self._bits) * 8 and bool(self._bits[index >> 3] >> (index & 7) & 1)

    def __iter__(self) -> Iterator[int]:
        line = self.next(1)
        while line is not None:
            yield line
            line = self.next(line + 1)

    def put(self, first: int, bits: int, count: int) -> None:
        """Say which of the lines ``first`` to ``first + count - 1`` are in the set, whatever was known of them before.

        Args:
            first: the run's first line, from 1.
            bits: bitset of the run; bits above ``count`` are ignored.
            count: lines of the run.
        """
        if count <= 0:
            return
        start = (first - 1) >> 3
        shift = (first - 1) & 7
        stop = (first - 1 + count + 7) >> 3
        mask = (1 << count) - 1
        with self._mutex:
            if not bits & mask and start >= len(self._bits):
                return
            if stop > len(self._bits):
                self._bits.extend(bytes(stop - len(self._bits)))
            old = int.from_bytes(self._bits[start:stop], "little")
            new = old & ~(mask << shift) | (bits & mask) << shift
            if new != old:
                self._bits[start:stop] = new.to_bytes(stop - start, "little")
                self._count_again(start // _BLOCK_BYTES, (stop - 1) // _BLOCK_BYTES)

    def bits(self, first: int, count: int) -> int:
        """The lines ``first`` to ``first + count - 1`` as a bitset."""
        start, stop = (first - 1) >> 3, (first - 1 + count + 7) >> 3
        with self._mutex:
            found = int.from_bytes(self._bits[start:stop], "little")
        return found >> ((first - 1) & 7) & ((1 << count) - 1)

    def clear(self) -> None:
        """Forget all lines."""
        with self._mutex:
            self._bits, self._counts = bytearray(), array("H")
            self._sums, self._total = None, 0

    def count_before(self, line: int) -> int:
        """How many lines of the set have a lower number than ``line``."""
        index = line - 1
        with self._mutex:
            if index <= 0:
                return 0
            if index >= len(self._bits) * 8:
                return self._total
            block, offset = divmod(index, _BLOCK_LINES)
            return self._sums_before()[block] + (self._block(block) & ((1 << offset) - 1)).bit_count()

    def select(self, rank: int) -> int | None:
        """The ``rank``-th line of the set, from 1; None where it has fewer."""
        with self._mutex:
            if not 1 <= rank <= self._total:
                return None
            sums = self._sums_before()
            block = bisect_left(sums, rank) - 1
            start, rank = block * _BLOCK_BYTES, rank - sums[block]
            for position in range(start, min(start + _BLOCK_BYTES, len(self._bits)), 8):
                word = int.from_bytes(self._bits[position : position + 8], "little")
                count = word.bit_count()
                if rank <= count:
                    return position * 8 + _nth_bit(word, rank) + 1
                rank -= count
        return None

    def next(self, line: int) -> int | None:
        """The lowest line of the set that is not below ``line``."""
        with self._mutex:
            return self.select(self.count_before(line) + 1)

    def previous(self, line: int) -> int | None:
        """The highest line of the set that is not above ``line``."""
        with self._mutex:
            return self.select(self.count_before(line + 1))

    def per_bucket(self, lines: int, buckets: int) -> list[int]:
        """How many there are in each of ``buckets`` equal parts of the lines 1 to ``lines``, for marks on a scroll bar."""
        with self._mutex:
            before = [self.count_before(1 + lines * bucket // buckets) for bucket in range(buckets + 1)]
        return [high - low for low, high in pairwise(before)]

    def _block(self, block: int) -> int:
        return int.from_bytes(self._bits[block * _BLOCK_BYTES : (block + 1) * _BLOCK_BYTES], "little")

    def _count_again(self, first_block: int, last_block: int) -> None:
        self._counts.extend([0] * (last_block + 1 - len(self._counts)))
        for block in range(first_block, last_block + 1):
            count = self._block(block).bit_count()
            self._total += count - self._counts[block]
            self._counts[block] = count
        self._sums = None

    def _sums_before(self) -> array[int]:
        """Lines of the set before each block, and in all."""
        if self._sums is None:
            self._sums = array("Q", accumulate(self._counts, initial=0))
        return self._sums


def bitset(flags: bytes) -> int:
    """A bitset from a byte per line, 0 or 1."""
    return int(flags[::-1].translate(_DIGITS), 2) if flags else 0


_DIGITS: Final = bytes.maketrans(b"\0\1", b"01")


def _nth_bit(word: int, rank: int) -> int:
    """Position of the ``rank``-th set bit."""
    for _ in range(rank - 1):
        word &= word - 1
    return (word & -word).bit_length() - 1
