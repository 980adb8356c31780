"""The Docker Engine, as far as steps need it: what is foreign stays in here, and its errors are mapped on the way out.

All calls block: run them in a thread. Any number of threads may call at once.
"""

from __future__ import annotations

import io
import json
import os
import socket
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from wharf_tui.model.errors import RuntimeUnavailableError
from wharf_tui.runtimes.docker.errors import engine_errors
from wharf_tui.runtimes.docker.frames import Stream
from wharf_tui.runtimes.docker.streams import ByteStream

if TYPE_CHECKING:
    from docker.tls import TLSConfig

CALL_SECONDS = 60
"""How long a call may take that an engine in good health answers at once."""
UPLOAD_SECONDS = 1800
SEARCH_SECONDS = 300
"""How long the engine may search in a large log before it gives the first line that is asked for."""
_CONNECT_SECONDS = 10
_CONNECTIONS = 64
_NOT_FOUND, _CONFLICT = 404, 409


class Engine:
    """A connection to the engine that the environment names, found as the ``docker`` command finds it.

    Args:
        timeout_s: how long a call may take.

    Raises:
        RuntimeUnavailableError: nobody answers there.
        RunError: what the environment says makes no sense.
    """

    def __init__(self, timeout_s: int = CALL_SECONDS) -> None:
        from docker import APIClient

        with engine_errors("find Docker"):
            where = _where()
        self.address = str(where.get("base_url") or "its usual socket")
        with engine_errors(f"use Docker at {self.address}"):
            _knock(self.address)
            self.client = APIClient(
                version="auto",
                timeout=timeout_s,
                max_pool_size=_CONNECTIONS,
                use_ssh_client=self.address.startswith("ssh://"),
                **where,
            )

    def close(self) -> None:
        """Let go of all connections."""
        self.client.close()

    def info(self) -> dict[str, Any]:
        """What the engine says of itself."""
        with self._calling(f"use Docker at {self.address}"):
            return dict(self.client.info())

    def image(self, name: str) -> dict[str, Any] | None:
        """What is known of an image; None where the engine does not have it."""
        from docker.errors import NotFound

        with self._calling(f"look for image {name}"):
            try:
                return dict(self.client.inspect_image(name))  # type: ignore[no-untyped-call]  # the stubs lack it
            except NotFound:
                return None

    def create(self, name: str, config: Mapping[str, Any]) -> str:
        """Create a container, and return its ID."""
        with self._calling(f"create container {name}"):
            created = self.client.create_container_from_config(  # type: ignore[no-untyped-call]  # the stubs lack it
                dict(config), name
            )
            return str(created["Id"])

    def upload(self, container: str, archive: io.RawIOBase) -> None:
        """Unpack a tar archive at the container's root."""
        self.open(
            "PUT",
            f"/containers/{quote(container)}/archive",
            f"copy files into container {container}",
            params={"path": "/"},
            data=archive,
            answer_s=UPLOAD_SECONDS,
        ).close()

    def download(self, container: str, path: str) -> bytes | None:
        """A small file of a container; None where it is not there, or is no file."""
        from docker.errors import NotFound

        with self._calling(f"read {path} of container {container}"):
            try:
                blocks, _ = self.client.get_archive(container, path)
            except NotFound:
                return None
            packed = io.BytesIO(b"".join(blocks))
        with tarfile.open(fileobj=packed) as archive:
            member = archive.next()
            file = archive.extractfile(member) if member is not None and member.isreg() else None
            return file.read() if file is not None else None

    def attach(self, container: str) -> ByteStream:
        """What the container prints from now on, as frames. The end says nothing: it may be the connection's alone."""
        return self.open(
            "POST",
            f"/containers/{quote(container)}/attach",
            f"read the output of container {container}",
            params={"stream": 1, "stdout": 1, "stderr": 1},
        )

    def logs(
        self,
        container: str,
        *,
        follow: bool = False,
        since: str = "",
        tail: int | None = None,
        only: Stream | None = None,
    ) -> ByteStream:
        """What the engine has kept of the container's output, as frames that begin with a time each.

        Args:
            container: whose.
            follow: go on with what is printed until the container ends.
            since: leave out what is earlier: seconds and nanoseconds since the epoch, as ``1700000000.000000001``. Some
                engines leave out only what stands before the first entry that is not.
            tail: only so many entries of the end.
            only: leave out the other stream.
        """
        params: dict[str, Any] = {
            "stdout": int(only is not Stream.STDERR),
            "stderr": int(only is not Stream.STDOUT),
            "timestamps": 1,
            "follow": int(follow),
        }
        if since:
            params["since"] = since
        if tail is not None:
            params["tail"] = tail
        return self.open(
            "GET",
            f"/containers/{quote(container)}/logs",
            f"read the log of container {container}",
            params=params,
            answer_s=None if follow else SEARCH_SECONDS,
        )

    def start(self, container: str) -> None:
        """Start a container that was created."""
        with self._calling(f"start container {container}"):
            self.client.start(container)

    def signal(self, container: str, name: str) -> None:
        """Send a signal to the container's main process; nothing happens where it has ended."""
        from docker.errors import APIError

        with self._calling(f"send {name} to container {container}"):
            try:
                self.client.kill(container, name)
            except APIError as error:
                if error.status_code not in {_NOT_FOUND, _CONFLICT}:
                    raise

    def inspect(self, container: str) -> dict[str, Any] | None:
        """What is known of a container; None where it is gone."""
        from docker.errors import NotFound

        with self._calling(f"inspect container {container}"):
            try:
                return dict(self.client.inspect_container(container))
            except NotFound:
                return None

    def remove(self, container: str) -> None:
        """Remove a container and its volumes, whatever it does; nothing happens where it is gone."""
        from docker.errors import APIError

        with self._calling(f"remove container {container}"):
            try:
                self.client.remove_container(container, v=True, force=True)
            except APIError as error:
                if error.status_code not in {_NOT_FOUND, _CONFLICT}:  # gone, or going
                    raise

    def commit(self, container: str) -> str:
        """Make an image of what a container has left, and return its ID."""
        with self._calling(f"make an image of container {container}"):
            return str(self.client.commit(container, pause=False)["Id"])

    def remove_image(self, image: str) -> None:
        """Remove an image that no container uses."""
        with self._calling(f"remove image {image}"):
            self.client.remove_image(image, force=True)

    def containers(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """Containers that have all these labels, whatever they do; an empty value stands for any."""
        wanted = [f"{name}={value}" if value else name for name, value in labels.items()]
        with self._calling("list containers"):
            return list(self.client.containers(all=True, filters={"label": wanted}))

    def matching(self, labels: Sequence[str]) -> list[dict[str, Any]]:
        """Containers that have all these labels, each as ``name`` or ``name=value``; all where there are none."""
        with self._calling("list containers"):
            return list(self.client.containers(all=True, filters={"label": list(labels)} if labels else None))

    def remembers_start(self, container: str, started_s: int) -> bool:
        """Whether the engine's own process has seen the container start: it is the one that was there then.

        Args:
            container: which.
            started_s: when it started, in whole seconds since the epoch by the engine's clock.
        """
        filters = {"container": [container], "event": ["start"], "type": ["container"]}
        params = {"since": started_s - 1, "until": started_s + 2, "filters": json.dumps(filters)}
        with self.open(
            "GET", "/events", "ask Docker for its events", params=params, answer_s=CALL_SECONDS
        ) as stream:
            return any(True for _ in stream.events())

    def container_events(self, names: Sequence[str], labels: Sequence[str]) -> ByteStream:
        """What happens to containers from now on.

        Args:
            names: of the events: ``start``, ``die``, ...
            labels: of the containers, each as ``name`` or ``name=value``.
        """
        filters = {"type": ["container"], "event": list(names), "label": list(labels)}
        return self.open("GET", "/events", "watch containers", params={"filters": json.dumps(filters)})

    def silent_stream(self) -> ByteStream:
        """A connection on which nothing comes, and that ends when the engine does."""
        params = {"filters": json.dumps({"type": ["daemon"], "event": ["nothing"]})}
        return self.open("GET", "/events", "watch Docker", params=params)

    def open(
        self,
        method: str,
        path: str,
        doing: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        data: io.RawIOBase | None = None,
        answer_s: int | None = None,
    ) -> ByteStream:
        """Call the engine, and return the answer's body as it comes.

        Args:
            method: of HTTP.
            path: below the API's version.
            doing: what it is for, in messages.
            params: the query.
            headers: besides the usual ones.
            data: what to send.
            answer_s: how long the engine may be silent; None for ever.
        """
        from docker.errors import create_api_error_from_http_exception
        from requests.exceptions import HTTPError

        url = f"{self.client.base_url}/v{self.client.api_version}{path}"
        with self._calling(doing):
            response = self.client.request(
                method,
                url,
                params=params,
                headers={"Accept-Encoding": "identity", **(headers or {})},
                data=data,
                stream=True,
                timeout=(_CONNECT_SECONDS, answer_s),
            )
            try:
                response.raise_for_status()
            except HTTPError as error:
                create_api_error_from_http_exception(error)
        return ByteStream(response, doing)

    @contextmanager
    def _calling(self, doing: str) -> Iterator[None]:
        """Map what goes wrong inside; where nobody listens, do not even try."""
        with engine_errors(doing):
            _knock(self.address)
            yield


def _knock(address: str) -> None:
    """See whether somebody listens on a Unix socket: the SDK leaves sockets open that it could not connect."""
    scheme, _, path = address.partition("://")
    if scheme in {"unix", "http+unix"}:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(_CONNECT_SECONDS)
            client.connect(f"/{path.lstrip('/')}")


def _where() -> dict[str, Any]:
    """Address and keys: from DOCKER_HOST and its kin, else from the chosen context."""
    from docker.context import ContextAPI
    from docker.utils import kwargs_from_env

    where = dict(kwargs_from_env())
    if where.get("base_url"):
        return where
    name = os.environ.get("DOCKER_CONTEXT")
    context = ContextAPI.get_context(name)
    if context is None:
        raise RuntimeUnavailableError(
            f"there is no Docker context {name or 'of the name that is chosen'}", "See `docker context ls`."
        )
    host: str | None = context.Host
    tls: TLSConfig | None = context.TLSConfig
    return {"base_url": host, "tls": tls or False} if host else where
