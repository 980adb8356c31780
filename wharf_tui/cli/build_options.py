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

from wharf_tui.cli import complete
from wharf_tui.model.errors import UsageError

if TYPE_CHECKING:
    from wharf_tui.definition.pipeline import Pipeline
    from wharf_tui.runtimes.configuration import Configuration
    from wharf_tui.runtimes.port import Runtime


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """As given on the command line; nothing has been read yet."""

    path: Path
    runtime: str | None = None
    stage: str | None = None
    environment: str | None = None
    inputs: tuple[str, ...] = ()
    build_id: int | None = None
    project_id: int = 0
    gitignore: bool = True
    keep_failed: bool = False
    start_timeout: float | None = None
    step_timeout: float | None = None

    def make_runtime(self) -> Runtime:
        """The runtime that was named, or the one that answers; which one that is is said aloud.

        Raises:
            RuntimeUnavailableError: nothing answers.
            InputError: the configuration cannot be used.
        """
        from wharf_tui.runtimes.choice import RuntimeOptions, choose_runtime

        options = RuntimeOptions(
            self.runtime, self.gitignore, self.keep_failed, self.start_timeout, self.step_timeout
        )
        runtime = choose_runtime(options, self.configuration())
        if self.runtime is None:
            click.echo(f"Steps run in {runtime.name} (--runtime chooses another place).", err=True)
        return runtime

    def configuration(self) -> Configuration:
        """wharf-cmd's configuration, as this user has it.

        Raises:
            InputError: a file of it cannot be used.
        """
        return user_configuration()

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
            system_config_dir=_system_config_dir(),
            stage=self.stage,
            environment=self.environment,
            inputs=tuple(_split_input(text) for text in self.inputs),
            project_id=self.project_id,
        )
        pipeline = load_pipeline(self.path, options)
        for warning in pipeline.warnings:
            click.echo(warning.printable(), err=True)
        return pipeline


def user_configuration() -> Configuration:
    """wharf-cmd's configuration, as this user has it.

    Raises:
        InputError: a file of it cannot be used.
    """
    import platformdirs

    from wharf_tui.runtimes.configuration import load_configuration

    return load_configuration(
        os.environ, Path.cwd(), Path(platformdirs.user_config_dir()), _system_config_dir()
    )


def build_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb these options, as its argument ``build``."""

    @click.argument("path", default=".", type=click.Path(path_type=Path))
    @click.option(
        "--runtime",
        type=click.Choice(["docker", "kubernetes", "process"]),
        help="Where steps run; else what answers.",
    )
    @click.option(
        "-s", "--stage", metavar="NAME", help="Run this stage only.", shell_complete=complete.stages
    )
    @click.option(
        "-e",
        "--environment",
        metavar="NAME",
        help="Use this environment's variables and stages.",
        shell_complete=complete.environments,
    )
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
    @click.option("--no-gitignore", is_flag=True, help="Give steps what .gitignore names, too.")
    @click.option(
        "--keep", type=click.Choice(["failed"]), help="Keep the containers of failed steps for a look."
    )
    @click.option(
        "--start-timeout",
        type=click.FloatRange(0, min_open=True),
        metavar="SECONDS",
        help="End a step that has not started by then.",
    )
    @click.option(
        "--step-timeout",
        type=click.FloatRange(0, min_open=True),
        metavar="SECONDS",
        help="End a step that runs longer.",
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
        no_gitignore: bool,
        keep: str | None,
        start_timeout: float | None,
        step_timeout: float | None,
        **kwargs: Any,
    ) -> Any:
        options = BuildOptions(
            path=path,
            runtime=runtime,
            stage=stage,
            environment=environment,
            inputs=inputs,
            build_id=build_id,
            project_id=project_id,
            gitignore=not no_gitignore,
            keep_failed=keep == "failed",
            start_timeout=start_timeout,
            step_timeout=step_timeout,
        )
        return verb(*args, build=options, **kwargs)

    return with_build


def _system_config_dir() -> Path | None:
    return Path("/etc") if sys.platform == "linux" else None


def _split_input(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--input {text!r} is not of the form NAME=VALUE")
    return name, value
