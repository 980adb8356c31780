"""``wharf-tui run --dry-run``: shows what each step would ask of Docker or Kubernetes, and runs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import click
import yaml

from wharf_tui.cli.build_options import BuildOptions
from wharf_tui.definition.pipeline import Step
from wharf_tui.model.errors import ExitStatus, UsageError
from wharf_tui.model.ids import BuildId
from wharf_tui.model.text import clean_plain
from wharf_tui.results.build_number import peek_build_id
from wharf_tui.results.layout import default_builds_dir
from wharf_tui.runtimes.docker.runtime import DockerRuntime
from wharf_tui.runtimes.kubernetes.runtime import KubernetesRuntime
from wharf_tui.runtimes.port import BuildContext


class _WithoutAnchors(yaml.SafeDumper):
    """Parts that occur twice are written twice: that is what people and `kubectl` want to read."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - yaml's signature
        return True


def dry_run(options: BuildOptions, *, ask_server: bool) -> int:
    """Print one YAML document a step.

    Args:
        options: the build.
        ask_server: let the cluster complete and check each pod, without making it.

    Raises:
        UsageError: the runtime makes nothing that could be shown.
        RunError: the cluster refuses a pod.
    """
    number = (
        BuildId(options.build_id) if options.build_id is not None else peek_build_id(default_builds_dir())
    )
    pipeline = options.load(number)
    runtime = options.make_runtime()
    if not isinstance(runtime, DockerRuntime | KubernetesRuntime):
        raise UsageError(
            "the process runtime makes nothing that could be shown", "Use --runtime docker or kubernetes."
        )
    build = BuildContext(
        build_id=number,
        build_name=f"wharf-cmd-build-{number:05d}-dry",
        pipeline=pipeline,
        directory=pipeline.directory,
        project_id=pipeline.project_id,
        instance_id=options.configuration().text("instanceId", default="local"),
    )
    for step in pipeline.steps:
        asked = _ask(runtime, build, step, ask_server=ask_server)
        click.echo(f"--- # {clean_plain(step.info.address)}")
        click.echo(yaml.dump(asked, Dumper=_WithoutAnchors, sort_keys=False, allow_unicode=True), nl=False)
    asyncio.run(runtime.stop())
    return ExitStatus.SUCCESS


def _ask(
    runtime: DockerRuntime | KubernetesRuntime, build: BuildContext, step: Step, *, ask_server: bool
) -> Mapping[str, Any]:
    if ask_server and isinstance(runtime, KubernetesRuntime):
        return asyncio.run(runtime.check(build, step))
    return dict(runtime.describe(build, step))
