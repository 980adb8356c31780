"""``nuget-package``: packs a .NET project and pushes the package to a feed."""

from __future__ import annotations

from dataclasses import dataclass

from wharf_tui.definition.fields import Fields
from wharf_tui.definition.step_context import StepContext


@dataclass(frozen=True, slots=True)
class NugetPackageSpec:
    """A project to pack and push."""

    version: str
    project_path: str
    """Relative to the repository's root."""
    repo: str
    """Address of the feed."""
    skip_duplicate: bool = False
    certificates_mount_path: str = ""
    """Where the cluster's certificates are mounted; empty for nowhere."""


def read_nuget_package(fields: Fields, _context: StepContext) -> NugetPackageSpec:
    """Read the fields of a ``nuget-package`` step."""
    return NugetPackageSpec(
        version=fields.required_text("version"),
        project_path=fields.required_text("project-path"),
        repo=fields.required_text("repo"),
        skip_duplicate=fields.flag("skip-duplicate", default=False),
        certificates_mount_path=fields.text("certificatesMountPath"),
    )
