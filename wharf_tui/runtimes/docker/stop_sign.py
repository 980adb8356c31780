"""Lets one thread end what another one waits for: a pull, a build, a push."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from typing import Any

from wharf_tui.model.errors import RunError, WharfError
from wharf_tui.runtimes.docker.streams import ByteStream


class StopSign:
    """Shown once, it ends the answer that is being waited for or read, and is looked at before the next one."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._shown: Future[None] = Future()
        self._stream: ByteStream | None = None

    def is_shown(self) -> bool:
        """Whether to stop."""
        return self._shown.done()

    def show(self) -> None:
        """Stop. May be called twice."""
        with self._mutex:
            if self._shown.done():
                return
            self._shown.set_result(None)
            if self._stream is not None:
                self._stream.stop()

    @contextmanager
    def answer(self, ask: Callable[[], ByteStream]) -> Iterator[ByteStream]:
        """The engine's answer, to be read inside: it ends early, or breaks, once the sign is shown.

        Args:
            ask: gets the answer. The engine may keep us waiting for it as long as a registry keeps it waiting, so
                this is done in a thread that is left alone where the sign is shown first.

        Raises:
            RunError: the sign was shown before the answer came; or as ``ask`` raises.
        """
        asking: Future[ByteStream] = Future()
        threading.Thread(target=_ask, args=(ask, asking), name="docker-answer", daemon=True).start()
        first: list[Future[Any]] = [asking, self._shown]
        wait(first, return_when=FIRST_COMPLETED)
        if not asking.done():
            asking.add_done_callback(_close_answer)
            raise RunError("it was ended before the engine answered")
        with asking.result() as stream:
            with self._mutex:
                self._stream = stream
                if self._shown.done():
                    stream.stop()
            try:
                yield stream
            finally:
                with self._mutex:
                    self._stream = None


def _ask(ask: Callable[[], ByteStream], asking: Future[ByteStream]) -> None:
    try:
        stream = ask()
    except WharfError as error:
        asking.set_exception(error)
    else:
        asking.set_result(stream)


def _close_answer(asking: Future[ByteStream]) -> None:
    if asking.exception() is None:
        asking.result().close()
