"""A cluster with worker pods whose port 5010 really answers: lists, watches, forwards, deletes."""

from __future__ import annotations

import itertools
import queue
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

from wharf_tui.model.errors import RunError, RuntimeUnavailableError

_END = object()
EVENT: dict[str, Any] = {
    "lastTimestamp": "2024-02-03T10:00:00Z",
    "type": "Warning",
    "reason": "BackOff",
    "message": "no",
    "count": 3,
}
BINARY, CLOSE = 2, 8


class Watch:
    """Changes, until it is stopped."""

    def __init__(self) -> None:
        self.changes: queue.Queue[Any] = queue.Queue()

    def objects(self) -> Iterator[dict[str, Any]]:
        while (change := self.changes.get()) is not _END:
            yield change

    def stop(self) -> None:
        self.changes.put(_END)

    def close(self) -> None:
        pass


class Text:
    def __init__(self, text: bytes) -> None:
        self._parts = [text] if text else []

    def read(self) -> bytes:
        return self._parts.pop(0) if self._parts else b""

    def close(self) -> None:
        pass


class Frame:
    def __init__(self, data: bytes) -> None:
        self.data = data


class Forward:
    """One forwarded connection, with the frames that the API server sends."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self.sock = socket.create_connection((host, int(port)))
        self._heads = [bytes([channel]) + struct.pack("<H", 5010) for channel in (0, 1)]

    def send_binary(self, data: bytes) -> None:
        assert data[0] == 0
        self.sock.sendall(data[1:])

    def recv_data_frame(self, control_frame: bool = False) -> tuple[int, Frame]:
        if self._heads:
            return BINARY, Frame(self._heads.pop(0))
        data = self.sock.recv(65536)
        return (BINARY, Frame(b"\0" + data)) if data else (CLOSE, Frame(b""))

    def close(self) -> None:
        self.sock.close()


class ClusterDouble:
    """What the aggregator uses of a cluster."""

    namespace = "ci"

    def __init__(self) -> None:
        self.deleted: list[str] = []
        self.answers = True
        self.forwards = 0
        self.events = [EVENT]
        self.asked_for_events = 0
        self._mutex = threading.Lock()
        self._pods: dict[str, dict[str, Any]] = {}
        self._addresses: dict[str, str] = {}
        self._watches: list[Watch] = []
        self._numbers = itertools.count(1)

    def add_pod(self, name: str, address: str = "", phase: str = "Running", **status: Any) -> str:
        """A worker pod whose worker is at ``address``; gives its uid."""
        uid = f"uid-{name}-{next(self._numbers)}"
        labels = {
            "app.kubernetes.io/name": "wharf-cmd-worker",
            "app.kubernetes.io/managed-by": "wharf-cmd-provisioner",
            "wharf.iver.com/instance": "local",
            "wharf.iver.com/build-ref": "42",
        }
        pod = {
            "metadata": {"name": name, "namespace": self.namespace, "uid": uid, "labels": labels},
            "spec": {"containers": [{"name": "app"}]},
            "status": {"phase": phase, **status},
        }
        self._put("ADDED", pod, address)
        return uid

    def change_pod(self, name: str, **status: Any) -> None:
        pod = {**self._pods[name], "status": {**self._pods[name]["status"], **status}}
        self._put("MODIFIED", pod, self._addresses[name])

    def remove_pod(self, name: str) -> None:
        with self._mutex:
            pod = self._pods.pop(name)
            self._tell("DELETED", pod)

    def listing(self, resource: str, query: Any) -> dict[str, Any]:
        if not self.answers:
            raise RuntimeUnavailableError("the cluster does not answer")
        if resource == "events":
            self.asked_for_events += 1
            return {"items": list(self.events)}
        with self._mutex:
            return {"items": list(self._pods.values()), "metadata": {"resourceVersion": "1"}}

    def watch(self, resource: str, query: Any, version: str) -> Watch:
        watch = Watch()
        with self._mutex:
            self._watches.append(watch)
            for pod in self._pods.values():
                watch.changes.put({"type": "MODIFIED", "object": pod})
        return watch

    def break_watches(self) -> None:
        with self._mutex:
            for watch in self._watches:
                watch.stop()
            self._watches.clear()

    def websocket(self, pod: str, action: str, query: Any) -> Forward:
        assert (action, query) == ("portforward", [("ports", "5010")])
        self.forwards += 1
        if pod not in self._pods:
            raise RunError(f"pod {pod} is not there")
        try:
            return Forward(self._addresses[pod])
        except OSError as error:
            raise RuntimeUnavailableError(f"nobody listens: {error}") from error

    def log(self, pod: str, container: str, query: Any) -> Text:
        return Text(f"last words of {container}\n".encode())

    def pod(self, name: str) -> dict[str, Any] | None:
        return self._pods.get(name)

    def delete_pod(self, name: str, grace_s: int = 0) -> None:
        self.deleted.append(name)
        self.remove_pod(name)

    def _put(self, kind: str, pod: dict[str, Any], address: str) -> None:
        with self._mutex:
            self._pods[pod["metadata"]["name"]] = pod
            self._addresses[pod["metadata"]["name"]] = address
            self._tell(kind, pod)

    def _tell(self, kind: str, pod: dict[str, Any]) -> None:
        for watch in self._watches:
            watch.changes.put({"type": kind, "object": pod})
