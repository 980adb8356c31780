"""Finds pods whose worker is gone: killed, or lost with its machine. Whoever looks after a pod says so on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wharf_tui.model.errors import RunError
from wharf_tui.runtimes.kubernetes.client import Cluster
from wharf_tui.runtimes.kubernetes.labels import BUILD, BUILD_NAME, OWNER, STAGE_NAME, STEP_NAME
from wharf_tui.runtimes.kubernetes.settings import KubernetesSettings
from wharf_tui.runtimes.worker_process import is_gone


@dataclass(frozen=True, slots=True)
class Leftover:
    """A pod that nobody looks after."""

    pod: str
    """Its name."""
    namespace: str
    build_name: str
    step: str
    """``stage/step``."""
    state: str
    """``Pending``, ``Running``, ``Succeeded``, ``Failed``, ``Unknown``."""


def find_leftovers(settings: KubernetesSettings) -> list[Leftover]:
    """Pods of builds of this machine whose worker does not run any more, those that were kept among them.

    Raises:
        RunError: the cluster cannot be asked.
    """
    cluster = Cluster(settings.context, settings.namespace)
    try:
        pods = cluster.pods(BUILD)
    finally:
        cluster.close()
    return [_leftover(pod) for pod in pods if is_gone(str(_annotations(pod).get(OWNER, "")))]


def remove_leftovers(leftovers: Sequence[Leftover], settings: KubernetesSettings) -> list[str]:
    """Remove pods, whatever they do.

    Returns:
        What went wrong, a sentence for each pod that is still there.

    Raises:
        RunError: no cluster is configured.
    """
    failures = []
    cluster = Cluster(settings.context, settings.namespace)
    try:
        for leftover in leftovers:
            try:
                cluster.within(leftover.namespace).delete_pod(leftover.pod)
            except RunError as error:
                failures.append(error.message)
    finally:
        cluster.close()
    return failures


def _leftover(pod: Mapping[str, Any]) -> Leftover:
    annotations = _annotations(pod)
    return Leftover(
        pod=str(pod["metadata"]["name"]),
        namespace=str(pod["metadata"].get("namespace", "")),
        build_name=str(annotations.get(BUILD_NAME, "?")),
        step=f"{annotations.get(STAGE_NAME, '?')}/{annotations.get(STEP_NAME, '?')}",
        state=str((pod.get("status") or {}).get("phase", "Unknown")),
    )


def _annotations(pod: Mapping[str, Any]) -> Mapping[str, Any]:
    return pod["metadata"].get("annotations") or {}
