"""A channel to a worker, with its limits set on purpose, and gRPC's errors turned into the project's own."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import grpc

from wharf_tui.model.errors import AccessDeniedError, InputError, StoreError, UnreachableError, WharfError
from wharf_tui.results.os_errors import reading
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2_grpc

_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.enable_retries", 0),  # the session knows where to go on; the channel does not
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 5_000),  # how long one try to connect may take
    ("grpc.max_reconnect_backoff_ms", 2_000),
    (
        "grpc.use_local_subchannel_pool",
        1,
    ),  # a new session makes a new connection, whatever became of the old one
)
_LEGACY_KEEPALIVE_SECONDS = 330.0
"""gRPC for Go, as wharf-cmd has it, hangs up on a client that looks more often than every five minutes."""

Metadata = tuple[tuple[str, str], ...]
Message = TypeVar("Message")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a worker is, and how to be let in."""

    address: str
    """``host:port``."""
    token: str = ""
    tls: bool = False
    ca_file: Path | None = None
    """Certificates to trust; None trusts the system's."""
    client_certificate: Path | None = None
    client_key: Path | None = None
    keepalive_seconds: float = 10.0
    """How long nothing may come before the worker is asked whether it is there."""
    keepalive_timeout_seconds: float = 20.0
    """How long it may take to answer that: on a slow line the answer waits behind what is on its way."""

    @property
    def metadata(self) -> Metadata:
        """What goes with each call."""
        return (("authorization", f"Bearer {self.token}"),) if self.token else ()

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine, where no proxy leads."""
        host = self.address.rpartition(":")[0].strip("[]")
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False


@contextlib.asynccontextmanager
async def connect(endpoint: Endpoint, *, legacy: bool = False) -> AsyncIterator[worker_pb2_grpc.WorkerStub]:
    """A stub over a channel that is closed at the end. Whether anybody answers shows at the first call.

    Args:
        endpoint: the worker.
        legacy: it is of wharf-cmd's kind.

    Raises:
        InputError: a certificate cannot be read.
    """
    keepalive_seconds = _LEGACY_KEEPALIVE_SECONDS if legacy else endpoint.keepalive_seconds
    timeout_ms = int(endpoint.keepalive_timeout_seconds * 1000)
    options = (
        *_OPTIONS,
        ("grpc.keepalive_time_ms", int(keepalive_seconds * 1000)),
        ("grpc.keepalive_timeout_ms", timeout_ms),
        ("grpc.http2.ping_timeout_ms", timeout_ms),  # this one counts; its default is a minute
        ("grpc.enable_http_proxy", int(not endpoint.is_loopback)),
    )
    if endpoint.tls:
        channel = grpc.aio.secure_channel(endpoint.address, _credentials(endpoint), options=options)
    else:
        channel = grpc.aio.insecure_channel(endpoint.address, options=options)
    async with channel:
        yield worker_pb2_grpc.WorkerStub(channel)  # type: ignore[no-untyped-call]  # generated


async def understood(call: AsyncIterator[Message | None]) -> AsyncIterator[Message]:
    """The messages of a call; gRPC hands on None for one that cannot be read.

    Raises:
        InputError: such a one came.
    """
    async for message in call:
        if message is None:
            raise not_understood()
        yield message


def not_understood() -> InputError:
    """The error for an answer that is no message of the protocol."""
    return InputError(
        "what answers sent something that is no message of a wharf worker's", "Check the address."
    )


def map_rpc_error(error: grpc.aio.AioRpcError, address: str) -> WharfError:
    """The project's error for a call that failed."""
    detail = (error.details() or "").strip() or error.code().name
    match error.code():
        case grpc.StatusCode.UNAUTHENTICATED | grpc.StatusCode.PERMISSION_DENIED:
            return AccessDeniedError(
                f"{address} does not let us in: {detail}", "Give the worker's token with --token-file."
            )
        case grpc.StatusCode.UNIMPLEMENTED:
            return InputError(f"{address} answers, but is no wharf worker: {detail}")
        case grpc.StatusCode.DATA_LOSS:
            return StoreError(f"{address} cannot read its own store: {detail}")
        case grpc.StatusCode.OUT_OF_RANGE:
            return StoreError(f"{address} has lost lines that were copied from it: {detail}")
        case _:
            return UnreachableError(
                f"{address} does not answer: {detail}",
                "Check the address, and that a worker runs there (`wharf-tui run --serve`).",
            )


def is_worth_retrying(error: grpc.aio.AioRpcError) -> bool:
    """Whether the same call may go through later."""
    return error.code() in {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
    }


def _credentials(endpoint: Endpoint) -> grpc.ChannelCredentials:
    def content(path: Path | None) -> bytes | None:
        if path is None:
            return None
        with reading(path):
            return path.read_bytes()

    return grpc.ssl_channel_credentials(
        content(endpoint.ca_file), content(endpoint.client_key), content(endpoint.client_certificate)
    )
