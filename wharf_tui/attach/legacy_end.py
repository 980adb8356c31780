"""How a copy ends whose worker is of wharf-cmd's kind: nobody says what the last line was, so it is judged here."""

from __future__ import annotations

from wharf_tui.attach.mirror import Mirror
from wharf_tui.model.status import Status, combined_status

_NEVER_SENT = "the worker never sent them"


def has_failed_step(mirror: Mirror) -> bool:
    """Whether a step has failed: then its worker cuts its streams and goes."""
    return any(step.status is Status.FAILED for step in mirror.store.info.steps)


def finish_legacy(mirror: Mirror, *, cut_off: bool, caught_up: bool) -> None:
    """End the copy, with a gap recorded wherever something is missing or may be.

    Args:
        mirror: the copy.
        cut_off: the worker went away without a clean end, so nobody can prove the last lines of a step, unless
        caught_up: we had all that it had, and the step had succeeded.
    """
    steps = mirror.store.info.steps
    for step in steps:
        step_id = step.info.step_id
        while mirror.close_hole(step_id, _NEVER_SENT):
            pass
        if cut_off and step.status is not Status.PENDING:
            was_over = step.status is Status.SUCCESS and caught_up
            if not was_over:
                mirror.note_unproved_end(step_id)
    result = combined_status(step.status for step in steps if step.status is not Status.PENDING)
    mirror.finish(result if result.is_final else Status.UNKNOWN, None, "")
