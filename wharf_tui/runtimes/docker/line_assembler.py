"""Puts stdout and stderr of a container into one log: each line whole, in the order in which lines end.

Both arrive in pieces that are cut anywhere. A line that has not ended yet is held back, so that the other stream's
lines do not get into its middle. A line too long to be held is passed on as it comes, and then the others wait.
"""

from __future__ import annotations

from wharf_tui.runtimes.docker.frames import Stream
from wharf_tui.runtimes.port import StepRecorder

HELD_BYTES = 1024 * 1024
"""The beginning of a line that is longer than this goes to the store before the line has ended."""
WAITING_BYTES = 64 * 1024 * 1024
"""What one stream may print while the other is inside of such a line."""


class LineAssembler:
    """One step's output on its way to the recorder. A line's time is when its end arrived.

    Args:
        recorder: where the lines go.
        held_bytes: see HELD_BYTES.
        waiting_bytes: see WAITING_BYTES.
    """

    def __init__(
        self, recorder: StepRecorder, held_bytes: int = HELD_BYTES, waiting_bytes: int = WAITING_BYTES
    ) -> None:
        self._recorder = recorder
        self._held_bytes = held_bytes
        self._waiting_bytes = waiting_bytes
        self._held = {stream: bytearray() for stream in Stream}
        self._owner: Stream | None = None
        """The stream whose unended line is the log's last one."""
        self._waiting: list[tuple[int, bytes]] = []
        self._waiting_size = 0

    def feed(self, stream: Stream, at_ns: int, data: bytes) -> None:
        """Take what a stream printed, cut anywhere."""
        if self._owner is not None and self._owner is not stream:
            self._wait(stream, at_ns, data)
            return
        if self._owner is stream:
            end = data.find(b"\n") + 1
            self._recorder.output(at_ns, data[:end] if end else data)
            if not end:
                return
            self._release()
            data = data[end:]
        end = data.rfind(b"\n") + 1
        held = self._held[stream]
        if end:
            self._recorder.output(at_ns, bytes(held) + data[:end] if held else data[:end])
            held.clear()
            data = data[end:]
        held += data
        if len(held) > self._held_bytes:
            self._recorder.output(at_ns, bytes(held))
            held.clear()
            self._owner = stream

    def complete(self, stream: Stream, at_ns: int, line: bytes, rest: bytes) -> None:
        """The unended line of a stream is known whole now, from elsewhere.

        Args:
            stream: whose line it is.
            at_ns: its time.
            line: all of it.
            rest: what of it did not come through ``feed``.
        """
        if self._owner is stream:
            self._recorder.output(at_ns, rest + b"\n")
            self._release()
        else:
            self._held[stream].clear()
            self.add([(at_ns, line)])

    def add(self, lines: list[tuple[int, bytes]]) -> None:
        """Store whole lines that did not come through ``feed``, each with its time."""
        if self._owner is None:
            self._recorder.lines(lines)
            return
        for at_ns, line in lines:
            self._queue(at_ns, line + b"\n")

    def end_line(self, stream: Stream, at_ns: int) -> None:
        """The stream's unended line ends where it is."""
        if self._owner is stream:
            self._recorder.end_line()
            self._release()
        elif self._held[stream]:
            self.feed(stream, at_ns, b"\n")

    def finish(self, at_ns: int) -> None:
        """Nothing more comes: end what has not ended."""
        for stream in sorted(Stream, key=self._is_not_owner):
            self.end_line(stream, at_ns)

    def _wait(self, stream: Stream, at_ns: int, data: bytes) -> None:
        end = data.rfind(b"\n") + 1
        held = self._held[stream]
        if end:
            lines = bytes(held) + data[:end]
            held.clear()
            self._queue(at_ns, lines)
        held += data[end:]

    def _queue(self, at_ns: int, lines: bytes) -> None:
        """Keep lines until the unended one has ended, but not for ever."""
        self._waiting.append((at_ns, lines))
        self._waiting_size += len(lines)
        if self._owner is not None and self._waiting_size > self._waiting_bytes:
            cut, other = (stream.name.lower() for stream in sorted(Stream, key=self._is_not_owner))
            self._recorder.end_line()
            self._recorder.lost(
                f"a line of {cut} was cut in two here: {other} went on for too long meanwhile"
            )
            self._release()

    def _is_not_owner(self, stream: Stream) -> bool:
        return stream is not self._owner

    def _release(self) -> None:
        self._owner = None
        waiting, self._waiting, self._waiting_size = self._waiting, [], 0
        for at_ns, lines in waiting:
            self._recorder.output(at_ns, lines)
