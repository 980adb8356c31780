"""How far one stream of a container has come, kept such that the place can be found in a log that is read again.

Lines of one stream are numbered; the last ones are kept as they were, to prove that a number means the same line in
both. Times would prove nothing: lines share them, and they go backwards.
"""

from __future__ import annotations

import codecs
from collections import deque

KEPT_BYTES = 256 * 1024
"""What is kept of a stream's end."""
PART_BYTES = 16 * 1024
"""The engine's log driver cuts longer lines into parts of this size, each of which it repairs for itself."""


class StreamPosition:
    """Counts a stream's lines, and keeps its end."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self.lines = 0
        """How many lines have ended."""
        self.open_size = 0
        """Bytes of the line that has not ended."""
        self._kept_bytes = kept_bytes
        self._blocks: deque[bytes] = deque()
        self._size = 0
        self._is_whole = True

    def advance(self, data: bytes) -> None:
        """The stream went on."""
        last = data.rfind(b"\n")
        if last < 0:
            self.open_size += len(data)
        else:
            self.lines += data.count(b"\n")
            self.open_size = len(data) - last - 1
        self._blocks.append(data)
        self._size += len(data)
        while self._blocks and self._size - len(self._blocks[0]) >= self._kept_bytes:
            self._size -= len(self._blocks.popleft())
            self._is_whole = False

    def restart(self, lines: int) -> None:
        """From here on lines are numbered as the log numbers them, which has lost some that we have, or we some of its.

        Args:
            lines: how many lines the log has had so far.
        """
        self.lines, self.open_size, self._size = lines, 0, 0
        self._blocks.clear()
        self._is_whole = False

    def last_lines(self) -> list[bytes]:
        """The last lines that have ended, oldest first; as many as are kept whole."""
        *lines, _ = b"".join(self._blocks).split(b"\n")
        return lines if self._is_whole else lines[1:]

    def open_end(self) -> bytes:
        """The end of the line that has not ended; all of it, where its length is ``open_size``."""
        kept = b"".join(self._blocks)
        return kept[kept.rfind(b"\n") + 1 :]


def as_logged(line: bytes) -> bytes:
    """The line as the engine's log has it: bytes that are no UTF-8 are replaced there, one by one, part by part."""
    if line.isascii():
        return line
    parts = (line[start : start + PART_BYTES] for start in range(0, len(line), PART_BYTES))
    return b"".join(part.decode("utf-8", _EACH_BYTE).encode() for part in parts)


def rest_of_line(position: StreamPosition, line: bytes) -> bytes | None:
    """What is still missing of a stream's unended line.

    Args:
        position: of the stream.
        line: all of the line, from the engine's log.

    Returns:
        The bytes behind those that have come; None where those are not the line's beginning.
    """
    known = position.open_end()
    if len(line) >= position.open_size and line[: position.open_size].endswith(known):
        return line[position.open_size :]
    logged = as_logged(known)
    if len(known) == position.open_size and line.startswith(logged):
        return line[len(logged) :]
    return None


def _replace_each_byte(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "\ufffd" * (error.end - error.start), error.end


_EACH_BYTE = "wharf-replace-each-byte"
codecs.register_error(_EACH_BYTE, _replace_each_byte)
