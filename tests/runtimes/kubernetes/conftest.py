"""A build with a step of every type, and a cluster of a few answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtimes.kubernetes.fake_cluster import FakeCluster
from wharf_tui.definition.load import load_pipeline
from wharf_tui.definition.options import LoadOptions
from wharf_tui.definition.pipeline import Step
from wharf_tui.model.ids import BuildId
from wharf_tui.runtimes.port import BuildContext

DEFINITION = """
first stage:
  "My: Step":
    container: {image: "alpine:3", cmds: [echo a, "echo $$ $(B) $C"]}
build:
  container:
    container:
      image: node:20
      cmds: [a]
      shell: /bin/bash
      secretName: creds
      serviceAccount: builder
      certificatesMountPath: /etc/certs
  windows:
    container: {image: server, os: windows, cmds: [dir]}
  python:
    container: {image: python, shell: python3, cmds: [print(1)]}
  image:
    docker:
      file: build/Dockerfile
      context: ./build
      tag: "v1, latest"
      destination: r.example/app
      args: ["A=1"]
      secretName: creds
      secretArgs: [TOKEN=token]
      append-cert: true
      push: false
  plain image:
    docker: {file: Dockerfile, tag: t, destination: d, secret: ""}
  chart:
    helm:
      {chart: c, name: n, namespace: s, repo: r, secret: reg, files: [v.yml], set: {a.b: "1"}, chartVersion: "2"}
  package:
    helm-package: {destination: d, secret: reg}
  manifest:
    kubectl: {files: [a.yml, b.yml], namespace: n, action: delete, force: true, cluster: other}
  nuget:
    nuget-package:
      {version: "1.2", project-path: p, repo: r, skip-duplicate: true, certificatesMountPath: /certs}
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCluster]:
    fake = FakeCluster()
    fake.write_kubeconfig(tmp_path / "kubeconfig")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    with fake.running():
        yield fake


@pytest.fixture
def build(tmp_path: Path) -> BuildContext:
    (tmp_path / ".wharf-ci.yml").write_text(DEFINITION)
    environ = {"WHARF_VAR_REG_INSECURE": "true"}
    options = LoadOptions(build_id=42, environ=environ, user_config_dir=tmp_path, project_id=9)
    pipeline = load_pipeline(tmp_path, options)
    return BuildContext(BuildId(42), "wharf-cmd-build-00042-abc", pipeline, tmp_path, 9, "here")


def step_named(build: BuildContext, name: str) -> Step:
    return next(step for step in build.pipeline.steps if step.name == name)
