"""Takes a stream that can be read only once (a pipe, a compressed file) into a plain file, which can be read as we read logs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from wharf_tui.model.errors import StoreError
from wharf_tui.results.compression import ERRORS
from wharf_tui.results.os_errors import store_error

_READ_BYTES = 256 * 1024
MOST_BYTES = 64 * 1024**3
"""What a stream may unpack to: a file made to fill disks ends here."""


class Spool:
    """Reads a stream to its end in a thread of its own.

    Args:
        open_stream: opens the stream, in the thread.
        target: file to write; its folder must be there.
        most_bytes: where to stop, and to say so.
    """

    def __init__(
        self, open_stream: Callable[[], IO[bytes]], target: Path, most_bytes: int = MOST_BYTES
    ) -> None:
        self.target = target
        self.problem = ""
        """What went wrong; what had come before is in the file."""
        self.size = 0
        """Bytes that have been written."""
        self._open_stream = open_stream
        self._most_bytes = most_bytes
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"spool-{target.name}", daemon=True)
        target.touch()

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return self._thread.ident is not None and not self._thread.is_alive()

    def join(self) -> None:
        """Wait until all of it is there."""
        self._thread.join()

    def stop(self) -> None:
        """Read no further. A thread that waits for a pipe is left to end with the process."""
        self._stopping.set()

    def _run(self) -> None:
        try:
            with self._open_stream() as stream, self.target.open("wb", buffering=0) as file:
                self._copy(stream, file.fileno())
        except StoreError as error:
            self.problem = error.message
        except ERRORS as error:
            self.problem = f"it is damaged or cut off: {error}"

    def _copy(self, stream: IO[bytes], target: int) -> None:
        left = self._most_bytes
        read = getattr(stream, "read1", stream.read)
        while not self._stopping.is_set():
            data: bytes = read(_READ_BYTES)
            if not data:
                return
            if len(data) > left:
                self.problem = f"it unpacks to more than {self._most_bytes:,} bytes; the rest was not read"
                return
            left -= len(data)
            self._write(target, data)

    def _write(self, target: int, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                written = os.write(target, view)
                self.size += written
                view = view[written:]
        except OSError as error:
            raise store_error("write", self.target, error) from error
