"""wharf-api over HTTP and gRPC, both on one port."""

from __future__ import annotations

import contextlib
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import grpc

from wharf_tui.model.errors import (
    AccessDeniedError,
    InputError,
    StoreError,
    UnreachableError,
    UsageError,
    WharfError,
)
from wharf_tui.model.timestamps import parse_rfc3339
from wharf_tui.rpc.generated.wharf.api.v5 import builds_pb2 as pb
from wharf_tui.rpc.generated.wharf.api.v5 import builds_pb2_grpc

_SECONDS = 30.0
"""How long a REST call may take."""
STREAM_SECONDS = 300.0
"""How long a stream of lines may take: wharf-api inserts them one by one."""
_PREFIX = "wharf-api+"
_HINT = "Check that wharf-api runs there, and that the address is right."


@dataclass(frozen=True, slots=True)
class ApiLine:
    """A log line as wharf-api stores it."""

    log_id: int
    """Its own ID there, in order of insertion."""
    at_ns: int | None
    text: str


@dataclass(frozen=True, slots=True)
class StreamFailure:
    """How a stream of lines ended, where it did not end well. Some of its lines may be stored."""

    reason: str
    is_unreachable: bool
    """Nobody answered; else wharf-api answered that it failed."""


class ApiClient:
    """One client of one wharf-api.

    Args:
        url: ``wharf-api+http://HOST:PORT`` or ``wharf-api+https://HOST:PORT``, with ``/api`` or whatever leads to it behind.
        token: sent as a bearer token where it is not empty.

    Raises:
        UsageError: the URL is none.
    """

    def __init__(self, url: str, token: str = "") -> None:
        parts = urlsplit(url.removeprefix(_PREFIX))
        if not url.startswith(_PREFIX) or parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UsageError(f"{url!r} is no address of wharf-api", "Write wharf-api+http://HOST:PORT.")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self.base = f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/') or '/api'}"
        self._target = f"{host}:{port}"
        self._is_tls = parts.scheme == "https"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._channel: grpc.Channel | None = None

    def close(self) -> None:
        """Disconnect."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def build_status(self, build_id: int) -> str:
        """The build's status as wharf-api has it.

        Raises:
            InputError: it has no such build.
            UnreachableError: it does not answer.
        """
        build = self._call("GET", f"/build/{build_id}")
        return str(build.get("status", "")) if isinstance(build, dict) else ""

    def set_build_status(self, build_id: int, word: str) -> None:
        """Set the build's status.

        Raises:
            UnreachableError: it does not answer.
        """
        self._call("PUT", f"/build/{build_id}/status", {"status": word})

    def log(self, build_id: int) -> list[ApiLine]:
        """All lines of a build in the order in which they were inserted.

        Raises:
            UnreachableError: it does not answer.
        """
        found = self._call("GET", f"/build/{build_id}/log")
        records = found if isinstance(found, list) else []
        lines = [
            ApiLine(
                int(record["logId"]),
                parse_rfc3339(str(record.get("timestamp", "")).encode()),
                str(record["message"]),
            )
            for record in records
            if isinstance(record, dict) and "logId" in record and "message" in record
        ]
        return sorted(lines, key=lambda line: line.log_id)

    def send_lines(self, requests: Iterable[pb.CreateLogStreamRequest]) -> int | StreamFailure:
        """Send lines in one stream, and return how many wharf-api says it has inserted."""
        stub = builds_pb2_grpc.BuildsStub(self._connected())  # type: ignore[no-untyped-call]  # generated
        metadata = tuple((key.lower(), value) for key, value in self._headers.items())
        try:
            answer: pb.CreateLogStreamResponse = stub.CreateLogStream(
                iter(requests), timeout=STREAM_SECONDS, metadata=metadata
            )
        except grpc.RpcError as error:
            code, detail = error.code(), error.details() or ""
            away = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED}
            return StreamFailure(f"{detail or code.name}", is_unreachable=code in away)
        return answer.lines_inserted

    def unreachable(self, reason: str) -> WharfError:
        """The error for an API that does not answer."""
        return UnreachableError(f"{self.base} does not answer: {reason}", _HINT)

    def _connected(self) -> grpc.Channel:
        if self._channel is None:
            options = [("grpc.enable_retries", 0), ("grpc.keepalive_time_ms", 30_000)]
            if self._is_tls:
                credentials = grpc.ssl_channel_credentials()
                self._channel = grpc.secure_channel(self._target, credentials, options=options)
            else:
                self._channel = grpc.insecure_channel(self._target, options=options)
        return self._channel

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {**self._headers, "Accept": "application/json", "Content-Type": "application/json"}
        request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
            self.base + path, data=data, headers=headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
                content = answer.read()
        except urllib.error.HTTPError as error:
            raise self._refused(error, path) from error
        except (OSError, http.client.HTTPException) as error:
            raise self.unreachable(str(getattr(error, "reason", error))) from error
        try:
            return json.loads(content) if content.strip() else None
        except ValueError as error:
            raise StoreError(f"{self.base}{path} answered with something else than JSON") from error

    def _refused(self, error: urllib.error.HTTPError, path: str) -> WharfError:
        detail = error.reason
        with contextlib.suppress(ValueError, OSError):
            problem = json.loads(error.read())
            detail = problem.get("detail") or problem.get("title") or detail
        if error.code in {401, 403}:
            return AccessDeniedError(
                f"{self.base} does not let us in: {detail}", "Give its token with --sink-token-file."
            )
        if error.code >= 500 and error.code != 501:
            return self.unreachable(f"{error.code} {detail}")
        if error.code == 404:
            return InputError(
                f"{self.base}{path}: {detail}", "wharf-api must know a build before its logs come."
            )
        return StoreError(f"{self.base}{path}: {error.code} {detail}")
