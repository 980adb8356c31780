"""Whether the cluster at hand can forward ports: old nodes need a program for it that not every machine has."""

from __future__ import annotations

import subprocess
import time

import pytest

_REFUSED = "unable to do port forwarding"
_PATIENCE_SECONDS = 60.0


def skip_without_port_forward(namespace: str, pod: str, port: int) -> None:
    """Wait until the worker in ``pod`` answers through the cluster; skip the test where the node says that it cannot."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        answer, said = _ask(namespace, pod, port)
        if "pong" in answer:
            return
        if _REFUSED in said:
            pytest.skip(f"this cluster's node cannot forward ports: {said.strip()[-200:]}")
        assert time.monotonic() < deadline, f"the worker in {pod} does not answer: {said}"


def _ask(namespace: str, pod: str, port: int) -> tuple[str, str]:
    forward = subprocess.Popen(
        ["kubectl", "-n", namespace, "port-forward", f"pod/{pod}", f":{port}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert forward.stdout is not None
    local = forward.stdout.readline().partition("127.0.0.1:")[2].partition(" ")[0]
    probe = subprocess.run(
        ["curl", "-s", "-m", "5", f"http://127.0.0.1:{local or 1}/"],
        capture_output=True,
        text=True,
        check=False,
    )
    forward.kill()
    _, said = forward.communicate()
    return probe.stdout, said
