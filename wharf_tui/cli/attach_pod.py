"""``wharf-tui attach --kubernetes``: finds a worker's pod by wharf-cmd's labels, and forwards its port."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import click

from wharf_tui.aggregator.discovery.forward import forwarded
from wharf_tui.aggregator.discovery.pod_source import WORKER_PORT
from wharf_tui.aggregator.discovery.pods import Pod, pod_from_json
from wharf_tui.model.errors import UnreachableError, UsageError
from wharf_tui.model.text import clean_plain
from wharf_tui.runtimes.kubernetes.client import Cluster

WORKER_LABELS = "app.kubernetes.io/name=wharf-cmd-worker"
"""What all workers of wharf-cmd's have in common."""


@dataclass(frozen=True, slots=True)
class PodChoice:
    """Which worker the user means."""

    name: str = ""
    """The pod's name; empty to choose by labels."""
    labels: str = WORKER_LABELS
    namespace: str = ""
    """Empty for that of the kubeconfig's context."""
    context: str = ""


@contextlib.contextmanager
def pod_address(choice: PodChoice) -> Iterator[str]:
    """The worker's address on this machine, for as long as the context lasts.

    Raises:
        UnreachableError: no cluster answers, or no such worker runs.
        UsageError: several workers run, so one must be named.
    """
    cluster = Cluster(choice.context, choice.namespace)
    try:
        pod = _find(cluster, choice)
        click.echo(f"Attaching to {clean_plain(pod.origin)}.", err=True)
        with forwarded(cluster, pod.name, WORKER_PORT) as address:
            yield address
    finally:
        cluster.close()


def _find(cluster: Cluster, choice: PodChoice) -> Pod:
    if choice.name:
        found = cluster.pod(choice.name)
        listed = [found] if found is not None else []
        wanted = f"pod {choice.name}"
    else:
        listed = cluster.pods(choice.labels)
        wanted = f"pods with {choice.labels}"
    pods = [pod for value in listed if (pod := pod_from_json(value)) is not None]
    running = [pod for pod in pods if pod.can_be_reached and not pod.is_leaving]
    if len(running) == 1:
        return running[0]
    if running:
        named = ", ".join(f"{pod.name} (build {pod.number})" for pod in running)
        raise UsageError(f"several workers run: {named}", "Name one: wharf-tui attach --kubernetes POD")
    there = ", ".join(f"{pod.name} is {pod.stuck_reason or pod.phase}" for pod in pods) or "none is there"
    raise UnreachableError(
        f"no worker is running: looked for {wanted} in namespace {cluster.namespace}; {there}"
    )
