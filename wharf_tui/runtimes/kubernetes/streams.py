"""Long answers of the cluster that are read as they come, and can be ended from another thread."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from wharf_tui.model.errors import RuntimeUnavailableError
from wharf_tui.runtimes.kubernetes.errors import cluster_errors

if TYPE_CHECKING:
    from urllib3.response import HTTPResponse

_READ_BYTES: Final = 256 * 1024


class ByteStream:
    """The body of an answer, in blocks. Close it when done; ``stop`` may be called by any thread.

    Args:
        response: an answer whose body has not been read.
        doing: what it is for, in messages.
    """

    def __init__(self, response: HTTPResponse, doing: str) -> None:
        self._response = response
        self._doing = doing
        self._stopped = False
        self._failure: RuntimeUnavailableError | None = None

    def read(self) -> bytes:
        """Wait for the next block; empty at the end.

        Raises:
            RuntimeUnavailableError: the connection broke, or was stopped.
        """
        if self._failure is not None:
            raise self._failure
        blocks: list[bytes] = []
        try:
            with cluster_errors(self._doing):
                self._read_what_is_there(blocks)
        except RuntimeUnavailableError as error:
            self._failure = self._stop_error() if self._stopped else error
        else:
            if not blocks and self._stopped:
                self._failure = self._stop_error()
        if not blocks and self._failure is not None:
            raise self._failure
        return b"".join(blocks)

    def _read_what_is_there(self, blocks: list[bytes]) -> None:
        """Wait for one block, and take what has come meanwhile: followed logs come line by line."""
        from urllib3.util.wait import wait_for_read

        read, size = self._response.read1, 0
        while block := read(_READ_BYTES, decode_content=False):
            blocks.append(block)
            size += len(block)
            socket = getattr(self._response.connection, "sock", None)
            if socket is None or size >= _READ_BYTES or not wait_for_read(socket, timeout=0.0):
                return

    def objects(self) -> Iterator[dict[str, Any]]:
        """The body as JSON objects, one a line. What is none is left out.

        Raises:
            RuntimeUnavailableError: the connection broke, or was stopped.
        """
        rest = b""
        while block := self.read():
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                with contextlib.suppress(ValueError):
                    found = json.loads(line)
                    if isinstance(found, dict):
                        yield found

    def stop(self) -> None:
        """End the connection: whoever waits in ``read`` gets an error at once."""
        self._stopped = True
        with contextlib.suppress(OSError, ValueError, RuntimeError):  # it has ended by itself meanwhile
            self._response.shutdown()

    def close(self) -> None:
        """Let go of the connection."""
        self._response.close()

    def _stop_error(self) -> RuntimeUnavailableError:
        return RuntimeUnavailableError(f"stopped to {self._doing}")
