"""Puts together what runs a build: definition, runtime, store, builder, and whoever looks at it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import click

from wharf_tui.cli.build_options import BuildOptions
from wharf_tui.cli.leftover_notice import LeftoverNotice
from wharf_tui.cli.main import tell
from wharf_tui.cli.serving import served
from wharf_tui.cli.signals import on_stop_signals
from wharf_tui.cli.verdict import print_verdict
from wharf_tui.definition.pipeline import Pipeline
from wharf_tui.model.build import BuildInfo
from wharf_tui.model.errors import ExitStatus
from wharf_tui.model.ids import BuildId
from wharf_tui.model.status import Status
from wharf_tui.results.build_number import next_build_id
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.follow import waiter_for
from wharf_tui.results.layout import default_builds_dir
from wharf_tui.runtimes.port import BuildContext, Runtime
from wharf_tui.worker.build_thread import BuildThread
from wharf_tui.worker.builder import Builder, initial_steps

if TYPE_CHECKING:
    from wharf_tui.ui.way_back import Seen
    from wharf_tui.worker.auth import ListenSettings

_EXIT = {Status.SUCCESS: ExitStatus.SUCCESS, Status.CANCELLED: ExitStatus.INTERRUPTED}


class Presentation(Enum):
    """How a build is shown while it runs."""

    VIEWER = "viewer"
    LINES = "lines"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class _Run:
    pipeline: Pipeline
    store: BuildWriter
    runtime: Runtime
    instance_id: str
    presentation: Presentation
    listen: ListenSettings | None


def run_build(options: BuildOptions, presentation: Presentation, listen: ListenSettings | None) -> int:
    """Run a build to its end, and return the exit status.

    Raises:
        WharfError: the build could not be started.
    """
    builds_dir = default_builds_dir()
    number = BuildId(options.build_id) if options.build_id is not None else next_build_id(builds_dir)
    pipeline = options.load(number)
    runtime = options.make_runtime()
    info = BuildInfo(
        build_id=number,
        steps=initial_steps(pipeline),
        source=str(pipeline.path),
        runtime=runtime.name,
        environment=options.environment or "",
    )
    store = BuildWriter.create(builds_dir, info)
    instance_id = options.configuration().text("instanceId", default="local")
    run = _Run(pipeline, store, runtime, instance_id, presentation, listen)
    notice = LeftoverNotice(runtime.name, at_once=presentation is not Presentation.VIEWER)
    seen: list[Seen | None] = []
    exit_status = asyncio.run(_run(run, seen.append))
    with contextlib.suppress(OSError):  # the terminal may be gone; the exit status still tells
        notice.tell()
        print_verdict(
            store.path, interactive=presentation is Presentation.VIEWER, seen=seen[-1] if seen else None
        )
    return exit_status


async def _run(run: _Run, leaving: Callable[[Seen | None], None]) -> int:
    """Run the build and show it; returns the exit status."""
    store = run.store
    context = BuildContext(
        build_id=store.build_id,
        build_name=store.path.name,
        pipeline=run.pipeline,
        directory=run.pipeline.directory,
        project_id=run.pipeline.project_id,
        instance_id=run.instance_id,
    )
    build = BuildThread(Builder(context, store, run.runtime))
    stop = asyncio.Event()

    def interrupted(signal_name: str) -> None:
        stop.set()
        build.cancel(f"cancelled by {signal_name}")

    async with served(store, run.listen):
        build.start()
        try:
            with on_stop_signals(interrupted):
                await _present(run, build, stop, leaving)
                result = await build.result()
                if (
                    run.listen is not None
                    and run.presentation is not Presentation.VIEWER
                    and not stop.is_set()
                ):
                    click.echo(
                        "The build has ended; its logs are served until you stop this (ctrl-c).", err=True
                    )
                    await stop.wait()
        finally:
            if build.running:
                build.cancel()
                build.cancel()
                await build.result()
    if build.error is not None:
        tell(build.error)
        return build.error.exit_status
    return _EXIT.get(result, ExitStatus.FAILED)


async def _present(
    run: _Run, build: BuildThread, stop: asyncio.Event, leaving: Callable[[Seen | None], None]
) -> None:
    if run.presentation is Presentation.VIEWER:
        from wharf_tui.cli.viewer import show_viewer

        await show_viewer(run.store.path, build, stop, leaving=leaving)
    elif run.presentation is Presentation.LINES:
        from wharf_tui.cli.output import terminal_style
        from wharf_tui.cli.plain import print_as_it_comes

        reader = BuildReader.open(run.store.path)
        try:
            await print_as_it_comes(
                reader, terminal_style(prefix=True), wait=waiter_for(run.store.changes.wait)
            )
        finally:
            reader.close()
