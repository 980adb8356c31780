"""Carries what a container prints into the step's log, exactly once, from its first byte to its last.

The live source is a connection that is opened before the container starts: it has every byte as it was printed, and
log rotation does not touch it. Where it breaks, the engine's own log of the container is read again and compared with
what we have. The end of a connection is never taken for the end of the step: only the container's state is.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from typing import Any

from wharf_tui.model.errors import RunError, RuntimeUnavailableError, WharfError
from wharf_tui.model.timestamps import parse_rfc3339
from wharf_tui.runtimes.docker.checkpoints import Checkpoint
from wharf_tui.runtimes.docker.comparison import ends_alike
from wharf_tui.runtimes.docker.container_output import ContainerOutput
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.engine_watch import EngineWatch
from wharf_tui.runtimes.docker.frames import FrameDecoder, FrameError, Stream
from wharf_tui.runtimes.docker.log_entries import LogEntries, LoggedLine
from wharf_tui.runtimes.docker.log_reading import LogReading, WrongPlaceError
from wharf_tui.runtimes.docker.streams import ByteStream
from wharf_tui.runtimes.port import StepRecorder

AWAY_SECONDS = 300.0
"""How long the engine may be away before a step that it runs is given up."""
_SHORTEST_PAUSE = 0.005
_LONGEST_PAUSE = 2.0
_SLOW_ANSWER_SECONDS = 1.0
"""An engine that is restarted by its socket's activation lets callers wait, instead of refusing them."""
_SETTLING_SECONDS = 2.0
"""Output ends a moment before the container counts as ended: until then a running one proves no broken connection."""
_COUNTINGS = 3
_TAILS = (100, 10_000)
"""Entries of the log's end that prove that nothing is missing; the second where a long line takes all of the first."""
_RESTARTED = "the Docker engine restarted: what the step printed in that moment may be missing"
_REMOVED = "the container was removed from outside: its last lines may be missing"


class OutputFollower:
    """Follows one container in a thread of its own. Open it before the container starts; wait for ``ended``.

    Must be made inside the event loop that waits for ``ended``.

    Args:
        engine: where the container is.
        watch: of the engine.
        container: its ID or name.
        recorder: where its output goes.
        away_seconds: see AWAY_SECONDS.
    """

    def __init__(
        self,
        engine: Engine,
        watch: EngineWatch,
        container: str,
        recorder: StepRecorder,
        away_seconds: float = AWAY_SECONDS,
    ) -> None:
        self._engine = engine
        self._watch = watch
        self._mark = 0
        self._container = container
        self._output = ContainerOutput(recorder)
        self._away_seconds = away_seconds
        self._stream: ByteStream | None = None
        self._checkpoint = Checkpoint()
        self._unproven: dict[Stream, bool] = {}
        """Streams that were read on from a checkpoint; whether one lay before a line of the other stream."""
        self._log_is_broken = False
        self._counted = 0
        """Bytes that were read again only to count their lines."""
        self._given_up = threading.Event()
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[dict[str, Any] | None] = self._loop.create_future()
        """Set when the container has ended and its output is stored: to what the engine says of the container, None
        where it is gone. Carries the WharfError where the output could not be stored or the engine stayed away."""
        self._thread = threading.Thread(target=self._run, name=f"output-{container[:12]}", daemon=True)

    @property
    def received(self) -> int:
        """Bytes that have come: it stands still while nothing comes."""
        return self._output.received + self._counted

    def open(self) -> None:
        """Connect. The container must not run yet.

        Raises:
            RunError: the engine refused, or is not there.
        """
        self._mark = self._watch.mark()
        self._stream = self._engine.attach(self._container)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def give_up(self) -> None:
        """Read no further: ``ended`` is set soon, whatever the container does. Any thread may call it."""
        self._given_up.set()
        if self._stream is not None:
            self._stream.stop()

    def close(self) -> None:
        """Let go of the connection of a follower that was never started."""
        if self._stream is not None:
            self._stream.close()

    def check(self) -> None:
        """Nothing has come for a while: break a connection that is dead without having said so.

        Blocks; call it in a thread of an executor.
        """
        received = self.received
        try:
            info = self._engine.inspect(self._container)
            is_alive = (
                info is not None
                and info["State"]["Running"]
                and (self._log_is_broken or self._has_all_there_is())
            )
        except RunError:
            return  # the engine does not answer: another connection would not either
        if not is_alive and not self._given_up.wait(1.0) and received == self.received:
            stream = self._stream
            if stream is not None:
                stream.stop()

    def _run(self) -> None:
        result: dict[str, Any] | None = None
        failure: WharfError | None = None
        try:
            result = self._follow()
            self._output.finish()
        except WharfError as error:
            failure = error
        finally:
            self.close()
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._tell, result, failure)

    def _tell(self, result: dict[str, Any] | None, failure: WharfError | None) -> None:
        if self.ended.done():
            return
        if failure is None:
            self.ended.set_result(result)
        else:
            self.ended.set_exception(failure)

    def _follow(self) -> dict[str, Any] | None:
        is_suspicious = not self._read_live()
        while not self._given_up.is_set():
            info, was_away = self._state(may_be_ending=not is_suspicious)
            if info is None:
                if not self._given_up.is_set():
                    self._output.lose(_REMOVED)
                return None
            is_running = bool(info["State"]["Running"])
            if (is_suspicious or was_away or is_running) and not self._is_same_engine(info):
                self._output.lose(_RESTARTED)
            if is_running and self._log_is_broken:
                is_suspicious = not self._read_live_again()
            elif is_running:
                # Mostly the end is near: a busy engine takes its time to notice it, or the step has closed its output.
                if is_suspicious or not self._has_all_there_is():
                    is_suspicious = not self._read_log(follow=True)
            elif self._log_is_broken or self._has_all_there_is(has_ended=True) or self._read_rest():
                self._say_what_checkpoints_left_out()
                return info
            else:
                self._given_up.wait(_LONGEST_PAUSE)
        return None

    def _read_live(self) -> bool:
        """Read until the connection ends; whether it ended as if the container had."""
        assert self._stream is not None
        frames = FrameDecoder()
        try:
            while data := self._stream.read():
                self._output.take_live(frames.feed(data))
        except (RuntimeUnavailableError, FrameError):
            return False
        return frames.is_between_frames and not self._stream.stopped

    def _read_live_again(self) -> bool:
        """Connect anew, though what came meanwhile is lost: there is no log to read it from."""
        try:
            self._use(self._engine.attach(self._container))
        except RunError:
            return False
        return self._read_live()

    def _read_log(self, *, follow: bool = False) -> bool:
        """Read the engine's log to its end, and store what is new; whether it ended as if the container had."""
        try:
            try:
                reading = self._read_log_from(self._checkpoint, follow=follow)
            except WrongPlaceError:
                reading = self._read_log_from(Checkpoint(), follow=follow)
        except RuntimeUnavailableError:
            return False
        except (RunError, FrameError) as error:
            self._log_is_broken = True
            self._output.lose(f"Docker's log of the container cannot be read: {error}")
            return False
        if not follow:
            reading.finish()
            if not reading.reached_our_end:
                self._output.lose("Docker's log of the container ends before what was printed last")
        return self._stream is not None and not self._stream.stopped

    def _read_rest(self) -> bool:
        """Read the log of a container that has ended; whether to its end. Where a checkpoint misled, from the beginning."""
        has_checkpoint = bool(self._checkpoint.at_ns)
        is_read = self._read_log()
        if is_read and has_checkpoint and not self._has_all_there_is(has_ended=True):
            self._checkpoint = Checkpoint()
            is_read = self._read_log()
        return is_read

    def _read_log_from(self, start: Checkpoint, *, follow: bool) -> LogReading:
        reading = LogReading(self._output, start)
        received = self._output.received
        if start.stream is not None:
            for stream in Stream:
                self._unproven[stream] = self._unproven.get(stream, False) or stream is not start.stream
        try:
            with self._engine.logs(self._container, follow=follow, since=start.since) as answer:
                self._use(answer)
                while data := answer.read():
                    reading.take(data)
        finally:
            self._checkpoint = reading.places.safe
            if self._checkpoint == start and received == self._output.received:
                self._checkpoint = (
                    reading.places.nearest
                )  # else the next reading would come no further either
        return reading

    def _say_what_checkpoints_left_out(self) -> None:
        """Count the whole log's lines where parts of it were asked for by time: times that lie leave lines out."""
        if self._log_is_broken:
            return
        for stream, is_doubtful in self._unproven.items():
            count = self._count_logged(stream)
            if self._given_up.is_set():
                return
            name = stream.name.lower()
            if count is None and is_doubtful:
                self._output.lose(
                    f"Docker's log of the container could not be read once more: lines of {name} may be missing"
                )
            missing = (count or 0) - self._output.positions[stream].lines
            if missing > 0:
                self._output.lose(
                    f"{missing} of the lines before this are missing: Docker left them out of {name}"
                )

    def _count_logged(self, stream: Stream) -> int | None:
        """How many lines of a stream the log has; None where it cannot be read to its end, tried more than once."""
        for _ in range(_COUNTINGS):
            frames, count = FrameDecoder(), 0
            try:
                with self._engine.logs(self._container, only=stream) as answer:
                    self._use(answer)
                    while data := answer.read():
                        self._counted += len(data)
                        count += sum(entry.endswith(b"\n") for _, entry in frames.feed(data))
                    if not answer.stopped:
                        return count
            except (RunError, FrameError):
                pass
            if self._given_up.wait(_SHORTEST_PAUSE):
                break
        return None

    def _has_all_there_is(self, *, has_ended: bool = False) -> bool:
        """Whether the engine's log ends with what we have; False also where that cannot be known now."""
        try:
            for tail in _TAILS:
                lines, is_whole = self._end_of_log(tail)
                if is_whole or any(line.is_ended for line in lines):
                    break
        except (RunError, FrameError):
            return False
        with self._output.mutex:
            positions = self._output.positions
            count = sum(position.lines for position in positions.values())
            # A log that somebody has cut is not whole any more, but its end is still the end.
            is_whole = is_whole and sum(line.is_ended for line in lines) >= count
            return ends_alike(positions, lines, is_whole=is_whole, has_ended=has_ended)

    def _end_of_log(self, tail: int) -> tuple[list[LoggedLine], bool]:
        """The last lines of the engine's log, and whether these are all."""
        frames, entries = FrameDecoder(), LogEntries()
        lines: list[LoggedLine] = []
        count = 0
        with self._engine.logs(self._container, tail=tail) as stream:
            while data := stream.read():
                for source, entry in frames.feed(data):
                    count += 1
                    line = entries.add(source, entry)
                    lines += [line] if line else []
        return [*lines, *entries.unended()], count < tail

    def _state(self, *, may_be_ending: bool) -> tuple[dict[str, Any] | None, bool]:
        """What the engine says of the container, once it answers; and whether it was away.

        Args:
            may_be_ending: wait a moment for the container's end, where the engine does not know of it yet.
        """
        began = settling_since = time.monotonic()
        was_away = False
        pause = _SHORTEST_PAUSE
        while True:
            asked = time.monotonic()
            try:
                info = self._engine.inspect(self._container)
            except RuntimeUnavailableError:
                settling_since = time.monotonic()
                if settling_since - began > self._away_seconds:
                    raise
                was_away = True
            else:
                was_away = was_away or time.monotonic() - asked > _SLOW_ANSWER_SECONDS
                is_settled = not may_be_ending or time.monotonic() - settling_since > _SETTLING_SECONDS
                if info is None or not info["State"]["Running"] or is_settled:
                    return info, was_away
            if self._given_up.wait(pause):
                return None, was_away
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _is_same_engine(self, info: dict[str, Any]) -> bool:
        """Whether the engine's process is proven to be the one that started the container."""
        started_ns = parse_rfc3339(str(info["State"]["StartedAt"]).encode())
        return self._watch.is_same_since(self._mark, self._container, started_ns)

    def _use(self, stream: ByteStream) -> None:
        self.close()
        self._stream = stream
        if self._given_up.is_set():
            stream.stop()
