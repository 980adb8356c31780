"""Takes the log of one running container, started by somebody else, until it ends for good or nobody wants it any more.

The end of an answer says nothing, and neither does an error: the container's state does. Whenever a connection broke, the log
is compared with what was taken; when the container has ended, its last line must be the last that was taken.
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
from wharf_tui.runtimes.docker.foreign_log import ForeignLog, StoppedError
from wharf_tui.runtimes.docker.frames import FrameError
from wharf_tui.runtimes.docker.known_lines import KnownLines
from wharf_tui.runtimes.docker.log_driver import LogDriver
from wharf_tui.runtimes.docker.log_listener import REMOVED, LogListener
from wharf_tui.runtimes.docker.streams import ByteStream
from wharf_tui.runtimes.port import StepRecorder
from wharf_tui.runtimes.sources import History

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.02, 2.0
_RESTART_LOOK_SECONDS: Final = 0.1
_MOST_FAILURES: Final = 5
"""Readings that fail one after the other, before what cannot be read is given up."""
_RESTARTED = "the Docker engine restarted: what the container printed in that moment may be missing"
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
        self._has_run = False
        """Since we came: else it has ended long ago, and nobody is about to start it again."""
        self._listener: LogListener | None = None
        self._stream: ByteStream | None = None
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
        for one in (self._stream, self._listener):
            if one is not None:
                one.stop()

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
            if self._listener is not None:
                self._listener.close()
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
            self._recorder.lost(REMOVED)
            return None
        log = self._begin(info)
        listener = self._listener = LogListener(log, self._known, self._limits.silence_s, self._pause)
        has_history, failures = bool(self._known.keys), 0
        while not self._given_up.is_set():
            try:
                if not has_history:
                    take_history(log, self._history)
                    has_history = True
                listener.take_what_comes()
                if listener.has_ended:
                    info = self._look_after_end(log, listener)
                    if info is not None:
                        return info
                failures = 0
            except RuntimeUnavailableError:
                listener.close()
                has_history = has_history or bool(self._known.keys)
                self._wait_for_engine(log)
            except (RunError, FrameError) as error:
                if self._is_removed():
                    listener.take_rest_of_removed()
                    return None
                listener.close()
                has_history = True
                failures = (failures + 1) % _MOST_FAILURES
                if not failures:
                    _go_on_behind_damage(log, error)
                self._given_up.wait(_SHORTEST_PAUSE * 2**failures)
        return None

    def _begin(self, info: dict[str, Any]) -> ForeignLog:
        driver = LogDriver.of(info)
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
            is_raw=bool(info["Config"]["Tty"]),
        )

    def _look_after_end(self, log: ForeignLog, listener: LogListener) -> dict[str, Any] | None:
        """The log's stream has ended: see whether the container has; returns what the engine says of it then."""
        info = self._inspect()
        if info is None:
            raise RunError("the container is gone")
        has_ended = not info["State"]["Running"]
        if not listener.finish(container_has_ended=has_ended):
            self._check_engine(log)
        if not has_ended:
            return None
        log.take_last_words()
        if not log.is_at_end():
            raise FrameError("it ends before its last line")
        until = time.monotonic() + (self._limits.restart_s if self._has_run else 0)
        while info is not None and not info["State"]["Running"]:
            if time.monotonic() > until:
                return info
            self._given_up.wait(_RESTART_LOOK_SECONDS)
            if self._given_up.is_set():
                return info
            info = self._inspect()
        return None

    def _wait_for_engine(self, log: ForeignLog) -> None:
        """The engine did not answer: wait until it does.

        Raises:
            RuntimeUnavailableError: it stays away.
        """
        until = time.monotonic() + self._limits.away_s
        pause = _SHORTEST_PAUSE
        while not self._given_up.wait(pause):
            try:
                self._inspect()
                self._check_engine(log)
            except RuntimeUnavailableError:
                if time.monotonic() > until:
                    raise
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                return

    def _check_engine(self, log: ForeignLog) -> None:
        """A connection broke: say what may be missing, unless the engine is proven to be the same process."""
        started_ns = parse_rfc3339(self._started_at.encode())
        if not self._watch.is_same_since(self._mark, self._container, started_ns):
            self._mark = self._watch.mark()
            log.lose(_RESTARTED)

    def _is_removed(self) -> bool:
        """Whether the container is gone; an engine that does not answer does not say so."""
        try:
            return self._inspect() is None
        except RuntimeUnavailableError:
            return False

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
        self._has_run = self._has_run or bool(info["State"]["Running"])
        return info

    def _use(self, stream: ByteStream) -> None:
        self._stream = stream
        if self._given_up.is_set():
            stream.stop()


def _go_on_behind_damage(log: ForeignLog, why: Exception) -> None:
    """As the function does; where even that cannot be read, the log is given up.

    Raises:
        RunError: it is.
    """
    try:
        go_on_behind_damage(log)
    except RuntimeUnavailableError:
        return  # it is tried again
    except (RunError, FrameError) as error:
        raise RunError(f"Docker's log of the container cannot be read: {why}") from error
