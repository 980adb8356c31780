"""The port between the builder and the places where steps run.

The builder knows stages and order; a runtime knows how to run one step and where its output comes from. Whatever a
runtime learns goes into the step's recorder, which is the store: nothing is handed around in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from wharf_tui.definition.pipeline import Pipeline, Step
from wharf_tui.model.ids import BuildId
from wharf_tui.model.status import Status


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """How a step ended."""

    status: Status
    """SUCCESS, FAILED or CANCELLED."""
    exit_code: int | None = None
    """What its main process ended with; 128 + n for signal n; None where it never ran."""
    reason: str = ""
    """Why it did not succeed, in one sentence."""


@dataclass(frozen=True, slots=True)
class BuildContext:
    """What a runtime must know of the build before its first step."""

    build_id: BuildId
    build_name: str
    """Name of the build's folder: unique on this machine, fit for labels."""
    pipeline: Pipeline
    directory: Path
    """The source tree that steps work on."""
    project_id: int = 0
    instance_id: str = "local"


class Cancellation:
    """A wish that a step should end: gently first, by force at the second asking. One loop's tasks wait on it."""

    def __init__(self) -> None:
        self.reason = ""
        self._gentle = asyncio.Event()
        self._forced = asyncio.Event()

    @property
    def requested(self) -> bool:
        """Whether the step should end."""
        return self._gentle.is_set()

    @property
    def forced(self) -> bool:
        """Whether it should end at once."""
        return self._forced.is_set()

    def request(self, reason: str) -> None:
        """Ask the step to end; the first reason is kept."""
        if not self.requested:
            self.reason = reason
            self._gentle.set()

    def force(self, reason: str) -> None:
        """End the step at once."""
        self.request(reason)
        self._forced.set()

    async def wait_requested(self) -> None:
        """Wait for the first asking."""
        await self._gentle.wait()

    async def wait_forced(self) -> None:
        """Wait for the second."""
        await self._forced.wait()


class StepRecorder(Protocol):
    """Takes what a runtime learns of one step. Every call is on disk when it returns; all may come from any thread.

    A call may raise StoreError (a full disk): the runtime lets it pass, after it has ended what it started.
    """

    def output(self, at_ns: int, data: bytes) -> None:
        """Raw output of one ordered stream, cut anywhere; lines that begin in it get this time."""

    def lines(self, lines: Iterable[tuple[int | None, bytes]]) -> None:
        """Whole lines with their times, in order."""

    def end_line(self) -> None:
        """End a line that came without LF."""

    def lost(self, reason: str, from_ns: int | None = None, to_ns: int | None = None) -> None:
        """Lines were lost here before they reached us: record it, so that it is never silent."""

    def status(self, status: Status, reason: str = "") -> None:
        """The step came to SCHEDULING, INITIALIZING or RUNNING, or waits in it for ``reason``. The end is returned."""


class Runtime(Protocol):
    """A place where steps run. Used by one build: ``start`` once, ``run_step`` many at a time, ``stop`` always."""

    name: str
    """``docker``, ``kubernetes`` or ``process``."""

    async def start(self, build: BuildContext) -> None:
        """Check that all steps can run here, and prepare what they share.

        Raises:
            RuntimeUnavailableError: the place is not there.
            RunError: some step cannot run here; nothing has been started.
        """

    async def run_step(self, step: Step, recorder: StepRecorder, cancellation: Cancellation) -> StepOutcome:
        """Run one step to its end, or to ``cancellation``. Nothing of it is left behind when this returns.

        Raises:
            StoreError: the recorder could not store; the step has been ended.
        """

    async def stop(self) -> None:
        """Remove what ``start`` made."""
