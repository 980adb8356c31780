"""Takes the log of a container that somebody else has started, and whose log the engine may rotate under us.

A log that is read without following it is one moment's picture: nothing in it is skipped or repeated. So the log's end is
read again and again, as far as needed to find in it the lines that were taken last. What stands behind them is new; where
they are not found, lines were lost, and that is recorded.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator

from wharf_tui.model.errors import RuntimeUnavailableError
from wharf_tui.model.timestamps import NS, now_ns
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.foreign_lines import FramedLines, LineParser, RawLines
from wharf_tui.runtimes.docker.frames import FrameError
from wharf_tui.runtimes.docker.known_lines import KnownLines, Overlap
from wharf_tui.runtimes.docker.log_driver import LogDriver, size_in_files
from wharf_tui.runtimes.docker.log_entries import LoggedLine
from wharf_tui.runtimes.docker.streams import ByteStream
from wharf_tui.runtimes.port import StepRecorder

MARGIN = 64
"""Entries that are read again, to find the last line among them."""
_FIRST_TAIL, _MORE_TAIL = 512, 8
"""Entries of the end that are read at first, and how many times more where these do not reach back."""
_LESS_TAIL = 4
"""How many times fewer where the engine does not get through."""
_MOST_COMPARED = 100_000
_MOST_BUFFERED = 64 * 1024 * 1024
_LOST = (
    "Docker's log of the container does not reach back to the line before: it was rotated or cut meanwhile"
)
DAMAGED = "Docker's log of the container is damaged: lines may be missing here"
_CUT = "Docker's log of the container was cut meanwhile, or is damaged: lines may be missing before this"
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
        self.rotates = driver.rotates
        """Whether the log loses its oldest lines, and may do so while it is read."""
        self.is_damaged = False
        """Whether it was said that the engine does not get through some place in it."""
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

    def remember(self, lines: list[LoggedLine]) -> None:
        """Take lines as stored that are left out on purpose."""
        self._known.add(lines)

    def go_on_with(self, lines: list[LoggedLine]) -> None:
        """Store what is new of lines that need not follow what was stored; if any are, or it was not said before, say so."""
        overlap = Overlap(self._known)
        new = overlap.feed(lines)
        if not overlap.is_found:
            new = [line for line in lines if not self._known.has(line)]
        if new or not self.is_damaged:
            self.lose(DAMAGED)
        self.is_damaged = True
        if new and not overlap.is_found:
            self._known.forget()
        self.store(new)

    def lose(self, reason: str, to_ns: int | None = None) -> None:
        """Record that something may be missing behind the last line."""
        self._recorder.lost(reason, self._known.last_ns, now_ns() if to_ns is None else to_ns)

    def take_new(self) -> int:
        """Read the log's end again, and store what is new; returns how many lines.

        Raises:
            RunError: it cannot be read.
            FrameError: what came is no log.
        """
        if not self._known.keys:
            return self.take_everything()
        tail = self._tail if self.rotates else MARGIN + min(self._stored, _MOST_COMPARED)
        ceiling: int | None = None
        while True:
            overlap = Overlap(self._known)
            count = sum(map(self._store_and_count, map(overlap.feed, self.read(tail))))
            if overlap.is_found or overlap.is_behind(self.unended):
                self._tail = 2 * (MARGIN + count)
                self._see_what_the_log_lacks(tail, is_damaged=ceiling is not None)
                return count
            if self.entries >= tail and ceiling is None:
                tail *= _MORE_TAIL
            elif self.entries < tail and (overlap.is_behind_the_times or self._has_more_than(overlap)):
                ceiling, tail = tail, tail // _LESS_TAIL
            elif self.entries < tail:
                return self._go_on_behind_hole(overlap.held)
            else:
                tail = 0
            if not tail:
                raise FrameError("it cannot be read beyond a place in it")

    def is_at_end(self) -> bool:
        """Whether the log's last line is the one that was taken last; the container has ended.

        Raises:
            RunError: it cannot be read.
            FrameError: what came is no log.
        """
        lines = [line for batch in self.read(MARGIN) for line in batch]
        last = [*lines, *self.unended][-1:]
        # The only line that comes back may be a long one's end.
        return not last or len(lines) <= 1 or self._known.ends_with(last[0])

    def take_last_words(self) -> None:
        """The container has ended, and the log was read to its end: its last line may have no end."""
        self.store([line for line in self.unended if not self._known.ends_with(line)])

    def take_everything(self, *, says_what_is_lost: bool = True) -> int:
        """Store all that is there; returns how many lines.

        Args:
            says_what_is_lost: where the log is so large that it may have lost its beginning, say so before its first line.
        """
        bytes_until_loss = self._driver.bytes_until_loss if says_what_is_lost else None
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

    def read(self, tail: int | None, since_ns: int | None = None) -> Iterator[list[LoggedLine]]:
        """Lines of the log as it is now.

        Args:
            tail: only so many entries of its end; None for all.
            since_ns: only from this time on, as the engine understands it.
        """
        parser = self._parser = self.parser()
        since = f"{since_ns // NS}.{since_ns % NS:09d}" if since_ns is not None else ""
        for data in self._blocks(self._engine.logs(self._container, tail=tail, since=since)):
            yield parser.feed(data)

    @property
    def entries(self) -> int:
        """How many entries the last reading had."""
        return self._parser.entries if self._parser is not None else 0

    @property
    def unended(self) -> list[LoggedLine]:
        """Lines that had no end in the last reading."""
        return self._parser.unended() if self._parser is not None else []

    def _see_what_the_log_lacks(self, tail: int, *, is_damaged: bool) -> None:
        """Everything that was taken is in the log; but a damaged or cut one had more that nobody has seen."""
        if is_damaged and not self.is_damaged:
            self.lose(DAMAGED)
        elif not (is_damaged or self.rotates) and self.entries < min(tail, self._known.count):
            self.lose(_CUT)
            self._known.count = self.entries
        self.is_damaged = is_damaged
        self._stored = 0

    def _has_more_than(self, overlap: Overlap) -> bool:
        """Whether the log has lines though a reading of its end had none: the engine gave up at once."""
        if overlap.held != []:
            return False
        with contextlib.closing(self._blocks(self._engine.logs(self._container))) as blocks:
            return any(blocks)

    def _go_on_behind_hole(self, held: list[LoggedLine] | None) -> int:
        """The log does not have what was taken last: all of it is new."""
        self.lose(_LOST, held[0].at_ns if held else None)
        self._known.forget()
        if held is None:
            return self.take_everything(says_what_is_lost=False)
        self.store(held)
        return len(held)

    def _lose_beginning(self) -> None:
        self._recorder.lost(_BEGINNING_LOST.format(driver=self._driver.describe()))

    def _store_and_count(self, lines: list[LoggedLine]) -> int:
        self.store(lines)
        return len(lines)

    def _blocks(self, stream: ByteStream) -> Generator[bytes]:
        with stream:
            self._use(stream)
            while data := stream.read():
                yield data
            if stream.stopped:
                raise StoppedError
