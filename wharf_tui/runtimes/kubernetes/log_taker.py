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
from dataclasses import dataclass
from typing import Final

from wharf_tui.model.errors import RunError, RuntimeUnavailableError
from wharf_tui.runtimes.kubernetes.align import Alignment, align
from wharf_tui.runtimes.kubernetes.log_lines import LineReader, PartTimes
from wharf_tui.runtimes.kubernetes.log_position import LogPosition
from wharf_tui.runtimes.kubernetes.log_reading import LogQuery, LogReading, LogStream
from wharf_tui.runtimes.port import StepRecorder

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
    skip: int
    """Lines of the answer that are stored."""
    gap: str = ""
    """Why lines may be missing before those that follow; empty where none are."""


class LogTaker:
    """One container's log. ``run`` in a thread of its own; the rest may be called from any other.

    Args:
        open_log: asks for the log; gives None where the container's pod is gone.
        recorder: where the lines go.
        part_times: whether times stand inside of long lines.
    """

    def __init__(
        self, open_log: Callable[[LogQuery], LogStream | None], recorder: StepRecorder, part_times: PartTimes
    ) -> None:
        self.received = 0
        """Bytes that came while following: it stands still while the container is silent."""
        self.trouble = ""
        """Why the log cannot be read at the moment, in the cluster's words."""
        self._open_log = open_log
        self._recorder = recorder
        self._reader = LineReader(part_times)
        self._position = LogPosition()
        self._mutex = threading.Lock()
        self._stream: LogStream | None = None
        self._ended = threading.Event()
        self._given_up = threading.Event()
        self._reopens = False
        self._is_gone = False
        self._gap = ""
        self._rest = b""

    def run(self) -> None:
        """Take the log until its end.

        Raises:
            StoreError: it could not be stored.
            RunError: the cluster does not let us read it.
        """
        refusals, pause = 0, _SHORTEST_PAUSE_S
        while not self._ended.is_set() and not self._is_gone:
            before = self.received
            try:
                self._read(last=False)
                refusals = 0
            except RuntimeUnavailableError as error:
                self.trouble = error.message
            except RunError as error:
                self.trouble = error.message
                refusals += 1
                if refusals == _REFUSALS:
                    raise
            if self.received > before:
                pause = _SHORTEST_PAUSE_S
            if not self._reopens:
                self._ended.wait(pause if self.trouble else max(pause, _AFTER_END_S))
                pause = min(pause * 2, _LONGEST_PAUSE_S)
            self._reopens = False
        self._read_end()

    def end(self) -> None:
        """The container has ended: what is in its log now is all there will ever be."""
        self._ended.set()

    def reopen(self) -> None:
        """End the answer that is being read, and ask again."""
        with self._mutex:
            self._reopens = True
            if self._stream is not None:
                self._stream.stop()

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
        newest = b""
        with self._opened(LogQuery(tail=1), is_main=False) as stream:
            if stream is None:
                return
            reading = LogReading(stream, self._reader, ended=False)
            for batch in reading.batches():
                newest = batch[-1]
        if newest and not self._position.ends_with(newest):
            self._ended.wait(_DOUBT_S)
            if self.received == received and not self._position.ends_with(newest):
                self.reopen()

    def _read_end(self) -> None:
        """The reading after the container's end."""
        refusals, pause = 0, _SHORTEST_PAUSE_S
        while not self._is_gone and not self._given_up.is_set() and refusals < _REFUSALS:
            try:
                self._read(last=True)
                if not self._is_gone and not self.trouble:
                    self._tell_gap(None)
                    return
                refusals += 1
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

    def _read(self, *, last: bool) -> None:
        """Read one answer to its end, and store what is new."""
        place = self._find_place(last=last)
        self._gap = self._gap or place.gap
        self.trouble = ""
        skip, cuts = place.skip, 0
        with self._opened(place.query, is_main=True) as stream:
            if stream is None:
                return
            reading = LogReading(stream, self._reader, ended=last)
            for batch in reading.batches():
                self.received += 1
                known, new = batch[:skip], batch[skip:]
                skip -= len(known)
                if known and not skip and not place.gap and not self._position.ends_with(known[-1]):
                    raise RuntimeUnavailableError("the container's log was rotated while it was read")
                self._store(new)
                if reading.cuts > cuts:
                    cuts = reading.cuts
                    self._recorder.lost("a line that is too long for one was cut in two here")
        self.trouble, self._rest = reading.trouble, reading.rest

    def _store(self, lines: list[bytes]) -> None:
        if not lines:
            return
        read = self._reader.read(lines)
        times = [at_ns for at_ns, _ in read]
        self._tell_gap(times[0])
        self._recorder.lines(read)
        self._position.extend(lines, times)

    def _tell_gap(self, to_ns: int | None) -> None:
        if self._gap:
            self._recorder.lost(self._gap, self._position.last_ns, to_ns)
            self._gap = ""

    def _find_place(self, *, last: bool) -> _Place:
        """Find out where what is stored ends in the log as it is now."""
        everything = LogQuery(follow=not last)
        if not self._position.lines:
            return _Place(everything, 0)
        limited = LogQuery(follow=not last, since_s=self._position.reach_back())
        found: Alignment | None = None
        for query in ([LogQuery(tail=_TAIL_LINES)] if last else []) + [limited, everything]:
            known = self._position.known(query.since_s)
            complete = known.complete and query.tail is None
            found = align(known.hashes, self._hashes(query, ended=last), complete=complete)
            if found is not None and found.proven:
                return _Place(query, found.position)
        if found is None:
            return _Place(everything, 0, "the cluster's log does not go back to the lines before")
        return _Place(everything, found.position, "the cluster's log differs from the lines before")

    def _hashes(self, query: LogQuery, *, ended: bool) -> array[int]:
        """Of all lines that the log has now."""
        hashes = array("q")
        with self._opened(LogQuery(since_s=query.since_s, tail=query.tail), is_main=True) as stream:
            if stream is not None:
                reading = LogReading(stream, self._reader, ended=ended)
                for batch in reading.batches():
                    hashes.extend(map(hash, batch))
                if reading.trouble and not hashes:
                    raise RuntimeUnavailableError(f"the cluster cannot read the log: {reading.trouble}")
        return hashes

    @contextmanager
    def _opened(self, query: LogQuery, *, is_main: bool) -> Iterator[LogStream | None]:
        """An answer, closed behind. The main one can be stopped."""
        stream = self._open_log(query)
        if stream is None:
            self._is_gone = True
            yield None
            return
        with self._mutex:
            if is_main:
                self._stream = stream
                if self._reopens:
                    stream.stop()
        try:
            yield stream
        finally:
            with self._mutex:
                if is_main:
                    self._stream = None
            stream.close()
