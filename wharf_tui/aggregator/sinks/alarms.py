"""Alarms: the same line came with another text."""

from __future__ import annotations

from hashlib import sha256

from wharf_tui.aggregator.rows import storable, to_text
from wharf_tui.aggregator.sinks.connection import SqlConnection
from wharf_tui.aggregator.sinks.port import Batch
from wharf_tui.aggregator.sinks.run_lines import RunLine
from wharf_tui.model.ids import StepId
from wharf_tui.model.timestamps import now_ns


def record(
    connection: SqlConnection, batch: Batch, step_id: StepId, stored: RunLine, offered: RunLine
) -> None:
    """Keep both texts, and where the second one came from; the same alarm is kept once."""
    stored_text, _ = to_text(stored.message)
    text, raw = to_text(offered.message)
    digest = sha256(b"%d %s" % (offered.at_ns or 0, offered.message)).hexdigest()
    connection.execute(
        "INSERT INTO alarms (build, step, log_id, offered_sha256, noticed_ns, origin, stored_at_ns, stored_message, "
        "offered_at_ns, offered_message, offered_raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            batch.build,
            step_id,
            stored.log_id,
            digest,
            now_ns(),
            storable(batch.header.origin),
            stored.at_ns,
            stored_text,
            offered.at_ns,
            text,
            raw,
        ),
    )
