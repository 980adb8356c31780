"""``container``: runs commands inside an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wharf_tui.definition.fields import Fields
from wharf_tui.definition.problems import listing, quote
from wharf_tui.definition.step_context import StepContext

DEFAULT_SHELL: Final = "/bin/sh"
_SYSTEMS: Final = ("linux", "windows")


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """Commands, and the image to run them in."""

    image: str
    cmds: tuple[str, ...]
    os: str = "linux"
    shell: str = DEFAULT_SHELL
    secret_name: str = ""
    """Its keys become environment variables; empty for none."""
    service_account: str = "default"
    certificates_mount_path: str = ""
    """Where the cluster's certificates are mounted; empty for nowhere."""


def read_container(fields: Fields, context: StepContext) -> ContainerSpec:
    """Read the fields of a ``container`` step."""
    spec = ContainerSpec(
        image=fields.required_text("image"),
        cmds=fields.texts("cmds", required=True),
        os=fields.text("os", "linux"),
        shell=fields.text("shell", DEFAULT_SHELL),
        secret_name=fields.text("secretName"),
        service_account=fields.text("serviceAccount", "default"),
        certificates_mount_path=fields.text("certificatesMountPath"),
    )
    if spec.os not in _SYSTEMS:
        fields.warn("os", f"{quote(spec.os)} is none of {listing(_SYSTEMS)}, and counts as 'linux'")
    context.check_secret_name(spec.secret_name, fields)
    return spec
