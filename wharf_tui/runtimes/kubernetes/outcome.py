"""Reads from an ended pod how its step ended. Pure."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any, Final

from wharf_tui.model.status import Status
from wharf_tui.runtimes.kubernetes.pod_spec import INIT_CONTAINER
from wharf_tui.runtimes.kubernetes.pod_state import container_state, joined
from wharf_tui.runtimes.kubernetes.step_container import STEP_CONTAINER
from wharf_tui.runtimes.port import StepOutcome

_SIGNALLED: Final = 128
_USUAL: Final = frozenset({"Error", "Completed"})
_WORDS: Final = {"OOMKilled": "out of memory (OOMKilled)"}


def outcome_of(pod: Mapping[str, Any], container: str = STEP_CONTAINER) -> StepOutcome:
    """The outcome of a step whose pod ended by itself, or was ended by the cluster."""
    status = pod.get("status") or {}
    pod_reason = joined(status.get("reason"), status.get("message"))
    ended = container_state(pod, container).get("terminated")
    if ended is None:
        init = container_state(pod, INIT_CONTAINER).get("terminated")
        if init is not None and init.get("exitCode"):
            return StepOutcome(Status.FAILED, None, f"its init container failed: {_how(init)}")
        return StepOutcome(Status.FAILED, None, pod_reason or "its pod ended before it")
    code = exit_code(ended)
    if code == 0 and (not pod_reason or status.get("phase") == "Succeeded"):
        return StepOutcome(Status.SUCCESS, 0)
    return StepOutcome(Status.FAILED, code, "; ".join(filter(None, (pod_reason, _how(ended)))))


def exit_code(ended: Mapping[str, Any]) -> int | None:
    """Of a terminated container; 128 + n for signal n."""
    number = ended.get("signal")
    code = ended.get("exitCode")
    if isinstance(number, int) and number and not code:
        return _SIGNALLED + number
    return code if isinstance(code, int) else None


def _how(ended: Mapping[str, Any]) -> str:
    code = exit_code(ended)
    how = f"exit code {code}"
    killed_by = _signal_name((code or 0) - _SIGNALLED)
    if killed_by:
        how = f"killed by signal {(code or 0) - _SIGNALLED} ({killed_by})"
    reason = str(ended.get("reason") or "")
    why = "" if reason in _USUAL else _WORDS.get(reason, reason)
    return joined(why, how, ended.get("message"))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""
