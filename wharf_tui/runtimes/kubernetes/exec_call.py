"""Runs a command in a container that runs already, and feeds it bytes.

One thread writes and then reads: a TLS connection may not be used by two at once.
"""

from __future__ import annotations

import contextlib
import io
import json
import socket
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from wharf_tui.model.errors import RunError, RuntimeUnavailableError
from wharf_tui.runtimes.kubernetes.client import Cluster
from wharf_tui.runtimes.kubernetes.errors import cluster_errors

if TYPE_CHECKING:
    from websocket import WebSocket

_STDIN, _STDOUT, _STDERR, _RESULT = range(4)
_FRAME_BYTES: Final = 128 * 1024
_KEPT_WORDS: Final = 2000
_SILENCE_S: Final = 300.0


class ExecCall:
    """One command. ``run`` blocks, in a thread; ``stop`` ends it from any other.

    Args:
        cluster: where.
        pod: name of the pod.
        container: name of the container.
        command: program and arguments.
        silence_s: how long it may take to say that it has ended.
    """

    def __init__(
        self,
        cluster: Cluster,
        pod: str,
        container: str,
        command: Sequence[str],
        silence_s: float = _SILENCE_S,
    ) -> None:
        self._cluster = cluster
        self._pod = pod
        self._doing = f"run a command in container {container} of pod {pod}"
        self._query = [("container", container), ("stdin", "true"), ("stdout", "true"), ("stderr", "true")]
        self._query += [("command", word) for word in command]
        self._silence_s = silence_s
        self._mutex = threading.Lock()
        self._stopped = False
        self._socket: WebSocket | None = None
        self._words = b""

    def run(self, data: io.RawIOBase | None = None) -> None:
        """Run the command to its end.

        Args:
            data: what it reads; its input does not end there, so the command must know how much to read.

        Raises:
            RunError: the command failed, or the cluster refused to run it.
            RuntimeUnavailableError: the connection broke, or was stopped.
        """
        with self._mutex:
            if self._stopped:
                raise self._stop_error()
        opened = self._cluster.websocket(self._pod, "exec", self._query)
        try:
            with self._mutex:
                self._socket = opened
                if self._stopped:
                    raise self._stop_error()
            opened.settimeout(self._silence_s)
            with cluster_errors(self._doing):
                self._talk(opened, data)
        except RuntimeUnavailableError:
            if self._stopped:
                raise self._stop_error() from None
            raise
        finally:
            with self._mutex:
                self._socket = None
            with contextlib.suppress(OSError):
                opened.shutdown()  # type: ignore[no-untyped-call]  # the package lacks the types

    def stop(self) -> None:
        """Break the connection off; the command may go on without us."""
        with self._mutex:
            self._stopped = True
            connection = self._socket.sock if self._socket is not None else None
            if connection is not None:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _talk(self, opened: WebSocket, data: io.RawIOBase | None) -> None:
        """Send, then wait for the result. A command that ends early shows in the sending, too."""
        try:
            while data is not None and (block := data.read(_FRAME_BYTES)):
                opened.send_binary(bytes([_STDIN]) + block)
        except OSError:
            if self._stopped:
                raise
        self._take_result(opened)

    def _take_result(self, opened: WebSocket) -> None:
        from websocket import ABNF

        while True:
            kind, frame = opened.recv_data_frame(True)  # noqa: FBT003 - as the package names it: control frames, too
            if kind == ABNF.OPCODE_CLOSE:
                raise RuntimeUnavailableError(
                    f"cannot {self._doing}: the connection ended before the command"
                )
            if kind not in (ABNF.OPCODE_BINARY, ABNF.OPCODE_TEXT) or not frame.data:
                continue
            channel, content = frame.data[0], bytes(frame.data[1:])
            if channel == _RESULT:
                self._judge(content)
                return
            if channel in (_STDOUT, _STDERR):
                self._words = (self._words + content)[-_KEPT_WORDS:]

    def _judge(self, result: bytes) -> None:
        try:
            status = json.loads(result)
        except ValueError:
            status = {"message": result.decode("utf-8", "replace")}
        if status.get("status") != "Success":
            words = self._words.decode("utf-8", "replace").strip() or str(status.get("message", ""))
            raise RunError(f"cannot {self._doing}: {words}")

    def _stop_error(self) -> RuntimeUnavailableError:
        return RuntimeUnavailableError(f"stopped to {self._doing}")
