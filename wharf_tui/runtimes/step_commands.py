"""What runs in a step's container, wherever the container runs: image, command and environment of each step type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from wharf_tui.definition.step_types import (
    ContainerSpec,
    DockerSpec,
    HelmPackageSpec,
    HelmSpec,
    KubectlSpec,
    NugetPackageSpec,
    StepSpec,
)
from wharf_tui.runtimes.shell import shell_command

WORK_DIR: Final = "/mnt/repo"
"""Where the source tree is, inside of every container."""

_HELM_PACKAGE_VERSION: Final = "v3.8.1"
_BASH: Final = "/bin/bash"

_HELM_PACKAGE_SCRIPT: Final = """\
set -euo pipefail
packages=$(mktemp -d)
helm package "$CHART_PATH" --destination "$packages" ${CHART_VERSION:+--version "$CHART_VERSION"}
for package in "$packages"/*.tgz; do
  helm push "$package" "$CHART_REPO" --insecure
done
"""

_NUGET_PACKAGE_SCRIPT: Final = """\
set -euo pipefail
packages=$(mktemp -d)
dotnet pack "$NUGET_PROJECT_PATH" --configuration Release --output "$packages" "-p:PackageVersion=$NUGET_VERSION"
skip=
if [ "$NUGET_SKIP_DUP" = true ]; then skip=--skip-duplicate; fi
for package in "$packages"/*.nupkg; do
  dotnet nuget push "$package" --source "$NUGET_REPO" --api-key "$NUGET_TOKEN" $skip
done
"""


@dataclass(frozen=True, slots=True)
class StepImages:
    """Images of the step types that do not name one themselves."""

    helm: str = "docker.io/wharfse/helm"
    """Without tag: the step says which version of helm it needs."""
    kubectl: str = "docker.io/wharfse/kubectl:v1.23.5"
    nuget_package: str = "mcr.microsoft.com/dotnet/sdk:3.1-alpine"


@dataclass(frozen=True, slots=True)
class StepCommand:
    """What runs in the container."""

    image: str
    command: tuple[str, ...]
    """Program and arguments, in place of the image's own entry point."""
    environment: Mapping[str, str] = field(default_factory=dict)


def step_command(spec: StepSpec, images: StepImages) -> StepCommand:
    """The command of a step that runs in a container; a ``docker`` step has none, it is built in another way."""
    match spec:
        case ContainerSpec():
            return StepCommand(spec.image, tuple(shell_command(spec)))
        case HelmSpec():
            return StepCommand(f"{images.helm}:{spec.helm_version}", _helm(spec))
        case HelmPackageSpec():
            return _helm_package(spec, images)
        case KubectlSpec():
            return StepCommand(images.kubectl, _kubectl(spec))
        case NugetPackageSpec():
            return _nuget_package(spec, images)
        case DockerSpec():
            raise AssertionError("a docker step is no container")


def _helm(spec: HelmSpec) -> tuple[str, ...]:
    command = ["helm", "upgrade", "--install", spec.name, spec.chart]
    command += ["--repo", spec.repo, "--namespace", spec.namespace]
    if spec.chart_version:
        command += ["--version", spec.chart_version]
    for file in spec.files:
        command += ["--values", f"{WORK_DIR}/{file}"]
    for name, value in spec.set:
        command += ["--set", f"{name}={value}"]
    return tuple(command)


def _helm_package(spec: HelmPackageSpec, images: StepImages) -> StepCommand:
    environment = {
        "CHART_PATH": spec.chart_path,
        "CHART_REPO": spec.destination,
        "CHART_VERSION": spec.version,
    }
    image = f"{images.helm}:{_HELM_PACKAGE_VERSION}"
    return StepCommand(image, (_BASH, "-c", _HELM_PACKAGE_SCRIPT), environment)


def _kubectl(spec: KubectlSpec) -> tuple[str, ...]:
    command = ["kubectl", spec.action]
    if spec.namespace:
        command += ["--namespace", spec.namespace]
    for file in spec.files:
        command += ["--filename", f"{WORK_DIR}/{file}"]
    if spec.force:
        command.append("--force")
    return tuple(command)


def _nuget_package(spec: NugetPackageSpec, images: StepImages) -> StepCommand:
    environment = {
        "NUGET_REPO": spec.repo,
        "NUGET_PROJECT_PATH": spec.project_path,
        "NUGET_VERSION": spec.version,
        "NUGET_SKIP_DUP": "true" if spec.skip_duplicate else "false",
    }
    return StepCommand(images.nuget_package, (_BASH, "-c", _NUGET_PACKAGE_SCRIPT), environment)
