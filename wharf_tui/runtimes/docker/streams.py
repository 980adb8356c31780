"""Long answers of the engine that are read as they come, and can be ended from another thread."""

from __future__ import annotations

import contextlib
import json
import select
from collections.abc import Iterator
from http.client import BadStatusLine, IncompleteRead, LineTooLong
from typing import TYPE_CHECKING, Any, Self

from wharf_tui.runtimes.docker.errors import engine_errors

if TYPE_CHECKING:
    from requests import Response

_READ_BYTES = 256 * 1024
_LONGEST_CHUNK_HEADER = 4096


class ChunkDecoder:
    """Takes HTTP's chunks apart, many at a time: the engine sends one for each line of a log."""

    def __init__(self) -> None:
        self.has_ended = False
        """Whether the chunk that ends the body has come."""
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Take a block, cut anywhere, and return what of the body it completes.

        Raises:
            HTTPException: these are no chunks.
        """
        data = self._rest + data
        parts: list[bytes] = []
        start = 0
        while not self.has_ended:
            line_end = data.find(b"\r\n", start)
            if line_end < 0:
                if len(data) - start > _LONGEST_CHUNK_HEADER:
                    raise LineTooLong("chunk size")
                break
            try:
                size = int(data[start:line_end].partition(b";")[0], 16)
            except ValueError as error:
                raise BadStatusLine(repr(data[start:line_end])) from error
            body_end = line_end + 2 + size
            if not size:
                self.has_ended = True
            elif body_end + 2 > len(data):
                break
            else:
                parts.append(data[line_end + 2 : body_end])
                start = body_end + 2
        self._rest = data[start:]
        return b"".join(parts)


class ByteStream:
    """The body of an answer, in blocks. Close it when done; ``stop`` may be called by any thread.

    Args:
        response: an answer that was asked for with ``stream=True``.
        doing: what it is for, in messages.
    """

    def __init__(self, response: Response, doing: str) -> None:
        self._response = response
        self._doing = doing
        # What is below urllib3, as the SDK's own streams have it: urllib3 takes 40 us for a chunk, which is a line.
        body: Any = response.raw._fp  # noqa: SLF001
        self._file = body.fp
        self._chunks = ChunkDecoder() if body.chunked else None
        self.stopped = False
        """Whether ``stop`` was called: what comes then as an end or an error is no fault of the engine's."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self) -> bytes:
        """Wait for the next block; empty at the end.

        Raises:
            RuntimeUnavailableError: the connection broke.
        """
        with engine_errors(self._doing):
            while self._file is not None and not self.stopped:
                data = self._read_some()
                if self._chunks is None:
                    return data
                if not data:
                    raise IncompleteRead(b"")
                body = self._chunks.feed(data)
                if self._chunks.has_ended:
                    self._file = None
                if body:
                    return body
            return b""

    def events(self) -> Iterator[dict[str, Any]]:
        """The body as JSON objects, one a line, as builds and pulls tell their progress.

        Raises:
            RuntimeUnavailableError: the connection broke.
        """
        rest = b""
        while block := self.read():
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                if line.strip():
                    yield _parse(line)
        if rest.strip():
            yield _parse(rest)

    def is_open(self) -> bool:
        """Whether the connection lives. What has come on it is thrown away: this is for streams that nobody reads."""
        try:
            while select.select([self._file], [], [], 0)[0]:
                if not self._read_some():
                    return False
        except (OSError, ValueError, TypeError):  # it was closed, or is nothing that can be asked
            return False
        return True

    def stop(self) -> None:
        """End the connection: whoever waits in ``read`` gets an end or an error at once."""
        from docker.types import CancellableStream

        self.stopped = True
        with contextlib.suppress(OSError, AttributeError):  # it has ended by itself meanwhile
            CancellableStream(iter(()), self._response).close()

    def close(self) -> None:
        """Let go of the connection."""
        self._response.close()

    def _read_some(self) -> bytes:
        assert self._file is not None
        try:
            return bytes(self._file.read1(_READ_BYTES))
        except ValueError:  # it was closed under our hands
            return b""


def _parse(line: bytes) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        return {"stream": line.decode("utf-8", "replace") + "\n"}
    return event if isinstance(event, dict) else {}
