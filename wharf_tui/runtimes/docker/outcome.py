"""Reads from what the engine says of an ended container how the step ended."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

from wharf_tui.model.status import Status
from wharf_tui.runtimes.port import StepOutcome

_SIGNALLED = 128


def outcome_of(info: Mapping[str, Any] | None) -> StepOutcome:
    """The outcome of a step whose container ended by itself.

    Args:
        info: what ``docker inspect`` shows of the container; None where it is gone.
    """
    if info is None:
        return StepOutcome(Status.FAILED, None, "its container was removed by somebody else")
    state = info["State"]
    code = int(state["ExitCode"])
    if code == 0:
        return StepOutcome(Status.SUCCESS, 0)
    reason = f"exit code {code}"
    killed_by = _signal_name(code - _SIGNALLED)
    if killed_by:
        reason = f"killed by signal {code - _SIGNALLED} ({killed_by})"
    if state.get("OOMKilled"):
        reason = f"out of memory{_limit(info)}: {reason}"
    if state.get("Error"):
        reason = f"{reason}: {state['Error']}"
    return StepOutcome(Status.FAILED, code, reason)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""


def _limit(info: Mapping[str, Any]) -> str:
    limit = int(info.get("HostConfig", {}).get("Memory") or 0)
    return f" (its limit is {limit / 1024**2:.0f} MiB)" if limit else ""
