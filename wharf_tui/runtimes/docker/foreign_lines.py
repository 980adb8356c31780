"""Makes lines of the log of a container that somebody else has started: framed, or raw where it has a terminal."""

from __future__ import annotations

import re
from typing import Final, Protocol

from wharf_tui.model.timestamps import now_ns, parse_rfc3339
from wharf_tui.runtimes.docker.frames import FrameDecoder, FrameError, Stream
from wharf_tui.runtimes.docker.log_entries import LogEntries, LoggedLine
from wharf_tui.runtimes.docker.position import PART_BYTES

_STAMP: Final = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) ")
"""As the engine writes it, always to the nanosecond."""
_LONGEST_HELD = 256 * 1024 * 1024


class LineParser(Protocol):
    """Takes blocks of an answer, cut anywhere."""

    entries: int
    """How many entries of the log have come: a long line is several."""

    def feed(self, data: bytes) -> list[LoggedLine]:
        """The lines that end in this block.

        Raises:
            FrameError: this is no log.
        """
        ...

    def unended(self) -> list[LoggedLine]:
        """Lines that have no end yet: the last words, where the container has ended."""
        ...


class FramedLines:
    """Of a container without a terminal."""

    def __init__(self) -> None:
        self.entries = 0
        self._frames = FrameDecoder()
        self._entries = LogEntries(short_part_ends=True)

    def feed(self, data: bytes) -> list[LoggedLine]:
        """The lines that end in this block."""
        frames = self._frames.feed(data)
        self.entries += len(frames)
        return [line for stream, entry in frames if (line := self._entries.add(stream, entry))]

    def unended(self) -> list[LoggedLine]:
        """Lines that have no end yet."""
        return self._entries.unended()


class RawLines:
    """Of a container with a terminal: no frames, one stream, and times inside of long lines.

    What it printed last without LF, before it was started again, has the next run's first line glued to it. That one
    begins with a time that is later than the line's own, which no program prints but in prophecies.
    """

    def __init__(self) -> None:
        self.entries = 0
        self._held: list[bytes] = []
        self._held_size = 0

    def feed(self, data: bytes) -> list[LoggedLine]:
        """The lines that end in this block."""
        self._held.append(data)
        self._held_size += len(data)
        if self._held_size > _LONGEST_HELD:
            raise FrameError("a line of the log does not end")
        if b"\n" not in data:
            return []
        *whole, rest = b"".join(self._held).split(b"\n")
        self._held, self._held_size = [rest], len(rest)
        return [line for text in whole for line in self._lines(text)]

    def unended(self) -> list[LoggedLine]:
        """The line that has no end yet."""
        rest = b"".join(self._held)
        return self._lines(rest) if rest else []

    def _lines(self, text: bytes) -> list[LoggedLine]:
        """The line in a text that ends with LF; or more, where containers ended without one."""
        lines = []
        while text:
            stamp = _STAMP.match(text)
            at_ns = parse_rfc3339(stamp[1]) if stamp else None
            if stamp is None or at_ns is None:
                raise FrameError(f"an entry of the log begins with {text[:40]!r}, which is no time")
            message, text = self._split(stamp[0], at_ns, text[stamp.end() :])
            lines.append(LoggedLine(Stream.STDOUT, at_ns, message))
        return lines

    def _split(self, stamp: bytes, at_ns: int, text: bytes) -> tuple[bytes, bytes]:
        """A line's message, and what is glued to it."""
        self.entries += 1
        parts, start = [], 0
        for inner in _STAMP.finditer(text):
            if inner[0] == stamp and inner.start() - start >= PART_BYTES:
                parts.append(text[start : inner.start()])
                start = inner.end()
                self.entries += 1
            elif at_ns < (parse_rfc3339(inner[1]) or 0) <= now_ns():
                return b"".join([*parts, text[start : inner.start()]]), text[inner.start() :]
        return b"".join([*parts, text[start:]]), b""
