"""Finds the n-th line of a file of any size: how many lines end before each 64 KiB block, and nothing more.

A gigabyte needs 16,000 numbers. To find a line is one binary search and one read of a block. The index grows with
the file; ``index_file`` keeps it beside the log, so that a large one is not counted again.
"""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left

BLOCK = 64 * 1024
"""Bytes of one block."""


class LineIndex:
    """Line ends of the first ``covered`` bytes of a file.

    Args:
        ends: line feeds up to the end of each whole block, from the start of the file.
        checksums: CRC-32 of each whole block.
    """

    def __init__(self, ends: array[int] | None = None, checksums: array[int] | None = None) -> None:
        self.ends = array("Q") if ends is None else ends
        self.checksums = array("I") if checksums is None else checksums
        self.covered = len(self.ends) * BLOCK
        """Bytes that have been counted, from the start of the file."""
        self.line_count = self.ends[-1] if self.ends else 0
        """Line feeds within them."""
        self.complete_end = 0
        """Offset behind the last of these line feeds; whoever hands over ``ends`` sets it, too."""
        self._checksum = 0

    @property
    def whole_blocks(self) -> int:
        """Blocks that lie within ``covered`` completely."""
        return len(self.ends)

    def extend(self, data: bytes) -> None:
        """Count ``data``, the bytes that follow the covered ones."""
        view = memoryview(data)
        start, size = 0, len(data)
        last = data.rfind(b"\n")
        if last >= 0:
            self.complete_end = self.covered + last + 1
        while start < size:
            stop = min(size, start + BLOCK - self.covered % BLOCK)
            self.line_count += data.count(b"\n", start, stop)
            self._checksum = zlib.crc32(view[start:stop], self._checksum)
            self.covered += stop - start
            start = stop
            if self.covered % BLOCK == 0:
                self.ends.append(self.line_count)
                self.checksums.append(self._checksum)
                self._checksum = 0

    def block_of_line_end(self, number: int) -> tuple[int, int]:
        """The block in which the ``number``-th line feed (from 1) lies, and its rank among that block's, from 1."""
        block = bisect_left(self.ends, number)
        return block, number - self.lines_before_block(block)

    def lines_before_block(self, block: int) -> int:
        """Line feeds in the blocks before ``block``."""
        return self.ends[block - 1] if block else 0
