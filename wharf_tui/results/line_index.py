"""Finds the n-th line of a file of any size: how many lines end before each 64 KiB block, and nothing more.

A gigabyte needs 16,000 numbers. To find a line is one binary search and one read of a block. The index grows with
the file, and its side file keeps the numbers of whole blocks, so that a large file is not counted again.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from pathlib import Path
from typing import BinaryIO

from wharf_tui.results.os_errors import writing

BLOCK = 64 * 1024
"""Bytes of one block."""

_MAGIC = b"wharf-tui lines1"
_RECORD = 8


class LineIndex:
    """Line ends of the first ``covered`` bytes of a file."""

    def __init__(self) -> None:
        self._ends = array("Q")
        self.covered = 0
        """Bytes that have been counted, from the start of the file."""
        self.line_count = 0
        """Line feeds within them."""
        self.complete_end = 0
        """Offset behind the last of these line feeds."""

    @property
    def whole_blocks(self) -> int:
        """Blocks that lie within ``covered`` completely."""
        return len(self._ends)

    def extend(self, data: bytes) -> None:
        """Count ``data``, the bytes that follow the covered ones."""
        start, size = 0, len(data)
        last = data.rfind(b"\n")
        if last >= 0:
            self.complete_end = self.covered + last + 1
        while start < size:
            stop = min(size, start + BLOCK - self.covered % BLOCK)
            self.line_count += data.count(b"\n", start, stop)
            self.covered += stop - start
            start = stop
            if self.covered % BLOCK == 0:
                self._ends.append(self.line_count)

    def block_of_line_end(self, number: int) -> tuple[int, int]:
        """The block in which the ``number``-th line feed (from 1) lies, and its rank among that block's, from 1."""
        block = bisect_left(self._ends, number)
        before = self._ends[block - 1] if block else 0
        return block, number - before

    def lines_before_block(self, block: int) -> int:
        """Line feeds in the blocks before ``block``."""
        return self._ends[block - 1] if block else 0

    def records(self, first_block: int = 0) -> bytes:
        """The numbers of whole blocks from ``first_block`` on, as the side file has them (little-endian uint64)."""
        part = self._ends[first_block:]
        if sys.byteorder == "big":
            part.byteswap()
        return part.tobytes()

    def save(self, path: Path) -> None:
        """Write the side file anew.

        Raises:
            StoreError: it cannot be written.
        """
        with writing("write", path):
            temporary = path.with_name(f".{path.name}.tmp")
            temporary.write_bytes(_MAGIC + self.records())
            temporary.replace(path)

    @classmethod
    def load(cls, path: Path, log: BinaryIO, size: int) -> LineIndex:
        """Read the side file for ``log``, a file of ``size`` bytes. What does not fit the log is not believed.

        Args:
            path: side file; may be missing, torn or of another log.
            log: the open log file, unbuffered.
            size: its size in bytes.

        Returns:
            An index over whole blocks, or an empty one.
        """
        index = cls()
        try:
            raw = path.read_bytes()
        except OSError:
            return index
        if not raw.startswith(_MAGIC):
            return index
        body = raw[len(_MAGIC) :]
        ends = array("Q")
        ends.frombytes(body[: len(body) // _RECORD * _RECORD])
        if sys.byteorder == "big":
            ends.byteswap()
        del ends[size // BLOCK :]
        if not ends:
            return index
        start = (len(ends) - 1) * BLOCK
        log.seek(start)
        last_block = log.read(BLOCK)
        before = ends[-2] if len(ends) > 1 else 0
        if len(last_block) != BLOCK or last_block.count(b"\n") != ends[-1] - before:
            return index
        index._ends = ends
        index.covered = len(ends) * BLOCK
        index.line_count = ends[-1]
        index.complete_end = _last_line_end(log, last_block, start)
        return index


def _last_line_end(log: BinaryIO, block: bytes, start: int) -> int:
    """Offset behind the last line feed at or before the end of ``block``, looking back block by block."""
    while True:
        found = block.rfind(b"\n")
        if found >= 0:
            return start + found + 1
        if start == 0:
            return 0
        start -= BLOCK
        log.seek(start)
        block = log.read(BLOCK)


def start_side_file(path: Path, index: LineIndex) -> BinaryIO:
    """Open the side file for appending records, brought up to date with ``index``.

    Raises:
        StoreError: it cannot be written.
    """
    index.save(path)
    with writing("write", path):
        return path.open("ab", buffering=0)
