"""Reads the engine's log of a container again, and stores what of it we do not have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from wharf_tui.model.timestamps import NS
from wharf_tui.runtimes.docker.comparison import Comparison, Place
from wharf_tui.runtimes.docker.container_output import ContainerOutput
from wharf_tui.runtimes.docker.frames import FrameDecoder, Stream
from wharf_tui.runtimes.docker.log_entries import LogEntries, LoggedLine


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A place in the log from which it can be read on."""

    at_ns: int = 0
    """Time of the first entry behind it; all before it are earlier. 0 is the log's beginning."""
    lines: dict[Stream, int] = field(default_factory=lambda: dict.fromkeys(Stream, 0))
    """How many lines of each stream lie before it."""

    @property
    def since(self) -> str:
        """As the engine wants it; empty for the beginning."""
        return f"{self.at_ns // NS}.{self.at_ns % NS:09d}" if self.at_ns else ""


class WrongPlaceError(Exception):
    """A checkpoint does not lie where it should: read from the beginning. Never leaves this package."""


class LogReading:
    """One reading of the log, from a checkpoint on. ``checkpoint`` moves on with it.

    Args:
        output: what we have, and where the rest goes.
        start: where the reading begins.
    """

    def __init__(self, output: ContainerOutput, start: Checkpoint) -> None:
        self.checkpoint = start
        self._output = output
        self._is_from_start = not start.at_ns
        self._comparison = Comparison(output.positions, start.lines)
        self._frames = FrameDecoder()
        self._entries = LogEntries()
        self._latest_ns = start.at_ns

    @property
    def reached_our_end(self) -> bool:
        """Whether the log has had all that we have: then it also had all that followed."""
        return self._comparison.reached_our_end

    def take(self, data: bytes) -> None:
        """Take a block of the engine's answer.

        Raises:
            FrameError: it is no log.
            WrongPlaceError: the reading must begin at the log's beginning.
            StoreError: the output cannot be stored.
        """
        new: list[LoggedLine] = []
        for line in self._lines(data):
            lines_before = self._comparison.next_lines[line.stream]
            place = self._comparison.place(line)
            if place is Place.NEW:
                new.append(line)
            elif place is not Place.KNOWN:
                self._output.take_logged(new)
                new = []
                if place is Place.DIVERGED or not self._output.complete(line):
                    self._go_on_behind_hole(line, lines_before)
        self._output.take_logged(new)

    def finish(self) -> None:
        """The container has ended, and the log with it: its last lines may have no end."""
        for line in self._entries.unended():
            place = self._comparison.place(line)
            if place is Place.NEW:
                self._output.take_unended(line)
            elif place is Place.OPEN and not self._output.complete(line):
                self._output.lose("Docker's log of the container ends otherwise than what was printed")

    def _lines(self, data: bytes) -> Iterable[LoggedLine]:
        checkpoint = None
        for stream, entry in self._frames.feed(data):
            was_between_lines = self._entries.is_between_lines
            line = self._entries.add(stream, entry)
            if line is None:
                continue
            if line.at_ns > self._latest_ns:
                self._latest_ns = line.at_ns
                if checkpoint is None and was_between_lines:
                    checkpoint = Checkpoint(line.at_ns, self._comparison.next_lines)
            yield line
        if checkpoint is not None:
            self.checkpoint = checkpoint

    def _go_on_behind_hole(self, line: LoggedLine, lines_before: int) -> None:
        if not self._is_from_start:
            raise WrongPlaceError
        self._output.go_on_behind_hole(line, lines_before)
