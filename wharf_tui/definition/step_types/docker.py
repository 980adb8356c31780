"""``docker``: builds an image from a Dockerfile, and pushes it to a registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wharf_tui.definition.fields import Fields
from wharf_tui.definition.step_context import StepContext

_DEFAULT_OF_DESTINATION: Final = "the default of 'destination'"
_DEFAULT_SECRET: Final = "gitlab-registry"  # noqa: S105  the name of a secret, not the secret


@dataclass(frozen=True, slots=True)
class SecretArgument:
    """A build argument whose value is one key of the step's secret."""

    name: str
    secret_key: str


@dataclass(frozen=True, slots=True)
class DockerSpec:
    """What to build, and where it goes. All paths are relative to the repository's root."""

    file: str
    tags: tuple[str, ...]
    """At least one."""
    destination: str
    """Address of the image, without tag."""
    context: str = ""
    secret: str = _DEFAULT_SECRET
    """Name of the secret with the registry's credentials; empty for none."""
    append_cert: bool = False
    push: bool = True
    args: tuple[str, ...] = ()
    """Build arguments, ``NAME=value``."""
    secret_name: str = ""
    secret_args: tuple[SecretArgument, ...] = ()
    insecure: bool = False
    """The registry speaks HTTP (variable ``REG_INSECURE``)."""


def read_docker(fields: Fields, context: StepContext) -> DockerSpec:
    """Read the fields of a ``docker`` step, with ``REG_URL``, ``REPO_GROUP``, ``REPO_NAME`` and ``REG_SECRET``."""
    destination, group = _read_destination(fields, context)
    secret = fields.optional_text("secret")
    if secret is None:
        secret = context.lookup("REG_SECRET") or _DEFAULT_SECRET
    spec = DockerSpec(
        file=fields.required_text("file"),
        tags=_read_tags(fields),
        destination=destination,
        context=fields.text("context"),
        secret=secret,
        append_cert=fields.flag("append-cert", default=group.lower().startswith("default")),
        push=fields.flag("push", default=True),
        args=fields.texts("args"),
        secret_name=fields.text("secretName"),
        secret_args=_read_secret_args(fields),
        insecure=context.lookup_flag("REG_INSECURE"),
    )
    if spec.secret_args and not spec.secret_name:
        fields.error("secretArgs", "needs 'secretName' beside it")
    if spec.secret_name and not fields.has("secretArgs"):
        fields.error("secretName", "needs 'secretArgs' beside it")
    context.check_secret_name(spec.secret_name, fields)
    return spec


def _read_destination(fields: Fields, context: StepContext) -> tuple[str, str]:
    """The image's address, and the group where it had to be known for that."""
    name = fields.text("name", context.step_name)
    registry = fields.text("registry")
    group = fields.text("group")
    destination = fields.optional_text("destination")
    if destination is not None:
        return destination, ""
    registry = registry or context.require("REG_URL", _DEFAULT_OF_DESTINATION)
    group = group or context.require("REPO_GROUP", _DEFAULT_OF_DESTINATION)
    repository = context.require("REPO_NAME", _DEFAULT_OF_DESTINATION)
    parts = [registry, group, repository] + ([] if name == repository else [name])
    return "/".join(parts), group


def _read_tags(fields: Fields) -> tuple[str, ...]:
    text = fields.required_text("tag")
    tags = tuple(filter(None, map(str.strip, text.split(","))))
    if text and not tags:
        fields.error("tag", "holds no tag, only commas and blanks")
    return tags


def _read_secret_args(fields: Fields) -> tuple[SecretArgument, ...]:
    arguments = []
    for index, text in enumerate(fields.texts("secretArgs")):
        name, _, secret_key = text.partition("=")
        if name and secret_key:
            arguments.append(SecretArgument(name, secret_key))
        else:
            fields.error("secretArgs", f"item {index + 1} must be of the form ARG=secret-key")
    return tuple(arguments)
