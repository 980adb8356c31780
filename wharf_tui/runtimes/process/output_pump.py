"""Carries a process's output from its pipe to the store, in a thread of its own: the process never waits for a screen."""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors
import threading

from wharf_tui.model.errors import StoreError
from wharf_tui.model.timestamps import now_ns
from wharf_tui.runtimes.port import StepRecorder

_READ_BYTES = 256 * 1024
_PIPE_BYTES = 1024 * 1024
_F_SETPIPE_SZ = 1031


class OutputPump:
    """One pipe. Give ``write_end`` to the process, ``start``, and wait for ``done``.

    Must be made inside the event loop that waits for ``done``.
    """

    def __init__(self, recorder: StepRecorder, name: str) -> None:
        self._recorder = recorder
        self._read_end, self.write_end = os.pipe()
        self._wake_read, self._wake_write = os.pipe()
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self._loop.create_future()
        """Set when all output is stored; carries the StoreError where it could not be."""
        self._thread = threading.Thread(target=self._run, name=f"output-{name}", daemon=True)
        _enlarge(self._read_end)

    def start(self) -> None:
        """Begin to read; our copy of the write end is closed, so that the processes' end is the pipe's end."""
        os.close(self.write_end)
        self._thread.start()

    def abandon(self) -> None:
        """Close everything of a pump that was never started."""
        for handle in (self.write_end, self._read_end, self._wake_read, self._wake_write):
            os.close(handle)
        self.done.cancel()

    def stop(self) -> None:
        """Read no further, though somebody still holds the pipe. Do not call it once ``done`` is set."""
        os.write(self._wake_write, b"x")

    def _run(self) -> None:
        failure: StoreError | None = None
        try:
            self._pump()
            self._recorder.end_line()
        except StoreError as error:
            failure = error
        finally:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._finish, failure)

    def _pump(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._read_end, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if self._read_end not in ready:
                    return
                data = os.read(self._read_end, _READ_BYTES)
                if not data:
                    return
                self._recorder.output(now_ns(), data)

    def _finish(self, failure: StoreError | None) -> None:
        for handle in (self._read_end, self._wake_read, self._wake_write):
            os.close(handle)
        if self.done.done():
            return
        if failure is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(failure)


def _enlarge(pipe: int) -> None:
    """A larger pipe means fewer turns between process and pump; where the system refuses, the default does."""
    try:
        import fcntl
    except ImportError:
        return
    with contextlib.suppress(OSError):
        fcntl.fcntl(pipe, _F_SETPIPE_SZ, _PIPE_BYTES)
