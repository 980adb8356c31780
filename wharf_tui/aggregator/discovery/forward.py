"""A pod's port as a socket on this machine that only this user can reach.

Two threads carry the bytes of each connection. They block where the other side does not take any, so that nothing piles
up in memory however slow a reader is.
"""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from wharf_tui.model.errors import WharfError
from wharf_tui.runtimes.kubernetes.client import Cluster

if TYPE_CHECKING:
    from websocket import WebSocket

_PIECE = 64 * 1024
_DATA, _ERROR = 0, 1
_HEADS = 2
"""The first message on each channel only tells the port."""


@contextlib.contextmanager
def forwarded(cluster: Cluster, pod: str, port: int) -> Iterator[str]:
    """Forward a pod's port for as long as the context lasts; yields the address for gRPC.

    Args:
        cluster: the cluster.
        pod: its name.
        port: its port.
    """
    with tempfile.TemporaryDirectory(prefix="wharf-") as folder, contextlib.ExitStack() as stack:
        if os.name == "posix":
            name = Path(folder) / "worker.sock"
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(str(name))
            address = f"unix:{name}"
        else:
            listener = stack.enter_context(socket.socket(socket.AF_INET))
            listener.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{listener.getsockname()[1]}"
        listener.listen()
        forwarder = _Forwarder(cluster, pod, port, listener)
        thread = threading.Thread(target=forwarder.run, name=f"forward {pod}", daemon=True)
        thread.start()
        try:
            yield address
        finally:
            forwarder.stop()  # its thread may be connecting; it sees that nobody wants that any more


class _Forwarder:
    """Accepts connections, and gives each a websocket of its own."""

    def __init__(self, cluster: Cluster, pod: str, port: int, listener: socket.socket) -> None:
        self._cluster = cluster
        self._pod = pod
        self._port = port
        self._listener = listener
        self._open: set[_Connection] = set()
        self._stopped = False

    def run(self) -> None:
        while not self._stopped:
            try:
                local, _ = self._listener.accept()
            except OSError:
                return
            self._open = {connection for connection in self._open if connection.is_alive}
            try:
                remote = self._cluster.websocket(self._pod, "portforward", [("ports", str(self._port))])
            except WharfError:
                local.close()  # whoever connects sees that nobody answers, and tries again
                continue
            connection = _Connection(local, remote)
            self._open.add(connection)
            connection.start()
            if self._stopped:
                connection.close()

    def stop(self) -> None:
        self._stopped = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in tuple(self._open):
            connection.close()


class _Connection:
    """One connection: what comes from either side goes to the other."""

    def __init__(self, local: socket.socket, remote: WebSocket) -> None:
        self._local = local
        self._remote = remote
        self._threads = [
            threading.Thread(target=carry, name="forward", daemon=True)
            for carry in (self._inward, self._outward)
        ]

    @property
    def is_alive(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End it; both threads wake up."""
        for end in (self._local, self._remote.sock):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _outward(self) -> None:
        from websocket import WebSocketException

        with contextlib.suppress(OSError, WebSocketException):
            while piece := self._local.recv(_PIECE):
                self._remote.send_binary(bytes([_DATA]) + piece)
        self.close()

    def _inward(self) -> None:
        from websocket import ABNF, WebSocketException

        heads = 0
        with contextlib.suppress(OSError, WebSocketException):
            while True:
                opcode, frame = self._remote.recv_data_frame(control_frame=True)
                data = frame.data if frame is not None else b""
                if opcode == ABNF.OPCODE_CLOSE:
                    break
                if opcode != ABNF.OPCODE_BINARY or not data:
                    continue
                if heads < _HEADS:
                    heads += 1
                elif data[0] == _ERROR:
                    break
                else:
                    self._local.sendall(memoryview(data)[1:])
        self.close()
        self._local.close()
        self._remote.close()
