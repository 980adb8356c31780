"""``helm`` and ``helm-package``: installs a chart into a cluster; packs a chart and pushes it to a registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wharf_tui.definition.fields import Fields
from wharf_tui.definition.step_context import StepContext

_STAGE_REPO: Final = "https://kubernetes-charts.storage.googleapis.com"
"""What ``repo: stage`` stands for."""
_HELM_VERSION: Final = "v2.14.1"
_CLUSTER: Final = "kubectl-config"
_CHART_PATH: Final = "."


@dataclass(frozen=True, slots=True)
class HelmSpec:
    """A release of a chart."""

    chart: str
    name: str
    namespace: str
    repo: str
    set: tuple[tuple[str, str], ...] = ()
    """Values that override those of the files, in file order."""
    files: tuple[str, ...] = ()
    """Value files, relative to the repository's root; variables are filled in when they are shipped."""
    chart_version: str = ""
    """Empty for the newest."""
    helm_version: str = _HELM_VERSION
    cluster: str = _CLUSTER
    """Name of the config map that holds the cluster's configuration."""
    secret: str = ""
    """Name of the secret with the chart registry's credentials; empty for none."""


@dataclass(frozen=True, slots=True)
class HelmPackageSpec:
    """A chart to pack and push."""

    destination: str
    version: str = ""
    """Empty for what the chart itself says."""
    chart_path: str = _CHART_PATH
    """Folder of the chart, relative to the repository's root. wharf-cmd's own default fails in its script."""
    secret: str = ""


def read_helm(fields: Fields, context: StepContext) -> HelmSpec:
    """Read the fields of a ``helm`` step."""
    repo = _read_repo("repo", fields, context)
    return HelmSpec(
        chart=fields.required_text("chart"),
        name=fields.required_text("name"),
        namespace=fields.required_text("namespace"),
        repo=_STAGE_REPO if repo == "stage" else repo,
        set=fields.text_pairs("set"),
        files=fields.texts("files"),
        chart_version=fields.text("chartVersion"),
        helm_version=fields.text("helmVersion", _HELM_VERSION),
        cluster=fields.text("cluster", _CLUSTER),
        secret=_read_secret(fields, context),
    )


def read_helm_package(fields: Fields, context: StepContext) -> HelmPackageSpec:
    """Read the fields of a ``helm-package`` step."""
    return HelmPackageSpec(
        destination=_read_repo("destination", fields, context),
        version=fields.text("version"),
        chart_path=fields.text("chart-path") or _CHART_PATH,
        secret=_read_secret(fields, context),
    )


def _read_repo(key: str, fields: Fields, context: StepContext) -> str:
    repo = fields.optional_text(key)
    if repo is not None:
        return repo
    purpose = f"the default of '{key}'"
    return f"{context.require('CHART_REPO', purpose)}/{context.require('REPO_GROUP', purpose)}"


def _read_secret(fields: Fields, context: StepContext) -> str:
    secret = fields.optional_text("secret")
    return context.lookup("HELM_REG_SECRET") if secret is None else secret
