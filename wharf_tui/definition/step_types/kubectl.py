"""``kubectl``: applies manifests to a cluster, or does something else with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wharf_tui.definition.fields import Fields
from wharf_tui.definition.step_context import StepContext

_ACTION: Final = "apply"
_CLUSTER: Final = "kubectl-config"


@dataclass(frozen=True, slots=True)
class KubectlSpec:
    """An action on manifests."""

    files: tuple[str, ...]
    """At least one, relative to the repository's root; variables are filled in when they are shipped."""
    namespace: str = ""
    """Empty for the cluster configuration's own."""
    action: str = _ACTION
    force: bool = False
    cluster: str = _CLUSTER
    """Name of the config map that holds the cluster's configuration."""


def read_kubectl(fields: Fields, _context: StepContext) -> KubectlSpec:
    """Read the fields of a ``kubectl`` step: one of ``file`` and ``files`` must be there, and both may be."""
    has_file, has_files = fields.has("file"), fields.has("files")
    if not has_file and not has_files:
        fields.report_missing("file", "files")
    files = fields.texts("files", required=has_files and not has_file)
    file = fields.required_text("file") if has_file and not files else fields.text("file")
    return KubectlSpec(
        files=(*files, file) if file else files,
        namespace=fields.text("namespace"),
        action=fields.text("action", _ACTION),
        force=fields.flag("force", default=False),
        cluster=fields.text("cluster", _CLUSTER),
    )
