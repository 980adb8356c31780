"""What the shell offers behind an option or in place of an argument: names from the definition and from stored builds.

A completion that cannot be worked out offers nothing: a shell has no place for an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wharf_tui.model.errors import WharfError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_MOST_BUILDS = 30


def stages(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's signature
    """Stages of the definition at the command's PATH."""
    return _starting(incomplete, _names(ctx)[0])


def environments(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's signature
    """Environments of the definition at the command's PATH."""
    return _starting(incomplete, _names(ctx)[1])


def builds(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's signature
    """Stored builds, by number; where a path or an address is begun, that is the shell's to complete."""
    from click.shell_completion import CompletionItem

    from wharf_tui.results.catalogue import list_builds
    from wharf_tui.results.layout import default_builds_dir

    if "/" in incomplete or incomplete.startswith((".", "~")):
        return [CompletionItem(incomplete, type="file")]
    found = list_builds(default_builds_dir())[:_MOST_BUILDS]
    about = {str(build.build_id): f"{build.status.label} {build.source}" for build in reversed(found)}
    items = [CompletionItem(name, help=help_) for name, help_ in reversed(about.items())]
    items += [CompletionItem("latest", help="the newest")] if found else []
    return [item for item in items if item.value.startswith(incomplete)]


def steps(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's signature
    """Steps of the build that the command's TARGET names."""
    from wharf_tui.results.build_reader import BuildReader
    from wharf_tui.results.catalogue import find_build
    from wharf_tui.results.layout import default_builds_dir

    try:
        reader = BuildReader.open(find_build(_typed(ctx, "target"), default_builds_dir()))
    except WharfError:
        return []
    return _starting(incomplete, [step.info.address for step in reader.info.steps])


def _names(ctx: click.Context) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from wharf_tui.definition.open_definition import names_in

    try:
        return names_in(Path(_typed(ctx, "path") or "."))
    except WharfError:
        return (), ()


def _typed(ctx: click.Context, name: str) -> str:
    """The command's argument so far: behind an option without its value, click has not given it a name yet."""
    return ctx.args[0] if ctx.args else str(ctx.params.get(name) or "")


def _starting(incomplete: str, names: Iterable[str]) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
