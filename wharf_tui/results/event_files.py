"""``status.json`` and ``artifacts.json`` of a step, in wharf-cmd's form, read with patience and written in one piece."""

from __future__ import annotations

from pathlib import Path

from wharf_tui.model.status import ArtifactEvent, Status, StatusEvent
from wharf_tui.model.timestamps import format_rfc3339
from wharf_tui.results import json_fields
from wharf_tui.results.atomic import read_json_object, write_json


def read_status_events(path: Path) -> tuple[tuple[StatusEvent, ...], str]:
    """The step's status events in order, and what is wrong with the file (empty where nothing is)."""
    value, problem = read_json_object(path)
    events: list[StatusEvent] = []
    for record in json_fields.records(value, "statusUpdates"):
        event_id, word = json_fields.count(record.get("updateId")), json_fields.text(record.get("status"))
        if event_id is not None and word:
            events.append(
                StatusEvent(event_id, Status.from_word(word), json_fields.time(record.get("timestamp")))
            )
    return tuple(events), problem


def write_status_events(path: Path, events: tuple[StatusEvent, ...]) -> None:
    """Replace the file.

    Raises:
        StoreError: it cannot be written.
    """
    updates = [
        {
            "updateId": event.event_id,
            "timestamp": format_rfc3339(event.at_ns).decode(),
            "status": event.status.value,
        }
        for event in events
    ]
    write_json(path, {"lastId": events[-1].event_id if events else 0, "statusUpdates": updates})


def read_artifact_events(path: Path) -> tuple[tuple[ArtifactEvent, ...], str]:
    """The step's artifacts in order, and what is wrong with the file (empty where nothing is)."""
    value, problem = read_json_object(path)
    events: list[ArtifactEvent] = []
    for record in json_fields.records(value, "artifactEvents"):
        artifact_id, name = json_fields.count(record.get("artifactId")), json_fields.text(record.get("name"))
        if artifact_id is not None and name:
            events.append(ArtifactEvent(artifact_id, name))
    return tuple(events), problem


def write_artifact_events(path: Path, step_id: int, events: tuple[ArtifactEvent, ...]) -> None:
    """Replace the file.

    Raises:
        StoreError: it cannot be written.
    """
    records = [{"artifactId": event.artifact_id, "stepId": step_id, "name": event.name} for event in events]
    write_json(path, {"lastId": events[-1].artifact_id if events else 0, "artifactEvents": records})
