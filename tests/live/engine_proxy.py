"""Stands between us and a Docker Engine, and does to connections what networks do to them."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path


class _Connection:
    def __init__(self, client: socket.socket, engine: socket.socket) -> None:
        self.client = client
        self.engine = engine
        self.request = b""
        """The first line of its last request."""
        self.is_frozen = threading.Event()
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True
        for end in (self.client, self.engine):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class EngineProxy:
    """Listens on a socket of its own, and passes everything on."""

    def __init__(self, engine_path: str, path: Path) -> None:
        self.address = f"unix://{path}"
        self.cut_after: int | None = None
        """Bytes of each answer to ``cut_matching`` requests after which its connection is cut."""
        self.cut_matching: tuple[bytes, ...] = ()
        self.cuts = 0
        self.freezes_new = False
        """Whether connections that are made from now on are frozen at once."""
        self.unanswered = 0
        """Requests that came on frozen connections."""
        self._engine_path = engine_path
        self._connections: list[_Connection] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(256)
        self._run(self._accept)

    def cut(self, part: bytes) -> int:
        """Cut all connections whose request has ``part`` in its first line; returns how many."""
        chosen = [one for one in self._connections if part in one.request and not one.is_closed]
        for connection in chosen:
            connection.close()
        return len(chosen)

    def freeze(self, part: bytes) -> int:
        """Pass nothing on any more on such connections, and do not say so; returns how many."""
        chosen = [one for one in self._connections if part in one.request and not one.is_closed]
        for connection in chosen:
            connection.is_frozen.set()
        return len(chosen)

    def requests(self, part: bytes) -> list[bytes]:
        """First lines of requests that have ``part`` in them, as far as they are the last of their connections."""
        return [one.request for one in self._connections if part in one.request]

    def close(self) -> None:
        """End everything."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            connection.is_frozen.clear()
            connection.close()
        for thread in self._threads:
            thread.join()
        for connection in self._connections:
            connection.client.close()
            connection.engine.close()

    def _run(self, work, *arguments) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(self._engine_path)
            connection = _Connection(client, engine)
            if self.freezes_new:
                connection.is_frozen.set()
            self._connections.append(connection)
            self._run(self._pass_requests, connection)
            self._run(self._pass_answers, connection)

    def _pass_requests(self, connection: _Connection) -> None:
        with contextlib.suppress(OSError):
            while data := connection.client.recv(65536):
                if data[:4] in {b"GET ", b"POST", b"PUT ", b"DELE"}:
                    connection.request = data.partition(b"\r\n")[0]
                    self.unanswered += connection.is_frozen.is_set()
                connection.engine.sendall(data)
            connection.engine.shutdown(socket.SHUT_WR)

    def _pass_answers(self, connection: _Connection) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := connection.engine.recv(65536):
                while connection.is_frozen.is_set() and not connection.is_closed:
                    connection.is_frozen.wait(0.05)
                limit = self.cut_after if any(p in connection.request for p in self.cut_matching) else None
                if limit is not None and passed + len(data) > limit:
                    connection.client.sendall(data[: limit - passed])
                    self.cuts += 1
                    break
                connection.client.sendall(data)
                passed += len(data)
        connection.close()
