"""Cleaning up where nothing can be reached, or the configuration is of no use. What it removes: tests/live."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from wharf_tui.runtimes.worker_process import this_worker


@pytest.fixture(autouse=True)
def _no_docker(environment: dict[str, str], tmp_path: Path) -> None:
    environment["DOCKER_HOST"] = f"unix://{tmp_path}/no-docker.sock"
    environment.pop("KUBECONFIG", None)
    environment.pop("KUBERNETES_SERVICE_HOST", None)


class _Pods(BaseHTTPRequestHandler):
    """A cluster with three pods: of a dead worker, of a living one, and of another machine's."""

    deleted: list[str]
    refuses: bool

    def do_GET(self) -> None:
        dead = f"{this_worker().partition('/')[0]}/4194304"
        owners = {"dead": dead, "alive": this_worker(), "elsewhere": "another-host/1/2"}
        items = [
            {
                "metadata": {
                    "name": name,
                    "namespace": "ci",
                    "annotations": {
                        "wharf-tui.owner": owner,
                        "wharf-tui.build-name": "build-7\x1b[2J",
                        "wharf.iver.com/stage-name": "test",
                        "wharf.iver.com/step-name": "unit",
                    },
                },
                "status": {"phase": "Running"},
            }
            for name, owner in owners.items()
            if name not in self.deleted
        ]
        self.answer(200, {"items": items})

    def do_DELETE(self) -> None:
        if self.refuses:
            self.answer(403, {"kind": "Status", "message": "you may not delete pods"})
            return
        self.deleted.append(self.path.partition("?")[0])
        self.answer(200, {})

    def answer(self, status: int, content: dict[str, object]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def pods(environment: dict[str, str], tmp_path: Path) -> Iterator[type[_Pods]]:
    handler = type("Pods", (_Pods,), {"deleted": [], "refuses": False})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        config = {
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
            "users": [{"name": "u", "user": {}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "ci"}}],
            "current-context": "x",
        }
        (tmp_path / "kubeconfig").write_text(json.dumps(config))
        environment["KUBECONFIG"] = str(tmp_path / "kubeconfig")
        yield handler
        server.shutdown()


def test_nothing_can_be_reached(wharf_tui: Run) -> None:
    done = wharf_tui("cleanup")
    assert done.returncode == 4
    docker, kubernetes = done.stderr.decode().splitlines()
    assert docker.startswith("wharf-tui: Docker is left out: ")
    assert "no-docker.sock" in docker
    assert kubernetes.startswith("wharf-tui: Kubernetes is left out: no Kubernetes cluster is configured")


@pytest.mark.parametrize("place", ["docker", "kubernetes"])
def test_the_place_that_was_named_cannot_be_reached(wharf_tui: Run, place: str) -> None:
    done = wharf_tui("cleanup", "--runtime", place, "-y")
    assert done.returncode == 4
    assert done.stdout == b""
    assert b"left out" not in done.stderr


def test_pods_of_dead_workers_are_removed_and_no_others(wharf_tui: Run, pods: type[_Pods]) -> None:
    shown = wharf_tui("cleanup", "--dry-run")
    assert shown.returncode == 0
    (line,) = shown.stdout.decode().splitlines()
    assert line.split() == ["ci/dead", "build-7␛[2J", "test/unit", "Running"]
    assert b"Docker is left out" in shown.stderr
    assert pods.deleted == []
    asked = wharf_tui("cleanup", "--runtime", "kubernetes", stdin=b"n\n")
    assert asked.returncode == 130
    assert b"Remove 1 pod?" in asked.stdout
    assert pods.deleted == []
    done = wharf_tui("cleanup", "--runtime", "kubernetes", "-y")
    assert (done.returncode, done.stderr) == (0, b"")
    assert pods.deleted == ["/api/v1/namespaces/ci/pods/dead"]


def test_a_pod_that_cannot_be_removed_is_told(wharf_tui: Run, pods: type[_Pods]) -> None:
    pods.refuses = True
    done = wharf_tui("cleanup", "--runtime", "kubernetes", "-y")
    assert done.returncode == 1
    assert b"cannot delete pod dead: you may not delete pods" in done.stderr
