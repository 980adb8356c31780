"""What the cluster last said of the pods of one build, for the tasks that wait for them. Lives in the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from typing import Any, Final

from wharf_tui.model.errors import RunError
from wharf_tui.runtimes.kubernetes.client import Cluster
from wharf_tui.runtimes.kubernetes.pod_state import joined
from wharf_tui.runtimes.kubernetes.resource_watch import ResourceWatch

_OF_PODS: Final = [("fieldSelector", "involvedObject.kind=Pod")]
_TELLING: Final = re.compile(
    r"Failed|Pulling|Pulled|Preempt|BackOff|Inspect|Err|Network|Node|Evict|Exceeded|Killing|Nominated|TriggeredScaleUp"
)
"""Reasons of events that say what a pod waits for."""
_Key = tuple[str, str]
"""Namespace and name of a pod."""
_NO_MORE: Final = "Pulled"
"""What was waited for has come."""


class PodCard:
    """One pod. Its task waits for ``news``."""

    def __init__(self) -> None:
        self.pod: Mapping[str, Any] | None = None
        """As the cluster last showed it; None before it did."""
        self.is_gone = False
        """It was there, and is not any more."""
        self.event = ""
        """The last event that tells what it waits for."""
        self.news = asyncio.Event()
        """Set with every change; whoever waits clears it first."""

    def show(self, pod: Mapping[str, Any]) -> None:
        """The pod is as here."""
        self.pod = pod
        self.news.set()

    def remove(self, pod: Mapping[str, Any] | None = None) -> None:
        """The pod is gone."""
        self.pod = pod or self.pod
        self.is_gone = True
        self.news.set()

    def tell(self, event: str) -> None:
        """Something was reported of it."""
        self.event = event
        self.news.set()


class PodBoard:
    """Cards of all pods that carry certain labels.

    Args:
        cluster: where they are.
        selector: of their labels.
        threads: lends two threads for as long as the board is watched, and one for a moment now and then.
        on_pod: gets every pod that is there, and whatever becomes of it.
    """

    def __init__(
        self,
        cluster: Cluster,
        selector: str,
        threads: Executor,
        on_pod: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:
        self._cluster = cluster
        self._threads = threads
        self._on_pod = on_pod
        self._loop = asyncio.get_running_loop()
        self._cards: dict[_Key, PodCard] = {}
        self._pods = ResourceWatch(
            cluster,
            "pods",
            [("labelSelector", selector)] if selector else [],
            self._in_loop(self._take_list),
            self._in_loop(self._take_change),
        )
        self._events = ResourceWatch(
            cluster,
            "events",
            _OF_PODS,
            lambda _: None,
            self._in_loop(self._take_event),
            optional=True,
        )
        self._watching: list[Future[None]] = []
        self._looking: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to watch."""
        self._watching = [self._threads.submit(watch.run) for watch in (self._pods, self._events)]

    async def stop(self) -> None:
        """End it; all threads are free then."""
        for watch in (self._pods, self._events):
            watch.stop()
        ending = [asyncio.wrap_future(future) for future in self._watching]
        await asyncio.gather(*ending, *self._looking)

    def card(self, name: str, namespace: str = "") -> PodCard:
        """The card of a pod, which may not be there yet.

        Args:
            name: of the pod.
            namespace: empty for the cluster's own.
        """
        return self._cards.setdefault((namespace or self._cluster.namespace, name), PodCard())

    def forget(self, name: str, namespace: str = "") -> None:
        """Nobody waits for the pod any more."""
        self._cards.pop((namespace or self._cluster.namespace, name), None)

    @property
    def trouble(self) -> str:
        """Why the cluster cannot be asked at the moment; empty while it can."""
        return self._pods.trouble

    @property
    def away_s(self) -> float:
        """For how long the cluster has not answered."""
        since = self._pods.away_since
        return 0.0 if since is None else time.monotonic() - since

    def _in_loop(self, take: Callable[..., None]) -> Callable[..., None]:
        def call(*values: Any) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(take, *values)

        return call

    def _take_list(self, pods: list[dict[str, Any]]) -> None:
        found = {_key(pod): pod for pod in pods}
        for key, card in tuple(self._cards.items()):
            if card.pod is not None and not card.is_gone and key not in found:
                task = self._loop.create_task(self._look(key, card), name=f"look for pod {key[1]}")
                self._looking.add(task)
                task.add_done_callback(self._looking.discard)
        for pod in pods:
            self._show(pod)

    async def _look(self, key: _Key, card: PodCard) -> None:
        """The list may be older than the pod: ask for the pod itself."""
        namespace, name = key
        try:
            pod = await self._loop.run_in_executor(self._threads, self._cluster.within(namespace).pod, name)
        except RunError:
            return  # the next list will tell
        if pod is None:
            card.remove()
        else:
            self._show(pod)

    def _take_change(self, kind: str, pod: dict[str, Any]) -> None:
        if kind != "DELETED":
            self._show(pod)
            return
        card = self._cards.get(_key(pod))
        if card is not None and _is_same(card.pod, pod):
            card.remove(pod)

    def _show(self, pod: Mapping[str, Any]) -> None:
        card = self._cards.get(_key(pod))
        if card is not None and card.pod is not None and not _is_same(card.pod, pod):
            card.remove()  # it was deleted, and another one has its name now
            del self._cards[_key(pod)]
            card = None
        if card is not None:
            card.show(pod)
        if self._on_pod is not None:
            self._on_pod(pod)

    def _take_event(self, kind: str, event: dict[str, Any]) -> None:
        pod = event.get("involvedObject") or {}
        card = self._cards.get((str(pod.get("namespace")), str(pod.get("name"))))
        reason = str(event.get("reason"))
        if card is not None and kind != "DELETED" and _TELLING.match(reason):
            card.tell("" if reason == _NO_MORE else joined(event.get("message") or reason))


def _key(pod: Mapping[str, Any]) -> _Key:
    metadata = pod.get("metadata") or {}
    return str(metadata.get("namespace")), str(metadata.get("name"))


def _is_same(known: Mapping[str, Any] | None, pod: Mapping[str, Any]) -> bool:
    return known is None or known["metadata"].get("uid") == pod["metadata"].get("uid")
