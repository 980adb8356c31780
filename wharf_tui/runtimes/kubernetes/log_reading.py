"""One answer of the log API: its lines, told apart from what the API puts there that is no line of the container's.

A kubelet that meets an error after its answer has begun writes the error's words into it, and ends it as if all were
well. An answer that is limited by time may begin in the middle of a line. Neither has a time in front.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from wharf_tui.runtimes.kubernetes.log_lines import LineReader, LineSplitter

_MOST_HELD: Final = 1000
"""So many lines without a time in a row are no error's words."""


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What of a log is asked for."""

    follow: bool = False
    """Go on with what is printed until the container ends."""
    since_s: int | None = None
    """Lines of this second, since the epoch, and of later ones; None for all."""
    tail: int | None = None
    """Only so many lines, or parts of lines, of the end."""
    previous: bool = False
    """Of the container as it was before it was started again."""


class LogStream(Protocol):
    """The bytes of an answer as they come."""

    def read(self) -> bytes:
        """Wait for the next block; empty at the end.

        Raises:
            RuntimeUnavailableError: the connection broke.
        """

    def stop(self) -> None:
        """End the connection, from any thread."""

    def close(self) -> None:
        """Let go of the connection."""


class LogReading:
    """Reads one answer.

    Args:
        stream: the answer.
        reader: knows times.
        ended: whether the container has: then what stands behind the last LF is a line, too.
    """

    def __init__(self, stream: LogStream, reader: LineReader, *, ended: bool) -> None:
        self.received = 0
        """Bytes so far."""
        self.trouble = ""
        """What the API wrote in place of lines, once the answer is at its end."""
        self.rest = b""
        """The last line, where it came without LF, once the answer is at its end."""
        self.cuts = 0
        """How many lines were cut in two so far, being too long."""
        self._stream = stream
        self._reader = reader
        self._ended = ended

    def batches(self) -> Iterator[list[bytes]]:
        """Lines as the API sent them, as many at once as have come.

        Raises:
            RuntimeUnavailableError: the connection broke.
        """
        splitter = LineSplitter()
        held: list[bytes] = []
        is_first = True
        while block := self._stream.read():
            self.received += len(block)
            held += splitter.feed(block)
            self.cuts = splitter.cuts
            batch = self._take_lines(held)
            if batch and is_first:
                is_first = False
                batch = self._without_fragment(batch)
            if batch:
                yield batch
        if splitter.rest and not self._reader.has_time(splitter.rest):
            held.append(splitter.rest)
        elif splitter.rest:
            self.rest = splitter.rest
        self.trouble = b" ".join(held).decode("utf-8", "replace").strip()
        if self.rest and self._ended and not self.trouble:
            yield [self.rest]

    def _take_lines(self, held: list[bytes]) -> list[bytes]:
        """All up to the last one that has a time; what follows may be an error's words, and stays."""
        end = len(held)
        while end and not self._reader.has_time(held[end - 1]):
            end -= 1
        if not end and len(held) > _MOST_HELD:
            end = len(held)
        batch = held[:end]
        del held[:end]
        return batch

    def _without_fragment(self, batch: list[bytes]) -> list[bytes]:
        start = 0
        while start < len(batch) and not self._reader.has_time(batch[start]):
            start += 1
        return batch[start:] if start < len(batch) else batch
