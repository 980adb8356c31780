"""Takes apart the engine's stream of frames: a header that names stdout or stderr and a length, then the bytes.

Frames are no lines: a frame may hold many lines, and a line may need many frames.
"""

from __future__ import annotations

import struct
from enum import IntEnum

_HEADER = struct.Struct(">BxxxL")
LONGEST_FRAME = 16 * 1024 * 1024
"""The engine sends 32 KiB at most; a header that says far more is no header."""
_DAEMON_SAYS = 3


class Stream(IntEnum):
    """Where a process printed. The value is the one in frame headers."""

    STDOUT = 1
    STDERR = 2


class FrameError(Exception):
    """What came is no stream of frames, or the daemon says in it that it gave up. Never leaves this package."""


class FrameDecoder:
    """Turns blocks of bytes, cut anywhere, into frames."""

    def __init__(self) -> None:
        self._rest = b""

    @property
    def is_between_frames(self) -> bool:
        """Whether the stream may end here."""
        return not self._rest

    def feed(self, data: bytes) -> list[tuple[Stream, bytes]]:
        """Take a block, and return the frames that it completes.

        Raises:
            FrameError: the stream cannot be understood from here on.
        """
        if self._rest:
            data = self._rest + data
        frames = []
        start, end = 0, len(data)
        while start + _HEADER.size <= end:
            kind, length = _HEADER.unpack_from(data, start)
            if length > LONGEST_FRAME:
                raise FrameError(f"a frame of {length} bytes cannot be")
            stop = start + _HEADER.size + length
            if stop > end:
                break
            payload = data[start + _HEADER.size : stop]
            if kind == _DAEMON_SAYS:
                raise FrameError(payload.decode("utf-8", "replace").strip())
            if kind > Stream.STDERR:
                raise FrameError(f"a frame of type {kind} cannot be")
            if length:
                frames.append((Stream.STDERR if kind == Stream.STDERR else Stream.STDOUT, payload))
            start = stop
        self._rest = data[start:]
        return frames
