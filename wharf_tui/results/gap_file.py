"""What a step's log lacks, kept beside it in ``gaps.json`` (ours; wharf-cmd ignores the file)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wharf_tui.model.ids import LogId
from wharf_tui.model.lines import Gap, GapKind
from wharf_tui.results import json_fields
from wharf_tui.results.atomic import read_json_object, write_json
from wharf_tui.results.layout import MAX_UINT64

_KINDS = {kind.value: kind for kind in GapKind}


def read_gaps(path: Path) -> tuple[Gap, ...]:
    """All gaps, in the order of the log. A record that makes no sense is passed over, as are holes within holes."""
    value, _ = read_json_object(path)
    gaps = [
        gap for record in json_fields.records(value, "gaps") if (gap := gap_from_json(record)) is not None
    ]
    found: list[Gap] = []
    last_missing = 0
    for gap in sorted(gaps, key=lambda gap: gap.after):
        if gap.missing and not last_missing <= gap.after <= MAX_UINT64 - gap.missing:
            continue
        last_missing = max(last_missing, gap.last_missing)
        found.append(gap)
    return tuple(found)


def write_gaps(path: Path, gaps: tuple[Gap, ...]) -> None:
    """Replace the file.

    Raises:
        StoreError: it cannot be written.
    """
    write_json(path, {"gaps": [gap_to_json(gap) for gap in gaps]}, sync=True)


def gap_to_json(gap: Gap) -> dict[str, Any]:
    """A gap as JSON has it; unknown times are left out."""
    record: dict[str, Any] = {
        "kind": gap.kind.value,
        "after": gap.after,
        "missing": gap.missing,
        "reason": gap.reason,
    }
    if gap.from_ns is not None:
        record["fromNs"] = gap.from_ns
    if gap.to_ns is not None:
        record["toNs"] = gap.to_ns
    return record


def gap_from_json(record: dict[str, Any]) -> Gap | None:
    """Read one record; None where it makes no sense."""
    kind = _KINDS.get(json_fields.text(record.get("kind")))
    after, missing = json_fields.count(record.get("after")), json_fields.count(record.get("missing", 0))
    if kind is None or after is None or missing is None:
        return None
    return Gap(
        kind=kind,
        after=LogId(after),
        missing=missing if kind is GapKind.HOLE else 0,
        reason=json_fields.text(record.get("reason")),
        from_ns=json_fields.whole(record.get("fromNs")),
        to_ns=json_fields.whole(record.get("toNs")),
    )
