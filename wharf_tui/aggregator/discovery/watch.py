"""Keeps a picture of the worker pods that there are: a thread watches them, and whoever looks gets all that has changed."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import Any

from wharf_tui.aggregator.discovery.pods import Pod, pod_from_json, selector
from wharf_tui.results.change_signal import ChangeSignal
from wharf_tui.runtimes.kubernetes.client import Cluster
from wharf_tui.runtimes.kubernetes.resource_watch import ResourceWatch


@dataclass(frozen=True, slots=True)
class Picture:
    """What there is now, and what is gone since the picture before."""

    pods: tuple[Pod, ...]
    gone: tuple[Pod, ...]
    """Pods that are there no more, as they were seen last."""
    trouble: str
    """Why the cluster cannot be asked at the moment; empty while it can."""


class PodWatch:
    """Worker pods of the cluster's namespace.

    Args:
        cluster: the cluster.
        instance: the wharf-cmd instance that they belong to.
    """

    def __init__(self, cluster: Cluster, instance: str) -> None:
        query = [("labelSelector", selector(instance))]
        self._watch = ResourceWatch(cluster, "pods", query, self._take_list, self._take_change)
        self._thread = threading.Thread(target=self._watch.run, name="pod-watch", daemon=True)
        self._mutex = threading.Lock()
        self._pods: dict[str, Pod] = {}
        self._gone: dict[str, Pod] = {}
        self._changes = ChangeSignal()
        self._seen = 0

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    async def next(self, patience: float) -> Picture:
        """Wait for something to change, or for so many seconds."""
        try:
            async with asyncio.timeout(patience):
                self._seen = await self._changes.wait(self._seen)
        except TimeoutError:
            pass
        with self._mutex:
            gone, self._gone = tuple(self._gone.values()), {}
            return Picture(tuple(self._pods.values()), gone, self._watch.trouble)

    def stop(self) -> None:
        """End the thread. It blocks for a moment."""
        self._watch.stop()
        self._thread.join()

    def _take_list(self, items: list[dict[str, Any]]) -> None:
        pods = {pod.uid: pod for item in items if (pod := pod_from_json(item)) is not None}
        with self._mutex:
            self._gone |= {uid: pod for uid, pod in self._pods.items() if uid not in pods}
            self._pods = pods
        self._changes.notify()

    def _take_change(self, kind: str, item: dict[str, Any]) -> None:
        pod = pod_from_json(item)
        if pod is None:
            return
        with self._mutex:
            if kind == "DELETED":
                self._pods.pop(pod.uid, None)
                self._gone[pod.uid] = pod
            else:
                self._pods[pod.uid] = pod
        self._changes.notify()


def list_pods(cluster: Cluster, instance: str) -> tuple[Pod, ...]:
    """The pods that are there now. It blocks.

    Raises:
        RunError: the cluster refuses.
        RuntimeUnavailableError: it does not answer.
    """
    answer = cluster.listing("pods", [("labelSelector", selector(instance))])
    return tuple(pod for item in answer.get("items") or () if (pod := pod_from_json(item)) is not None)
