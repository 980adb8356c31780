"""Cuts what the log API sends into lines, and reads each line's time.

Old kubelets put times into long lines, where the parts of a line meet. Those are taken out again. Newer kubelets put
none there, and then nothing may be taken out, whatever the line looks like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from wharf_tui.model.timestamps import parse_rfc3339
from wharf_tui.runtimes.kubernetes.part_times import PartTimes

PART_BYTES: Final = 16 * 1024
"""What container runtimes take for one part of a line."""
LONGEST_LINE: Final = 32 * 1024 * 1024
"""A longer line is cut in two: it has to be in memory as a whole."""
_LONGEST_PART: Final = 3 * PART_BYTES
"""Docker replaces a byte that is no UTF-8 by three."""
_USUAL_STAMP: Final = len(b"2024-02-03T10:00:01.123456789Z")
_STAMP: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) ")


class LineSplitter:
    """Cuts a stream of bytes at each LF, wherever its blocks end."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self.cuts = 0
        """How many lines were too long, and cut in two."""
        self._longest = longest
        self._held: list[bytes] = []
        self._size = 0

    @property
    def rest(self) -> bytes:
        """What has come of a line that has not ended."""
        return b"".join(self._held)

    def feed(self, block: bytes) -> list[bytes]:
        """Take the next block; returns the lines that end in it, without their LF."""
        first, *others = block.split(b"\n")
        self._hold(first)
        if others:
            lines = [self.rest, *others]
            self._held, self._size = [], 0
            self._hold(lines.pop())
            if max(map(len, lines)) > self._longest:
                lines = [piece for line in lines for piece in self._cut(line)]
        else:
            lines = []
        if self._size > self._longest:
            *pieces, rest = self._cut(self.rest)
            lines += pieces
            self._held, self._size = [rest], len(rest)
        return lines

    def _hold(self, piece: bytes) -> None:
        if piece:
            self._held.append(piece)
            self._size += len(piece)

    def _cut(self, line: bytes) -> list[bytes]:
        """Cut a line that is too long, between parts if it has times there. The same line is always cut at the same places."""
        match = _STAMP.match(line)
        stamp = match[0] if match else b""
        pieces = []
        while len(line) > self._longest:
            border = line.rfind(stamp, 1, self._longest) if stamp else -1
            if border > 0:
                pieces.append(line[:border])
                line = line[border:]
            else:
                pieces.append(line[: self._longest])
                line = stamp + line[self._longest :]
            self.cuts += 1
        return [*pieces, line]


class LineReader:
    """Reads lines as the API sends them: time, space, message.

    Args:
        part_times: whether times stand inside of long lines.
    """

    def __init__(self, part_times: PartTimes) -> None:
        self.part_times = part_times
        self._seconds: dict[bytes, int | None] = {}

    def read(self, lines: Iterable[bytes]) -> list[tuple[int | None, bytes]]:
        """Time (None for a line that came without) and message of each line."""
        return [self._read(line) for line in lines]

    def has_time(self, line: bytes) -> bool:
        """Whether a line begins with a time."""
        return self._time(line.partition(b" ")[0]) is not None

    def _read(self, line: bytes) -> tuple[int | None, bytes]:
        stamp, _, message = line.partition(b" ")
        at_ns = self._time(stamp)
        if at_ns is None:
            return None, line
        if len(message) > PART_BYTES and self.part_times is not PartTimes.NO:
            message = self._without_part_times(stamp + b" ", message)
        return at_ns, message

    def _time(self, stamp: bytes) -> int | None:
        """Nanoseconds. Most stamps differ in their fraction only, so whole seconds are remembered."""
        fraction = stamp[20:29]
        if len(stamp) != _USUAL_STAMP or stamp[19] != 46 or stamp[29] != 90 or not fraction.isdigit():
            return parse_rfc3339(stamp)
        second = stamp[:19]
        try:
            start = self._seconds[second]
        except KeyError:
            if len(self._seconds) > 1000:
                self._seconds.clear()
            start = self._seconds[second] = parse_rfc3339(second + b"Z")
        return None if start is None else start + int(fraction)

    def _without_part_times(self, stamp: bytes, message: bytes) -> bytes:
        parts, start = [], 0
        while len(message) - start > PART_BYTES:
            border = message.find(stamp, start + PART_BYTES, start + _LONGEST_PART + len(stamp))
            length = len(stamp)
            if border < 0 and self.part_times is PartTimes.YES:
                other = _STAMP.match(message, start + PART_BYTES)
                border, length = (other.start(), len(other[0])) if other else (-1, 0)
            if border < 0:
                break
            parts.append(message[start:border])
            start = border + length
        return b"".join([*parts, message[start:]])
