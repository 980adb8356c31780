"""The options of every verb that runs a build."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wharf_tui.model.errors import UsageError

if TYPE_CHECKING:
    from wharf_tui.definition.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """As given on the command line; nothing has been read yet."""

    path: Path
    runtime: str | None
    stage: str | None
    environment: str | None
    inputs: tuple[str, ...]
    build_id: int | None
    project_id: int

    def load(self, build_id: int) -> Pipeline:
        """Read the definition, and say on standard error what is odd about it.

        Raises:
            InputError: there is no definition.
            DefinitionError: it cannot be used.
        """
        import platformdirs

        from wharf_tui.definition.load import load_pipeline
        from wharf_tui.definition.options import LoadOptions

        options = LoadOptions(
            build_id=build_id,
            environ=os.environ,
            user_config_dir=Path(platformdirs.user_config_dir()),
            system_config_dir=Path("/etc") if sys.platform == "linux" else None,
            stage=self.stage,
            environment=self.environment,
            inputs=tuple(_split_input(text) for text in self.inputs),
            project_id=self.project_id,
        )
        pipeline = load_pipeline(self.path, options)
        for warning in pipeline.warnings:
            click.echo(warning.printable(), err=True)
        return pipeline


def build_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb these options, as its argument ``build``."""

    @click.argument("path", default=".", type=click.Path(path_type=Path))
    @click.option(
        "--runtime",
        type=click.Choice(["docker", "kubernetes", "process"]),
        help="Where steps run; else what answers.",
    )
    @click.option("-s", "--stage", metavar="NAME", help="Run this stage only.")
    @click.option("-e", "--environment", metavar="NAME", help="Use this environment's variables and stages.")
    @click.option(
        "-i", "--input", "inputs", metavar="K=V", multiple=True, help="Set an input; may be repeated."
    )
    @click.option(
        "--build-id",
        type=click.IntRange(1, 2**64 - 1),
        metavar="N",
        help="The build's number; else the next.",
    )
    @click.option(
        "--project-id",
        type=click.IntRange(0, 2**64 - 1),
        default=0,
        metavar="N",
        help="The project's number.",
    )
    @functools.wraps(verb)
    def with_build(
        *args: Any,
        path: Path,
        runtime: str | None,
        stage: str | None,
        environment: str | None,
        inputs: tuple[str, ...],
        build_id: int | None,
        project_id: int,
        **kwargs: Any,
    ) -> Any:
        options = BuildOptions(path, runtime, stage, environment, inputs, build_id, project_id)
        return verb(*args, build=options, **kwargs)

    return with_build


def _split_input(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--input {text!r} is not of the form NAME=VALUE")
    return name, value
