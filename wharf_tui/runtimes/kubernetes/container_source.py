"""Containers that run already: those that match are found, and their logs are taken like a step's.

For people who have no build: each container is a step, containers that begin to match join, and nothing is ended.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from wharf_tui.model.errors import RunError, RuntimeUnavailableError
from wharf_tui.runtimes.kubernetes.client import Cluster
from wharf_tui.runtimes.kubernetes.container_watch import (
    ContainerWatch,
    FoundContainer,
    has_started,
    is_over,
)
from wharf_tui.runtimes.kubernetes.log_lines import LineReader
from wharf_tui.runtimes.kubernetes.log_reading import LogQuery, LogReading
from wharf_tui.runtimes.kubernetes.log_taker import LogTaker
from wharf_tui.runtimes.kubernetes.log_taking import LogTaking
from wharf_tui.runtimes.kubernetes.part_times import NodePartTimes
from wharf_tui.runtimes.kubernetes.pod_board import PodBoard, PodCard
from wharf_tui.runtimes.kubernetes.pod_state import container_statuses, map_at
from wharf_tui.runtimes.kubernetes.shared import Threads
from wharf_tui.runtimes.late_recorder import LateRecorder
from wharf_tui.runtimes.port import Cancellation, StepOutcome, StepRecorder
from wharf_tui.runtimes.sources import History

AWAY_SECONDS: Final = 300.0
"""How long the cluster may be away before its containers are given up."""
_LONG_CALLS, _SHORT_CALLS = 4096, 16
_TICK_SECONDS: Final = 1.0
_CHECKS_AFTER: Final = (2.0, 10.0, 60.0)
"""There may be many containers that say little, and each look is a question to the cluster."""


@dataclass(frozen=True, slots=True)
class Match:
    """Which containers are meant. Nothing set means all of the namespace."""

    pods: tuple[str, ...] = ()
    """Names of pods."""
    selector: str = ""
    """Of labels."""
    namespace: str = ""
    """Empty for the context's own."""
    all_namespaces: bool = False
    container: str = ""
    """Name of a container, an init container or not; empty for all but init containers."""


@dataclass(slots=True)
class _Pod:
    """A pod that matches."""

    namespace: str
    name: str
    card: PodCard
    containers: set[str] = field(default_factory=set)
    """Those that were found."""
    followed: int = 0
    """How many of these are still followed, or are about to be."""


class ContainerSource:
    """Finds containers, and takes their logs.

    Args:
        match: which.
        context: of the kubeconfig; empty for its current one.
        away_s: how long the cluster may be away.
        history: how much is taken of what those that are there have printed.
    """

    name = "kubernetes"

    def __init__(
        self,
        match: Match,
        context: str = "",
        away_s: float = AWAY_SECONDS,
        history: History | None = None,
    ) -> None:
        self._match = match
        self._history = history or History()
        self._at_start: frozenset[FoundContainer] = frozenset()
        self._context = context
        self._away_s = away_s
        self._threads = Threads.make(_LONG_CALLS, _SHORT_CALLS)
        self._cluster: Cluster | None = None
        self._board: PodBoard | None = None
        self._found: list[FoundContainer] = []
        self._has_found = asyncio.Event()
        self._pods: dict[str, _Pod] = {}
        self._part_times: NodePartTimes | None = None

    @property
    def description(self) -> str:
        """What is followed, as the user has asked for it."""
        match = self._match
        words = ["kubernetes", *match.pods]
        words += ["-l", match.selector] if match.selector else []
        words += ["-A"] if match.all_namespaces else ["-n", match.namespace] if match.namespace else []
        words += ["-c", match.container] if match.container else []
        return " ".join(words)

    @property
    def may_grow(self) -> bool:
        """Whether containers may join when all that were found have ended."""
        return bool(
            not self._match.pods or self._found or not all(is_over(pod.card) for pod in self._pods.values())
        )

    async def start(self) -> list[FoundContainer]:
        """Begin to watch; returns the containers that are there.

        Raises:
            RuntimeUnavailableError: no cluster answers.
            RunError: it does not let us see its pods, or one that was named is not there.
        """
        match = self._match
        cluster = await self._threads.run_short(lambda: Cluster(self._context, match.namespace))
        self._cluster, self._part_times = cluster, NodePartTimes(cluster.kubelet_version)
        watched = cluster.within("") if match.all_namespaces else cluster
        pods = await self._threads.run_short(lambda: watched.pods(match.selector))
        missing = set(match.pods) - {str(pod["metadata"]["name"]) for pod in pods}
        if missing:
            named = ", ".join(sorted(missing))
            raise RunError(
                f"no pod {named} in namespace {cluster.namespace}",
                "`kubectl get pods -A` shows what is there.",
            )
        self._board = PodBoard(watched, match.selector, self._threads.long_calls, self._meet)
        for pod in pods:
            self._meet(pod)
        self._board.start()
        found = self._take_found()
        self._at_start = frozenset(found)
        return found

    async def next(self) -> list[FoundContainer]:
        """Wait for containers that have begun to match. Never ends by itself.

        Raises:
            RuntimeUnavailableError: the cluster is away for too long.
        """
        assert self._board is not None
        while not self._found:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._has_found.wait(), _TICK_SECONDS)
            if self._board.away_s > self._away_s:
                raise RuntimeUnavailableError(f"the cluster is away: {self._board.trouble}")
            self._forget_gone_pods()
        return self._take_found()

    async def take(
        self, found: FoundContainer, recorder: StepRecorder, cancellation: Cancellation
    ) -> StepOutcome:
        """Take a container's log until it ends for good, through all its restarts, or until nobody wants it any more.

        Raises:
            StoreError: the recorder could not store.
            RunError: the log cannot be read.
        """
        assert self._cluster is not None
        assert self._part_times is not None
        assert self._board is not None
        cluster, pod, nodes = self._cluster.within(found.namespace), self._pods[found.uid], self._part_times
        try:
            part_times = await self._threads.run_short(lambda: nodes.of(found.node))
            takes_all = self._history.is_whole or found not in self._at_start
            if not takes_all:
                reader = LineReader(part_times)
                since_ns = await self._threads.run_short(lambda: self._since(cluster, found, reader))
                recorder = LateRecorder(recorder, since_ns)
            taker = LogTaker(
                lambda query: cluster.log(found.pod, found.container, query),
                recorder,
                part_times,
                may_restart=True,
                takes_past=takes_all,
            )
            left_out = "" if takes_all else self._history.describe()
            watch = ContainerWatch(found, pod.card, self._board, recorder, left_out)
            taking = LogTaking(self._threads, taker, _CHECKS_AFTER)
            try:
                return await watch.run(taking, cancellation, self._away_s)
            finally:
                await taking.abandon()
        finally:
            pod.followed -= 1

    async def stop(self) -> None:
        """Let go of everything; no container notices."""
        if self._board is not None:
            await self._board.stop()
        await asyncio.to_thread(self._threads.close)
        if self._cluster is not None:
            self._cluster.close()

    def _since(self, cluster: Cluster, found: FoundContainer, reader: LineReader) -> int:
        """From which time on lines are wanted: that of the first of the last ones, where these are. Blocks."""
        if self._history.since_ns is not None:
            return self._history.since_ns
        wanted = self._history.tail or 0
        stream = cluster.log(found.pod, found.container, LogQuery(tail=max(wanted, 1)))
        if stream is None:
            return 0
        try:
            batches = LogReading(stream, reader, ended=True).batches()
            times = [at_ns or 0 for batch in batches for at_ns, _ in reader.read(batch)]
        finally:
            stream.close()
        if not wanted:
            return max(times, default=0) + 1
        return times[0] if times else 0

    def _meet(self, pod: Mapping[str, Any]) -> None:
        """A pod is there, or something became of it: see which of its containers have started."""
        metadata = pod["metadata"]
        name, namespace, uid = str(metadata["name"]), str(metadata["namespace"]), str(metadata["uid"])
        if self._board is None or (self._match.pods and name not in self._match.pods):
            return
        met = self._pods.get(uid)
        if met is None:
            met = self._pods[uid] = _Pod(namespace, name, self._board.card(name, namespace))
        if met.card.pod is None:
            met.card.show(pod)
        node = str(map_at(pod, "spec").get("nodeName") or "")
        group = namespace if self._match.all_namespaces else ""
        wanted = self._match.container
        for status in container_statuses(pod, init=bool(wanted)):
            container = str(status.get("name"))
            if wanted in {"", container} and container not in met.containers and has_started(status):
                met.containers.add(container)
                met.followed += 1
                self._found.append(FoundContainer(namespace, name, container, uid, node, group))
                self._has_found.set()

    def _forget_gone_pods(self) -> None:
        """Following may go on for ever, and pods come and go."""
        assert self._board is not None
        for uid in [uid for uid, met in self._pods.items() if met.card.is_gone and not met.followed]:
            met = self._pods.pop(uid)
            if all(
                (met.namespace, met.name) != (other.namespace, other.name) for other in self._pods.values()
            ):
                self._board.forget(met.name, met.namespace)

    def _take_found(self) -> list[FoundContainer]:
        found, self._found = self._found, []
        self._has_found.clear()
        return found
