"""A TCP proxy that breaks connections in every way that a network does."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from typing import cast


class FaultProxy:
    """Stands between a client and a server. What it does may be changed while connections are open.

    Args:
        target: the server, ``host:port``.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self.address = ""
        self.connections = 0
        """How many have been made so far."""
        self.cut_after: int | None = None
        """Bytes from the server after which a connection is reset."""
        self.is_black_hole = False
        """Nothing is passed on, and nobody is told: a half-open connection."""
        self.bytes_per_second: float | None = None
        self.refuses = False
        """New connections are closed at once."""
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def cut_all(self) -> None:
        """Reset all connections now."""
        for writer in tuple(self._open):
            _reset(writer)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.refuses:
            _reset(writer)
            return
        try:
            server_reader, server_writer = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(writer)
            return
        self._open |= {writer, server_writer}
        both = (
            asyncio.create_task(self._pass_on(reader, server_writer, from_server=False)),
            asyncio.create_task(self._pass_on(server_reader, writer, from_server=True)),
        )
        self._tasks |= set(both)
        await asyncio.gather(*both, return_exceptions=True)
        self._tasks -= set(both)
        for each in (writer, server_writer):
            self._open.discard(each)
            each.close()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_server: bool
    ) -> None:
        passed = 0
        while data := await reader.read(16 * 1024):
            while self.is_black_hole:
                await asyncio.sleep(0.01)
            limit = self.cut_after if from_server else None
            if limit is not None and passed + len(data) > limit:
                writer.write(data[: limit - passed])
                await writer.drain()
                _reset(writer)
                return
            passed += len(data)
            if self.bytes_per_second is not None:
                await asyncio.sleep(len(data) / self.bytes_per_second)
            writer.write(data)
            await writer.drain()
        writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the other side gets RST, not FIN."""
    sock = cast("socket.socket | None", writer.get_extra_info("socket"))
    if sock is not None and not writer.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@contextlib.asynccontextmanager
async def fault_proxy(target: str, port: int = 0) -> AsyncIterator[FaultProxy]:
    """A proxy on a port of its own."""
    proxy = FaultProxy(target)
    server = await asyncio.start_server(proxy._accept, "127.0.0.1", port)
    proxy.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        for task in tuple(proxy._tasks):
            task.cancel()
        proxy.cut_all()
        await server.wait_closed()
