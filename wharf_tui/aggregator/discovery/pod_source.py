"""Copies the builds of worker pods, many side by side, and records the pods that do not deliver theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from wharf_tui.aggregator.discovery.cluster import Cluster
from wharf_tui.aggregator.discovery.forward import forwarded
from wharf_tui.aggregator.discovery.pods import Pod, event_line
from wharf_tui.aggregator.discovery.watch import PodWatch, Seen
from wharf_tui.aggregator.pump import BuildOutcome, Desk
from wharf_tui.aggregator.remote_copy import RemoteSettings
from wharf_tui.aggregator.sinks.port import BuildState, PodReport
from wharf_tui.aggregator.spool import Owner, Spool
from wharf_tui.aggregator.worker_source import WorkerSource, WorkerTarget, conclude_orphans
from wharf_tui.attach.connection import Endpoint
from wharf_tui.model.errors import UnreachableError, WharfError
from wharf_tui.model.timestamps import now_ns

WORKER_PORT = 5010
_LAST_WORDS_SECONDS = 12.0
"""How long a copy may go on when its pod has ended: a worker of wharf-cmd's kind answers for seconds after a failure."""
_TAIL_LINES = "100"
_RETRY_SECONDS = 5.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PodSettings:
    """Which pods, and what is done with them."""

    namespace: str
    instance: str
    endpoint: Endpoint
    """How to be let in; its address is the pod's."""
    reap: bool
    follow: bool


class PodSource:
    """The worker pods of one namespace.

    Args:
        cluster: where they run.
        settings: which, and what is done with them.
        desk: where to, and whom to tell.
        spool: where copies go first.
        remote: how workers are copied.
    """

    def __init__(
        self, cluster: Cluster, settings: PodSettings, desk: Desk, spool: Spool, remote: RemoteSettings
    ) -> None:
        self.outcomes: list[BuildOutcome] = []
        """Builds that have come to an end."""
        self._cluster = cluster
        self._settings = settings
        self._desk = desk
        self._spool = spool
        self._remote = remote
        self._pods: dict[str, Pod] = {}
        self._copies: dict[str, asyncio.Task[None]] = {}
        self._done: set[str] = set()
        self._reported: set[tuple[str, str]] = set()

    async def copy(self, other_folders: set[Path]) -> None:
        """Copy from the pods that are there, or for ever from those that come.

        Args:
            other_folders: folders in the spool that belong to other sources.

        Raises:
            AccessDeniedError: we may not list pods.
            WharfError: the sink cannot be used.
        """
        watch = PodWatch(self._cluster, self._settings.namespace, self._settings.instance, self._desk.journal)
        try:
            if self._settings.follow:
                async for seen in watch.pods():
                    await self._take(seen, other_folders)
            else:
                await self._take(Seen(await watch.list_once(), is_all=True), other_folders)
                await asyncio.gather(*self._copies.values())
        finally:
            for task in self._copies.values():
                task.cancel()
            await asyncio.gather(*self._copies.values(), return_exceptions=True)
            watch.close()

    async def _take(self, seen: Seen, other_folders: set[Path]) -> None:
        gone = set(seen.gone)
        if seen.is_all:
            there = {self._folder(pod.uid) for pod in (*seen.pods, *self._pods.values())}
            self.outcomes += await conclude_orphans(
                self._spool, there | other_folders, self._desk, self._remote
            )
            gone |= self._pods.keys() - {pod.uid for pod in seen.pods}
        for uid in gone & self._pods.keys():
            await self._take_gone(self._pods.pop(uid))
        for pod in seen.pods:
            self._pods[pod.uid] = pod
            if pod.stuck_reason:
                await self._report(pod, "stuck", pod.stuck_reason)
            if (
                pod.uid not in self._copies
                and pod.uid not in self._done
                and (pod.can_be_reached or pod.has_ended)
            ):
                self._copies[pod.uid] = asyncio.create_task(self._copy_pod(pod), name=f"copy {pod.name}")
        for uid, task in tuple(self._copies.items()):
            if task.done():
                del self._copies[uid]
                task.result()

    async def _take_gone(self, pod: Pod) -> None:
        if pod.uid in self._done:
            self._done.discard(pod.uid)
            return
        copy = self._copies.pop(pod.uid, None)
        if copy is not None:
            copy.cancel()
            await asyncio.gather(copy, return_exceptions=True)
        if await self._desk.pool.run(lambda sink: sink.state_of_origin(pod.origin)) is BuildState.COMPLETE:
            return
        await self._report(pod, "vanished", "its pod was deleted before its build was complete")
        self.outcomes += await self._source(pod, "").abandon("its pod vanished")

    async def _copy_pod(self, pod: Pod) -> None:
        """Copy a pod's build to its end, however often the way to it breaks."""
        while not self._pods[pod.uid].has_ended:
            with forwarded(self._cluster, pod.path, WORKER_PORT) as address:
                copying = asyncio.create_task(self._source(pod, address).copy(), name=f"copy from {pod.name}")
                try:
                    await self._wait_for(copying, pod.uid)
                finally:
                    copying.cancel()
                    await asyncio.gather(copying, return_exceptions=True)
            if not copying.cancelled() and copying.exception() is None:
                await self._finish(pod, copying.result())
                return
            if not copying.cancelled():
                error = copying.exception()
                if not isinstance(error, UnreachableError):
                    copying.result()
                await asyncio.sleep(_RETRY_SECONDS)
        if (
            await self._desk.pool.run(lambda sink: sink.state_of_origin(pod.origin))
            is not BuildState.COMPLETE
        ):
            await self._report(pod, "failed", f"its pod ended as {self._pods[pod.uid].phase}")
        await self._finish(
            pod, await self._source(pod, "").abandon("its pod ended before its build was complete")
        )

    async def _wait_for(self, copying: asyncio.Task[list[BuildOutcome]], uid: str) -> None:
        """Wait for a copy; one whose pod has ended is given some seconds more."""
        patience = _LAST_WORDS_SECONDS
        while not copying.done() and patience > 0:
            await asyncio.wait({copying}, timeout=1.0)
            if self._pods[uid].has_ended:
                patience -= 1.0

    async def _finish(self, pod: Pod, outcomes: list[BuildOutcome]) -> None:
        self.outcomes += outcomes
        self._done.add(pod.uid)
        complete = bool(outcomes) and all(outcome.state is BuildState.COMPLETE for outcome in outcomes)
        if not complete or not self._settings.reap:
            return
        try:
            await _in_thread(lambda: self._cluster.delete(pod.path, pod.uid))
            self._desk.journal.info(f"deleted {pod.origin}: its build is complete", build=pod.number)
        except WharfError as error:
            self._desk.journal.warning(f"{pod.origin} could not be deleted: {error.message}", hint=error.hint)

    def _source(self, pod: Pod, address: str) -> WorkerSource:
        owner = Owner(pod.origin, f"pod {pod.uid}", pod.number)
        folder = self._folder(pod.uid)
        self._spool.remember(folder, owner)
        endpoint = replace(self._settings.endpoint, address=address)
        return WorkerSource(WorkerTarget(endpoint, owner, folder), self._desk, self._remote)

    def _folder(self, uid: str) -> Path:
        return self._spool.folder(f"pod-{uid}")

    async def _report(self, pod: Pod, kind: str, reason: str) -> None:
        if (pod.uid, kind) in self._reported:
            return
        self._reported.add((pod.uid, kind))
        events = await _in_thread(lambda: self._events(pod))
        log = await _in_thread(lambda: self._log(pod)) if kind != "vanished" else ()
        report = PodReport(
            pod_uid=pod.uid,
            namespace=pod.namespace,
            pod=pod.name,
            number=pod.number or None,
            kind=kind,
            reason=reason,
            message=pod.message,
            events=events,
            log=log,
            noticed_ns=now_ns(),
        )
        self._desk.journal.warning(f"{pod.origin} {kind}: {reason}", build=pod.number, detail=pod.message)
        await self._desk.pool.run(lambda sink: sink.report_pod(report))

    def _events(self, pod: Pod) -> tuple[str, ...]:
        try:
            answer = self._cluster.get(
                f"/api/v1/namespaces/{pod.namespace}/events", fieldSelector=f"involvedObject.uid={pod.uid}"
            )
        except WharfError as error:
            return (f"its events cannot be read: {error.message}",)
        return tuple(sorted(event_line(item) for item in answer.get("items") or ()))

    def _log(self, pod: Pod) -> tuple[str, ...]:
        lines: list[str] = []
        for container in pod.containers:
            try:
                text = self._cluster.text(
                    f"{pod.path}/log", container=container, tailLines=_TAIL_LINES, timestamps="true"
                )
            except WharfError:
                continue  # it never started
            lines += [f"{container}: {line}" for line in text.split("\n") if line]
        return tuple(lines)


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, work)
