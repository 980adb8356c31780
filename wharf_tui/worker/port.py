"""One port for gRPC and REST, told apart by a connection's first bytes: HTTP/2's preface is gRPC, the rest is HTTP/1.

gRPC's server cannot take over a connection that somebody else has accepted, so it listens on a socket that only this
process's user can reach, and connections are passed on to it byte by byte. TLS ends here, for both.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import cast

_HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FIRST_BYTES_SECONDS = 10.0
"""How long a connection may stay silent at its start, the TLS handshake not counted."""
HANDSHAKE_SECONDS = 10.0
FLUSH_SECONDS = 10.0
"""How long a client may take for the last bytes when the gRPC server has closed its side."""
_HIGH_WATER = 64 * 1024
"""Bytes that are passed on ahead of a client; what a stopped one costs."""

Connect = Callable[
    [Callable[[], asyncio.Protocol]], Awaitable[tuple[asyncio.BaseTransport, asyncio.BaseProtocol]]
]


class Port:
    """Listens, and hands each connection to the server that understands it.

    Args:
        connect_grpc: opens a connection to the gRPC server.
        make_http: makes the HTTP server's protocol for one connection.
    """

    def __init__(self, connect_grpc: Connect, make_http: Callable[[], asyncio.Protocol]) -> None:
        self._connect_grpc = connect_grpc
        self._make_http = make_http
        self._server: asyncio.Server | None = None
        self._connections: set[_FirstBytes] = set()
        self._is_closed = False

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None) -> int:
        """Begin to listen, and return the port (the one that was given, unless that was 0).

        Raises:
            OSError: the address cannot be had; a port that somebody listens on is refused, never shared.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _FirstBytes(self),
            host,
            port,
            ssl=tls,
            ssl_handshake_timeout=HANDSHAKE_SECONDS if tls else None,
            ssl_shutdown_timeout=FLUSH_SECONDS if tls else None,
            reuse_port=False,
            backlog=1024,
        )
        return int(self._server.sockets[0].getsockname()[1])

    def refuse_new(self) -> None:
        """Listen no more; what is open goes on."""
        if self._server is not None:
            self._server.close()

    async def close(self) -> None:
        """Listen no more, and end what is still open, but for HTTP: that is its server's to end."""
        self.refuse_new()
        self._is_closed = True
        for connection in tuple(self._connections):
            connection.abort()
        if self._server is not None:
            await self._server.wait_closed()

    def opened(self, connection: _FirstBytes) -> None:
        """A connection came; one that was accepted just before the end comes too late."""
        if self._is_closed:
            connection.abort()
        else:
            self._connections.add(connection)

    def closed(self, connection: _FirstBytes) -> None:
        """A connection ended, or went to HTTP."""
        self._connections.discard(connection)

    def http_protocol(self) -> asyncio.Protocol:
        """The protocol for a connection that speaks HTTP/1."""
        return self._make_http()

    async def connect_grpc(self, protocol: asyncio.Protocol) -> asyncio.Transport:
        """A connection to the gRPC server."""
        transport, _ = await self._connect_grpc(lambda: protocol)
        return cast("asyncio.Transport", transport)


class _Relay(asyncio.Protocol):
    """One end of a pair: what comes in here goes out there, and is read only as fast as there takes it.

    Where one end ends, so does the other: gRPC's core never lets go of a connection that was closed by half.
    """

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=_HIGH_WATER)

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.write(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Let the other side have what was sent, but do not wait for ever that it takes it."""
        if self.other is not None and not self.other.is_closing():
            self.other.close()
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.other.abort)

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and not self.other.is_closing():
            self.other.resume_reading()


class _FirstBytes(_Relay):
    """A new connection: waits for the bytes that tell what it speaks, then becomes a relay or is given to HTTP."""

    def __init__(self, port: Port) -> None:
        super().__init__()
        self._port = port
        self._seen = b""
        self._timer: asyncio.TimerHandle | None = None
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._timer = asyncio.get_running_loop().call_later(FIRST_BYTES_SECONDS, self.abort)
        self._port.opened(self)

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.write(data)
            return
        self._seen += data
        if self._connecting is not None:
            return
        known = min(len(self._seen), len(_HTTP2_PREFACE))
        if self._seen[:known] != _HTTP2_PREFACE[:known]:
            self._become_http()
        elif known == len(_HTTP2_PREFACE):
            self._stop_timer()
            assert self.transport is not None
            self.transport.pause_reading()
            self._connecting = asyncio.get_running_loop().create_task(self._become_grpc(), name="port-relay")

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._port.closed(self)
        if self._connecting is not None:
            self._connecting.cancel()
        super().connection_lost(exc)

    def abort(self) -> None:
        """End the connection at once."""
        self._stop_timer()
        if self.transport is not None:
            self.transport.abort()

    def _become_http(self) -> None:
        self._stop_timer()
        self._port.closed(self)
        assert self.transport is not None
        protocol = self._port.http_protocol()
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)
        protocol.data_received(self._seen)

    async def _become_grpc(self) -> None:
        assert self.transport is not None
        backend = _Relay()
        backend.other = self.transport
        try:
            self.other = await self._port.connect_grpc(backend)
        except OSError:
            self.abort()
            return
        self.other.write(self._seen)
        self._seen = b""
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
