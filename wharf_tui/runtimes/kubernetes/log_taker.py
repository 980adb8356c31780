"""Takes the log of one container into a step's log: every line once, however often the connection ends.

An answer that ends says nothing: kubelets, API servers and whatever lies between end it when they like. Only the
container's own end, and one reading after it that has nothing new, is the end of the log. In between each new answer
is aligned with the last lines that are stored; where they are not in it, lines were lost, and that is recorded.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from wharf_tui.model.errors import RunError, RuntimeUnavailableError
from wharf_tui.runtimes.kubernetes.align import Alignment, align
from wharf_tui.runtimes.kubernetes.log_lines import LineReader, PartTimes
from wharf_tui.runtimes.kubernetes.log_position import LogPosition
from wharf_tui.runtimes.kubernetes.log_reading import LogQuery, LogReading, LogStream
from wharf_tui.runtimes.kubernetes.log_start import FIRST_LINE, FIRST_LINES
from wharf_tui.runtimes.port import StepRecorder

_MARK: Final = FIRST_LINE.encode()
_TAIL_LINES: Final = 1000
"""How much is read again at the end, if that is enough."""
_SHORTEST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0
_AFTER_END_S: Final = 1.0
"""After an answer that just ended: mostly the container has, too, and the cluster is about to say so."""
_REFUSALS: Final = 8
"""How often in a row the cluster may refuse the log before that is believed."""
_DOUBT_S: Final = 0.5
"""A line that is in the log and has not come by then does not come."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to go on reading."""

    query: LogQuery
    skip: int = 0
    """Lines of the answer that are stored."""
    gap: str = ""
    """Why lines may be missing before those that follow; empty where none are."""
    is_end: bool = False
    """Whether the log has no more than that."""


class LogTaker:
    """One container's log. ``run`` in a thread of its own; the rest may be called from any other.

    Args:
        open_log: asks for the log; gives None where the container's pod is gone.
        recorder: where the lines go.
        part_times: whether times stand inside of long lines.
        marks_start: whether the container prints FIRST_LINE first.
    """

    def __init__(
        self,
        open_log: Callable[[LogQuery], LogStream | None],
        recorder: StepRecorder,
        part_times: PartTimes,
        *,
        marks_start: bool = False,
    ) -> None:
        self.trouble = ""
        """Why the log cannot be read at the moment, in the cluster's words."""
        self._open_log = open_log
        self._recorder = recorder
        self._marks_left = FIRST_LINES if marks_start else 0
        self._reader = LineReader(part_times)
        self._position = LogPosition()
        self._mutex = threading.Lock()
        self._stream: LogStream | None = None
        self._reading: LogReading | None = None
        self._received = 0
        self._ended = threading.Event()
        self._given_up = threading.Event()
        self._reopens = False
        self._is_following = False
        self._is_gone = False
        self._gap = ""
        self._rest = b""

    @property
    def received(self) -> int:
        """Bytes that have come so far: it stands still while the container is silent."""
        reading = self._reading
        return self._received + (reading.received if reading is not None else 0)

    def run(self) -> None:
        """Take the log until its end.

        Raises:
            StoreError: it could not be stored.
            RunError: the cluster does not let us read it.
        """
        refusals, pause = 0, _SHORTEST_PAUSE_S
        while not self._ended.is_set() and not self._is_gone:
            before, shortest = self.received, _AFTER_END_S
            try:
                self._read_on()
                refusals = 0
            except RuntimeUnavailableError as error:
                self.trouble, shortest = error.message, _SHORTEST_PAUSE_S
            except RunError as error:
                self.trouble = error.message
                refusals += 1
                if refusals == _REFUSALS:
                    raise
            pause = _SHORTEST_PAUSE_S if self.received > before else min(pause * 2, _LONGEST_PAUSE_S)
            if not self._reopens:
                self._ended.wait(max(pause, shortest))
            self._reopens = False
        self._read_to_end()

    def end(self) -> None:
        """The container has ended: what is in its log now is all there will ever be."""
        self._ended.set()

    def reopen(self) -> None:
        """End the answer that is being read, and ask again."""
        with self._mutex:
            if self._stream is not None:
                self._reopens = True
                self._stream.stop()

    def hurry(self) -> None:
        """The container has ended, and nothing comes: follow its log no longer."""
        if self._is_following:
            self.reopen()

    def give_up(self) -> None:
        """Nobody waits any longer: what has not come is recorded as lost."""
        self._given_up.set()
        self.end()
        self.reopen()

    def check(self) -> None:
        """Look whether the log has lines that do not come, as when it was rotated away under its reader; then ask again.

        Raises:
            RunError: the log cannot be read.
        """
        received = self.received
        stream = self._open_log(LogQuery(tail=1))
        if stream is None:
            return
        newest = b""
        try:
            for batch in LogReading(stream, self._reader, ended=False).batches():
                newest = batch[-1]
        finally:
            stream.close()
        if newest and not self._position.ends_with(newest):
            self._ended.wait(_DOUBT_S)
            if self.received == received and not self._position.ends_with(newest):
                self.reopen()

    def _read_to_end(self) -> None:
        """The reading after the container's end."""
        refusals, pause = 0, _SHORTEST_PAUSE_S
        while not self._is_gone and not self._given_up.is_set() and refusals < _REFUSALS:
            try:
                if self._read_rest():
                    self._tell_gap(None)
                    return
            except RuntimeUnavailableError as error:
                self.trouble = error.message
            except RunError as error:
                self.trouble = error.message
                refusals += 1
            self._given_up.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
        if self._rest:
            self._store([self._rest])
        why = "its pod is gone" if self._is_gone else self.trouble or "it took too long"
        self._gap = f"the end of the container's log could not be read: {why}"
        self._tell_gap(None)

    def _read_on(self) -> None:
        """Read and store what is new, until the answer ends."""
        self._is_following = True
        try:
            place = self._find_place(ended=False)
            self._read(replace(place, query=replace(place.query, follow=True)), ended=False)
        finally:
            self._is_following = False

    def _read_rest(self) -> bool:
        """Store what an ended container's log has more than we do; whether that is all of it."""
        place = self._find_place(ended=True)
        if not place.is_end:
            self._read(place, ended=True)
        return not self._is_gone

    def _read(self, place: _Place, *, ended: bool) -> None:
        self._gap = self._gap or place.gap
        self.trouble, self._rest = "", b""
        skip, cuts = place.skip, 0
        with self._opened(place.query, ended=ended) as reading:
            for batch in reading.batches():
                known, new = batch[:skip], batch[skip:]
                skip -= len(known)
                if known and not skip and not place.gap and not self._position.ends_with(known[-1]):
                    raise _rotated()
                self._store(new)
                if reading.cuts > cuts:
                    cuts = reading.cuts
                    self._recorder.lost("a line that is too long for one was cut in two here")
            self.trouble, self._rest = reading.trouble, reading.rest
        if ended and skip:
            raise _rotated()
        if ended and self.trouble:
            raise RunError(self.trouble)

    def _store(self, lines: list[bytes]) -> None:
        if not lines:
            return
        read = self._reader.read(lines)
        times = [at_ns for at_ns, _ in read]
        if self._marks_left:
            read = self._without_marks(read)
        self._tell_gap(times[0])
        self._recorder.lines(read)
        self._position.extend(lines, times)

    def _without_marks(self, lines: list[tuple[int | None, bytes]]) -> list[tuple[int | None, bytes]]:
        """The lines without those that mark the log's beginning."""
        found = [index for index, (_, message) in enumerate(lines) if message.rstrip(b"\r") == _MARK]
        if not self._position.lines and found[:1] != [0]:
            self._gap = "the beginning of the container's log was rotated away before it could be read"
            self._marks_left = 0
            return lines
        marks = set(found[: self._marks_left])
        self._marks_left -= len(marks)
        return [line for index, line in enumerate(lines) if index not in marks]

    def _tell_gap(self, to_ns: int | None) -> None:
        if self._gap:
            self._recorder.lost(self._gap, self._position.last_ns, to_ns)
            self._gap = ""

    def _find_place(self, *, ended: bool) -> _Place:
        """Find out where what is stored ends in the log as it is now."""
        if not self._position.lines:
            return _Place(LogQuery())
        queries = [LogQuery(tail=_TAIL_LINES)] if ended else []
        queries += [LogQuery(since_s=self._position.reach_back()), LogQuery()]
        found: Alignment | None = None
        for query in queries:
            hashes = self._hashes(query, ended=ended)
            known = self._position.known(query.since_s)
            found = align(known.hashes, hashes, complete=known.complete and query.tail is None)
            if found is not None and found.proven:
                return _Place(query, found.position, is_end=ended and found.position == len(hashes))
        if found is None:
            return _Place(LogQuery(), gap="the cluster's log does not go back to the line before")
        return _Place(LogQuery(), found.position, gap="the cluster's log is not the same before this line")

    def _hashes(self, query: LogQuery, *, ended: bool) -> array[int]:
        """Of all lines that the log has now."""
        hashes = array("q")
        with self._opened(query, ended=ended) as reading:
            for batch in reading.batches():
                hashes.extend(map(hash, batch))
            if reading.trouble:
                raise RunError(reading.trouble)
        return hashes

    @contextmanager
    def _opened(self, query: LogQuery, *, ended: bool) -> Iterator[LogReading]:
        """An answer that ``reopen`` can end, closed behind."""
        stream = self._open_log(query)
        if stream is None:
            self._is_gone = True
            raise RuntimeUnavailableError("the pod is gone")
        reading = LogReading(stream, self._reader, ended=ended)
        with self._mutex:
            self._stream, self._reading = stream, reading
            if self._given_up.is_set():
                stream.stop()
        try:
            yield reading
        finally:
            with self._mutex:
                self._received += reading.received
                self._stream = self._reading = None
            stream.close()


def _rotated() -> RuntimeUnavailableError:
    return RuntimeUnavailableError("the container's log was rotated while it was read")
