"""The worker's REST side: wharf-cmd's ping and artifact download, and the build as JSON. Errors are problem+json (RFC 7807)."""

from __future__ import annotations

import asyncio
import json
import re
from http import HTTPStatus
from typing import Any

from aiohttp import web

from wharf_tui.results import json_fields
from wharf_tui.worker.auth import Token
from wharf_tui.worker.hub import BuildHub

MAX_HEADER_BYTES = 64 * 1024
FIRST_REQUEST_SECONDS = 10.0
"""How long a new connection may take to send its first request."""
KEEPALIVE_SECONDS = 75.0
_SAY_NOTHING = {"Server": "", "Cache-Control": "no-store"}
"""Headers of every answer: aiohttp would tell its version and Python's to everybody."""
_ARTIFACT_ID = re.compile(r"[0-9]{1,20}\Z")
_MAX_UINT64 = 2**64 - 1


class RestServer(web.Server):
    """The HTTP server without a socket of its own: the port hands connections to it.

    Args:
        hub: the build.
        token: what every request must carry; None lets everybody in.
    """

    def __init__(self, hub: BuildHub, token: Token | None) -> None:
        super().__init__(self._handle)
        self._hub = hub
        self._token = token

    def __call__(self) -> web.RequestHandler:
        """The protocol of one connection."""
        return _Connection(self, loop=asyncio.get_running_loop())

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        assert isinstance(request.protocol, _Connection)
        request.protocol.request_came()
        if self._token is not None and not self._token.accepts(request.headers.get("Authorization")):
            return _problem(request, 401, "Unauthorized", "a token is needed", {"WWW-Authenticate": "Bearer"})
        if request.method not in {"GET", "HEAD"}:
            return _problem(
                request, 405, "Method not allowed", "only GET is known here", {"Allow": "GET, HEAD"}
            )
        return _answer(request, self._hub)


class _Connection(web.RequestHandler):
    """One connection. A client that sends nothing is not waited for, and what is no HTTP gets a problem as its answer."""

    def __init__(self, server: RestServer, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # None is allowed, and switches it off
            keepalive_timeout=KEEPALIVE_SECONDS,
            lingering_time=0.0,
            max_field_size=MAX_HEADER_BYTES,
        )
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)
        self._patience = asyncio.get_running_loop().call_later(FIRST_REQUEST_SECONDS, transport.abort)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.request_came()
        super().connection_lost(exc)

    def request_came(self) -> None:
        """The client has asked for something."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - aiohttp's signature; the text would tell what runs here
    ) -> web.StreamResponse:
        """The answer to what cannot be understood, and to what went wrong here."""
        if status >= 500:
            self.log_exception("a request failed", exc_info=exc)
        response = _problem(request, status, HTTPStatus(status).phrase, "the request cannot be answered")
        response.force_close()
        return response


def _answer(request: web.BaseRequest, hub: BuildHub) -> web.StreamResponse:
    match [part for part in request.path.split("/") if part]:
        case []:
            return _json({"message": "pong"})
        case ["api", "build"]:
            return _json(_build_json(hub))
        case ["api", "build", "steps"]:
            return _json(_steps_json(hub))
        case ["api", "artifact", artifact_id, "download"]:
            return _download(request, artifact_id)
    return _problem(request, 404, "Not found", f"nothing is at {request.path}")


def _download(request: web.BaseRequest, artifact_id: str) -> web.StreamResponse:
    """Workers keep artifact events only, as wharf-cmd's do: there are no contents to send."""
    if not _ARTIFACT_ID.match(artifact_id) or int(artifact_id) > _MAX_UINT64:
        return _problem(
            request, 400, "Bad artifact ID", f"{artifact_id!r} is no artifact ID: it must be a whole number"
        )
    return _problem(
        request, 404, "Artifact not found", f"artifact {artifact_id} has no contents on this worker"
    )


def _build_json(hub: BuildHub) -> dict[str, Any]:
    info = hub.info
    return {
        "buildId": info.build_id,
        "uid": info.uid,
        "epoch": info.epoch,
        "state": hub.reader.liveness.value,
        "status": hub.reader.status.label,
        "source": info.source,
        "runtime": info.runtime,
        "environment": info.environment,
        "startedAt": json_fields.time_text(info.started_ns),
        "finishedAt": json_fields.time_text(info.finished_ns),
        "problem": info.problem,
        "steps": _steps_json(hub),
    }


def _steps_json(hub: BuildHub) -> list[dict[str, Any]]:
    return [
        {
            "stepId": step.info.step_id,
            "stage": step.info.stage,
            "name": step.info.name,
            "type": step.info.type,
            "status": step.status.label,
            "startedAt": json_fields.time_text(step.started_ns),
            "finishedAt": json_fields.time_text(step.finished_ns),
            "exitCode": step.exit_code,
            "reason": step.reason,
            "skipped": step.skipped,
            "logId": hub.reader.log(step.info.step_id).last_log_id,
            "lastLogId": step.last_log_id,
        }
        for step in hub.reader.info.steps
    ]


def _json(value: Any) -> web.Response:
    return web.Response(body=_dump(value), content_type="application/json", headers=_SAY_NOTHING)


def _problem(
    request: web.BaseRequest, status: int, title: str, detail: str, headers: dict[str, str] | None = None
) -> web.Response:
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
        "errors": [detail],
    }
    return web.Response(
        status=status,
        body=_dump(body),
        content_type="application/problem+json",
        headers={**_SAY_NOTHING, **(headers or {})},
    )


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
