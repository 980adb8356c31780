"""What runs in a step's container, for each step type; the scripts among them are run, with tools that only tell."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from wharf_tui.definition.step_types import (
    ContainerSpec,
    HelmPackageSpec,
    HelmSpec,
    KubectlSpec,
    NugetPackageSpec,
    StepSpec,
)
from wharf_tui.runtimes.shell import shell_command
from wharf_tui.runtimes.step_commands import StepImages, step_command

IMAGES = StepImages()
TEMPORARY = re.compile(r"\S*/tmp\.\w+")


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash", "bash", "/usr/bin/dash"])
def test_the_first_command_that_fails_ends_the_step(shell: str) -> None:
    command = shell_command(ContainerSpec("image", ("echo one", "false", "echo never"), shell=shell))
    if not Path(command[0]).exists() and "/" in shell:
        pytest.skip(f"no {shell} on this machine")
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"one\n")


def test_commands_share_one_shell() -> None:
    command = shell_command(ContainerSpec("image", ("cd /", "x=1", "echo $PWD $x")))
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"/ 1\n"


def test_shells_that_do_not_know_how_to_stop_get_the_commands_as_they_are() -> None:
    assert shell_command(ContainerSpec("i", ("a", "b"), shell="/usr/bin/fish")) == [
        "/usr/bin/fish",
        "-c",
        "a\nb",
    ]


def test_windows_gets_powershell_unless_it_names_a_shell() -> None:
    assert shell_command(ContainerSpec("i", ("a",), os="windows")) == [
        "powershell.exe",
        "-C",
        "$ErrorActionPreference = 'Stop'\na",
    ]
    assert shell_command(ContainerSpec("i", ("a",), os="windows", shell="bash")) == ["bash", "-e", "-c", "a"]


def test_helm() -> None:
    spec = HelmSpec(
        chart="app",
        name="release",
        namespace="n",
        repo="https://charts",
        set=(("a.b", "1"), ("c", "x y")),
        files=("values.yml", "more.yml"),
        chart_version="1.2",
        helm_version="v3",
    )
    command = step_command(spec, IMAGES)
    assert command.image == "docker.io/wharfse/helm:v3"
    assert " ".join(command.command) == (
        "helm upgrade --install release app --repo https://charts --namespace n --version 1.2 "
        "--values /mnt/repo/values.yml --values /mnt/repo/more.yml --set a.b=1 --set c=x y"
    )


def test_kubectl() -> None:
    spec = KubectlSpec(("a.yml", "b.yml"), namespace="n", action="delete", force=True)
    command = step_command(spec, StepImages(kubectl="k:1"))
    assert command.image == "k:1"
    assert " ".join(command.command) == (
        "kubectl delete --namespace n --filename /mnt/repo/a.yml --filename /mnt/repo/b.yml --force"
    )
    assert step_command(KubectlSpec(("a.yml",)), IMAGES).command == (
        "kubectl", "apply", "--filename", "/mnt/repo/a.yml",
    )  # fmt: skip


def run_script(tmp_path: Path, spec: StepSpec, tool: str, work: str) -> list[str]:
    """Run a step's script where ``tool`` is a stand-in that tells how it is called, and then does ``work``."""
    stand_in = tmp_path / "bin" / tool
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/bash\necho "$@" >>{tmp_path}/calls\n{work}\n')
    stand_in.chmod(0o755)
    command = step_command(spec, IMAGES)
    environ = {**command.environment, "NUGET_TOKEN": "t", "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    subprocess.run(command.command, env=environ, check=True, cwd=tmp_path)
    return [TEMPORARY.sub("TMP", call) for call in (tmp_path / "calls").read_text().splitlines()]


@pytest.mark.parametrize(("version", "asked"), [("1.2", " --version 1.2"), ("", "")])
def test_helm_package(tmp_path: Path, version: str, asked: str) -> None:
    spec = HelmPackageSpec("https://charts", version, "charts/app")
    calls = run_script(tmp_path, spec, "helm", 'if [ $1 = package ]; then touch "$4/a.tgz"; fi')
    assert calls == [
        f"package charts/app --destination TMP{asked}",
        "push TMP/a.tgz https://charts --insecure",
    ]
    assert step_command(spec, IMAGES).image == "docker.io/wharfse/helm:v3.8.1"


@pytest.mark.parametrize(("skip", "asked"), [(True, " --skip-duplicate"), (False, "")])
def test_nuget_package(tmp_path: Path, skip: bool, asked: str) -> None:
    spec = NugetPackageSpec("1.0", "app.csproj", "https://feed", skip_duplicate=skip)
    calls = run_script(tmp_path, spec, "dotnet", 'if [ $1 = pack ]; then touch "$6/a.nupkg" "$6/b.nupkg"; fi')
    push = f"--source https://feed --api-key t{asked}"
    assert calls == [
        "pack app.csproj --configuration Release --output TMP -p:PackageVersion=1.0",
        f"nuget push TMP/a.nupkg {push}",
        f"nuget push TMP/b.nupkg {push}",
    ]
