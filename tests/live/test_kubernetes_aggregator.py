"""The aggregator against a real cluster: worker pods found by their labels, and reached through the API server.

The pods run this very worker, out of the host's own file system: the cluster's node must be this machine.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.aggregator.oracle import EXACT, judge, query
from tests.fakes.served_builds import finished_build
from tests.live.port_forward import skip_without_port_forward
from wharf_tui.aggregator.discovery.pod_source import WORKER_PORT

pytestmark = [pytest.mark.kubernetes, pytest.mark.timeout(300)]
IMAGE = "busybox:local"


def kubectl(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["kubectl", *arguments], input=stdin, capture_output=True, text=True, check=False, timeout=90
    )


@pytest.fixture
def namespace() -> Iterator[str]:
    if not os.environ.get("KUBECONFIG"):
        pytest.skip("no Kubernetes cluster: KUBECONFIG is not set")
    if kubectl("get", "nodes").returncode != 0:
        pytest.skip("no Kubernetes cluster answers")
    name = f"wharf-test-{secrets.token_hex(4)}"
    assert kubectl("create", "namespace", name).returncode == 0
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


def worker_pod(name: str, number: int, command: list[str], image: str = IMAGE) -> dict[str, Any]:
    labels = {
        "app.kubernetes.io/name": "wharf-cmd-worker",
        "app.kubernetes.io/managed-by": "wharf-cmd-provisioner",
        "wharf.iver.com/instance": "test",
        "wharf.iver.com/build-ref": str(number),
    }
    container = {
        "name": "app",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["chroot", "/host", *command],
        "volumeMounts": [{"name": "host", "mountPath": "/host"}],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "restartPolicy": "Never",
            "containers": [container],
            "volumes": [{"name": "host", "hostPath": {"path": "/"}}],
        },
    }


def serve_command(build: Path) -> list[str]:
    return [
        sys.executable,
        "-m",
        "wharf_tui",
        "worker",
        "serve",
        str(build),
        "--address",
        f"127.0.0.1:{WORKER_PORT}",
    ]


@pytest.fixture
def create(namespace: str) -> Callable[[dict[str, Any]], None]:
    def create(pod: dict[str, Any]) -> None:
        done = kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(pod))
        assert done.returncode == 0, done.stderr

    return create


def aggregate(namespace: str, tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [
        "aggregate",
        "--kubernetes",
        "-n",
        namespace,
        "--instance",
        "test",
        "--to",
        f"sqlite:///{tmp_path}/x.db",
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "wharf_tui", *command, "--spool", str(tmp_path / "spool"), *arguments],
        stderr=subprocess.PIPE,
        text=True,
    )


def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def phase(namespace: str, pod: str) -> str:
    return kubectl("-n", namespace, "get", "pod", pod, "-o", "jsonpath={.status.phase}").stdout


def test_pods_are_copied_reaped_and_reported(namespace, create, tmp_path) -> None:
    builds = [finished_build(tmp_path / "builds" / str(n), {1: 2000, 2: 500})[0] for n in range(3)]
    for number, build in enumerate(builds):
        create(worker_pod(f"worker-{number}", 42, serve_command(build)))
    for number in range(3):
        until(lambda: phase(namespace, f"worker-{number}") == "Running")  # noqa: B023 - called within the round
    for number in range(3):
        skip_without_port_forward(namespace, f"worker-{number}", WORKER_PORT)
    create(worker_pod("worker-stuck", 43, ["true"], image="no-such-image:0"))
    create(worker_pod("worker-failed", 44, ["sh", "-c", "echo the last words; exit 3"]))
    process = aggregate(namespace, tmp_path, "--follow", "--reap")
    url = f"sqlite:///{tmp_path}/x.db"

    def pods() -> list[str]:
        found = kubectl("-n", namespace, "get", "pods", "-o", "jsonpath={.items[*].metadata.name}").stdout
        return sorted(found.split())

    try:
        until(lambda: pods() == ["worker-failed", "worker-stuck"])
        until(lambda: len(query(url, "SELECT 1 FROM pod_reports")) == 2)
        kubectl("-n", namespace, "delete", "pod", "worker-stuck", "--grace-period=0", "--force")
        until(lambda: len(query(url, "SELECT 1 FROM pod_reports")) == 3)
    finally:
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert [judge(url, build) for build in builds] == [EXACT] * 3
    reports = query(url, "SELECT pod, kind, number FROM pod_reports ORDER BY pod, noticed_ns")
    assert reports == [
        ("worker-failed", "failed", 44),
        ("worker-stuck", "stuck", 43),
        ("worker-stuck", "vanished", 43),
    ]
    ((last_words,),) = query(url, "SELECT log FROM pod_reports WHERE kind = 'failed'")
    assert re.fullmatch(r"app: \S+ the last words", str(last_words))
    ((events,),) = query(url, "SELECT events FROM pod_reports WHERE kind = 'stuck'")
    assert "no-such-image" in str(events)
