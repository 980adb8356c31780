"""Runs the commands of ``container`` steps in the local shell, in the working directory.

It is for machines that have nothing but a shell. The image is ignored and nothing is shielded from the commands, so
this runtime is never chosen silently. Each step is a process group of its own, which is ended as a whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path
from typing import Any

from wharf_tui.definition.pipeline import Step
from wharf_tui.definition.step_types import ContainerSpec
from wharf_tui.model.errors import RunError, RuntimeUnavailableError, StoreError
from wharf_tui.model.status import Status
from wharf_tui.runtimes.port import BuildContext, Cancellation, StepOutcome, StepRecorder
from wharf_tui.runtimes.process.output_pump import OutputPump
from wharf_tui.runtimes.shell import shell_command

GRACE_SECONDS = 10.0
"""How long a gently cancelled step may take before it is killed."""
_LAST_WORDS_SECONDS = 0.25
"""How long what a step left running may still print after its main process has ended."""


class ProcessRuntime:
    """Steps as process groups on this machine."""

    name = "process"

    def __init__(self, grace_seconds: float = GRACE_SECONDS) -> None:
        self._grace_seconds = grace_seconds
        self._directory = Path()

    async def start(self, build: BuildContext) -> None:
        """Refuse what cannot run here, all of it at once."""
        if os.name != "posix":
            raise RuntimeUnavailableError(
                "the process runtime needs a POSIX system",
                "Use `--runtime docker` or `--runtime kubernetes`.",
            )
        others = [
            step
            for stage in build.pipeline.stages
            for step in stage.steps
            if not isinstance(step.spec, ContainerSpec)
        ]
        if others:
            named = ", ".join(f"{step.stage}/{step.name} ({step.type})" for step in others)
            raise RunError(
                f"the process runtime runs only container steps, not {named}",
                "Use `--runtime docker` or `--runtime kubernetes`, or choose other stages with --stage.",
            )
        self._directory = build.directory

    async def run_step(self, step: Step, recorder: StepRecorder, cancellation: Cancellation) -> StepOutcome:
        """Run the step's commands to their end."""
        assert isinstance(step.spec, ContainerSpec)
        recorder.status(Status.INITIALIZING)
        command = shell_command(step.spec)
        pump = OutputPump(recorder, f"{step.stage}/{step.name}")
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=pump.write_end,
                stderr=pump.write_end,
                cwd=self._directory,
                start_new_session=True,
            )
        except OSError as error:
            pump.abandon()
            return StepOutcome(Status.FAILED, None, f"cannot start {command[0]}: {error.strerror or error}")
        pump.start()
        try:
            recorder.status(Status.RUNNING)
            was_cancelled = await self._until_it_ends(process, pump, cancellation)
        finally:
            await self._clear_up(process, pump)
        pump.done.result()
        return _outcome(process.returncode, cancellation, was_cancelled=was_cancelled)

    async def stop(self) -> None:
        """Nothing was made."""

    async def _until_it_ends(
        self, process: asyncio.subprocess.Process, pump: OutputPump, cancellation: Cancellation
    ) -> bool:
        """Wait for the main process; end it when asked to, or when its output cannot be stored."""
        waiting = asyncio.ensure_future(process.wait())
        asked = asyncio.ensure_future(cancellation.wait_requested())
        first: set[asyncio.Future[Any]] = {waiting, asked, pump.done}
        try:
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            if pump.done.done() and pump.done.exception() is not None:
                return False
            if not waiting.done() and not asked.done():  # it closed its output and works on
                await asyncio.wait(first - {pump.done}, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                return False
            _signal_group(process.pid, signal.SIGTERM)
            await self._wait_or_be_forced(waiting, cancellation)
            return True
        finally:
            waiting.cancel()
            asked.cancel()

    async def _wait_or_be_forced(self, waiting: asyncio.Future[int], cancellation: Cancellation) -> None:
        forced = asyncio.ensure_future(cancellation.wait_forced())
        either: set[asyncio.Future[Any]] = {waiting, forced}
        try:
            await asyncio.wait(either, timeout=self._grace_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            forced.cancel()

    async def _clear_up(self, process: asyncio.subprocess.Process, pump: OutputPump) -> None:
        """End what is left of the group, and take the last output."""
        if process.returncode is not None:
            await asyncio.wait({pump.done}, timeout=_LAST_WORDS_SECONDS)
        _signal_group(process.pid, signal.SIGKILL)
        await process.wait()
        await asyncio.wait({pump.done}, timeout=1.0)
        if (
            not pump.done.done()
        ):  # a process that left the group still holds the pipe: what it prints is not the step's
            pump.stop()
            with contextlib.suppress(StoreError):
                await pump.done


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _outcome(code: int | None, cancellation: Cancellation, *, was_cancelled: bool) -> StepOutcome:
    assert code is not None
    exit_code = 128 - code if code < 0 else code
    if was_cancelled:
        return StepOutcome(Status.CANCELLED, exit_code, cancellation.reason)
    if code == 0:
        return StepOutcome(Status.SUCCESS, 0)
    if code < 0:
        return StepOutcome(
            Status.FAILED, exit_code, f"killed by signal {-code} ({signal.Signals(-code).name})"
        )
    return StepOutcome(Status.FAILED, exit_code, f"exit code {code}")
