"""Runs the steps of a build in pods of a Kubernetes cluster."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any, Final

from wharf_tui.definition.pipeline import Step
from wharf_tui.model.errors import RunError
from wharf_tui.runtimes.docker.settings import Limits
from wharf_tui.runtimes.kubernetes.client import Cluster
from wharf_tui.runtimes.kubernetes.labels import build_selector
from wharf_tui.runtimes.kubernetes.part_times import NodePartTimes
from wharf_tui.runtimes.kubernetes.pod_board import PodBoard
from wharf_tui.runtimes.kubernetes.pod_spec import pod_manifest
from wharf_tui.runtimes.kubernetes.pod_step import PodStep
from wharf_tui.runtimes.kubernetes.settings import KubernetesSettings
from wharf_tui.runtimes.kubernetes.shared import Shared, Threads
from wharf_tui.runtimes.kubernetes.step_files import StepFiles
from wharf_tui.runtimes.port import BuildContext, Cancellation, StepOutcome, StepRecorder

PROBE_SECONDS: Final = 5.0
_LONG_CALLS: Final = 1024
"""Each running step needs one for its log, and one for its files before that. Threads are made when needed."""
_SHORT_CALLS: Final = 16


def probe(settings: KubernetesSettings | None = None) -> str | None:
    """Why Kubernetes cannot be used, in one sentence; None where a cluster answers. Blocks for some seconds at most."""
    settings = settings or KubernetesSettings()
    try:
        cluster = Cluster(settings.context, settings.namespace, PROBE_SECONDS)
        try:
            cluster.listing("pods", [("limit", "1")])
        finally:
            cluster.close()
    except RunError as error:
        return error.message
    return None


class KubernetesRuntime:
    """Steps as pods.

    Args:
        settings: the cluster, images, and what pods look like.
        limits: how long things may take.
        gitignore: whether to leave out of the steps' source tree what ``.gitignore`` names.
    """

    name = "kubernetes"

    def __init__(
        self,
        settings: KubernetesSettings | None = None,
        limits: Limits | None = None,
        *,
        gitignore: bool = True,
    ) -> None:
        self._settings = settings or KubernetesSettings()
        self._limits = limits or Limits()
        self._gitignore = gitignore
        self._threads = Threads.make(_LONG_CALLS, _SHORT_CALLS)
        self._cluster: Cluster | None = None
        self._files: StepFiles | None = None
        self._board: PodBoard | None = None
        self._shared: Shared | None = None

    def describe(self, build: BuildContext, step: Step) -> Mapping[str, Any]:
        """The pod of a step, for people to read. Needs no cluster."""
        return pod_manifest(step, build, self._settings, os.environ, grace_s=self._limits.grace_s)

    async def check(self, build: BuildContext, step: Step) -> Mapping[str, Any]:
        """The pod of a step as the cluster would make it; nothing is made.

        Raises:
            RuntimeUnavailableError: no cluster answers.
            RunError: it refuses the pod.
        """
        cluster = await self._connect()
        manifest = self.describe(build, step)
        return await self._threads.run_short(lambda: cluster.create_pod(manifest, dry_run=True))

    async def start(self, build: BuildContext) -> None:
        """See that a cluster answers, and pack the source tree.

        Raises:
            RuntimeUnavailableError: no cluster answers.
            RunError: it does not let us use its pods.
            InputError: a file cannot be read, or a step names one that is not there.
        """
        cluster = await self._connect()
        await self._threads.run_short(lambda: cluster.pods(build_selector(build)))
        self._files = files = await self._threads.run_long(
            lambda: StepFiles(build, gitignore=self._gitignore)
        )
        self._board = board = PodBoard(cluster, build_selector(build), self._threads.long_calls)
        board.start()
        self._shared = Shared(
            build=build,
            cluster=cluster,
            settings=self._settings,
            limits=self._limits,
            threads=self._threads,
            board=board,
            files=files,
            part_times=NodePartTimes(cluster.kubelet_version),
        )

    async def run_step(self, step: Step, recorder: StepRecorder, cancellation: Cancellation) -> StepOutcome:
        """Run one step to its end."""
        assert self._shared is not None
        return await PodStep(self._shared, step, recorder, cancellation).run()

    async def stop(self) -> None:
        """Let go of the cluster, and remove the packed tree."""
        if self._board is not None:
            await self._board.stop()
        await asyncio.to_thread(self._threads.close)
        if self._files is not None:
            self._files.close()
        if self._cluster is not None:
            self._cluster.close()

    async def _connect(self) -> Cluster:
        if self._cluster is None:
            settings = self._settings
            self._cluster = await self._threads.run_short(
                lambda: Cluster(settings.context, settings.namespace)
            )
        return self._cluster
