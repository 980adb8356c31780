"""Runs a build: its stages one after the other, the steps of a stage at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from wharf_tui.definition.pipeline import Pipeline, Stage, Step
from wharf_tui.model.build import StepState
from wharf_tui.model.errors import RunError, StoreError, WharfError
from wharf_tui.model.status import Status
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.runtimes.port import BuildContext, Cancellation, Runtime, StepOutcome
from wharf_tui.worker.recorder import StoreRecorder


class Builder:
    """One build, run once. Whatever happens is in the store; ``run`` returns the build's result.

    The first step that fails cancels the other steps of its stage. A later stage runs as its ``runs-if`` says. A
    build that is cancelled starts nothing more, not even stages that run always: who cancels wants it to end.
    """

    def __init__(self, context: BuildContext, store: BuildWriter, runtime: Runtime) -> None:
        self._context = context
        self._store = store
        self._runtime = runtime
        self._cancellations: dict[int, Cancellation] = {}
        self._cancel_reason = ""
        self._forced = False
        self._syncing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-close")
        self.running = False
        """Whether ``run`` has begun and not ended."""
        self.error: WharfError | None = None
        """Why the build ended where it was not a step's fault."""

    @property
    def failure(self) -> str:
        """The error's message; empty where there is none."""
        return self.error.message if self.error else ""

    def cancel(self, reason: str = "cancelled by the user") -> None:
        """End the build: gently at the first call, by force at the second. Call it from the build's event loop."""
        self._forced = bool(self._cancel_reason)
        self._cancel_reason = self._cancel_reason or reason
        for cancellation in self._cancellations.values():
            self._pass_on(cancellation)

    async def run(self) -> Status:
        """Run all stages, freeze the store, and return the result. Errors of the store and the runtime end in ``error``."""
        self.running = True
        try:
            result = await self._run_stages()
        except WharfError as error:
            self.error = error
            result = Status.FAILED
        finally:
            await self._runtime.stop()
        try:
            await self._freeze(result)
        finally:
            self.running = False
            self._syncing.shutdown()
        return Status.FAILED if self.error else result

    async def _run_stages(self) -> Status:
        await self._runtime.start(self._context)
        failed = False
        for stage in self._context.pipeline.stages:
            why_not = self._why_not(stage, failed=failed)
            if why_not:
                self._skip(stage, why_not)
            else:
                failed = not await self._run_stage(stage) or failed
        if self._cancel_reason:
            return Status.CANCELLED
        return Status.FAILED if failed else Status.SUCCESS

    def _why_not(self, stage: Stage, *, failed: bool) -> str:
        if self._cancel_reason:
            return f"the build was {self._cancel_reason}"
        if stage.runs_if.holds(any_failed=failed):
            return ""
        return "an earlier stage failed" if failed else "it runs only if an earlier stage failed"

    def _skip(self, stage: Stage, reason: str) -> None:
        for step in stage.steps:
            self._store.update_step(
                step.step_id, lambda state: replace(state, skipped=True, reason=f"skipped: {reason}")
            )

    async def _run_stage(self, stage: Stage) -> bool:
        """Run the steps at once; whether all succeeded."""
        self._cancellations = {step.step_id: Cancellation() for step in stage.steps}
        tasks = [
            asyncio.create_task(self._run_step(step), name=f"{stage.name}/{step.name}")
            for step in stage.steps
        ]
        try:
            return all(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._cancellations = {}

    async def _run_step(self, step: Step) -> bool:
        cancellation = self._cancellations[step.step_id]
        if self._cancel_reason:
            self._pass_on(cancellation)
        try:
            self._store.set_status(step.step_id, Status.SCHEDULING)
            outcome = await self._runtime.run_step(
                step, StoreRecorder(self._store, step.step_id), cancellation
            )
        except RunError as error:
            outcome = StepOutcome(Status.FAILED, None, error.message)
        await self._in_thread(lambda: self._store.close_log(step.step_id))
        if self._store.sync_failure is not None:
            raise self._store.sync_failure
        self._store.set_status(step.step_id, outcome.status, outcome.reason, outcome.exit_code)
        if outcome.status is Status.FAILED:
            for other_id, other in self._cancellations.items():
                if other_id != step.step_id:
                    other.request(f"cancelled because {step.stage}/{step.name} failed")
        return outcome.status is Status.SUCCESS

    def _pass_on(self, cancellation: Cancellation) -> None:
        if self._forced:
            cancellation.force(self._cancel_reason)
        else:
            cancellation.request(self._cancel_reason)

    async def _freeze(self, result: Status) -> None:
        """Write the end. Where even that fails the build stays unfinished on disk, and the error is kept."""
        problem = self.failure
        try:
            await self._in_thread(lambda: self._store.freeze(result, problem))
        except StoreError as error:
            self.error = self.error or error
            self._store.close()

    async def _in_thread(self, work: Callable[[], None]) -> None:
        """To bring a large log to the device takes a while; the loop goes on meanwhile."""
        await asyncio.get_running_loop().run_in_executor(self._syncing, work)


def initial_steps(pipeline: Pipeline) -> tuple[StepState, ...]:
    """The steps of a build before it starts."""
    return tuple(StepState(step.info) for step in pipeline.steps)
