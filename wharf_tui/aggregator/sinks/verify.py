"""Counts what a database holds of a build before anybody says that it is complete."""

from __future__ import annotations

from collections.abc import Mapping

from wharf_tui.aggregator.sinks.connection import SqlConnection
from wharf_tui.model.ids import StepId


def what_does_not_add_up(
    connection: SqlConnection, build: int, last_log_ids: Mapping[StepId, int]
) -> tuple[str, ...]:
    """Compare the number of lines and the last ID of each step with its source; a sentence for each difference."""
    rows = connection.execute(
        "SELECT step, count(*), max(log_id) FROM log_lines WHERE build = ? GROUP BY step", (build,)
    )
    stored = {StepId(step): (int(count), int(last)) for step, count, last in rows}
    holes = connection.execute(
        "SELECT step, sum(missing) FROM gaps WHERE build = ? AND after_log_id + missing <= "
        "(SELECT copied_to FROM steps WHERE steps.build = gaps.build AND steps.step = gaps.step) GROUP BY step",
        (build,),
    )
    missing = {StepId(step): int(count) for step, count in holes}
    problems = []
    for step_id in sorted({*last_log_ids, *stored}):
        count, last = stored.get(step_id, (0, 0))
        expected = last_log_ids.get(step_id, 0)
        if last > expected:
            problems.append(f"step {step_id}: line {last} is stored, and its source ends at line {expected}")
        elif count != expected - missing.get(step_id, 0):
            problems.append(
                f"step {step_id}: {count} lines are stored, and its source has {expected - missing.get(step_id, 0)}"
            )
    return tuple(problems)
