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
from wharf_tui.runtimes.kubernetes.log_lines import LineReader
from wharf_tui.runtimes.kubernetes.log_place import (
    Place,
    find_place,
    find_place_before_restart,
    find_unread_before_restart,
)
from wharf_tui.runtimes.kubernetes.log_position import LogPosition
from wharf_tui.runtimes.kubernetes.log_reading import LogQuery, LogReading, LogStream
from wharf_tui.runtimes.kubernetes.log_start import LogStart
from wharf_tui.runtimes.kubernetes.part_times import PartTimes
from wharf_tui.runtimes.port import StepRecorder

_REFUSALS: Final = 8
"""How often in a row the cluster may refuse the log before that is believed."""
_REFUSALS_OF_DELETED: Final = 2


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long to wait before the log is asked for again, in seconds."""

    shortest: float = 0.1
    """After a connection that broke; twice as long each time it breaks again."""
    longest: float = 5.0
    after_end: float = 1.0
    """After an answer that just ended: mostly the container has, too, and the cluster is about to say so."""
    doubt: float = 0.5
    """A line that is in the log and has not come by then does not come."""


class LogTaker:
    """One container's log. ``run`` in a thread of its own; the rest may be called from any other.

    Args:
        open_log: asks for the log; gives None where the container's pod is gone.
        recorder: where the lines go.
        part_times: whether times stand inside of long lines.
        marks_start: whether the container first prints the line that marks where its log begins.
        may_restart: whether the container may be started again, and then has a new log.
        takes_past: whether what it printed before it was started again last is wanted, where nothing of that is stored.
        pauses: between one answer and the next.
    """

    def __init__(
        self,
        open_log: Callable[[LogQuery], LogStream | None],
        recorder: StepRecorder,
        part_times: PartTimes,
        *,
        marks_start: bool = False,
        may_restart: bool = False,
        takes_past: bool = False,
        pauses: Pauses = Pauses(),
    ) -> None:
        self.trouble = ""
        """Why the log cannot be read at the moment, in the cluster's words."""
        self._open_log = open_log
        self._recorder = recorder
        self._start = LogStart() if marks_start else None
        self._may_restart = may_restart
        self._takes_past = takes_past
        self._pauses = pauses
        self._reader = LineReader(part_times)
        self._position = LogPosition()
        self._former = LogPosition()
        """In the log that the container had before it was started again."""
        self._mutex = threading.Lock()
        self._stream: LogStream | None = None
        self._reading: LogReading | None = None
        self._received = 0
        self._ended = threading.Event()
        self._given_up = threading.Event()
        self._refusals = _REFUSALS
        self._reopens = False
        self._is_following = False
        self._is_gone = False
        self._leaves = False
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
        pauses = self._pauses
        refusals, pause = 0, pauses.shortest
        while not self._ended.is_set() and not self._is_gone:
            before, shortest = self.received, pauses.after_end
            try:
                self._read_on()
                refusals = 0
            except RuntimeUnavailableError as error:
                self.trouble, shortest = error.message, pauses.shortest
            except RunError as error:
                self.trouble = error.message
                refusals += 1
                if refusals == _REFUSALS:
                    raise
            pause = pauses.shortest if self.received > before else min(pause * 2, pauses.longest)
            if not self._reopens:
                self._ended.wait(max(pause, shortest))
            self._reopens = False
        self._read_to_end()

    def end(self, *, is_deleted: bool = False) -> None:
        """The container has ended: what is in its log now is all there will ever be.

        Args:
            is_deleted: whether it is about to be removed, or has been: then its log may be gone, too.
        """
        self._refusals = _REFUSALS_OF_DELETED if is_deleted else _REFUSALS
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

    def leave(self) -> None:
        """Nobody wants the log any more, though it goes on: that is no loss."""
        self._leaves = True
        self.give_up()

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
            self._ended.wait(self._pauses.doubt)
            if self.received == received and not self._position.ends_with(newest):
                self.reopen()

    def _read_to_end(self) -> None:
        """The reading after the container's end."""
        refusals, pause = 0, self._pauses.shortest
        while not self._is_gone and not self._given_up.is_set() and refusals < self._refusals:
            try:
                if self._read_rest():
                    self._gap = self._gap or (self._start.end() if self._start is not None else "")
                    self._tell_gap(None)
                    return
            except RuntimeUnavailableError as error:
                self.trouble = error.message
            except RunError as error:
                self.trouble = error.message
                refusals += 1
            self._given_up.wait(pause)
            pause = min(pause * 2, self._pauses.longest)
        if self._rest:
            self._store([self._rest])
        if self._leaves:
            return
        why = "its pod is gone" if self._is_gone else self.trouble or "it took too long"
        self._gap = f"the end of the container's log could not be read: {why}"
        self._tell_gap(None)

    def _read_on(self) -> None:
        """Read and store what is new, until the answer ends."""
        self._is_following = True
        try:
            place = self._find_place(ended=False)
            if place.query.previous:
                self._change_over(place)
            else:
                self._read(replace(place, query=replace(place.query, follow=True)), ended=False)
        finally:
            self._is_following = False

    def _change_over(self, place: Place) -> None:
        """The container was started again: take the rest of its old log, and begin the new one."""
        self._read(place, ended=True)
        self._former, self._position = self._position, LogPosition()
        self._takes_past = self._reopens = True

    def _read_rest(self) -> bool:
        """Store what an ended container's log has more than we do; whether that is all of it."""
        place = self._find_place(ended=True)
        if place.query.previous:
            self._change_over(place)
            return False
        if not place.is_end:
            self._read(place, ended=True)
        return not self._is_gone

    def _read(self, place: Place, *, ended: bool) -> None:
        self._gap = self._gap or place.gap
        skip, cuts = place.skip, 0
        with self._opened(place.query, ended=ended) as reading:
            self.trouble, self._rest = "", b""
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
        if self._start is not None and not self._start.is_settled:
            read, gap = self._start.take_out(read)
            self._gap = self._gap or gap
        self._tell_gap(times[0])
        if read:
            self._recorder.lines(read)
        self._position.extend(lines, times)

    def _tell_gap(self, to_ns: int | None) -> None:
        if self._gap:
            self._recorder.lost(self._gap, self._position.last_ns, to_ns)
            self._gap = ""

    def _find_place(self, *, ended: bool) -> Place:
        if self._may_restart and not self._position.lines:
            return self._find_first_place(ended=ended)
        place = find_place(self._position, self._hashes, ended=ended)
        if place is None and self._may_restart:
            place = find_place_before_restart(self._position, self._hashes)
        return place or Place(LogQuery(), gap="the cluster's log does not go back to the line before")

    def _find_first_place(self, *, ended: bool) -> Place:
        """Nothing is stored of the log as it is now; it may still be the former one, or one in between may be unread."""
        place = find_place(self._former, self._hashes, ended=ended) if self._former.lines else None
        if place is None and self._takes_past:
            place = find_unread_before_restart(self._former, self._hashes)
        if place is None:
            return Place(LogQuery())
        if place.skip:
            self._position = self._former
        return place

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
