"""``logs.index``: the line index of a log, kept beside it. Ours, additive, and never believed blindly.

The file may be torn, damaged, of another log, or older than what the log holds now. So each record carries a checksum
over all records so far and one over its block of the log, some of which are compared with the log itself. What does
not fit is not used: then the log is counted again, which costs a second for each gigabyte or so.
"""

from __future__ import annotations

import os
import struct
import zlib
from array import array
from pathlib import Path

from wharf_tui.results.line_index import BLOCK, LineIndex
from wharf_tui.results.plain_file import open_plain, read_at, read_plain

_MAGIC = b"wharf-tui lines2"
_RECORD = struct.Struct("<QII")
"""Line feeds up to the block's end, CRC-32 of the block, CRC-32 of this record and all before it."""
_CHECKED_BLOCKS = 16


def load_index(path: Path, log: int, size: int) -> LineIndex:
    """Read the index of a log.

    Args:
        path: the index file; may be missing, torn or of another log.
        log: descriptor of the log.
        size: the log's size in bytes.

    Returns:
        An index over whole blocks of the log, or an empty one.

    Raises:
        OSError: the log cannot be read.
    """
    try:
        raw = read_plain(path, len(_MAGIC) + size // BLOCK * _RECORD.size)
    except OSError:
        return LineIndex()
    if not raw.startswith(_MAGIC):
        return LineIndex()
    index = _parse(raw[len(_MAGIC) :])
    last_line_end = _last_line_end(index, log)
    if last_line_end is None or not _fits(index, log):
        return LineIndex()
    index.complete_end = last_line_end
    return index


class IndexFile:
    """Appends an index to its file, block by block. It only saves time: where it cannot be written, it is left out.

    Args:
        path: the file; made anew.
        index: what to keep; ``update`` takes over what has been added to it.
    """

    def __init__(self, path: Path, index: LineIndex) -> None:
        self._path = path
        self._index = index
        self._blocks = 0
        self._chain = 0
        temporary = path.with_name(f".{path.name}.tmp")
        self._handle: int | None = None
        try:
            self._handle = open_plain(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            self._write(_MAGIC + self._new_records())
            temporary.replace(path)
        except OSError:
            self._give_up(temporary)

    def update(self) -> None:
        """Write the blocks that have become whole."""
        if self._handle is None or self._index.whole_blocks == self._blocks:
            return
        try:
            self._write(self._new_records())
        except OSError:
            self._give_up(self._path)

    def close(self) -> None:
        """Close the file. May be called twice."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _new_records(self) -> bytes:
        records = bytearray()
        for block in range(self._blocks, self._index.whole_blocks):
            record = _RECORD.pack(self._index.ends[block], self._index.checksums[block], 0)
            self._chain = zlib.crc32(record, self._chain)
            records += record[:-4] + self._chain.to_bytes(4, "little")
        self._blocks = self._index.whole_blocks
        return bytes(records)

    def _write(self, data: bytes) -> None:
        assert self._handle is not None
        view = memoryview(data)
        while view:
            view = view[os.write(self._handle, view) :]

    def _give_up(self, path: Path) -> None:
        self.close()
        try:
            path.unlink(missing_ok=True)
        except OSError:
            return  # what is left there is checked by whoever reads it


def _parse(records: bytes) -> LineIndex:
    """The records up to the first that is torn or damaged."""
    ends, checksums = array("Q"), array("I")
    chain = 0
    for lines, checksum, expected in _RECORD.iter_unpack(
        records[: len(records) // _RECORD.size * _RECORD.size]
    ):
        chain = zlib.crc32(_RECORD.pack(lines, checksum, 0), chain)
        if chain != expected:
            break
        ends.append(lines)
        checksums.append(checksum)
    return LineIndex(ends, checksums)


def _fits(index: LineIndex, log: int) -> bool:
    """Whether the log's first and last blocks, and some between them, are those that were counted."""
    blocks = index.whole_blocks
    step = max(1, blocks // _CHECKED_BLOCKS)
    for block in {*range(0, blocks, step), *range(max(0, blocks - _CHECKED_BLOCKS), blocks)}:
        data = read_at(log, block * BLOCK, BLOCK)
        if (
            len(data) != BLOCK
            or zlib.crc32(data) != index.checksums[block]
            or data.count(b"\n") != index.ends[block] - index.lines_before_block(block)
        ):
            return False
    return True


def _last_line_end(index: LineIndex, log: int) -> int | None:
    """Offset behind the last line feed that was counted; None where the log has none there."""
    if index.line_count == 0:
        return 0
    block, _ = index.block_of_line_end(index.line_count)
    found = read_at(log, block * BLOCK, BLOCK).rfind(b"\n")
    return block * BLOCK + found + 1 if found >= 0 else None
