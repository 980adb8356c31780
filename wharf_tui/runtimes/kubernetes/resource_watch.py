"""Keeps telling what becomes of the objects of one list, for as long as it is wanted.

A watch that breaks, for whatever reason, is never continued from its old place, which the cluster may have forgotten:
the list is asked for anew, and the watch begins behind it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

from wharf_tui.model.errors import RunError, RuntimeUnavailableError
from wharf_tui.runtimes.kubernetes.client import Cluster, Query
from wharf_tui.runtimes.kubernetes.streams import ByteStream

_SHORTEST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0


class ResourceWatch:
    """One list, watched by the thread that is in ``run``; the callbacks are called there.

    Args:
        cluster: where.
        resource: ``pods`` or ``events``.
        query: selectors.
        on_list: gets the whole list whenever it was asked for.
        on_change: gets the kind of a change (``ADDED``, ``MODIFIED``, ``DELETED``) and the object.
        optional: whether to give it up for good where the cluster refuses it.
    """

    def __init__(
        self,
        cluster: Cluster,
        resource: str,
        query: Query,
        on_list: Callable[[list[dict[str, Any]]], None],
        on_change: Callable[[str, dict[str, Any]], None],
        *,
        optional: bool = False,
    ) -> None:
        self.trouble = ""
        """Why the cluster cannot be asked at the moment; empty while it can."""
        self.away_since: float | None = None
        """Since when that is so, on the monotonic clock."""
        self._cluster = cluster
        self._resource = resource
        self._query = list(query)
        self._on_list = on_list
        self._on_change = on_change
        self._optional = optional
        self._stopped = threading.Event()
        self._mutex = threading.Lock()
        self._stream: ByteStream | None = None

    def run(self) -> None:
        """Watch until ``stop``; what goes wrong is in ``trouble``, and is tried again."""
        pause = _SHORTEST_PAUSE_S
        while not self._stopped.is_set():
            started = time.monotonic()
            try:
                version = self._list()
                self.trouble, self.away_since = "", None
                self._watch(version)
            except RunError as error:
                if self._optional and not isinstance(error, RuntimeUnavailableError):
                    return
                self.away_since = self.away_since or started
                self.trouble = error.message
            is_well = time.monotonic() - started > _LONGEST_PAUSE_S and not self.trouble
            pause = _SHORTEST_PAUSE_S if is_well else min(pause * 2, _LONGEST_PAUSE_S)
            self._stopped.wait(pause)

    def stop(self) -> None:
        """End ``run``, from any thread."""
        with self._mutex:
            self._stopped.set()
            if self._stream is not None:
                self._stream.stop()

    def _list(self) -> str:
        found = self._cluster.listing(self._resource, self._query)
        self._on_list([item for item in found.get("items") or [] if isinstance(item, dict)])
        return str((found.get("metadata") or {}).get("resourceVersion", ""))

    def _watch(self, version: str) -> None:
        stream = self._cluster.watch(self._resource, self._query, version)
        try:
            with self._mutex:
                self._stream = stream
                if self._stopped.is_set():
                    return
            for change in stream.objects():
                kind, changed = change.get("type"), change.get("object")
                if kind == "ERROR" or not isinstance(changed, dict):
                    return
                self._on_change(str(kind), changed)
        except RuntimeUnavailableError:
            return  # the list will tell whether the cluster is away
        finally:
            with self._mutex:
                self._stream = None
            stream.close()
