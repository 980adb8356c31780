"""The served worker: gRPC with health and reflection, REST, both behind one port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from wharf_tui.model.errors import InputError, UnreachableError
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2, worker_pb2_grpc
from wharf_tui.worker.auth import ListenSettings, TokenInterceptor
from wharf_tui.worker.hub import BuildHub
from wharf_tui.worker.port import Port
from wharf_tui.worker.rest import RestServer
from wharf_tui.worker.service import STALL_SECONDS, WorkerService

SERVICE = worker_pb2.DESCRIPTOR.services_by_name["Worker"].full_name
STOP_SECONDS = 5.0
"""How long a subscriber that lags behind may go on reading when the worker is stopped."""
_LONGEST_SOCKET_PATH = 100
"""Bytes; systems allow 104 or 108."""

_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.so_reuseport", 0),  # a second worker on the port must fail, not share it
    ("grpc.max_receive_message_length", 1024 * 1024),  # requests are small
    ("grpc.max_send_message_length", 16 * 1024 * 1024),
    ("grpc.max_concurrent_streams", 1024),
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.server.max_pending_requests", 4096),  # a thousand may come at once, and wait for their turn
    ("grpc.server.max_pending_requests_hard_limit", 8192),
    ("grpc.server_max_unrequested_time_in_server", 120),  # seconds
    ("grpc.keepalive_time_ms", 20_000),  # a client that vanished is noticed in three quarters of a minute
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.ping_timeout_ms", 20_000),  # this one counts; its default is a minute
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 500),  # clients may look more often than we do
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_connection_idle_ms", 300_000),  # who calls nothing for five minutes is let go
)


@contextlib.asynccontextmanager
async def serve_build(
    reader: BuildReader,
    wait: Callable[[], Awaitable[None]],
    settings: ListenSettings,
    stall_seconds: float = STALL_SECONDS,
) -> AsyncIterator[int]:
    """Serve a build for as long as the context lasts; yields the port.

    Args:
        reader: the build; not to be refreshed by others meanwhile.
        wait: returns when the build may have changed.
        settings: where to listen, and who may read.
        stall_seconds: how long a client may take nothing.

    Raises:
        UsageError: the settings would expose the logs.
        UnreachableError: the address cannot be had.
        InputError: a certificate or key cannot be used, or the build cannot be read.
    """
    settings.check()
    tls = _tls_context(settings)
    hub = BuildHub(reader, wait)
    interceptors = [TokenInterceptor(settings.token)] if settings.token is not None else []
    server = grpc.aio.server(interceptors=interceptors, options=_OPTIONS)
    add_service = worker_pb2_grpc.add_WorkerServicer_to_server
    add_service(WorkerService(hub, stall_seconds), server)  # type: ignore[no-untyped-call]  # generated
    health_servicer = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
    reflection.enable_server_reflection((SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    http = RestServer(hub, settings.token)
    with tempfile.TemporaryDirectory(prefix="wharf-tui-") as folder:
        port = Port(_bind_backend(server, Path(folder)), http)
        await server.start()
        watching = asyncio.create_task(hub.run(), name="build-hub")
        try:
            number = await _listen(port, settings, tls)
            for name in ("", SERVICE):
                await health_servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
            yield number
        finally:
            port.refuse_new()
            hub.stop()
            await health_servicer.enter_graceful_shutdown()
            await server.stop(STOP_SECONDS)
            http.pre_shutdown()  # connections that wait for a next request
            await http.shutdown(STOP_SECONDS)
            await port.close()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


def _bind_backend(
    server: grpc.aio.Server, folder: Path
) -> Callable[..., Awaitable[tuple[asyncio.BaseTransport, asyncio.BaseProtocol]]]:
    """Bind gRPC to a place that only this user reaches (on Windows: this machine), and return how to connect to it."""
    loop = asyncio.get_running_loop()
    if os.name == "posix":
        path = str(folder / "grpc.sock")
        if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
            raise InputError(
                f"the folder for temporary files has too long a name for a socket: {folder.parent}",
                "Point TMPDIR to a folder with a shorter name.",
            )
        server.add_insecure_port(f"unix:{path}")
        return lambda protocol: loop.create_unix_connection(protocol, path)
    number = server.add_insecure_port("127.0.0.1:0")
    return lambda protocol: loop.create_connection(protocol, "127.0.0.1", number)


async def _listen(port: Port, settings: ListenSettings, tls: ssl.SSLContext | None) -> int:
    address = f"{settings.host}:{settings.port}"
    try:
        return await port.listen(settings.host, settings.port, tls)
    except (OSError, UnicodeError) as error:  # the latter: a name that can be no host's
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreachableError(
            f"cannot listen on {address}: {reason}",
            "Stop what listens there, or choose another address.",
        ) from error


def _tls_context(settings: ListenSettings) -> ssl.SSLContext | None:
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except OSError as error:  # ssl.SSLError is one, too
        raise InputError(
            f"cannot use the certificate {settings.tls_certificate} with the key {settings.tls_key}: {error}",
            "Both must be PEM files that belong together.",
        ) from error
    if settings.tls_client_ca is not None:
        try:
            context.load_verify_locations(settings.tls_client_ca)
        except OSError as error:
            raise InputError(
                f"cannot use the clients' CA {settings.tls_client_ca}: {error}", "It must be a PEM file."
            ) from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context
