"""Follows a list of pods: all that are there, then each change, for ever. Whatever breaks, the list is asked for again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from wharf_tui.aggregator.discovery.cluster import Cluster, Object
from wharf_tui.aggregator.discovery.pods import Pod, pod_from_json, selector
from wharf_tui.aggregator.journal import Journal
from wharf_tui.model.errors import AccessDeniedError, StoreError, UnreachableError

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_WATCH_SECONDS = 300
_PAUSE_SECONDS = 2.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of the list."""

    pods: tuple[Pod, ...] = ()
    """Pods as they are now."""
    gone: tuple[str, ...] = ()
    """uids of pods that were deleted."""
    is_all: bool = False
    """Every pod that is not among ``pods`` is gone."""


class PodWatch:
    """Worker pods of one namespace. Each call blocks a thread of its own, never the event loop.

    Args:
        cluster: the cluster.
        namespace: where they are.
        instance: the wharf-cmd instance that they belong to.
        journal: told when the cluster does not answer.
    """

    def __init__(self, cluster: Cluster, namespace: str, instance: str, journal: Journal) -> None:
        self._cluster = cluster
        self._path = f"/api/v1/namespaces/{namespace}/pods"
        self._selector = selector(instance)
        self._journal = journal
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pod-watch")
        self._response: BaseHTTPResponse | None = None
        self._events: Iterator[Object] = iter(())
        self._version = ""

    async def pods(self) -> AsyncIterator[Seen]:
        """What is there, then what changes.

        Raises:
            AccessDeniedError: we may not list pods.
        """
        while True:
            try:
                yield Seen(await self.list_once(), is_all=True)
                while self._version:
                    seen = await self._in_thread(self._next_change)
                    if seen is not None:
                        yield seen
            except AccessDeniedError:
                raise
            except (UnreachableError, StoreError) as error:
                self._journal.warning(f"{error.message}; trying again")
                await asyncio.sleep(_PAUSE_SECONDS)

    async def list_once(self) -> tuple[Pod, ...]:
        """The pods that are there now.

        Raises:
            UnreachableError: the cluster does not answer.
            AccessDeniedError: we may not list pods.
        """
        return await self._in_thread(self._list)

    def close(self) -> None:
        """End the thread. What it waits for has been shut down."""
        self._shut_down()
        self._thread.shutdown()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        future = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            self._shut_down()
            await asyncio.wait({future})
            if not future.cancelled():
                future.exception()  # nobody else will ask
            raise

    def _shut_down(self) -> None:
        """Let a thread that waits for the next change wake up."""
        if self._response is not None:
            try:
                self._response.shutdown()
            except (ValueError, RuntimeError, OSError):
                self._response.close()  # it has ended by itself

    def _list(self) -> tuple[Pod, ...]:
        answer = self._cluster.get(self._path, labelSelector=self._selector)
        self._version = str((answer.get("metadata") or {}).get("resourceVersion") or "")
        self._response, self._events = None, iter(())
        return tuple(pod for item in answer.get("items") or () if (pod := pod_from_json(item)) is not None)

    def _next_change(self) -> Seen | None:
        """Wait for the next change; None where it concerns no pod. Without a version the list must be asked for again."""
        if self._response is None:
            self._response, self._events = self._cluster.watch(
                self._path, _WATCH_SECONDS, labelSelector=self._selector, resourceVersion=self._version
            )
        event = next(self._events, None)
        if event is None:
            self._response = None
            return None
        found = event.get("object")
        if event.get("type") == "ERROR" or not isinstance(found, dict):
            self._version = ""
            return None
        self._version = str((found.get("metadata") or {}).get("resourceVersion") or self._version)
        pod = pod_from_json(found) if event.get("type") != "BOOKMARK" else None
        if pod is None:
            return None
        return Seen(gone=(pod.uid,)) if event.get("type") == "DELETED" else Seen((pod,))
