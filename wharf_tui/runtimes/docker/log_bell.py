"""Listens to what the engine adds to a container's log, in a thread of its own: it tells that there is more, and what.

While a log rotates, this very stream skips and repeats lines without a word. Then it only rings, and the log is read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from wharf_tui.model.errors import RunError
from wharf_tui.runtimes.docker.foreign_lines import LineParser
from wharf_tui.runtimes.docker.frames import FrameError
from wharf_tui.runtimes.docker.log_entries import LoggedLine
from wharf_tui.runtimes.docker.streams import ByteStream

_MOST_LINES = 20_000
"""What is held of a stream that is not pulled from: the engine waits then, and the container does not notice."""


class LogBell:
    """One follow stream.

    Args:
        stream: of the log, that is being followed.
        parser: makes lines of it.
        ring: called whenever there is something to pull, and at the end.
    """

    def __init__(self, stream: ByteStream, parser: LineParser, ring: Callable[[], None]) -> None:
        self._stream = stream
        self._parser = parser
        self._ring = ring
        self._lines: list[LoggedLine] = []
        self._has_room = threading.Condition()
        self._is_stopped = False
        self.has_ended = False
        """Whether nothing comes any more; what was not pulled yet is still there."""
        self.ended_whole = False
        """Whether the engine itself ended it, and said so: the log has no more, or the container was removed."""
        self._thread = threading.Thread(target=self._listen, name="log-bell", daemon=True)
        self._thread.start()

    @property
    def entries(self) -> int:
        """How many entries of the log have come."""
        return self._parser.entries

    def pull(self) -> list[LoggedLine]:
        """What has come since the last time."""
        with self._has_room:
            lines, self._lines = self._lines, []
            self._has_room.notify_all()
        return lines

    def last_words(self) -> list[LoggedLine]:
        """What came last without an end, once the bell has ended."""
        return self._parser.unended()

    def stop(self) -> None:
        """Listen no more. Any thread may call it."""
        with self._has_room:
            self._is_stopped = True
            self._has_room.notify_all()
        self._stream.stop()

    def close(self) -> None:
        """Stop, and wait for the thread."""
        self.stop()
        self._thread.join()

    def _listen(self) -> None:
        try:
            with self._stream as stream:
                while data := stream.read():
                    self._hold(self._parser.feed(data))
                    self._ring()
                self.ended_whole = not stream.stopped
        except (RunError, FrameError):
            self.ended_whole = False
        finally:
            self.has_ended = True
            self._ring()

    def _hold(self, lines: list[LoggedLine]) -> None:
        with self._has_room:
            self._has_room.wait_for(lambda: len(self._lines) < _MOST_LINES or self._is_stopped)
            self._lines += lines
