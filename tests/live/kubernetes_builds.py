"""What live tests of Kubernetes share: a namespace of their own, builds in it, and what the cluster has of them."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.live.docker_builds import IMAGE, Recorder
from wharf_tui.runtimes.kubernetes.client import Cluster
from wharf_tui.runtimes.kubernetes.labels import build_selector
from wharf_tui.runtimes.kubernetes.runtime import KubernetesRuntime
from wharf_tui.runtimes.kubernetes.settings import InitImage, KubernetesSettings
from wharf_tui.runtimes.port import BuildContext, Cancellation, StepOutcome

NAMESPACE = f"wharf-test-{secrets.token_hex(4)}"
SETTINGS = KubernetesSettings(
    namespace=NAMESPACE,
    init=InitImage(IMAGE),
    pull_policies={"container": "IfNotPresent"},
)
PATIENCE = 60.0

Start = Callable[..., Awaitable["Build"]]


@dataclass
class Build:
    """One build whose steps a test runs by hand."""

    context: BuildContext
    runtime: KubernetesRuntime
    folder: Path
    recorders: dict[str, Recorder] = field(default_factory=dict)

    def recorder(self, step_name: str) -> Recorder:
        if step_name not in self.recorders:
            self.recorders[step_name] = Recorder(self.folder / step_name)
        return self.recorders[step_name]

    async def run(self, step_name: str, cancellation: Cancellation | None = None) -> StepOutcome:
        step = next(step for step in self.context.pipeline.steps if step.name == step_name)
        return await self.runtime.run_step(step, self.recorder(step_name), cancellation or Cancellation())

    def pods(self, namespace: Namespace) -> list[str]:
        """Names of its pods that are there."""
        return [pod["metadata"]["name"] for pod in namespace.cluster.pods(build_selector(self.context))]


class Namespace:
    """The tests' own namespace, and what is in it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def pods(self) -> list[str]:
        return [pod["metadata"]["name"] for pod in self.cluster.pods()]

    def wait_until_empty(self) -> None:
        end = time.monotonic() + PATIENCE
        while self.pods() and time.monotonic() < end:
            time.sleep(0.2)
        assert self.pods() == []

    def is_tainted(self) -> bool:
        """Whether some node takes no pods at the moment."""
        status, body = self.cluster._call("GET", "/api/v1/nodes", "list nodes")
        assert status == 200, body
        return any(node["spec"].get("taints") for node in json.loads(body)["items"])

    def create(self, kind: str, manifest: dict[str, Any]) -> None:
        """Create an object of the core API, as ``configmaps``."""
        status, body = self.cluster._call(
            "POST", f"/api/v1/namespaces/{NAMESPACE}/{kind}", f"create {kind}", (), manifest
        )
        assert status in (200, 201), body


def with_pod(**spec: Any) -> KubernetesSettings:
    """Settings that merge this into the specification of every pod."""
    return replace(SETTINGS, pod={"spec": spec})


async def all_at_once(*tests: Coroutine[Any, Any, None]) -> None:
    """Run tests side by side, for the cluster takes its time with each pod; the first that fails ends all."""
    async with asyncio.TaskGroup() as group:
        for test in tests:
            group.create_task(test)


async def run_pod(start_pods: Start, *cmds: str, **options: Any) -> tuple[StepOutcome, Recorder]:
    """Run one container step with these commands; returns its outcome and its recorder."""
    build = await start_pods({"step": list(cmds)}, **options)
    return await build.run("step"), build.recorder("step")
