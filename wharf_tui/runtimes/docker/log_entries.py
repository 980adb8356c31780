"""Makes lines of what the engine gives back of a container's log: entries with a time each, long lines in parts."""

from __future__ import annotations

from dataclasses import dataclass

from wharf_tui.model.timestamps import parse_rfc3339
from wharf_tui.runtimes.docker.frames import FrameError, Stream
from wharf_tui.runtimes.docker.position import PART_BYTES


@dataclass(frozen=True, slots=True)
class LoggedLine:
    """A line of a container's log."""

    stream: Stream
    at_ns: int
    message: bytes
    is_ended: bool = True
    """False for a last line that came without LF."""


class LogEntries:
    """Joins the parts of long lines, each stream's for itself.

    Args:
        short_part_ends: whether an entry without LF that is shorter than a part ends its line. The engine writes one
            only where a process ended, and what follows is of the next process: for logs of more than one.
    """

    def __init__(self, *, short_part_ends: bool = False) -> None:
        self.entry_ns = 0
        """Time of the last entry."""
        self._open: dict[Stream, tuple[int, list[bytes]]] = {}
        self._short_part_ends = short_part_ends

    @property
    def is_between_lines(self) -> bool:
        """Whether no line waits for its next part."""
        return not self._open

    def add(self, stream: Stream, entry: bytes) -> LoggedLine | None:
        """Take one entry, which is one frame; return the line that ends with it.

        Raises:
            FrameError: it does not begin with a time.
        """
        word, _, message = entry.partition(b" ")
        at_ns = parse_rfc3339(word)
        if at_ns is None:
            raise FrameError(f"an entry of the log begins with {word[:40]!r}, which is no time")
        self.entry_ns = at_ns
        has_newline = message.endswith(b"\n")
        ends = has_newline or (self._short_part_ends and len(message) < PART_BYTES)
        if has_newline:
            message = message[:-1]
        if ends and stream not in self._open:
            return LoggedLine(stream, at_ns, message)
        first_ns, parts = self._open.setdefault(stream, (at_ns, []))
        parts.append(message)
        if not ends:
            return None
        del self._open[stream]
        return LoggedLine(stream, first_ns, b"".join(parts))

    def unended(self) -> list[LoggedLine]:
        """Lines that have no end yet; the log's last words, if the container has ended."""
        return [
            LoggedLine(stream, at_ns, b"".join(parts), is_ended=False)
            for stream, (at_ns, parts) in self._open.items()
        ]
