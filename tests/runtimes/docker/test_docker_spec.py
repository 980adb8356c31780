"""What the engine is asked for, step by step, and what it is not asked for because only a cluster has it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wharf_tui.definition.load import load_pipeline
from wharf_tui.definition.options import LoadOptions
from wharf_tui.definition.pipeline import Step
from wharf_tui.model.ids import BuildId
from wharf_tui.model.status import Status
from wharf_tui.runtimes.docker.images import PullProgress
from wharf_tui.runtimes.docker.outcome import outcome_of
from wharf_tui.runtimes.docker.owner import owner_of
from wharf_tui.runtimes.docker.runtime import DockerRuntime
from wharf_tui.runtimes.docker.settings import DockerSettings
from wharf_tui.runtimes.docker.spec import container_config, container_name, what_is_missing
from wharf_tui.runtimes.port import BuildContext, StepOutcome
from wharf_tui.runtimes.worker_process import this_worker

DEFINITION = """
build stage:
  "my: step":
    container: {image: "alpine:3", cmds: [echo a, echo b]}
  with secret:
    container: {image: alpine, cmds: [a], secretName: s}
  with certificates:
    container: {image: alpine, cmds: [a], certificatesMountPath: /certs}
  image:
    docker:
      {file: Dockerfile, tag: "v1, latest", destination: r.example/app, args: ["A=1=2", B], secret: other}
  image with secret:
    docker: {file: f, tag: t, destination: d, secretName: s, secretArgs: [A=k]}
  image with certificates:
    docker: {file: f, tag: t, destination: d, append-cert: true}
  chart:
    helm: {chart: c, name: n, namespace: s, repo: r}
  chart with secret:
    helm: {chart: c, name: n, namespace: s, repo: r, secret: s}
  package:
    helm-package: {destination: d}
  package with secret:
    helm-package: {destination: d, secret: s}
  manifest:
    kubectl: {file: f.yml}
  nuget:
    nuget-package: {version: "1", project-path: p, repo: r}
"""
FILES = DockerSettings(kubeconfig=Path("kubeconfig"), certificates=Path("ca.pem"))


@pytest.fixture
def build(tmp_path: Path) -> BuildContext:
    (tmp_path / ".wharf-ci.yml").write_text(DEFINITION)
    options = LoadOptions(build_id=42, environ={}, user_config_dir=tmp_path, project_id=9)
    pipeline = load_pipeline(tmp_path, options)
    return BuildContext(BuildId(42), "wharf-cmd-build-00042-abc", pipeline, tmp_path, 9, "here")


def step_of(build: BuildContext, name: str) -> Step:
    return next(step for step in build.pipeline.steps if step.name == name)


def test_a_container_step(build: BuildContext) -> None:
    config = container_config(step_of(build, "my: step"), build, DockerSettings())
    assert config == {
        "Image": "alpine:3",
        "Entrypoint": ["/bin/sh", "-e", "-c", "echo a\necho b"],
        "Cmd": [],
        "Env": [],
        "WorkingDir": "/mnt/repo",
        "Labels": {
            "wharf.iver.com/instance": "here",
            "wharf.iver.com/build-ref": "42",
            "wharf.iver.com/project-id": "9",
            "wharf.iver.com/stage-name": "build stage",
            "wharf.iver.com/step-name": "my: step",
            "wharf.iver.com/step-id": "1",
            "wharf-tui.build": "wharf-cmd-build-00042-abc",
            "wharf-tui.owner": this_worker(),
        },
        "Tty": False,
        "OpenStdin": False,
        "HostConfig": {
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "1t", "mode": "blocking"}},
            "Init": True,
        },
    }


def test_what_a_user_may_set(build: BuildContext) -> None:
    settings = DockerSettings(memory_bytes=1000, init=False)
    host = container_config(step_of(build, "my: step"), build, settings)["HostConfig"]
    assert (host["Memory"], host["MemorySwap"], host["Init"]) == (1000, 1000, False)
    without = container_config(step_of(build, "my: step"), build, DockerSettings(), init=False)
    assert without["HostConfig"]["Init"] is False


def test_environment_and_image_of_other_types(build: BuildContext) -> None:
    config = container_config(step_of(build, "package"), build, DockerSettings())
    assert config["Image"] == "docker.io/wharfse/helm:v3.8.1"
    assert "CHART_REPO=d" in config["Env"]


def test_names_are_the_engines_to_take_and_no_two_are_equal(build: BuildContext) -> None:
    names = [container_name(step, build) for step in build.pipeline.steps]
    assert names[0] == "wharf-cmd-build-00042-abc-1-build-stage-my-step"
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("name", "settings", "why"),
    [
        ("my: step", DockerSettings(), ""),
        ("with secret", FILES, "the cluster's secret 's'"),
        ("with certificates", DockerSettings(), "certificatesMountPath needs"),
        ("with certificates", FILES, ""),
        ("image", DockerSettings(), ""),
        ("image with secret", FILES, "the cluster's secret 's'"),
        ("image with certificates", DockerSettings(), "append-cert needs"),
        ("image with certificates", FILES, ""),
        ("chart", DockerSettings(), "config map 'kubectl-config'"),
        ("chart", FILES, ""),
        ("chart with secret", FILES, "the cluster's secret 's'"),
        ("package", DockerSettings(), ""),
        ("package with secret", FILES, "the cluster's secret 's'"),
        ("manifest", DockerSettings(), "config map 'kubectl-config'"),
        ("manifest", FILES, ""),
        ("nuget", FILES, "the cluster's secret 'wharf-nuget-api-token'"),
    ],
)
def test_what_only_a_cluster_has(build: BuildContext, name: str, settings: DockerSettings, why: str) -> None:
    missing = what_is_missing(step_of(build, name), settings)
    assert why in missing
    assert bool(missing) == bool(why)


def test_a_dry_run_shows_what_a_real_one_does(build: BuildContext) -> None:
    runtime = DockerRuntime()
    shown = runtime.describe(build, step_of(build, "my: step"))
    config = container_config(step_of(build, "my: step"), build, DockerSettings())
    assert config.items() <= shown.items()
    image = runtime.describe(build, step_of(build, "image"))
    assert image == {
        "build": {
            "dockerfile": "Dockerfile",
            "context": ".",
            "t": ["r.example/app:v1", "r.example/app:latest"],
            "buildargs": {"A": "1=2", "B": None},
            "rm": True,
            "forcerm": True,
        },
        "push": True,
    }
    for step in build.pipeline.steps:
        shown = runtime.describe(build, step)
        json.dumps(shown)
        assert bool(shown.get("cannot run")) == bool(what_is_missing(step, DockerSettings()))


def ended(code: int, **state: object) -> dict[str, object]:
    return {"State": {"ExitCode": code, "OOMKilled": False, "Error": "", **state}}


@pytest.mark.parametrize(
    ("info", "outcome"),
    [
        (ended(0), StepOutcome(Status.SUCCESS, 0)),
        (ended(0, OOMKilled=True), StepOutcome(Status.SUCCESS, 0)),
        (ended(1), StepOutcome(Status.FAILED, 1, "exit code 1")),
        (ended(128), StepOutcome(Status.FAILED, 128, "exit code 128")),
        (ended(137), StepOutcome(Status.FAILED, 137, "killed by signal 9 (SIGKILL)")),
        (ended(139), StepOutcome(Status.FAILED, 139, "killed by signal 11 (SIGSEGV)")),
        (ended(255), StepOutcome(Status.FAILED, 255, "exit code 255")),
        (
            ended(137, OOMKilled=True),
            StepOutcome(Status.FAILED, 137, "out of memory: killed by signal 9 (SIGKILL)"),
        ),
        (
            ended(137, OOMKilled=True) | {"HostConfig": {"Memory": 64 * 1024**2}},
            StepOutcome(
                Status.FAILED, 137, "out of memory (its limit is 64 MiB): killed by signal 9 (SIGKILL)"
            ),
        ),
        (ended(127, Error="no such file"), StepOutcome(Status.FAILED, 127, "exit code 127: no such file")),
        (None, StepOutcome(Status.FAILED, None, "its container was removed by somebody else")),
    ],
)
def test_how_a_container_ended(info: dict[str, object] | None, outcome: StepOutcome) -> None:
    assert outcome_of(info) == outcome


FILES_OF_AN_IMAGE = {
    "/etc/passwd": b"root:x:0:0:::\nnode:x:1000:1001::/:\nbroken\n",
    "/etc/group": b"crew:x:77:\n",
}


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", (0, 0)),
        ("root", (0, 0)),
        ("0", (0, 0)),
        ("1000", (1000, 1001)),
        ("5", (5, 0)),
        ("5:6", (5, 6)),
        ("node", (1000, 1001)),
        ("node:crew", (1000, 77)),
        ("0:crew", (0, 77)),
        ("unknown", (0, 0)),
    ],
)
def test_whom_files_belong_to(user: str, expected: tuple[int, int]) -> None:
    assert owner_of(user, FILES_OF_AN_IMAGE.get) == expected


def test_whom_files_belong_to_in_an_image_without_tables() -> None:
    assert owner_of("65532", lambda _path: None) == (65532, 0)


def test_progress_of_a_pull_counts_layers() -> None:
    progress = PullProgress()
    assert not progress.take({"status": "Pulling from library/x", "id": "latest"})
    assert progress.take({"status": "Pulling fs layer", "id": "a"})
    assert progress.take({"status": "Already exists", "id": "b"})
    assert not progress.take({"status": "Downloading", "id": "a", "progressDetail": {"current": 1}})
    assert str(progress) == "1/2 layers"
    assert progress.take({"status": "Pull complete", "id": "a"})
    assert not progress.take({"status": "Digest: sha256:1"})
    assert str(progress) == "2/2 layers"
