"""What a step finds in its container: its own fresh copy of the source tree, owned by whom it runs as."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.docker_builds import IMAGE, build_image, remove_image
from wharf_tui.model.errors import InputError, RunError
from wharf_tui.model.status import Status
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.settings import DockerSettings, PullPolicy
from wharf_tui.runtimes.step_commands import StepImages

pytestmark = pytest.mark.docker


def write(path: Path, content: bytes = b"x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Where the first build that a test starts has its definition."""
    folder = tmp_path / "repo0"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    return folder


async def test_the_tree_arrives_as_it_is(start, repo: Path) -> None:
    write(repo / ".gitignore", b"*.o\n/build/\n")
    write(repo / "a.o")
    write(repo / "build/out")
    write(repo / "dir with blank/new\nline.txt", b"content")
    write(repo / os.fsdecode(b"bytes-\xff"))
    write(repo / "run.sh", b"#!/bin/sh\necho ran\n")
    (repo / "run.sh").chmod(0o755)
    (repo / "link").symlink_to("dir with blank")
    (repo / "dangling").symlink_to("../nowhere")
    build = await start(
        {
            "step": [
                "pwd",
                "./run.sh",
                "readlink link; readlink dangling",
                "cat 'dir with blank'/*",
                "echo",
                r"printf '%s\n' *",
            ]
        }
    )
    outcome = await build.run("step")
    assert outcome.status is Status.SUCCESS
    messages = build.recorder("step").messages()
    assert messages[:5] == [b"/mnt/repo", b"ran", b"dir with blank", b"../nowhere", b"content"]
    assert sorted(messages[5:]) == [b"bytes-\xff", b"dangling", b"dir with blank", b"link", b"run.sh"]


async def test_every_step_has_a_copy_of_its_own(start, repo: Path) -> None:
    write(repo / "file", b"original\n")
    script = ["cat file", "echo changed > file", "rm -f .wharf-ci.yml", "sleep 0.2", "cat file"]
    build = await start({"one": script, "two": script, "late": ["cat file"]})
    await asyncio.gather(build.run("one"), build.run("two"))
    await build.run("late")
    assert build.recorder("one").messages() == [b"original", b"changed"]
    assert build.recorder("two").messages() == [b"original", b"changed"]
    assert build.recorder("late").messages() == [b"original"]
    assert (repo / "file").read_bytes() == b"original\n"


async def test_the_repository_itself_is_there(start, repo: Path) -> None:
    build = await start({"step": ["cat .git/HEAD"]})
    await build.run("step")
    assert build.recorder("step").messages()[0].startswith(b"ref: refs/heads/")


@pytest.mark.parametrize(
    ("user", "expected"),
    [("1000:1000", b"1000 1000"), ("somebody", b"1234 99"), ("somebody:crew", b"1234 77")],
)
async def test_files_belong_to_whom_the_step_runs_as(
    start, engine: Engine, repo: Path, user: str, expected: bytes
) -> None:
    write(repo / "file")
    image = build_image(
        engine,
        f"FROM {IMAGE}\n"
        "RUN echo 'somebody:x:1234:99::/:/bin/sh' > /etc/passwd; echo 'crew:x:77:' > /etc/group\n"
        f"USER {user}\n",
    )
    try:
        step = {"container": {"image": image, "cmds": ["stat -c '%u %g' file .", "touch new"]}}
        build = await start({"step": step})
        outcome = await build.run("step")
    finally:
        remove_image(engine, image)
    assert outcome.status is Status.SUCCESS, build.recorder("step").messages()
    assert build.recorder("step").messages() == [expected, expected]


@pytest.fixture
def fake_kubectl(engine: Engine) -> Iterator[str]:
    """An image whose ``kubectl`` shows the files that it is given."""
    script = 'echo "$@"; while [ "$1" != --filename ]; do shift; done; cat "$2" /root/.kube/config; ls -a'
    image = build_image(
        engine,
        f"FROM {IMAGE}\nRUN printf '%s\\n' '#!/bin/sh' '{script}' > /bin/kubectl && chmod +x /bin/kubectl\n",
    )
    yield image
    remove_image(engine, image)


async def test_kubectl_gets_its_files_with_variables_filled_in(
    start, repo: Path, tmp_path: Path, fake_kubectl: str
) -> None:
    write(repo / "other")
    write(repo / "k8s/app.yml", b"image: ${TAG}\nleft: ${unknown}\n")
    write(tmp_path / "kubeconfig", b"the config\n")
    settings = DockerSettings(
        kubeconfig=tmp_path / "kubeconfig",
        images=StepImages(kubectl=fake_kubectl),
        pull_policy=PullPolicy.NEVER,
    )
    build = await start(
        {"step": {"kubectl": {"file": "k8s/app.yml", "namespace": "n"}}},
        settings=settings,
        environ={"WHARF_VAR_TAG": "v1"},
    )
    outcome = await build.run("step")
    assert outcome.status is Status.SUCCESS, build.recorder("step").messages()
    assert build.recorder("step").messages() == [
        b"apply --namespace n --filename /mnt/repo/k8s/app.yml",
        b"image: v1",
        b"left: ${unknown}",
        b"the config",
        b".",
        b"..",
        b"k8s",
    ]


@pytest.fixture
def fake_helm(engine: Engine) -> Iterator[str]:
    """The name of an image, for any version of helm that steps ask for, whose ``helm`` tells how it was called."""
    packs = 'if [ "$1" = package ]; then touch "$4/made-$6.tgz"; fi'
    helm = f'echo helm "$@"; ls -A; cat /root/.kube/config 2>/dev/null; {packs}'
    bash = 'exec /bin/sh "$@"'
    makes = [
        f"printf '%s\\n' '#!/bin/sh' '{script}' > /bin/{name} && chmod +x /bin/{name}"
        for name, script in (("helm", helm), ("bash", bash))
    ]
    image = build_image(engine, f"FROM {IMAGE}\nRUN rm /bin/bash; {' && '.join(makes)}\n")
    name = image.partition(":")[0]
    for version in ("v2.14.1", "v3.8.1"):
        engine.client.tag(image, name, version)
    yield name
    for version in ("v2.14.1", "v3.8.1", "local"):
        remove_image(engine, f"{name}:{version}")


async def test_helm_and_helm_package(start, repo: Path, tmp_path: Path, fake_helm: str) -> None:
    write(repo / "values.yml", b"tag: ${TAG}\n")
    write(repo / "chart/Chart.yaml")
    write(tmp_path / "kubeconfig", b"the config\n")
    settings = DockerSettings(
        kubeconfig=tmp_path / "kubeconfig",
        images=StepImages(helm=fake_helm),
        pull_policy=PullPolicy.NEVER,
    )
    chart = {"chart": "c", "name": "n", "namespace": "s", "repo": "r", "helmVersion": "v2.14.1"}
    steps = {
        "chart": {"helm": {**chart, "files": ["values.yml"], "set": {"a": "b"}}},
        "package": {"helm-package": {"destination": "oci://d", "chart-path": "chart", "version": "7"}},
    }
    build = await start(steps, settings=settings)
    for name in steps:
        outcome = await build.run(name)
        assert outcome.status is Status.SUCCESS, build.recorder(name).messages()
    command, *rest = build.recorder("chart").messages()
    assert command.startswith(b"helm upgrade --install n c --repo r --namespace s ")
    assert command.endswith(b"--values /mnt/repo/values.yml --set a=b")
    assert rest == [b"values.yml", b"the config"]
    messages = build.recorder("package").messages()
    assert messages[0].startswith(b"helm package chart --destination /tmp/")
    assert messages[0].endswith(b" --version 7")
    assert b"chart" in messages
    (push,) = [message for message in messages if message.startswith(b"helm push")]
    assert push.endswith(b"made-7.tgz oci://d --insecure")


async def test_what_needs_a_cluster_is_refused_before_anything_runs(start) -> None:
    steps = {
        "k": {"kubectl": {"file": "x.yml"}},
        "s": {"container": {"image": IMAGE, "cmds": ["true"], "certificatesMountPath": "/certs"}},
        "n": {"nuget-package": {"version": "1", "project-path": "p", "repo": "r"}},
        "fine": ["true"],
    }
    with pytest.raises(RunError) as caught:
        await start(steps)
    assert "stage/k: it needs the cluster's config map 'kubectl-config'" in caught.value.message
    assert "stage/s: certificatesMountPath needs the cluster's certificates" in caught.value.message
    assert "stage/n: it needs the cluster's secret 'wharf-nuget-api-token'" in caught.value.message
    assert "fine" not in caught.value.message


async def test_a_file_that_is_not_there_is_refused_before_anything_runs(start, tmp_path: Path) -> None:
    write(tmp_path / "kubeconfig")
    with pytest.raises(InputError, match=r"file nowhere\.yml of step stage/k is no file in"):
        await start(
            {"k": {"kubectl": {"file": "nowhere.yml"}}},
            settings=DockerSettings(kubeconfig=tmp_path / "kubeconfig"),
        )
