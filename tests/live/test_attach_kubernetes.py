"""Attach to a worker in a pod: found by wharf-cmd's labels, reached through the cluster's port-forward."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest

from tests.live.port_forward import skip_without_port_forward
from wharf_tui.aggregator.discovery.pod_source import WORKER_PORT
from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.follow import poll
from wharf_tui.runtimes.kubernetes.client import Cluster
from wharf_tui.runtimes.kubernetes.runtime import probe
from wharf_tui.worker.auth import ListenSettings
from wharf_tui.worker.server import serve_build

POD = "wharf-test-attach"
LABELS = {"app.kubernetes.io/name": "wharf-cmd-worker", "wharf-test": "attach"}


@pytest.fixture
def worker_pod():
    """A pod that shares this machine's network, so that its port is the one that we serve on."""
    why_not = probe()
    if why_not is not None:
        pytest.skip(f"no Kubernetes cluster: {why_not}")
    with socket.socket() as taken:
        if taken.connect_ex(("127.0.0.1", WORKER_PORT)) == 0:
            pytest.skip(f"port {WORKER_PORT} is in use on this machine")
    container = {
        "name": "app",
        "image": "busybox:local",
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "600"],
    }
    cluster = Cluster()
    spec = {"hostNetwork": True, "containers": [container], "terminationGracePeriodSeconds": 0}
    cluster.create_pod({"kind": "Pod", "metadata": {"name": POD, "labels": LABELS}, "spec": spec})
    yield cluster
    cluster.delete_pod(POD)
    cluster.close()


@pytest.mark.kubernetes
async def test_a_worker_is_found_by_its_labels_and_copied(worker_pod: Cluster, tmp_path: Path) -> None:
    store = BuildWriter.create(
        tmp_path / "worker", BuildInfo(BuildId(7), (StepState(StepInfo(StepId(1), "s", "p")),))
    )
    store.set_status(StepId(1), Status.RUNNING)
    store.log(StepId(1)).append_many([(1, b"line %d" % number) for number in range(1, 10_001)])
    store.set_status(StepId(1), Status.SUCCESS)
    store.freeze(Status.SUCCESS)
    while ((await asyncio.to_thread(worker_pod.pod, POD)) or {})["status"].get("phase") != "Running":
        await asyncio.sleep(0.1)
    reader = BuildReader.open(store.path)
    async with serve_build(reader, poll, ListenSettings(port=WORKER_PORT)):
        await asyncio.to_thread(skip_without_port_forward, "default", POD, WORKER_PORT)
        process = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-m",
                "wharf_tui",
                "attach",
                "--kubernetes",
                "-l",
                "wharf-test=attach",
                "--plain",
            ),
            env={**os.environ, "WHARF_TUI_BUILDS": str(tmp_path / "copies")},
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await asyncio.wait_for(process.communicate(), 60)
    reader.close()
    assert process.returncode == 0
    assert printed == b"".join(b"s/p | line %d\n" % number for number in range(1, 10_001))
