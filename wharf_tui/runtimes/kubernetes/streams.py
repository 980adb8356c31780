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

    def read(self) -> bytes:
        """Wait for the next block; empty at the end.

        Raises:
            RuntimeUnavailableError: the connection broke, or was stopped.
        """
        try:
            with cluster_errors(self._doing):
                block = bytes(self._response.read1(_READ_BYTES, decode_content=False))
        except RuntimeUnavailableError:
            if self._stopped:
                raise self._stop_error() from None
            raise
        if not block and self._stopped:
            raise self._stop_error()
        return block

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
