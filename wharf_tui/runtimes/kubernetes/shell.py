"""A shell in a step's pod, as long as its container runs: Kubernetes lets nobody into one that has ended."""

from __future__ import annotations

from typing import Any

from wharf_tui.model.build import StepInfo
from wharf_tui.model.errors import UsageError
from wharf_tui.runtimes.kubernetes.client import Cluster
from wharf_tui.runtimes.kubernetes.labels import BUILD, STAGE_NAME, STEP_NAME, label_value
from wharf_tui.runtimes.step_shell import StepShell


def pod_shell(build_name: str, step: StepInfo, context: str = "", namespace: str = "") -> StepShell:
    """As ``open_step_shell``.

    Raises:
        UsageError: the pod is gone, or its container has ended.
        RunError: the cluster cannot be asked.
    """
    cluster = Cluster(context, namespace)
    try:
        pods = [pod for pod in cluster.pods(f"{BUILD}={label_value(build_name)}") if _is_of(pod, step)]
    finally:
        cluster.close()
    if not pods:
        raise UsageError(
            f"the pod of {step.address} is gone",
            "Run the build with --keep failed, and those of failed steps stay.",
        )
    metadata, status = pods[-1]["metadata"], pods[-1].get("status") or {}
    name, namespace = str(metadata["name"]), str(metadata.get("namespace") or "default")
    running = [
        each["name"]
        for each in status.get("containerStatuses") or []
        if "running" in (each.get("state") or {})
    ]
    if not running:
        raise UsageError(
            f"the container of pod {name} has ended, and Kubernetes lets nobody into one that has",
            f"A copy of the pod without the step's files: kubectl debug -n {namespace} -it pod/{name} --copy-to={name}-look "
            "--container=step -- sh",
        )
    where = ("--context", context) if context else ()
    command = ("kubectl", *where, "exec", "-it", "-n", namespace, name, "-c", str(running[0]), "--", "sh")
    return StepShell(command, f"pod {name}")


def _is_of(pod: dict[str, Any], step: StepInfo) -> bool:
    annotations = pod["metadata"].get("annotations") or {}
    return annotations.get(STAGE_NAME) == step.stage and annotations.get(STEP_NAME) == step.name
