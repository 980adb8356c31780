"""The cluster, as far as steps and their viewers need it: raw JSON and raw bytes, no typed objects.

The Kubernetes package's models cost a second to import and refuse objects that are merely odd, and its log reader
loses bytes; so only its configuration, authentication and HTTP are used. All calls block: run them in a thread. Any
number of threads may call at once.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from wharf_tui.model.errors import RunError, RuntimeUnavailableError
from wharf_tui.model.timestamps import NS, format_rfc3339
from wharf_tui.runtimes.kubernetes.connection import find_cluster
from wharf_tui.runtimes.kubernetes.errors import CONFLICT, NOT_FOUND, cluster_errors, refusal
from wharf_tui.runtimes.kubernetes.log_reading import LogQuery
from wharf_tui.runtimes.kubernetes.streams import ByteStream

if TYPE_CHECKING:
    from websocket import WebSocket

CALL_SECONDS: Final = 20.0
"""How long a cluster in good health takes at most to begin its answer."""
_CONNECT_SECONDS: Final = 10.0
_AUTHENTICATION: Final = ("BearerToken",)
_JSON: Final = "application/json"
_CONTENT_TYPES: Final = {"PATCH": "application/merge-patch+json"}
_WATCH_SECONDS: Final = 240
"""After that the cluster ends a watch, and it is begun anew."""

Query = Sequence[tuple[str, str]]


class Cluster:
    """A connection to the cluster that the environment names.

    Args:
        context: of the kubeconfig; empty for its current one.
        namespace: empty for the context's own.
        timeout_s: how long the cluster may take to begin an answer.

    Raises:
        RuntimeUnavailableError: no cluster is configured.
    """

    def __init__(self, context: str = "", namespace: str = "", timeout_s: float = CALL_SECONDS) -> None:
        self._timeout_s = timeout_s
        with cluster_errors("use the Kubernetes configuration"):
            from kubernetes.client.api_client import ApiClient

            self._configuration, own_namespace = find_cluster(context, os.environ)
            self._api = ApiClient(self._configuration)
        self.namespace = namespace or own_namespace
        self.address = str(self._configuration.host)
        """Of the API server."""

    def within(self, namespace: str) -> Cluster:
        """The same cluster and connections, but about another namespace; empty for all of them, to list and to watch."""
        other = copy.copy(self)
        other.namespace = namespace
        return other

    def close(self) -> None:
        """Let go of all connections."""
        self._api.close()  # type: ignore[no-untyped-call]  # the package lacks the types

    def version(self) -> str:
        """The API server's version, as ``v1.20.2``."""
        return str(self._get("/version", "ask the cluster for its version").get("gitVersion", ""))

    def kubelet_version(self, node: str) -> str:
        """Version of a node's kubelet; empty where we may not know it."""
        try:
            found = self._get(f"/api/v1/nodes/{quote(node)}", f"look at node {node}")
        except RunError:
            return ""
        return str(_below(found, "status", "nodeInfo").get("kubeletVersion", ""))

    def pods(self, selector: str = "") -> list[dict[str, Any]]:
        """Pods that carry certain labels; all pods where none are given."""
        found = self.listing("pods", [("labelSelector", selector)] if selector else [])
        return [pod for pod in found.get("items") or [] if isinstance(pod, dict)]

    def pod(self, name: str) -> dict[str, Any] | None:
        """A pod; None where it is not there."""
        status, body = self._call("GET", self._pod_path(name), f"look at pod {name}")
        return None if status == NOT_FOUND else _success(f"look at pod {name}", status, body)

    def create_pod(self, manifest: Mapping[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        """Create a pod, and return it as the cluster has it. One that is there already is taken as ours.

        Args:
            manifest: of the pod.
            dry_run: whether the cluster only checks and completes it.
        """
        metadata = manifest["metadata"]
        doing = f"create pod {metadata.get('name') or metadata.get('generateName')}"
        query = [("dryRun", "All")] if dry_run else []
        status, body = self._call("POST", self._path("pods"), doing, query, dict(manifest))
        if status == CONFLICT and metadata.get("name"):
            pod = self.pod(metadata["name"])
            if (
                pod is not None
                and _below(pod, "metadata").get("annotations", {}).items()
                >= metadata.get("annotations", {}).items()
            ):
                return pod
        return _success(doing, status, body)

    def delete_pod(self, name: str, grace_s: int = 0) -> None:
        """Delete a pod; nothing happens where it is gone.

        Args:
            name: of the pod.
            grace_s: how long its containers may take to end; 0 forgets it at once.
        """
        doing = f"delete pod {name}"
        query = [("gracePeriodSeconds", str(grace_s)), ("propagationPolicy", "Background")]
        status, body = self._call("DELETE", self._pod_path(name), doing, query)
        if status != NOT_FOUND:
            _success(doing, status, body)

    def end_pod(self, name: str) -> None:
        """Let the cluster end a pod's containers, and keep the pod with their logs."""
        doing = f"end pod {name}"
        body = {"spec": {"activeDeadlineSeconds": 1}}
        status, answer = self._call("PATCH", self._pod_path(name), doing, (), body)
        _success(doing, status, answer)

    def listing(self, resource: str, query: Query) -> dict[str, Any]:
        """A list of our namespace with its resource version.

        Args:
            resource: ``pods`` or ``events``.
            query: selectors.
        """
        return self._get(self._path(resource), f"list {resource}", query)

    def watch(self, resource: str, query: Query, version: str) -> ByteStream:
        """Changes of a list since a resource version, as objects."""
        query = [
            *query,
            ("watch", "true"),
            ("resourceVersion", version),
            ("timeoutSeconds", str(_WATCH_SECONDS)),
        ]
        return self._open(self._path(resource), f"watch {resource}", query)

    def log(self, pod: str, container: str, query: LogQuery) -> ByteStream | None:
        """The log of a container, each line with its time; None where the pod is gone."""
        doing = f"read the log of pod {pod}"
        words = [("container", container), ("timestamps", "true")]
        if query.follow:
            words.append(("follow", "true"))
        if query.previous:
            words.append(("previous", "true"))
        if query.tail is not None:
            words.append(("tailLines", str(query.tail)))
        if query.since_s is not None:
            since = format_rfc3339(query.since_s * NS)[:19].decode() + "Z"
            words.append(("sinceTime", since))
        try:
            return self._open(f"{self._pod_path(pod)}/log", doing, words)
        except RunError:
            if self.pod(pod) is None:
                return None
            raise

    def websocket(self, pod: str, action: str, query: Query) -> WebSocket:
        """Open ``exec`` or ``portforward`` of a pod."""
        from kubernetes.stream.ws_client import create_websocket, get_websocket_url

        with cluster_errors(f"{action} in pod {pod}"):
            _, url, headers, *_ = self._api.param_serialize(
                "GET", f"{self._pod_path(pod)}/{action}", auth_settings=list(_AUTHENTICATION)
            )
            headers = {name.lower(): value for name, value in headers.items()}
            address = get_websocket_url(  # type: ignore[no-untyped-call]  # the package lacks the types
                url, list(query)
            )
            socket: WebSocket = create_websocket(  # type: ignore[no-untyped-call]  # the package lacks the types
                self._configuration, address, headers
            )
            return socket

    def _path(self, resource: str) -> str:
        return (
            f"/api/v1/namespaces/{quote(self.namespace)}/{resource}"
            if self.namespace
            else f"/api/v1/{resource}"
        )

    def _pod_path(self, name: str) -> str:
        return f"{self._path('pods')}/{quote(name)}"

    def _get(self, path: str, doing: str, query: Query = ()) -> dict[str, Any]:
        status, body = self._call("GET", path, doing, query)
        return _success(doing, status, body)

    def _call(
        self, method: str, path: str, doing: str, query: Query = (), body: dict[str, Any] | None = None
    ) -> tuple[int, bytes]:
        with cluster_errors(doing):
            response = self._send(method, path, query, body)
            return response.status, response.read(decode_content=True)

    def _open(self, path: str, doing: str, query: Query) -> ByteStream:
        """A long answer. Its headers come at once; between its blocks any time may pass."""
        with cluster_errors(doing):
            response = self._send("GET", path, query, None)
            if not 200 <= response.status < 300:
                raise refusal(doing, response.status, response.read(decode_content=True))
            with contextlib.suppress(AttributeError, OSError):  # it has ended already
                response.connection.sock.settimeout(None)
            return ByteStream(response, doing)

    def _send(self, method: str, path: str, query: Query, body: dict[str, Any] | None) -> Any:
        _, url, headers, content, _ = self._api.param_serialize(
            method,
            path,
            query_params=list(query),
            header_params={
                "Accept": "application/json, */*",
                "Content-Type": _CONTENT_TYPES.get(method, _JSON),
            },
            body=body,
            auth_settings=list(_AUTHENTICATION),
        )
        timeouts = (_CONNECT_SECONDS, self._timeout_s)
        return self._api.call_api(method, url, headers, content, _request_timeout=timeouts).response


def _success(doing: str, status: int, body: bytes) -> dict[str, Any]:
    if not 200 <= status < 300:
        raise refusal(doing, status, body)
    try:
        found = json.loads(body)
    except ValueError as error:
        raise RuntimeUnavailableError(
            f"cannot {doing}: the answer is no JSON", "Check that the address is a Kubernetes API server's."
        ) from error
    return found if isinstance(found, dict) else {}


def _below(tree: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """A map inside of a tree; an empty one where there is none."""
    for key in path:
        found = tree.get(key)
        tree = found if isinstance(found, Mapping) else {}
    return tree
