"""The step types: what each needs, as a value that a runtime can run, and the reading of its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from wharf_tui.definition.fields import Fields
from wharf_tui.definition.step_context import StepContext
from wharf_tui.definition.step_types.container import ContainerSpec, read_container
from wharf_tui.definition.step_types.docker import DockerSpec, read_docker
from wharf_tui.definition.step_types.helm import HelmPackageSpec, HelmSpec, read_helm, read_helm_package
from wharf_tui.definition.step_types.kubectl import KubectlSpec, read_kubectl
from wharf_tui.definition.step_types.nuget_package import NugetPackageSpec, read_nuget_package

StepSpec: TypeAlias = ContainerSpec | DockerSpec | HelmSpec | HelmPackageSpec | KubectlSpec | NugetPackageSpec

STEP_TYPES: Final[Mapping[str, Callable[[Fields, StepContext], StepSpec]]] = {
    "container": read_container,
    "docker": read_docker,
    "helm": read_helm,
    "helm-package": read_helm_package,
    "kubectl": read_kubectl,
    "nuget-package": read_nuget_package,
}
"""By the word that the file has for it."""

__all__ = [
    "STEP_TYPES",
    "ContainerSpec",
    "DockerSpec",
    "HelmPackageSpec",
    "HelmSpec",
    "KubectlSpec",
    "NugetPackageSpec",
    "StepSpec",
]
