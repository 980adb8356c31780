"""Reads the engine's log of a container again, and stores what of it we do not have."""

from __future__ import annotations

from collections.abc import Iterable

from wharf_tui.runtimes.docker.checkpoints import Checkpoint, CheckpointFinder
from wharf_tui.runtimes.docker.comparison import Comparison, Place
from wharf_tui.runtimes.docker.container_output import ContainerOutput
from wharf_tui.runtimes.docker.frames import FrameDecoder
from wharf_tui.runtimes.docker.log_entries import LogEntries, LoggedLine


class WrongPlaceError(Exception):
    """A checkpoint does not lie where it should: read from the beginning. Never leaves this package."""


class LogReading:
    """One reading of the log, from a checkpoint on.

    Args:
        output: what we have, and where the rest goes.
        start: where the reading begins.
    """

    def __init__(self, output: ContainerOutput, start: Checkpoint) -> None:
        self.places = CheckpointFinder(start)
        """Where the next reading may begin."""
        self._output = output
        self._start = start
        self._is_at_start = True
        self._comparison = Comparison(output.positions, start.lines)
        self._frames = FrameDecoder()
        self._entries = LogEntries()

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
        for stream, entry in self._frames.feed(data):
            is_between_lines = self._entries.is_between_lines
            line = self._entries.add(stream, entry)
            at_ns = self._entries.entry_ns
            if (
                self._is_at_start
                and self._start.at_ns
                and (at_ns, stream) != (self._start.at_ns, self._start.stream)
            ):
                raise WrongPlaceError
            self._is_at_start = False
            if is_between_lines and self.places.is_place(at_ns):
                self.places.add(Checkpoint(at_ns, self._comparison.next_lines, stream))
            self.places.pass_entry(at_ns)
            if line is not None:
                yield line

    def _go_on_behind_hole(self, line: LoggedLine, lines_before: int) -> None:
        if self._start.at_ns:
            raise WrongPlaceError
        self._output.go_on_behind_hole(line, lines_before)
