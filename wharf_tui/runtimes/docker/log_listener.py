"""Follows the log of a foreign container: waits for more, and stores it in whichever way can be trusted.

The engine's follow stream is exact where the log does not rotate; then its lines are stored as they come, and compared with
the log now and then. Where it rotates, the stream only tells that there is more, and the log is read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from wharf_tui.runtimes.docker.foreign_log import MARGIN, ForeignLog
from wharf_tui.runtimes.docker.frames import FrameError
from wharf_tui.runtimes.docker.known_lines import KnownLines, Overlap
from wharf_tui.runtimes.docker.log_bell import LogBell
from wharf_tui.runtimes.docker.log_entries import LoggedLine

REMOVED: Final = "the container was removed: its last lines may be missing"
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.02, 2.0
_REST_SECONDS: Final = 60.0
_BUSY_LINES: Final = 1000
"""Where so many came, there are more: a log that rotates is read again at once, another one is compared later."""


class LogListener:
    """Used by one thread; ``stop`` by any.

    Args:
        log: what is followed.
        known: what was taken of it.
        silence_s: see ``TakingLimits``.
        pause: seconds between two readings of a log that rotates.
    """

    def __init__(
        self, log: ForeignLog, known: KnownLines, silence_s: float, pause: Callable[[], float]
    ) -> None:
        self._log = log
        self._known = known
        self._silence_s = silence_s
        self._pause = pause
        self._bell: LogBell | None = None
        self._bell_tail = MARGIN
        self._bell_pause = _SHORTEST_PAUSE
        self._compare_at = 0.0
        self._overlap = Overlap(known)
        """Where the bell's lines follow what was taken."""
        self._heard: list[LoggedLine] = []
        """The last lines that it has told, and that were not stored for that."""
        self._rang = threading.Event()
        self._stopped = threading.Event()

    @property
    def has_ended(self) -> bool:
        """Whether the stream has: the container may have, too."""
        return self._bell is not None and self._bell.has_ended

    def stop(self) -> None:
        """End all waiting, now and later."""
        self._stopped.set()
        self._rang.set()
        if (bell := self._bell) is not None:
            bell.stop()

    def take_what_comes(self) -> None:
        """Wait for more of the log, and store it.

        Raises:
            RunError: it cannot be read.
            FrameError: what came is no log, or not all of it.
        """
        if self._bell is None:
            self._log.take_new()
            self._compare_at = time.monotonic() + self._silence_s
            self._bell = self._open_bell()
        self._rang.wait(self._silence_s)
        self._rang.clear()
        came = self._bell.pull()
        if came:
            self._bell_pause = _SHORTEST_PAUSE
        if self._log.rotates:
            self._heard += came
            count = self._take_new()
            del self._heard[:-MARGIN]
            if count < _BUSY_LINES:
                self._stopped.wait(self._pause())
            return
        self._take_told(came)
        if time.monotonic() > self._compare_at and len(came) < _BUSY_LINES:
            self._compare_at = time.monotonic() + self._silence_s
            if self._take_new():
                self.close()  # what it has not told yet was read meanwhile
        self._stopped.wait(_SHORTEST_PAUSE)

    def finish(self, *, container_has_ended: bool) -> bool:
        """The stream has ended: take its rest; whether the engine itself ended it, and said so."""
        bell = self._bell
        assert bell is not None
        rest = bell.pull()
        if self._log.rotates:
            self._heard += rest
        else:
            self._take_told(rest)
        if container_has_ended:
            self._take_new()
        self.close()
        if not container_has_ended:
            self._stopped.wait(self._bell_pause)
            self._bell_pause = min(self._bell_pause * 2, _LONGEST_PAUSE)
        return bell.ended_whole

    def take_rest_of_removed(self) -> None:
        """The container is gone, and its log with it, but for what the stream still gives."""
        bell = self._bell
        if bell is None:
            self._log.lose(REMOVED)
            return
        overlap = Overlap(self._known) if self._log.rotates else self._overlap
        self._log.store(overlap.feed(self._heard))
        has_ended = False
        until = time.monotonic() + _REST_SECONDS
        while not has_ended and not self._stopped.is_set() and time.monotonic() < until:
            has_ended = bell.has_ended
            self._log.store(overlap.feed(bell.pull()))
            if not has_ended:
                self._rang.wait(1)
                self._rang.clear()
        if has_ended and bell.ended_whole and overlap.is_found:
            self._log.store(bell.last_words())
        else:
            self._log.lose(REMOVED)

    def close(self) -> None:
        """Let go of the stream; the next one begins with a comparison."""
        if self._bell is not None:
            self._bell.close()
            self._bell = None
        self._heard = []

    def _take_told(self, lines: list[LoggedLine]) -> None:
        """Store lines as the bell tells them: they are all there are."""
        self._log.store(self._overlap.feed(lines))
        if self._overlap.is_found:
            self._heard, self._bell_tail = [], MARGIN
            return
        self._heard = [*self._heard, *lines][-MARGIN:]
        if self._bell is not None and self._bell.entries > self._bell_tail:
            self._take_new()
            self._bell_tail *= 4  # it began behind what was taken last
            self.close()

    def _take_new(self) -> int:
        """Read what is new; returns how many lines.

        Raises:
            FrameError: the log does not come back to its end.
        """
        count = self._log.take_new()
        newest = self._heard[-1] if self._heard else None
        if newest is not None and not count and self._known.is_new(newest):
            raise FrameError("it ends before what Docker has told of it")
        return count

    def _open_bell(self) -> LogBell:
        self._overlap = Overlap(self._known)
        stream = self._log.follow(self._bell_tail)
        self._rang.set()  # it may have more already
        bell = LogBell(stream, self._log.parser(), self._rang.set)
        if self._stopped.is_set():
            bell.stop()
        return bell
