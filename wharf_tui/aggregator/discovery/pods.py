"""What a worker pod's object tells: which build it runs, and whether it will deliver it. Pure; odd objects give less."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wharf_tui.runtimes.kubernetes.labels import BUILD_REF, INSTANCE

_STUCK = frozenset(
    {
        "CrashLoopBackOff",
        "ErrImagePull",
        "ImagePullBackOff",
        "CreateContainerConfigError",
        "InvalidImageName",
        "CreateContainerError",
    }
)
"""Reasons for which wharf-cmd's aggregator gives a waiting container up."""
_EXPLANATIONS = (
    "Failed:",
    "BackOff:",
    "InspectFailed:",
    "ErrImageNeverPull:",
    "FailedMount:",
    "FailedCreatePodSandBox:",
)
"""Reasons of warnings that tell why a container does not start. Others, such as FailedScheduling, tell of the time before."""


@dataclass(frozen=True, slots=True)
class Pod:
    """A worker pod."""

    uid: str
    namespace: str
    name: str
    number: int
    """The build's number as the label tells it; 0 where it tells none."""
    phase: str
    """``Pending``, ``Running``, ``Succeeded``, ``Failed`` or ``Unknown``."""
    is_leaving: bool
    """Its deletion has begun."""
    stuck_reason: str
    """Why a container of it will not start; empty where none is stuck."""
    message: str
    """What Kubernetes says about that, or about its failure."""
    containers: tuple[str, ...]

    @property
    def origin(self) -> str:
        """For people."""
        return f"pod {self.namespace}/{self.name}"

    @property
    def has_ended(self) -> bool:
        """Whether its containers run no more."""
        return self.phase in {"Succeeded", "Failed"}

    @property
    def can_be_reached(self) -> bool:
        """Whether its worker may answer."""
        return self.phase == "Running" and not self.stuck_reason


def selector(instance: str) -> str:
    """The labels of wharf-cmd's worker pods."""
    return (
        "app.kubernetes.io/name=wharf-cmd-worker,app.kubernetes.io/managed-by=wharf-cmd-provisioner,"
        f"{INSTANCE}={instance}"
    )


def pod_from_json(value: Any) -> Pod | None:
    """Read a pod's object; None where it has no identity."""
    meta, status = _map(value, "metadata"), _map(value, "status")
    uid, name, namespace = (_text(meta, key) for key in ("uid", "name", "namespace"))
    if not (uid and name and namespace):
        return None
    number = _text(_map(meta, "labels"), BUILD_REF)
    stuck, message = _stuck(status)
    return Pod(
        uid=uid,
        namespace=namespace,
        name=name,
        number=int(number) if number.isascii() and number.isdigit() and len(number) < 20 else 0,
        phase=_text(status, "phase") or "Unknown",
        is_leaving=bool(meta.get("deletionTimestamp")),
        stuck_reason=stuck,
        message=message or _text(status, "message") or _text(status, "reason"),
        containers=tuple(
            container_name
            for kind in ("initContainers", "containers")
            for container in _list(_map(value, "spec"), kind)
            if (container_name := _text(container, "name"))
        ),
    )


def event_line(value: Any) -> str:
    """One of the cluster's events as a line."""
    count = value.get("count") if isinstance(value, Mapping) else None
    when = _text(value, "lastTimestamp") or _text(value, "eventTime") or _text(value, "firstTimestamp")
    times = f" (x{count})" if isinstance(count, int) and count > 1 else ""
    return f"{when} {_text(value, 'type')} {_text(value, 'reason')}: {_text(value, 'message')}{times}".strip()


def explain(events: Iterable[str]) -> bool:
    """Whether a line of :func:`event_line` among these tells why a container does not start."""
    return any(f" Warning {reason}" in f" {event}" for event in events for reason in _EXPLANATIONS)


def _stuck(status: Mapping[str, Any]) -> tuple[str, str]:
    for kind in ("initContainerStatuses", "containerStatuses"):
        for container in _list(status, kind):
            waiting = _map(_map(container, "state"), "waiting")
            reason = _text(waiting, "reason")
            if reason in _STUCK:
                return reason, _text(waiting, "message")
    return "", ""


def _map(value: Any, key: str) -> Mapping[str, Any]:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _list(value: Mapping[str, Any], key: str) -> list[Any]:
    found = value.get(key)
    return found if isinstance(found, list) else []


def _text(value: Any, key: str) -> str:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, str) else ""
