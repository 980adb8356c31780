"""What of a container's output is stored, and the two ways in which more of it comes: live, and from the engine's log."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter

from wharf_tui.model.timestamps import now_ns
from wharf_tui.runtimes.docker.frames import Stream
from wharf_tui.runtimes.docker.line_assembler import LineAssembler
from wharf_tui.runtimes.docker.log_entries import LoggedLine
from wharf_tui.runtimes.docker.position import StreamPosition, rest_of_line
from wharf_tui.runtimes.port import StepRecorder


class ContainerOutput:
    """The output of one container on its way to the step's log. Threads take turns.

    Args:
        recorder: where it goes.
    """

    def __init__(self, recorder: StepRecorder) -> None:
        self.received = 0
        """Bytes that came, by either way: it stands still while nothing comes."""
        self.positions: Mapping[Stream, StreamPosition] = {stream: StreamPosition() for stream in Stream}
        """How far each stream has come."""
        self.mutex = threading.RLock()
        """Held while more is added: hold it to see all positions at one moment."""
        self._recorder = recorder
        self._lines = LineAssembler(recorder)
        self._last_ns: int | None = None

    def take_live(self, frames: Iterable[tuple[Stream, bytes]]) -> None:
        """Store what the container has printed just now."""
        with self.mutex:
            at_ns = now_ns()
            for stream, run in groupby(frames, key=itemgetter(0)):
                data = b"".join([payload for _, payload in run])
                self._lines.feed(stream, at_ns, data)
                self._count(stream, at_ns, data)

    def take_logged(self, lines: list[LoggedLine]) -> None:
        """Store whole lines of the engine's log, none of which we have."""
        if not lines:
            return
        with self.mutex:
            self._lines.add([(line.at_ns, line.message) for line in lines])
            for line in lines:
                self._count(line.stream, line.at_ns, line.message + b"\n")

    def take_unended(self, line: LoggedLine) -> None:
        """Store the last line of a stream, which came without an end."""
        with self.mutex:
            self._lines.feed(line.stream, line.at_ns, line.message)
            self._count(line.stream, line.at_ns, line.message)

    def complete(self, line: LoggedLine) -> bool:
        """Store the rest of a stream's unended line; False where the line from the log is another one."""
        with self.mutex:
            rest = rest_of_line(self.positions[line.stream], line.message)
            if rest is None:
                return False
            if line.is_ended:
                self._lines.complete(line.stream, line.at_ns, line.message, rest)
                rest += b"\n"
            else:
                self._lines.feed(line.stream, line.at_ns, rest)
            self._count(line.stream, line.at_ns, rest)
            return True

    def go_on_behind_hole(self, line: LoggedLine, lines_before: int) -> None:
        """Store a whole line of the engine's log before which the log has lost some.

        Args:
            line: the line.
            lines_before: how many lines of its stream the log still has before it.
        """
        with self.mutex:
            self._lines.end_line(line.stream, line.at_ns)
            self._recorder.lost("Docker's log of the container has a hole here", self._last_ns, line.at_ns)
            self.positions[line.stream].restart(lines_before)
            self.take_logged([line])

    def lose(self, reason: str) -> None:
        """Record that something may be missing between what came last and what comes now."""
        self._recorder.lost(reason, self._last_ns, now_ns())

    def finish(self) -> None:
        """Nothing more comes: end the lines that came without an end."""
        with self.mutex:
            self._lines.finish(now_ns())

    def _count(self, stream: Stream, at_ns: int, data: bytes) -> None:
        self.positions[stream].advance(data)
        self.received += len(data)
        self._last_ns = at_ns
