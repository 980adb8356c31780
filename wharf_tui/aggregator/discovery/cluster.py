"""A Kubernetes cluster's API, as JSON and as bytes: the client's typed models fail on objects that are a little odd."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wharf_tui.model.errors import AccessDeniedError, StoreError, UnreachableError, UsageError, WharfError

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse
    from websocket import WebSocket

_CALL_SECONDS = 30.0
_HINT = "Check KUBECONFIG and that the cluster answers: kubectl get pods"
Object = dict[str, Any]


class Cluster:
    """Blocking calls to one cluster, as one user.

    Raises:
        UsageError: there is no configuration of a cluster.
    """

    def __init__(self) -> None:
        from kubernetes import config
        from kubernetes.client import ApiClient
        from kubernetes.config.kube_config import list_kube_config_contexts

        self.namespace = "default"
        """Where this user works, unless told otherwise."""
        try:
            config.load_incluster_config()  # type: ignore[no-untyped-call]  # the client's own types end here
            self.namespace = _own_namespace()
        except config.ConfigException:
            try:
                config.load_kube_config()  # type: ignore[no-untyped-call]  # the client's own types end here
                context = list_kube_config_contexts()[1]  # type: ignore[no-untyped-call]  # the client's own types end here
            except (config.ConfigException, OSError, TypeError) as error:
                raise UsageError(
                    f"no Kubernetes cluster is configured: {error}", "Set KUBECONFIG."
                ) from error
            self.namespace = (context.get("context") or {}).get("namespace") or "default"
        self._client = ApiClient()

    def get(self, path: str, **query: str) -> Object:
        """One object.

        Raises:
            UnreachableError: the cluster does not answer.
            AccessDeniedError: we may not.
            StoreError: it answered with something else.
        """
        response = self._send("GET", path, query, _CALL_SECONDS)
        try:
            value = json.loads(response.data)
        except ValueError as error:
            raise StoreError(f"Kubernetes answered {path} with something else than JSON") from error
        return value if isinstance(value, dict) else {}

    def text(self, path: str, **query: str) -> str:
        """What is no JSON: a container's log."""
        return self._send("GET", path, query, _CALL_SECONDS).data.decode("utf-8", "replace")

    def delete(self, path: str, uid: str) -> None:
        """Delete an object if it is still the one with this uid."""
        self._send("DELETE", path, {}, _CALL_SECONDS, {"preconditions": {"uid": uid}}).release_conn()

    def watch(self, path: str, seconds: int, **query: str) -> tuple[BaseHTTPResponse, Iterator[Object]]:
        """Changes of a list, as they come, for so many seconds; the response can be shut down from elsewhere."""
        query = {**query, "watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": str(seconds)}
        response = self._send("GET", path, query, seconds + _CALL_SECONDS)
        return response, _events(response)

    def open_port(self, path: str, port: int) -> WebSocket:
        """A websocket to a port of a pod.

        Raises:
            UnreachableError: it cannot be had.
        """
        from kubernetes.client.exceptions import ApiException
        from kubernetes.stream.ws_client import create_websocket, get_websocket_url
        from websocket import WebSocketException

        _, url, headers, *_ = self._client.param_serialize(
            "GET", f"{path}/portforward", query_params=[("ports", str(port))], auth_settings=["BearerToken"]
        )
        lowered = {name.lower(): value for name, value in headers.items()}
        try:
            address = get_websocket_url(url)  # type: ignore[no-untyped-call]  # the client's own types end here
            socket: WebSocket = create_websocket(self._client.configuration, address, lowered)  # type: ignore[no-untyped-call]  # the client's own types end here
        except (WebSocketException, ApiException, OSError) as error:
            raise UnreachableError(f"port {port} of {path} cannot be reached: {error}", _HINT) from error
        return socket

    def _send(
        self, method: str, path: str, query: dict[str, str], seconds: float, body: Object | None = None
    ) -> BaseHTTPResponse:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        request = self._client.param_serialize(
            method,
            path,
            query_params=list(query.items()),
            body=body,
            header_params={
                "Accept": "application/json",
                **({"Content-Type": "application/json"} if body else {}),
            },
            auth_settings=["BearerToken"],
        )
        try:
            response: BaseHTTPResponse = self._client.call_api(*request, _request_timeout=seconds).response
            if response.status >= 400:
                raise _refused(response, path)
        except ApiException as error:
            raise UnreachableError(f"Kubernetes does not answer: {error.reason}", _HINT) from error
        except HTTPError as error:
            raise UnreachableError(f"Kubernetes does not answer: {error}", _HINT) from error
        return response


def _refused(response: BaseHTTPResponse, path: str) -> WharfError:
    detail = f"{response.status} {response.reason}"
    with contextlib.suppress(ValueError, KeyError, TypeError):
        detail = str(json.loads(response.data)["message"])
    if response.status in {401, 403}:
        return AccessDeniedError(
            f"Kubernetes does not let us do that: {detail}", "See docs/aggregator.md for the rights it takes."
        )
    if response.status in {404, 409, 410, 422}:
        return StoreError(f"Kubernetes refuses {path}: {detail}")
    return UnreachableError(f"Kubernetes refuses {path}: {detail}", _HINT)


def _events(response: BaseHTTPResponse) -> Iterator[Object]:
    """One JSON object a line; a stream that breaks off simply ends."""
    from urllib3.exceptions import HTTPError

    rest = b""
    try:
        for piece in response.stream(65536, decode_content=False):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                event = json.loads(line) if line.strip() else None
                if isinstance(event, dict):
                    yield event
    except (HTTPError, OSError, ValueError):
        return


def _own_namespace() -> str:
    try:
        with open("/var/run/secrets/kubernetes.io/serviceaccount/namespace", encoding="ascii") as file:
            return file.read().strip() or "default"
    except OSError:
        return "default"
