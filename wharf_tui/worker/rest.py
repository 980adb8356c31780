"""The worker's REST side: wharf-cmd's ping and artifact download, and the build as JSON. Errors are problem+json (RFC 7807)."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from wharf_tui.model.build import BuildInfo
from wharf_tui.results import json_fields
from wharf_tui.worker.auth import Token
from wharf_tui.worker.hub import BuildHub

MAX_REQUEST_BYTES = 64 * 1024
_MAX_UINT64 = 2**64 - 1


def make_handler(hub: BuildHub, token: Token | None) -> web.Server:
    """The HTTP server's protocol factory, without a socket of its own: the port hands connections to it."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if token is not None and not token.accepts(request.headers.get("Authorization")):
            return _problem(request, 401, "Unauthorized", "a token is needed", {"WWW-Authenticate": "Bearer"})
        if request.method not in {"GET", "HEAD"}:
            return _problem(
                request, 405, "Method not allowed", "only GET is known here", {"Allow": "GET, HEAD"}
            )
        return _answer(request, hub)

    return web.Server(
        handle, access_log=None, keepalive_timeout=75.0, lingering_time=5.0, max_field_size=MAX_REQUEST_BYTES
    )


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
    if not artifact_id.isdecimal() or int(artifact_id) > _MAX_UINT64:
        return _problem(
            request, 400, "Bad artifact ID", f"{artifact_id!r} is no artifact ID: it must be a whole number"
        )
    return _problem(
        request, 404, "Artifact not found", f"artifact {artifact_id} has no contents on this worker"
    )


def _build_json(hub: BuildHub) -> dict[str, Any]:
    info: BuildInfo = hub.reader.info
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
    return web.Response(body=json.dumps(value, ensure_ascii=False).encode(), content_type="application/json")


def _problem(
    request: web.BaseRequest, status: int, title: str, detail: str, headers: dict[str, str] | None = None
) -> web.Response:
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
        "errors": [],
    }
    return web.Response(
        status=status,
        body=json.dumps(body).encode(),
        content_type="application/problem+json",
        headers=headers,
    )
