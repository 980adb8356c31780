"""Fixtures of the live tests of Kubernetes, which are skipped where no cluster answers, and say why."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.live.docker_builds import context_of, pipeline_of
from tests.live.kubernetes_builds import NAMESPACE, SETTINGS, Build, Namespace, Start
from wharf_tui.runtimes.docker.settings import Limits
from wharf_tui.runtimes.kubernetes.client import Cluster
from wharf_tui.runtimes.kubernetes.runtime import KubernetesRuntime, probe
from wharf_tui.runtimes.kubernetes.settings import KubernetesSettings


@pytest.fixture(scope="session")
def namespace() -> Iterator[Namespace]:
    why_not = probe()
    if why_not is not None:
        pytest.skip(f"no Kubernetes cluster: {why_not}")
    cluster = Cluster(namespace=NAMESPACE)
    manifest = {"metadata": {"name": NAMESPACE}}
    status, body = cluster._call("POST", "/api/v1/namespaces", "create a namespace", (), manifest)
    if status != 201:
        pytest.skip(f"no namespace can be made for the tests: {body!r}")
    yield Namespace(cluster)
    for pod in cluster.pods():
        cluster.delete_pod(pod["metadata"]["name"])
    cluster._call("DELETE", f"/api/v1/namespaces/{NAMESPACE}", "remove the namespace")
    cluster.close()


@pytest.fixture
async def start_pods(tmp_path: Path, namespace: Namespace) -> AsyncIterator[Start]:
    """Starts a build of one stage; at the end nothing of it may be left in the cluster."""
    builds: list[Build] = []

    async def run(
        steps: dict[str, object],
        settings: KubernetesSettings = SETTINGS,
        limits: Limits | None = None,
        environ: dict[str, str] | None = None,
        files: dict[str, str] | None = None,
    ) -> Build:
        folder = tmp_path / f"repo{len(builds)}"
        folder.mkdir(exist_ok=True)
        for name, content in (files or {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        context = context_of(pipeline_of(folder, steps, environ), f"wharf-test-{secrets.token_hex(6)}")
        build = Build(context, KubernetesRuntime(settings, limits), tmp_path / f"steps{len(builds)}")
        builds.append(build)
        await build.runtime.start(context)
        return build

    yield run
    for build in builds:
        await build.runtime.stop()
        for recorder in build.recorders.values():
            recorder.writer.close()
    left = namespace.pods()
    for name in left:
        namespace.cluster.delete_pod(name)
    assert not left
