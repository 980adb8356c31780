"""The command on a real cluster: containers of pods as steps, with the first lines left out where that is wanted."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND
from tests.live.docker_builds import IMAGE
from tests.live.kubernetes_builds import NAMESPACE, Namespace

pytest_plugins = ("tests.live.kubernetes_fixtures",)
pytestmark = pytest.mark.kubernetes
SCRIPT = "seq 1 5 | sed 's/^/line /'; sleep 600"


def make(namespace: Namespace, name: str, script: str) -> None:
    container = {
        "name": "c",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", script],
    }
    spec = {"containers": [container], "restartPolicy": "Never", "terminationGracePeriodSeconds": 1}
    namespace.cluster.create_pod({"metadata": {"name": name, "labels": {"app": name}}, "spec": spec})


def follow(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "WHARF_TUI_BUILDS": str(folder)}
    command = [*COMMAND, "follow", "kubernetes", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)


def read(process: subprocess.Popen[bytes], lines: int) -> list[bytes]:
    assert process.stdout is not None
    return [process.stdout.readline() for _ in range(lines)]


def test_selected_pods_are_printed_until_one_leaves(namespace: Namespace, tmp_path: Path) -> None:
    make(namespace, "web", SCRIPT)
    every = follow(tmp_path, "-l", "app=web", "-n", NAMESPACE)
    assert read(every, 5) == [f"web/c | line {number}\n".encode() for number in range(1, 6)]
    tail = follow(tmp_path, "web", "-n", NAMESPACE, "--tail", "2")
    assert read(tail, 2) == [b"web/c | line 4\n", b"web/c | line 5\n"]
    everywhere = follow(tmp_path, "-A", "-l", "app=web")
    assert read(everywhere, 1) == [f"{NAMESPACE}/web/c | line 1\n".encode()]
    for process in (every, tail, everywhere):
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        assert b"Followed 1 container." in errors
        assert b"Traceback" not in errors
    pod = namespace.cluster.pod("web")
    assert pod is not None
    assert pod["status"]["phase"] == "Running"
    namespace.cluster.delete_pod("web")


def test_a_named_pod_is_followed_to_its_end(namespace: Namespace, tmp_path: Path) -> None:
    make(namespace, "job", "echo one; sleep 1; echo two; exit 3")
    process = follow(tmp_path, "job", "-n", NAMESPACE)
    printed, errors = process.communicate(timeout=90)
    assert printed == b"job/c | one\njob/c | two\n"
    assert process.returncode == 1, errors
    namespace.cluster.delete_pod("job")


def test_a_pod_that_is_not_there(namespace: Namespace, tmp_path: Path) -> None:
    process = follow(tmp_path, "nothing", "-n", NAMESPACE)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"no pod nothing" in errors
