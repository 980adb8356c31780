"""Reads from an ended pod how its step ended. Pure."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any, Final

from wharf_tui.model.status import Status
from wharf_tui.runtimes.kubernetes.pod_spec import INIT_CONTAINER
from wharf_tui.runtimes.kubernetes.pod_state import container_state, joined, map_at
from wharf_tui.runtimes.kubernetes.step_container import STEP_CONTAINER
from wharf_tui.runtimes.port import StepOutcome

_SIGNALLED: Final = 128
_KILLED: Final = _SIGNALLED + 9
_USUAL: Final = frozenset({"Error", "Completed"})
_WORDS: Final = {"OOMKilled": "out of memory (OOMKilled)"}


def outcome_of(pod: Mapping[str, Any], container: str = STEP_CONTAINER) -> StepOutcome:
    """The outcome of a step whose pod ended by itself, or was ended by the cluster."""
    status = map_at(pod, "status")
    pod_reason = joined(status.get("reason"), status.get("message"))
    ended = map_at(container_state(pod, container), "terminated")
    if not ended:
        init = map_at(container_state(pod, INIT_CONTAINER), "terminated")
        if exit_code(init):
            return StepOutcome(Status.FAILED, None, f"its init container failed: {_how(init)}")
        return StepOutcome(Status.FAILED, None, pod_reason or "its pod ended before it")
    code = exit_code(ended)
    if code == 0 and (not pod_reason or status.get("phase") == "Succeeded"):
        return StepOutcome(Status.SUCCESS, 0)
    reasons = (pod_reason, _how(ended), "" if pod_reason else _maybe_memory(pod, container, ended))
    return StepOutcome(Status.FAILED, code, "; ".join(filter(None, reasons)))


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


def _maybe_memory(pod: Mapping[str, Any], container: str, ended: Mapping[str, Any]) -> str:
    """A container that runs out of memory in its first moments is only said to have been killed."""
    if exit_code(ended) != _KILLED or ended.get("reason") in _WORDS:
        return ""
    containers = map_at(pod, "spec").get("containers")
    for one in containers if isinstance(containers, list) else []:
        limit = map_at(map_at(one, "resources"), "limits").get("memory") if isinstance(one, Mapping) else None
        if limit and one.get("name") == container:
            return f"its memory limit is {limit}, which it may have passed"
    return ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""
