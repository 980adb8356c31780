"""Takes the log of one running container, started by somebody else, until it ends for good or nobody wants it any more.

The engine's follow stream is exact where the log does not rotate; then its lines are stored as they come. Where it
rotates, the stream only tells that there is more, and the log is read (see ``foreign_log``). Either way the log is compared
with what was taken whenever a connection broke, nothing has come for a while, or the container has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from wharf_tui.model.errors import RunError, RuntimeUnavailableError, WharfError
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import parse_rfc3339
from wharf_tui.runtimes.docker.damaged_log import go_on_behind_damage
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.engine_watch import EngineWatch
from wharf_tui.runtimes.docker.foreign_history import take_history
from wharf_tui.runtimes.docker.foreign_log import MARGIN, ForeignLog, StoppedError
from wharf_tui.runtimes.docker.frames import FrameError
from wharf_tui.runtimes.docker.known_lines import KnownLines, Overlap
from wharf_tui.runtimes.docker.log_bell import LogBell
from wharf_tui.runtimes.docker.log_driver import LogDriver
from wharf_tui.runtimes.docker.log_entries import LoggedLine
from wharf_tui.runtimes.docker.streams import ByteStream
from wharf_tui.runtimes.port import StepRecorder
from wharf_tui.runtimes.sources import History

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.02, 2.0
_RESTART_LOOK_SECONDS: Final = 0.1
_REST_SECONDS: Final = 60.0
_BUSY_LINES: Final = 1000
"""Where so many came, there are more: a log that rotates is read again at once, another one is compared later."""
_MOST_FAILURES: Final = 5
"""Readings that fail one after the other, before what cannot be read is given up."""
_RESTARTED = "the Docker engine restarted: what the container printed in that moment may be missing"
_REMOVED = "the container was removed: its last lines may be missing"
_MAY_DROP = (
    "the container's log mode is non-blocking: Docker may have dropped any of its lines without a word"
)


@dataclass(frozen=True, slots=True)
class TakingLimits:
    """How long things may take, in seconds."""

    silence_s: float = 20.0
    """Nothing has come for so long, or too much was not compared with the log: compare it."""
    away_s: float = 300.0
    """How long the engine may be away."""
    restart_s: float = 2.0
    """A container that is started again within this time has not ended."""


class ContainerTaker:
    """Takes one container's log in a thread of its own. Make it inside the event loop that waits for ``ended``.

    Args:
        engine: where the container is.
        watch: of the engine.
        container: its ID.
        recorder: where its lines go.
        history: what is taken of what it has printed before.
        known: what was taken of it before, and is then compared with.
        pause: seconds between two readings of its log; many containers share the engine.
    """

    def __init__(
        self,
        engine: Engine,
        watch: EngineWatch,
        container: str,
        *,
        recorder: StepRecorder,
        history: History,
        known: KnownLines,
        pause: Callable[[], float],
        limits: TakingLimits,
    ) -> None:
        self._engine = engine
        self._watch = watch
        self._container = container
        self._recorder = recorder
        self._history = history
        self._known = known
        self._pause = pause
        self._limits = limits
        self._mark = 0
        self._started_at = ""
        self._starts = 0
        self._is_exact = False
        self._bell: LogBell | None = None
        self._compare_at = 0.0
        self._bell_tail = MARGIN
        self._bell_pause = _SHORTEST_PAUSE
        self._overlap = Overlap(known)
        self._heard: list[LoggedLine] = []
        """What the bell has told; of use only where the log is gone before it was read."""
        self._stream: ByteStream | None = None
        self._rang = threading.Event()
        self._given_up = threading.Event()
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[dict[str, Any] | None] = self._loop.create_future()
        """Set when the container has ended, or ``give_up`` was called: to what the engine says of it, None where it is
        gone. Carries the WharfError where its log could not be read or stored."""
        self._thread = threading.Thread(target=self._run, name=f"log-{container[:12]}", daemon=True)

    @property
    def started_at(self) -> str:
        """When the container was started last, as far as was noticed."""
        return self._started_at

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def give_up(self) -> None:
        """Take no more: ``ended`` is set soon. Any thread may call it."""
        self._given_up.set()
        self._rang.set()
        stream, bell = self._stream, self._bell
        if stream is not None:
            stream.stop()
        if bell is not None:
            bell.stop()

    def _run(self) -> None:
        result: dict[str, Any] | None = None
        failure: WharfError | None = None
        try:
            result = self._take()
        except StoppedError:
            pass
        except WharfError as error:
            failure = error
        finally:
            self._close_bell()
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._tell, result, failure)

    def _tell(self, result: dict[str, Any] | None, failure: WharfError | None) -> None:
        if self.ended.done():
            return
        if failure is None:
            self.ended.set_result(result)
        else:
            self.ended.set_exception(failure)

    def _take(self) -> dict[str, Any] | None:
        self._mark = self._watch.mark()
        info = self._inspect()
        if info is None:
            self._recorder.lost(_REMOVED)
            return None
        log = self._begin(info)
        has_history, failures = bool(self._known.keys), 0
        while not self._given_up.is_set():
            try:
                if has_history:
                    self._take_what_comes(log)
                else:
                    take_history(log, self._history)
                    has_history = True
                if self._bell is not None and self._bell.has_ended:
                    info = self._look_after_end(log, self._bell)
                    if info is not None:
                        return info
                failures = 0
            except RuntimeUnavailableError:
                has_history = has_history or bool(self._known.keys)
                self._wait_for_engine(log)
            except (RunError, FrameError) as error:
                if self._inspect() is None:
                    self._take_rest_of_removed(log)
                    return None
                failures += 1
                has_history = True
                self._close_bell()
                if failures >= _MOST_FAILURES:
                    _go_on_behind_damage(log, error)
                    failures = 0
                self._given_up.wait(_SHORTEST_PAUSE * 2**failures)
        return None

    def _begin(self, info: dict[str, Any]) -> ForeignLog:
        driver = LogDriver.of(info)
        self._is_exact = not driver.rotates
        is_raw = bool(info["Config"]["Tty"])
        is_partial = not (self._known.keys or self._history.is_whole)
        self._recorder.status(Status.RUNNING, self._history.describe() if is_partial else "")
        if driver.may_drop:
            self._recorder.lost(_MAY_DROP)
        return ForeignLog(
            self._engine,
            self._container,
            driver=driver,
            recorder=self._recorder,
            known=self._known,
            use=self._use,
            is_raw=is_raw,
        )

    def _take_what_comes(self, log: ForeignLog) -> None:
        """Wait for more of the log, and store it."""
        if self._bell is None:
            log.take_new()
            self._compare_at = time.monotonic() + self._limits.silence_s
            self._bell = self._open_bell(log)
        bell = self._bell
        self._rang.wait(self._limits.silence_s)
        self._rang.clear()
        came = bell.pull()
        if came:
            self._bell_pause = _SHORTEST_PAUSE
        if self._is_exact:
            self._take_told(log, came)
            if time.monotonic() > self._compare_at and len(came) < _BUSY_LINES:
                self._compare_at = time.monotonic() + self._limits.silence_s
                if self._take_new(log):
                    self._close_bell()  # what it has not told yet was read meanwhile
            self._given_up.wait(_SHORTEST_PAUSE)
        else:
            self._heard += came
            count = self._take_new(log)
            del self._heard[:-MARGIN]
            if count < _BUSY_LINES:
                self._given_up.wait(self._pause())

    def _take_told(self, log: ForeignLog, lines: list[LoggedLine]) -> None:
        """Store lines as the bell tells them: they are all there are."""
        log.store(self._overlap.feed(lines))
        if self._overlap.is_found:
            self._heard, self._bell_tail = [], MARGIN
            return
        self._heard = [*self._heard, *lines][-MARGIN:]
        if self._bell is not None and self._bell.entries > self._bell_tail:
            self._take_new(log)
            self._bell_tail *= 4  # it began behind what was taken last
            self._close_bell()

    def _take_new(self, log: ForeignLog) -> int:
        """Read what is new; returns how many lines.

        Raises:
            FrameError: the log does not come back to its end.
        """
        count = log.take_new()
        newest = self._heard[-1] if self._heard else None
        if newest is not None and not count and self._known.is_new(newest):
            raise FrameError("it ends before what Docker has told of it")
        return count

    def _look_after_end(self, log: ForeignLog, bell: LogBell) -> dict[str, Any] | None:
        """The bell has ended: see whether the container has; returns what the engine says of it then."""
        info = self._inspect()
        if info is None:
            raise RunError("the container is gone")
        rest = bell.pull()
        if self._is_exact:
            self._take_told(log, rest)
        else:
            self._heard += rest
        if not info["State"]["Running"]:
            self._take_new(log)
        self._close_bell()
        if not bell.ended_whole:
            self._check_engine(log)
        if info["State"]["Running"]:
            self._given_up.wait(self._bell_pause)
            self._bell_pause = min(self._bell_pause * 2, _LONGEST_PAUSE)
            return None
        log.take_last_words()
        if not log.is_at_end():
            raise FrameError("it ends before its last line")
        until = time.monotonic() + self._limits.restart_s
        while info is not None and not info["State"]["Running"]:
            if time.monotonic() > until:
                return info
            self._given_up.wait(_RESTART_LOOK_SECONDS)
            if self._given_up.is_set():
                return info
            info = self._inspect()
        return None

    def _take_rest_of_removed(self, log: ForeignLog) -> None:
        """The container is gone, and its log with it, but for what the bell still has."""
        bell = self._bell
        if bell is None:
            log.lose(_REMOVED)
            return
        overlap = self._overlap if self._is_exact else Overlap(self._known)
        log.store(overlap.feed(self._heard))
        has_ended = False
        until = time.monotonic() + _REST_SECONDS
        while not has_ended and not self._given_up.is_set() and time.monotonic() < until:
            has_ended = bell.has_ended
            log.store(overlap.feed(bell.pull()))
            if not has_ended:
                self._rang.wait(1)
                self._rang.clear()
        if has_ended and bell.ended_whole and overlap.is_found:
            log.store(bell.last_words())
        else:
            log.lose(_REMOVED)

    def _wait_for_engine(self, log: ForeignLog) -> None:
        """The engine did not answer: wait until it does.

        Raises:
            RuntimeUnavailableError: it stays away.
        """
        self._close_bell()
        until = time.monotonic() + self._limits.away_s
        pause = _SHORTEST_PAUSE
        while not self._given_up.wait(pause):
            try:
                self._inspect()
            except RuntimeUnavailableError:
                if time.monotonic() > until:
                    raise
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                self._check_engine(log)
                return

    def _check_engine(self, log: ForeignLog) -> None:
        """A connection broke: say what may be missing, unless the engine is proven to be the same process."""
        started_ns = parse_rfc3339(self._started_at.encode())
        if not self._watch.is_same_since(self._mark, self._container, started_ns):
            log.lose(_RESTARTED)
            self._mark = self._watch.mark()

    def _inspect(self) -> dict[str, Any] | None:
        """What the engine says of the container; None where it is gone, or about to be. A new start is told."""
        info = self._engine.inspect(self._container)
        if info is None or info["State"].get("Dead") or info["State"].get("Status") == "removing":
            return None
        started_at = str(info["State"]["StartedAt"])
        if self._started_at not in {"", started_at}:
            self._starts += 1
            times = "once" if self._starts == 1 else f"{self._starts} times"
            self._recorder.status(Status.RUNNING, f"the container was started again {times}")
        self._started_at = started_at
        return info

    def _open_bell(self, log: ForeignLog) -> LogBell:
        self._overlap = Overlap(self._known)
        stream = log.follow(self._bell_tail)
        self._rang.set()  # it may have more already
        bell = LogBell(stream, log.parser(), self._rang.set)
        if self._given_up.is_set():
            bell.stop()
        return bell

    def _close_bell(self) -> None:
        if self._bell is not None:
            self._bell.close()
            self._bell = None
        self._heard = []

    def _use(self, stream: ByteStream) -> None:
        self._stream = stream
        if self._given_up.is_set():
            stream.stop()


def _go_on_behind_damage(log: ForeignLog, why: Exception) -> None:
    try:
        go_on_behind_damage(log)
    except (RunError, FrameError) as error:
        raise RunError(f"Docker's log of the container cannot be read: {why}") from error
