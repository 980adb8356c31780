"""A running aggregator: its sources side by side, once or for ever, and what became of each build."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wharf_tui.aggregator.folder_source import FolderSource
from wharf_tui.aggregator.pump import BuildOutcome, Desk
from wharf_tui.aggregator.remote_copy import RemoteSettings
from wharf_tui.aggregator.sinks.port import BuildState
from wharf_tui.aggregator.spool import Owner, Spool
from wharf_tui.aggregator.tasks import run_together
from wharf_tui.aggregator.worker_source import WorkerSource, WorkerTarget, conclude_orphans
from wharf_tui.attach.connection import Endpoint
from wharf_tui.model.errors import ExitStatus, UnreachableError, WharfError

if TYPE_CHECKING:
    from wharf_tui.aggregator.discovery.pod_source import PodSettings, PodSource
    from wharf_tui.runtimes.kubernetes.client import Cluster

LOOK_SECONDS = 3.0
"""How often a worker is asked whether it serves another build."""


class Supervisor:
    """Runs sources over one sink.

    Args:
        desk: where to, and whom to tell.
        spool: where workers' builds are copied to first.
        settings: how workers are copied.
        follow: go on for ever, with the builds that come.
    """

    def __init__(self, desk: Desk, spool: Spool, settings: RemoteSettings, *, follow: bool) -> None:
        self.outcomes: list[BuildOutcome] = []
        """Builds that have come to an end."""
        self.unreachable: list[WharfError] = []
        """Why workers could not be copied from."""
        self._desk = desk
        self._spool = spool
        self._settings = settings
        self._follow = follow

    async def copy(
        self, workers: Sequence[WorkerTarget], folders: Sequence[Path], pods: PodSource | None = None
    ) -> None:
        """Copy from these workers, folders and pods.

        Raises:
            WharfError: the sink cannot be used.
        """
        jobs: list[Coroutine[Any, Any, None]] = [self._copy_worker(target) for target in workers]
        if folders:
            jobs.append(self._copy_folders(folders))
        ours = {target.folder for target in workers}
        jobs.append(self._copy_orphans(ours) if pods is None else self._copy_pods(pods, ours))
        await run_together(jobs)

    def pod_source(self, cluster: Cluster, settings: PodSettings) -> PodSource:
        """The worker pods of a cluster."""
        from wharf_tui.aggregator.discovery.pod_source import PodSource

        return PodSource(cluster, settings, self._desk, self._spool, self._settings)

    def target(self, endpoint: Endpoint, number: int = 0) -> WorkerTarget:
        """A worker at an address.

        Raises:
            StoreError: the spool cannot be written.
        """
        origin = f"worker {endpoint.address}"
        owner = Owner(origin, f"build {number} of {origin}" if number else "", number)
        folder = self._spool.folder(owner.origin)
        self._spool.remember(folder, owner)
        return WorkerTarget(endpoint, owner, folder)

    @property
    def exit_status(self) -> int:
        """What the program should end with: the worst of what became of all builds."""
        if any(outcome.refused or outcome.state is BuildState.DISPUTED for outcome in self.outcomes):
            return ExitStatus.FAILED
        if self.unreachable:
            return ExitStatus.UNREACHABLE
        if any(outcome.state is BuildState.INCOMPLETE for outcome in self.outcomes):
            return ExitStatus.INCOMPLETE
        return ExitStatus.SUCCESS

    async def _copy_worker(self, target: WorkerTarget) -> None:
        source = WorkerSource(target, self._desk, self._settings)
        problem = ""
        while True:
            try:
                found = await source.copy()
            except UnreachableError as error:
                if not self._follow:
                    self._desk.journal.error(error.message, hint=error.hint)
                    self.unreachable.append(error)
                    self.outcomes += await source.abandon(error.message)
                    return
                if error.message != problem:
                    problem = error.message
                    self._desk.journal.warning(f"{problem}; trying again", hint=error.hint)
                await asyncio.sleep(LOOK_SECONDS)
                continue
            problem = ""
            self.outcomes += found
            if not self._follow:
                return
            await self._wait_for_another(source, found[-1].uid)

    async def _wait_for_another(self, source: WorkerSource, uid: str) -> None:
        """Wait until the worker serves another build, or is gone."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                served = await source.served_uid()
            except WharfError:
                return
            if not served:
                await source.wait_until_gone()
                return
            if served != uid:
                return

    async def _copy_orphans(self, ours: set[Path]) -> None:
        self.outcomes += await conclude_orphans(self._spool, ours, self._desk, self._settings)

    async def _copy_pods(self, pods: PodSource, ours: set[Path]) -> None:
        try:
            await pods.copy(ours)
        finally:
            self.outcomes += pods.outcomes

    async def _copy_folders(self, folders: Sequence[Path]) -> None:
        source = FolderSource(folders, self._desk, self._settings.turns)
        if self._follow:
            await source.follow(self.outcomes)
        else:
            self.outcomes += await source.copy()
