"""Copies the builds of worker pods, many side by side, and records the pods that do not deliver theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from wharf_tui.aggregator.discovery.forward import forwarded
from wharf_tui.aggregator.discovery.pods import Pod, event_line, explain, pod_from_json
from wharf_tui.aggregator.discovery.watch import Picture, PodWatch, list_pods
from wharf_tui.aggregator.pump import BuildOutcome, Desk
from wharf_tui.aggregator.remote_copy import RemoteSettings
from wharf_tui.aggregator.sinks.port import BuildState, PodReport
from wharf_tui.aggregator.spool import Owner, Spool
from wharf_tui.aggregator.worker_source import WorkerSource, WorkerTarget, conclude_orphans
from wharf_tui.attach.connection import Endpoint
from wharf_tui.model.errors import RunError, UnreachableError, WharfError
from wharf_tui.model.timestamps import now_ns
from wharf_tui.runtimes.kubernetes.client import Cluster
from wharf_tui.runtimes.kubernetes.log_reading import LogQuery
from wharf_tui.runtimes.kubernetes.streams import ByteStream

WORKER_PORT = 5010
_LAST_WORDS_SECONDS = 12.0
"""How long a copy may go on when its pod has ended: a worker of wharf-cmd's kind answers for seconds after a failure."""
_TAIL_LINES = 100
_GRACE_SECONDS = 30
"""How long a worker that is deleted may take to end."""
_LOOK_SECONDS = 2.0
"""How often copies that have ended are noticed."""
_RETRY_SECONDS = 5.0
_EVENTS_SECONDS = 10.0
"""How long the events of a stuck pod are waited for: kubelet sends a pod's state before the events that explain it."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PodSettings:
    """Which pods, and what is done with them."""

    instance: str
    endpoint: Endpoint
    """How to be let in; its address is the pod's."""
    reap: bool
    follow: bool


class PodSource:
    """The worker pods of the cluster's namespace.

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
        self._stuck_since: dict[str, float] = {}

    async def copy(self, other_folders: set[Path]) -> None:
        """Copy from the pods that are there, or for ever from those that come.

        Args:
            other_folders: folders in the spool that belong to other sources.

        Raises:
            RunError: the cluster does not let us list pods, or does not answer.
            WharfError: the sink cannot be used.
        """
        pods = await _in_thread(lambda: list_pods(self._cluster, self._settings.instance))
        folders = {self._folder(pod.uid) for pod in pods} | other_folders
        self.outcomes += await conclude_orphans(self._spool, folders, self._desk, self._remote)
        try:
            if self._settings.follow:
                await self._follow()
            else:
                await self._take(Picture(pods, (), ""))
                await asyncio.gather(*self._copies.values())
        finally:
            for task in self._copies.values():
                task.cancel()
            await asyncio.gather(*self._copies.values(), return_exceptions=True)

    async def _follow(self) -> None:
        watch = PodWatch(self._cluster, self._settings.instance)
        watch.start()
        trouble = ""
        try:
            while True:
                picture = await watch.next(_LOOK_SECONDS)
                if picture.trouble != trouble:
                    trouble = picture.trouble
                    if trouble:
                        self._desk.journal.warning(f"{trouble}; trying again")
                    else:
                        self._desk.journal.info("the cluster answers again")
                await self._take(picture)
        finally:
            await _in_thread(watch.stop)

    async def _take(self, picture: Picture) -> None:
        for pod in picture.gone:
            self._pods.pop(pod.uid, None)
            await self._take_gone(pod)
        for pod in picture.pods:
            self._pods[pod.uid] = pod
            is_new = pod.uid not in self._copies and pod.uid not in self._done
            if is_new and (pod.can_be_reached or pod.has_ended):
                self._copies[pod.uid] = asyncio.create_task(self._copy_pod(pod), name=f"copy {pod.name}")
        for pod in picture.pods:
            if pod.stuck_reason:
                await self._report_stuck(pod)
            else:
                self._stuck_since.pop(pod.uid, None)
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
        if self._stuck_since.pop(pod.uid, None) is not None:
            await self._report(pod, "stuck", pod.stuck_reason)
        if await self._is_complete(pod):
            return
        await self._report(pod, "vanished", "its pod was deleted before its build was complete")
        self.outcomes += await self._source(pod, "").abandon("its pod vanished")

    async def _copy_pod(self, pod: Pod) -> None:
        """Copy a pod's build to its end, however often the way to it breaks."""
        while not self._pods[pod.uid].has_ended:
            outcomes = await self._try_to_copy(pod)
            if outcomes is not None:
                await self._finish(pod, outcomes)
                return
        pod = self._pods[pod.uid]
        if not await self._is_complete(pod):
            await self._report(pod, "failed", f"its pod ended as {pod.phase}")
        problem = "its pod ended before its build was complete"
        await self._finish(pod, await self._source(pod, "").abandon(problem))

    async def _try_to_copy(self, pod: Pod) -> list[BuildOutcome] | None:
        """Copy until the build ends; None where the way to the pod broke, or the pod has ended before its build."""
        with forwarded(self._cluster, pod.name, WORKER_PORT) as address:
            copying = asyncio.create_task(self._source(pod, address).copy(), name=f"copy from {pod.name}")
            try:
                await self._wait_for(copying, pod.uid)
            finally:
                copying.cancel()
                await asyncio.gather(copying, return_exceptions=True)
        if copying.cancelled():
            return None
        if isinstance(copying.exception(), UnreachableError):
            await asyncio.sleep(_RETRY_SECONDS)
            return None
        return copying.result()

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
            await _in_thread(lambda: self._delete(pod))
            self._desk.journal.info(f"deleted {pod.origin}: its build is complete", build=pod.number)
        except WharfError as error:
            self._desk.journal.warning(f"{pod.origin} could not be deleted: {error.message}", hint=error.hint)

    async def _is_complete(self, pod: Pod) -> bool:
        """Whether the sink has all of the pod's build, from whenever it was copied."""
        state = await self._desk.pool.run(lambda sink: sink.state_of_origin(pod.origin))
        return state is BuildState.COMPLETE

    def _source(self, pod: Pod, address: str) -> WorkerSource:
        owner = Owner(pod.origin, f"pod {pod.uid}", pod.number)
        folder = self._folder(pod.uid)
        self._spool.remember(folder, owner)
        endpoint = replace(self._settings.endpoint, address=address)
        return WorkerSource(WorkerTarget(endpoint, owner, folder), self._desk, self._remote)

    def _folder(self, uid: str) -> Path:
        return self._spool.folder(f"pod-{uid}")

    async def _report_stuck(self, pod: Pod) -> None:
        """Report a stuck pod as soon as a warning among its events says why, or when none has come for a while."""
        if (pod.uid, "stuck") in self._reported:
            return
        now = asyncio.get_running_loop().time()
        waited = now - self._stuck_since.setdefault(pod.uid, now)
        events = await _in_thread(lambda: self._events(pod))
        if explain(events) or waited >= _EVENTS_SECONDS or not self._settings.follow:
            await self._report(pod, "stuck", pod.stuck_reason, events)

    async def _report(self, pod: Pod, kind: str, reason: str, events: tuple[str, ...] | None = None) -> None:
        if (pod.uid, kind) in self._reported:
            return
        self._reported.add((pod.uid, kind))
        if events is None:
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

    def _delete(self, pod: Pod) -> None:
        """Delete the pod, unless another one has taken its name."""
        found = self._cluster.pod(pod.name)
        if found is not None and pod_from_json(found) is not None and found["metadata"]["uid"] == pod.uid:
            self._cluster.delete_pod(pod.name, _GRACE_SECONDS)

    def _events(self, pod: Pod) -> tuple[str, ...]:
        try:
            answer = self._cluster.listing("events", [("fieldSelector", f"involvedObject.uid={pod.uid}")])
        except RunError as error:
            return (f"its events cannot be read: {error.message}",)
        return tuple(sorted(event_line(item) for item in answer.get("items") or ()))

    def _log(self, pod: Pod) -> tuple[str, ...]:
        lines: list[str] = []
        for container in pod.containers:
            try:
                stream = self._cluster.log(pod.name, container, LogQuery(tail=_TAIL_LINES))
                text = b"" if stream is None else _read_all(stream)
            except RunError:
                continue  # it never started
            lines += [f"{container}: {line}" for line in text.decode("utf-8", "replace").split("\n") if line]
        return tuple(lines)


def _read_all(stream: ByteStream) -> bytes:
    parts = []
    try:
        while part := stream.read():
            parts.append(part)
    finally:
        stream.close()
    return b"".join(parts)


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, work)
