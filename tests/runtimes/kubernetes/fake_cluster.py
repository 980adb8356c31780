"""An API server of a few answers, over real HTTP: what goes wrong between it and us can be chosen."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Answer = tuple[int, Any]
"""Status; and an object, or a list of blocks that are sent one by one. A block that is None breaks the connection."""


class FakeCluster:
    """Answers what ``answers`` gives for a method and a path; everything that was asked is kept."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.answers: Callable[[str, str, dict[str, str]], Answer] = lambda *_: (
            404,
            status(404, "not found"),
        )
        self.stopping = threading.Event()
        handler = type("Handler", (_Handler,), {"cluster": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield
        finally:
            self.stopping.set()
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def write_kubeconfig(self, path: Path) -> None:
        entry = {"server": f"http://127.0.0.1:{self.port}"}
        path.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "c", "cluster": entry}],
                    "users": [{"name": "u", "user": {"token": "secret"}}],
                    "contexts": [
                        {"name": "one", "context": {"cluster": "c", "user": "u", "namespace": "ns1"}},
                        {"name": "two", "context": {"cluster": "c", "user": "u"}},
                    ],
                    "current-context": "one",
                }
            )
        )


class _Handler(BaseHTTPRequestHandler):
    cluster: FakeCluster
    protocol_version = "HTTP/1.1"

    def _handle(self) -> None:
        split = urlsplit(self.path)
        query = dict(parse_qsl(split.query))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.cluster.asked.append((self.command, split.path, query))
        code, body = self.cluster.answers(self.command, split.path, query)
        self.send_response(code)
        if isinstance(body, list):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for block in body:
                if block is None:
                    self.close_connection = True
                    return
                if callable(block):
                    block()
                    continue
                self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
            return
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = do_PATCH = _handle  # noqa: N815 - http.server's names

    def log_message(self, *_: Any) -> None:
        pass


def status(code: int, message: str) -> dict[str, Any]:
    return {"kind": "Status", "status": "Failure", "code": code, "message": message}


def line(kind: str, found: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": found}).encode() + b"\n"


def pod(name: str, namespace: str = "ns1", uid: str = "u", **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace, "uid": uid}, "spec": {}, "status": status}
