"""Lines as JSON, one object each: for tools, on standard output and in files."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from wharf_tui.model.timestamps import format_rfc3339
from wharf_tui.results import gap_file

if TYPE_CHECKING:
    from wharf_tui.insight.merge import StepLine
    from wharf_tui.model.lines import LogLine


def json_line(item: StepLine) -> bytes:
    """A line or a gap, LF included. Bytes that are no UTF-8 stand in ``messageBase64``, too."""
    record: dict[str, Any] = {"stepId": item.step.step_id}
    if item.line is not None:
        record |= _line_fields(item.line)
    elif item.gap is not None:
        record["gap"] = gap_file.gap_to_json(item.gap)
    if item.step.name:
        record |= {"step": item.step.name, "stage": item.step.stage}
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _line_fields(line: LogLine) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "logId": line.log_id,
        "timestamp": None if line.at_ns is None else format_rfc3339(line.at_ns).decode(),
        "message": line.message.decode("utf-8", "replace"),
    }
    try:
        line.message.decode()
    except UnicodeDecodeError:
        fields["messageBase64"] = base64.b64encode(line.message).decode()
    return fields
