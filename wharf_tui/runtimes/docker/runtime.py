"""Runs the steps of a build in containers of a Docker Engine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from wharf_tui.definition.pipeline import Pipeline, Step
from wharf_tui.definition.step_types import DockerSpec
from wharf_tui.model.errors import RunError
from wharf_tui.runtimes.docker.container_step import ContainerStep
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.engine_watch import EngineWatch
from wharf_tui.runtimes.docker.image_step import ImageStep
from wharf_tui.runtimes.docker.settings import DockerSettings, Limits
from wharf_tui.runtimes.docker.shared import Shared
from wharf_tui.runtimes.docker.spec import describe, what_is_missing
from wharf_tui.runtimes.docker.step_files import StepFiles
from wharf_tui.runtimes.port import BuildContext, Cancellation, StepOutcome, StepRecorder

PROBE_SECONDS = 5
_LONG_CALLS = 64
_SHORT_CALLS = 16


def probe() -> str | None:
    """Why Docker cannot be used, in one sentence; None where it answers. Blocks for PROBE_SECONDS at most."""
    try:
        Engine(PROBE_SECONDS).close()
    except RunError as error:
        return error.message
    return None


class DockerRuntime:
    """Steps as containers.

    Args:
        settings: images, and what takes the place of a cluster's files.
        limits: how long things may take.
        gitignore: whether steps get what ``.gitignore`` names.
    """

    name = "docker"

    def __init__(
        self,
        settings: DockerSettings | None = None,
        limits: Limits | None = None,
        *,
        gitignore: bool = True,
    ) -> None:
        self._settings = settings or DockerSettings()
        self._limits = limits or Limits()
        self._gitignore = gitignore
        self._long_calls = ThreadPoolExecutor(_LONG_CALLS, "docker-long")
        self._short_calls = ThreadPoolExecutor(_SHORT_CALLS, "docker-short")
        self._engine: Engine | None = None
        self._watch: EngineWatch | None = None
        self._files: StepFiles | None = None
        self._shared: Shared | None = None

    def describe(self, build: BuildContext, step: Step) -> Mapping[str, Any]:
        """What a step asks the engine for, for people to read. Needs no engine."""
        return describe(step, build, self._settings)

    async def start(self, build: BuildContext) -> None:
        """See that every step can run, and pack the source tree.

        Raises:
            RuntimeUnavailableError: no engine answers.
            RunError: a step needs what only a cluster has.
            InputError: a file cannot be read, or a step names one that is not there.
        """
        self._refuse_what_cannot_run(build.pipeline)
        loop = asyncio.get_running_loop()
        self._engine = engine = await loop.run_in_executor(self._short_calls, Engine)
        info = await loop.run_in_executor(self._short_calls, engine.info)
        self._watch = watch = await loop.run_in_executor(self._short_calls, lambda: EngineWatch(engine))
        self._files = await loop.run_in_executor(
            self._long_calls, lambda: StepFiles(build, self._settings, gitignore=self._gitignore)
        )
        self._shared = Shared(
            build=build,
            engine=engine,
            watch=watch,
            settings=self._settings,
            limits=self._limits,
            has_init=bool(info.get("InitBinary")) and info.get("OSType") != "windows",
            files=self._files,
            long_calls=self._long_calls,
            short_calls=self._short_calls,
        )

    async def run_step(self, step: Step, recorder: StepRecorder, cancellation: Cancellation) -> StepOutcome:
        """Run one step to its end."""
        assert self._shared is not None
        if isinstance(step.spec, DockerSpec):
            return await ImageStep(self._shared, step, step.spec, recorder, cancellation).run()
        return await ContainerStep(self._shared, step, recorder, cancellation).run()

    async def stop(self) -> None:
        """Let go of the engine, and remove the packed tree."""
        for executor in (self._long_calls, self._short_calls):
            executor.shutdown(wait=True, cancel_futures=True)
        if self._files is not None:
            self._files.close()
        if self._watch is not None:
            self._watch.close()
        if self._engine is not None:
            self._engine.close()

    def _refuse_what_cannot_run(self, pipeline: Pipeline) -> None:
        missing = [(step, what_is_missing(step, self._settings)) for step in pipeline.steps]
        refused = [f"{step.stage}/{step.name}: {why}" for step, why in missing if why]
        if refused:
            raise RunError(
                "Docker cannot run " + "; ".join(refused),
                "Run it on Kubernetes, or choose other stages with --stage.",
            )
