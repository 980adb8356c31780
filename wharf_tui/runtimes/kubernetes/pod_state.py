"""Reads from a pod, as the cluster shows it, how far its step has come, and what it waits for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any, Final

from wharf_tui.runtimes.kubernetes.pod_spec import INIT_CONTAINER
from wharf_tui.runtimes.kubernetes.step_container import STEP_CONTAINER

_FINISHED_PHASES: Final = frozenset({"Succeeded", "Failed"})
_HOPELESS: Final = frozenset(
    {
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "InvalidImageName",
        "RunContainerError",
    }
)
"""What a container waits for in vain: it has to be changed."""
_PULL_TROUBLE: Final = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable"}
)
_SILENT: Final = frozenset({"ContainerCreating", "PodInitializing"})
"""What every container waits for for a moment."""
_PASSING: Final = "timed out waiting for the condition"
"""A node says so of secrets and config maps that it has not got yet."""


class PodStage(IntEnum):
    """How far a step's pod has come."""

    SCHEDULING = 0
    """It has no node yet."""
    PREPARING = 1
    """Its init container does not run yet."""
    WAITS_FOR_FILES = 2
    """Its init container runs."""
    STARTING = 3
    """The files are there; the step's container does not run yet."""
    RUNNING = 4
    ENDED = 5


class Trouble(Enum):
    """Whether what a pod waits for will come."""

    NONE = "none"
    IMAGE = "image"
    """An image cannot be had, so far."""
    HOPELESS = "hopeless"
    """It will never start as it is."""


@dataclass(frozen=True, slots=True)
class PodState:
    """What counts of a pod."""

    stage: PodStage
    reason: str = ""
    """What it waits for, in the cluster's words; empty where it just takes its time."""
    trouble: Trouble = Trouble.NONE
    is_deleted: bool = False
    """Somebody has asked the cluster to delete it."""


def read_state(pod: Mapping[str, Any]) -> PodState:
    """How far a step's pod has come."""
    metadata, status = map_at(pod, "metadata"), map_at(pod, "status")
    is_deleted = bool(metadata.get("deletionTimestamp"))
    step = container_state(pod, STEP_CONTAINER)
    if "terminated" in step or str(status.get("phase")) in _FINISHED_PHASES:
        return PodState(PodStage.ENDED, is_deleted=is_deleted)
    if "running" in step:
        return PodState(PodStage.RUNNING, is_deleted=is_deleted)
    init = container_state(pod, INIT_CONTAINER)
    if "terminated" in init:
        stage = PodStage.STARTING
    elif "running" in init:
        stage = PodStage.WAITS_FOR_FILES
    elif map_at(pod, "spec").get("nodeName"):
        stage = PodStage.PREPARING
    else:
        stage = PodStage.SCHEDULING
    waiting = map_at(step if stage is PodStage.STARTING else init, "waiting")
    reason, trouble = _read_waiting(waiting)
    return PodState(stage, reason or _unscheduled(status), trouble, is_deleted)


def container_state(pod: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The one of ``waiting``, ``running`` and ``terminated`` that a container is in, with what is known of it."""
    status = container_status(pod, name)
    return map_at(status, "state")


def container_status(pod: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """All that is known of a container, an init container or not; empty where nothing is."""
    return next((one for one in container_statuses(pod) if one.get("name") == name), {})


def container_statuses(pod: Mapping[str, Any], *, init: bool = True) -> Iterator[Mapping[str, Any]]:
    """Of all containers.

    Args:
        pod: the pod.
        init: whether to begin with those of init containers.
    """
    status = map_at(pod, "status")
    for key in ("initContainerStatuses", "containerStatuses") if init else ("containerStatuses",):
        found = status.get(key)
        yield from (one for one in (found if isinstance(found, list) else []) if isinstance(one, Mapping))


def joined(*words: object) -> str:
    """``reason: message``, whatever of it there is, in one line."""
    return ": ".join(" ".join(str(word).split()) for word in words if word)


def _read_waiting(waiting: Mapping[str, Any]) -> tuple[str, Trouble]:
    reason, message = str(waiting.get("reason") or ""), str(waiting.get("message") or "")
    if reason in _HOPELESS:
        trouble = Trouble.NONE if _PASSING in message else Trouble.HOPELESS
    else:
        trouble = Trouble.IMAGE if reason in _PULL_TROUBLE else Trouble.NONE
    return "" if reason in _SILENT and not message else joined(reason, message), trouble


def _unscheduled(status: Mapping[str, Any]) -> str:
    conditions = status.get("conditions")
    for condition in conditions if isinstance(conditions, list) else []:
        if (
            isinstance(condition, Mapping)
            and condition.get("type") == "PodScheduled"
            and condition.get("status") == "False"
        ):
            return joined(condition.get("reason"), condition.get("message"))
    return ""


def map_at(tree: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The map that a key has; an empty one where it has none: clusters give odd objects, too."""
    found = tree.get(key)
    return found if isinstance(found, Mapping) else {}
