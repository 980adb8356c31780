"""What a ``docker`` step sends to the engine to build from: the files of its context, and its Dockerfile."""

from __future__ import annotations

import posixpath
import secrets
from collections.abc import Iterable
from pathlib import Path

from wharf_tui.definition.pipeline import Step
from wharf_tui.definition.step_types import DockerSpec
from wharf_tui.model.errors import InputError
from wharf_tui.runtimes.source_entry import SourceEntry, read_file

_IGNORE_FILE = ".dockerignore"
_CERTIFICATES_IN_IMAGE = "/etc/ssl/certs/ca-certificates.crt"


def check_context(step: Step, spec: DockerSpec, entries: Iterable[SourceEntry]) -> None:
    """See that what a step builds from is there.

    Raises:
        InputError: its Dockerfile or its context is not in the source tree.
    """
    names = {entry.name for entry in entries}
    what = f"of step {step.stage}/{step.name}"
    if _clean(spec.file) not in names:
        raise InputError(
            f"Dockerfile {spec.file} {what} is not in the source tree",
            "Correct `file`, which is relative to the definition's folder; or .gitignore names it.",
        )
    folder = _clean(spec.context)
    if folder and not any(name.startswith(f"{folder}/") for name in names):
        raise InputError(
            f"context {spec.context} {what} is no folder of the source tree",
            "Correct `context`, which is relative to the definition's folder; or .gitignore names it.",
        )


def build_context(
    spec: DockerSpec, entries: Iterable[SourceEntry], certificates: Path | None
) -> tuple[list[SourceEntry], str]:
    """Choose and rename what is sent.

    Args:
        spec: of the step.
        entries: the source tree.
        certificates: file that ``append-cert`` puts into the image.

    Returns:
        The entries, and the Dockerfile's name among them. The Dockerfile always comes under a name of its own, for it
        may lie outside of the context, or be hidden by ``.dockerignore``.

    Raises:
        InputError: a file cannot be read.
    """
    by_name = {entry.name: entry for entry in entries}
    folder = _clean(spec.context)
    prefix = f"{folder}/" if folder else ""
    context = {name.removeprefix(prefix): entry for name, entry in by_name.items() if name.startswith(prefix)}
    ignored = _ignored(context)
    chosen = [SourceEntry(name, entry.path) for name, entry in context.items() if name not in ignored]

    dockerfile = by_name[_clean(spec.file)].path
    instructions = read_file(dockerfile)
    token = secrets.token_hex(8)
    if spec.append_cert and certificates is not None:
        name = f".wharf-certificates-{token}"
        chosen.append(SourceEntry(name, certificates, read_file(certificates)))
        instructions += f"\nCOPY {name} {_CERTIFICATES_IN_IMAGE}\n".encode()
    name = f".wharf-dockerfile-{token}"
    chosen.append(SourceEntry(name, dockerfile, instructions))
    return chosen, name


def _ignored(context: dict[str, SourceEntry]) -> set[str]:
    """Names that ``.dockerignore`` leaves out."""
    ignore_file = context.get(_IGNORE_FILE)
    if ignore_file is None:
        return set()
    from docker.utils.build import PatternMatcher

    lines = read_file(ignore_file.path).decode("utf-8", "replace").removeprefix("\ufeff").splitlines()
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    matcher = PatternMatcher(patterns)
    return {name for name in context if matcher.matches(name.rstrip("/"))}  # type: ignore[arg-type]  # it takes str


def _clean(path: str) -> str:
    """As entries have it: ``./a/../b/`` is ``b``, and the top is empty."""
    cleaned = posixpath.normpath(path) if path else ""
    return "" if cleaned == "." else cleaned
