"""Takes the log of a container that somebody else has started, and whose log the engine may rotate under us.

A log that is read without following it is one moment's picture: nothing in it is skipped or repeated. So the log's end is
read again and again, as far as needed to find in it the lines that were taken last. What stands behind them is new; where
they are not found, lines were lost, and that is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wharf_tui.model.errors import RuntimeUnavailableError
from wharf_tui.model.timestamps import NS, now_ns
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.foreign_lines import FramedLines, LineParser, RawLines
from wharf_tui.runtimes.docker.known_lines import KnownLines, Overlap
from wharf_tui.runtimes.docker.log_driver import LogDriver, size_in_files
from wharf_tui.runtimes.docker.log_entries import LoggedLine
from wharf_tui.runtimes.docker.streams import ByteStream
from wharf_tui.runtimes.port import StepRecorder
from wharf_tui.runtimes.sources import History

MARGIN = 64
"""Entries that are read again, to find the last line among them."""
_FIRST_TAIL, _MORE_TAIL = 512, 8
"""Entries of the end that are read at first, and how many times more where these do not reach back."""
_MOST_COMPARED = 100_000
_MOST_BUFFERED = 64 * 1024 * 1024
_LOST = (
    "Docker's log of the container does not reach back to the line before: it was rotated or cut meanwhile"
)
_CUT = "somebody has cut Docker's log of the container: lines before this may be missing"
_BEGINNING_LOST = "what the container printed at first may be missing: Docker rotates its log ({driver})"


class StoppedError(Exception):
    """A reading was ended from another thread. Never leaves this package."""


class ForeignLog:
    """One container's log, and what of it is in the recorder.

    Args:
        engine: where the container is.
        container: its ID.
        driver: of its log.
        is_raw: whether it has a terminal.
        known: what was taken of it before.
        use: is given each answer that is read, so that another thread can end it.
    """

    def __init__(
        self,
        engine: Engine,
        container: str,
        *,
        driver: LogDriver,
        recorder: StepRecorder,
        known: KnownLines,
        use: Callable[[ByteStream], None],
        is_raw: bool,
    ) -> None:
        self._engine = engine
        self._container = container
        self._driver = driver
        self._recorder = recorder
        self._known = known
        self._use = use
        self._is_raw = is_raw
        self._tail = _FIRST_TAIL
        self._stored = 0
        """Lines since the log was compared last."""
        self._parser: LineParser | None = None
        """Of the last reading."""

    def parser(self) -> LineParser:
        """What makes lines of the engine's answers."""
        return RawLines() if self._is_raw else FramedLines()

    def follow(self, tail: int) -> ByteStream:
        """The log as it grows, from so many entries before its end on; all of it where nothing was taken."""
        return self._engine.logs(self._container, follow=True, tail=tail if self._known.keys else None)

    def store(self, lines: list[LoggedLine]) -> None:
        """Store lines that are proven to follow what was stored."""
        if lines:
            self._recorder.lines([(line.at_ns, line.message) for line in lines])
            self._known.add(lines)
            self._stored += len(lines)

    def lose(self, reason: str, to_ns: int | None = None) -> None:
        """Record that something may be missing behind the last line."""
        self._recorder.lost(reason, self._known.last_ns, now_ns() if to_ns is None else to_ns)

    def take_history(self, history: History) -> None:
        """Store what is there, but for what is to be left out.

        Raises:
            RunError: it cannot be read.
            FrameError: what came is no log.
        """
        if history.tail is not None:
            self._take_last(history.tail)
        elif history.since_ns is not None:
            self._take_since(history.since_ns)
        else:
            self._take_everything(self._driver.bytes_until_loss)

    def take_new(self) -> int:
        """Read the log's end again, and store what is new; returns how many lines.

        Raises:
            RunError: it cannot be read.
            FrameError: what came is no log.
        """
        if not self._known.keys:
            return self._take_everything(self._driver.bytes_until_loss)
        tail = self._tail if self._driver.rotates else MARGIN + min(self._stored, _MOST_COMPARED)
        while True:
            overlap = Overlap(self._known)
            count = sum(map(self._store_and_count, map(overlap.feed, self._read(tail))))
            assert self._parser is not None
            entries = self._parser.entries
            if overlap.is_found or overlap.is_behind(self._parser.unended()):
                self._tail = 2 * (MARGIN + count)
                self._stored = 0
                if entries < min(tail, self._known.count) and not self._driver.rotates:
                    self.lose(_CUT)
                    self._known.count = entries
                return count
            if entries < tail:
                return self._go_on_behind_hole(overlap.held)
            tail *= _MORE_TAIL

    def take_last_words(self) -> None:
        """The container has ended, and the log was read to its end: its last line may have no end."""
        assert self._parser is not None
        self.store([line for line in self._parser.unended() if not self._known.ends_with(line)])

    def go_on_anywhere(self, reason: str) -> None:
        """The log cannot be read to its end: go on with its last lines, and say so."""
        self.lose(reason)
        self._known.forget()
        self._take_last(MARGIN)

    def _go_on_behind_hole(self, held: list[LoggedLine] | None) -> int:
        """The log does not have what was taken last: all of it is new."""
        self.lose(_LOST, held[0].at_ns if held else None)
        self._known.forget()
        if held is None:
            return self._take_everything(None)
        self.store(held)
        return len(held)

    def _take_everything(self, bytes_until_loss: int | None) -> int:
        """Store all that is there.

        Args:
            bytes_until_loss: where the log has this size, say before its first line that some may be missing.
        """
        count, size, waiting = 0, 0, bytearray()
        parser = self._parser = self.parser()
        try:
            for data in self._blocks(self._engine.logs(self._container)):
                size += size_in_files(data) if bytes_until_loss is not None else 0
                if bytes_until_loss is not None and size >= bytes_until_loss:
                    self._lose_beginning()
                    bytes_until_loss = None
                waiting += data
                if bytes_until_loss is None or len(waiting) > _MOST_BUFFERED:
                    count += self._store_and_count(parser.feed(bytes(waiting)))
                    waiting.clear()
        except (RuntimeUnavailableError, StoppedError):
            if waiting:
                self._lose_beginning()  # how large the log is will never be known
                self.store(parser.feed(bytes(waiting)))
            raise
        return count + self._store_and_count(parser.feed(bytes(waiting)))

    def _lose_beginning(self) -> None:
        self._recorder.lost(_BEGINNING_LOST.format(driver=self._driver.describe()))

    def _take_last(self, lines: int) -> None:
        """Store the last lines; what is read before them, so that the first is whole, is only remembered."""
        found = [line for batch in self._read(lines + MARGIN) for line in batch]
        first = max(len(found) - lines, 0)
        self._known.add(found[:first])
        self.store(found[first:])

    def _take_since(self, since_ns: int) -> None:
        """Store the lines from a time on."""
        if not self._driver.rotates:
            for lines in self._read(None, since_ns):
                self.store(lines)
            if self._known.keys:
                return
        has_begun = False
        for lines in self._read(None if self._driver.rotates else MARGIN):
            first = 0 if has_begun else _first_since(lines, since_ns)
            has_begun = has_begun or first < len(lines)
            self._known.add(lines[:first])
            self.store(lines[first:])

    def _store_and_count(self, lines: list[LoggedLine]) -> int:
        self.store(lines)
        return len(lines)

    def _read(self, tail: int | None, since_ns: int | None = None) -> Iterator[list[LoggedLine]]:
        parser = self._parser = self.parser()
        since = f"{since_ns // NS}.{since_ns % NS:09d}" if since_ns is not None else ""
        for data in self._blocks(self._engine.logs(self._container, tail=tail, since=since)):
            yield parser.feed(data)

    def _blocks(self, stream: ByteStream) -> Iterator[bytes]:
        with stream:
            self._use(stream)
            while data := stream.read():
                yield data
            if stream.stopped:
                raise StoppedError


def _first_since(lines: list[LoggedLine], since_ns: int) -> int:
    """Index of the first line of that time or later."""
    return next((index for index, line in enumerate(lines) if line.at_ns >= since_ns), len(lines))
