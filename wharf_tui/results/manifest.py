"""``build.json``: what wharf-cmd's files do not keep (names, times, exit codes, the end). Ours, and additive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.results import json_fields
from wharf_tui.results.atomic import read_json_object, write_json

FORMAT = 1


def write_manifest(path: Path, info: BuildInfo, *, sync: bool) -> None:
    """Replace ``build.json``; with ``sync`` wait until it is on the device.

    Raises:
        StoreError: it cannot be written.
    """
    write_json(path, manifest_to_json(info), sync=sync)


def read_manifest(path: Path) -> tuple[BuildInfo | None, str]:
    """The build as the file tells it, and what is wrong with the file (empty where nothing is)."""
    value, problem = read_json_object(path)
    if value is None:
        return None, problem
    written_by = value.get("format")
    if isinstance(written_by, int) and written_by > FORMAT:
        problem = (
            f"{path} was written by a newer wharf-tui (format {written_by}): some of it may not be shown"
        )
    return manifest_from_json(value), problem


def manifest_to_json(info: BuildInfo) -> dict[str, Any]:
    """As the file has it; what is not known is left out."""
    return _without_empty(
        {
            "format": FORMAT,
            "buildId": info.build_id,
            "uid": info.uid,
            "epoch": info.epoch,
            "source": info.source,
            "runtime": info.runtime,
            "environment": info.environment,
            "startedAt": json_fields.time_text(info.started_ns),
            "finishedAt": json_fields.time_text(info.finished_ns),
            "result": info.result.value if info.result else None,
            "problem": info.problem,
            "steps": [_step_to_json(step) for step in info.steps],
        }
    )


def manifest_from_json(value: dict[str, Any]) -> BuildInfo:
    """Read what makes sense, and pass over the rest."""
    steps = [_step_from_json(record) for record in json_fields.records(value, "steps")]
    result = value.get("result")
    return BuildInfo(
        build_id=BuildId(json_fields.count(value.get("buildId")) or 0),
        steps=tuple(sorted((step for step in steps if step is not None), key=lambda step: step.info.step_id)),
        source=json_fields.text(value.get("source")),
        runtime=json_fields.text(value.get("runtime")),
        environment=json_fields.text(value.get("environment")),
        started_ns=json_fields.time(value.get("startedAt")),
        finished_ns=json_fields.time(value.get("finishedAt")),
        result=Status.from_word(result) if isinstance(result, str) else None,
        uid=json_fields.text(value.get("uid")),
        epoch=json_fields.text(value.get("epoch")),
        problem=json_fields.text(value.get("problem")),
    )


def _step_to_json(step: StepState) -> dict[str, Any]:
    return _without_empty(
        {
            "id": step.info.step_id,
            "stage": step.info.stage,
            "name": step.info.name,
            "type": step.info.type,
            "status": step.status.value,
            "startedAt": json_fields.time_text(step.started_ns),
            "finishedAt": json_fields.time_text(step.finished_ns),
            "exitCode": step.exit_code,
            "reason": step.reason,
            "skipped": step.skipped or None,
            "lastLogId": step.last_log_id,
        }
    )


def _step_from_json(record: dict[str, Any]) -> StepState | None:
    step_id = json_fields.count(record.get("id"))
    if not step_id:
        return None
    info = StepInfo(
        StepId(step_id),
        json_fields.text(record.get("stage")),
        json_fields.text(record.get("name")),
        json_fields.text(record.get("type")),
    )
    return StepState(
        info=info,
        status=Status.from_word(json_fields.text(record.get("status"))),
        started_ns=json_fields.time(record.get("startedAt")),
        finished_ns=json_fields.time(record.get("finishedAt")),
        exit_code=json_fields.exit_code(record.get("exitCode")),
        reason=json_fields.text(record.get("reason")),
        skipped=record.get("skipped") is True,
        last_log_id=json_fields.count(record.get("lastLogId")),
    )


def _without_empty(value: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if item is not None and item != ""}
