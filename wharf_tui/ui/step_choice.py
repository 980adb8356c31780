"""Which step deserves to be looked at when nobody has chosen one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wharf_tui.model.status import Status

if TYPE_CHECKING:
    from wharf_tui.model.build import StepState
    from wharf_tui.model.ids import StepId


def runs(step: StepState) -> bool:
    """Whether a step is under way."""
    return not (step.status.is_final or step.status is Status.PENDING or step.skipped)


def opening_step(steps: tuple[StepState, ...]) -> StepId | None:
    """The step to look at first: the one that failed first, else the one that runs, else the last that ran."""
    failed = [step for step in steps if step.status is Status.FAILED]
    if failed:
        return min(failed, key=lambda step: step.finished_ns or 0).info.step_id
    running = [step for step in steps if runs(step)]
    ended = [step for step in steps if step.status.is_final]
    candidates = running[:1] or ended[-1:] or list(steps[:1])
    return candidates[0].info.step_id if candidates else None
