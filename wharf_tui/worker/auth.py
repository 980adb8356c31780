"""Who may read: nobody without the token, where there is one. Compared in constant time; a refusal tells nothing."""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from wharf_tui.model.errors import InputError, UsageError
from wharf_tui.results.os_errors import reading

_SHORTEST_TOKEN = 16
_PORT = re.compile(r"[0-9]{1,5}\Z")


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token; its text is not shown in logs and tracebacks."""

    secret: bytes

    def __repr__(self) -> str:
        return "Token(***)"

    @classmethod
    def from_file(cls, path: Path) -> Token:
        """Read a token; white space around it does not count.

        Raises:
            InputError: the file cannot be read, or the token is too short to be one.
        """
        with reading(path):
            secret = path.read_bytes().strip()
        if len(secret) < _SHORTEST_TOKEN:
            raise InputError(
                f"the token in {path} is too short",
                f"Use at least {_SHORTEST_TOKEN} characters: openssl rand -hex 32",
            )
        if not secret.isascii() or not secret.decode("ascii").isprintable():
            raise InputError(
                f"the token in {path} has characters that no header can carry", "Use printable ASCII."
            )
        return cls(secret)

    def accepts(self, authorization: str | bytes | None) -> bool:
        """Whether an ``authorization`` header carries this token."""
        given = (
            authorization.encode("utf-8", "replace")
            if isinstance(authorization, str)
            else authorization or b""
        )
        scheme, _, secret = given.partition(b" ")
        return hmac.compare_digest(secret.strip(), self.secret) and scheme.lower() == b"bearer"


class TokenInterceptor(grpc.aio.ServerInterceptor):
    """Refuses every call, to any service and any method, that does not carry the token."""

    def __init__(self, token: Token) -> None:
        self._token = token

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Look at the call's metadata before anything else."""
        headers = {
            key: value
            for key, value in handler_call_details.invocation_metadata or ()
            if key == "authorization"
        }
        if self._token.accepts(headers.get("authorization")):
            return await continuation(handler_call_details)
        return _REFUSAL


async def _refuse(requests: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:  # noqa: ARG001 - gRPC's signature
    await context.abort(grpc.StatusCode.UNAUTHENTICATED, "a token is needed")


_REFUSAL: grpc.RpcMethodHandler[Any, Any] = grpc.stream_stream_rpc_method_handler(_refuse)
"""For calls of any kind: it reads no request, so that nothing that a stranger sends is even parsed."""


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """Where and how a worker listens."""

    host: str = "127.0.0.1"
    port: int = 5010
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    token: Token | None = None
    insecure: bool = False

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False  # a name: who knows what it stands for

    def check(self) -> None:
        """Refuse what would expose logs by accident.

        Raises:
            UsageError: the settings do not go together.
        """
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise UsageError("--tls-cert and --tls-key go together")
        if self.tls_client_ca is not None and self.tls_certificate is None:
            raise UsageError("--tls-client-ca needs --tls-cert and --tls-key")
        if self.is_loopback or self.insecure:
            return
        if self.tls_certificate is None or self.token is None:
            raise UsageError(
                f"{self.host} can be reached from other machines, so it needs TLS and a token",
                "Give --tls-cert, --tls-key and --token-file; or --insecure, and everybody who reaches the port reads the logs.",
            )


def parse_address(text: str) -> tuple[str, int]:
    """``HOST:PORT``, ``[IPv6]:PORT``, either without the port, or ``:PORT`` as host and port.

    Raises:
        UsageError: it is none of these.
    """
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]") or (":" in host and not host.startswith("[")):
        host, port = text, "5010"
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    if not _PORT.match(port) or int(port) > 65535:
        raise UsageError(f"{text!r} is no address", "Write HOST:PORT, for example 127.0.0.1:5010.")
    return host, int(port)
