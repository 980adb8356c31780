"""Brings a step's pod to where its container runs: created, scheduled, its images pulled, its files unpacked."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from typing import Any, Final

from wharf_tui.definition.pipeline import Step
from wharf_tui.model.errors import RunError, RuntimeUnavailableError
from wharf_tui.model.status import Status
from wharf_tui.runtimes.kubernetes.exec_call import ExecCall
from wharf_tui.runtimes.kubernetes.pod_spec import INIT_CONTAINER, new_name, pod_manifest
from wharf_tui.runtimes.kubernetes.pod_state import PodStage, PodState, Trouble, read_state
from wharf_tui.runtimes.kubernetes.shared import Shared
from wharf_tui.runtimes.kubernetes.source_upload import upload_command
from wharf_tui.runtimes.port import Cancellation, StepOutcome, StepRecorder

IMAGE_SECONDS: Final = 30.0
"""How long an image may be refused before that is believed: registries have bad moments."""
_TICK_SECONDS: Final = 1.0
_DOUBT_SECONDS: Final = 5.0
"""The cluster tells what became of a container with some delay."""
DELETED: Final = "its pod was deleted by somebody else"


class PodStart:
    """The beginning of one step's pod.

    Args:
        shared: what the build's steps share.
        step: the step.
        recorder: is told how it goes on.
        cancellation: ends it early.
    """

    def __init__(
        self, shared: Shared, step: Step, recorder: StepRecorder, cancellation: Cancellation
    ) -> None:
        self.name = new_name(step)
        self.card = shared.board.card(self.name)
        self.may_exist = False
        """Whether the pod may be there."""
        self._shared = shared
        self.step = step
        self._recorder = recorder
        self.cancellation = cancellation
        self._told: tuple[Status, str] | None = None
        self._stage = PodStage.SCHEDULING
        self._image_trouble_since: float | None = None
        self._call: asyncio.Future[Any] | None = None
        self._upload: ExecCall | None = None
        self._is_uploaded = False
        self._upload_failure: tuple[float, RunError] | None = None

    async def run(self) -> StepOutcome | None:
        """Wait until the step's container runs or has run; the outcome where it never will.

        Raises:
            RunError: the cluster refused the pod, or its files.
        """
        started = time.monotonic()
        self._tell(Status.SCHEDULING, "")
        asked = asyncio.ensure_future(self.cancellation.wait_requested())
        try:
            while True:
                self.card.news.clear()
                if asked.done():
                    return StepOutcome(Status.CANCELLED, None, self.cancellation.reason)
                outcome = self._judge(time.monotonic() - started)
                if outcome is not None or (self.card.pod and self._stage >= PodStage.RUNNING):
                    return outcome
                await self._go_on(asked)
        finally:
            asked.cancel()

    async def clean_up(self) -> None:
        """Wait for what was begun: it may be about to create the pod."""
        if self._upload is not None:
            self._upload.stop()
        if self._call is not None:
            await asyncio.wait({self._call})
            with contextlib.suppress(RunError):
                self._call.result()

    def _judge(self, elapsed_s: float) -> StepOutcome | None:
        """See how far the pod has come, say so, and tell whether it is hopeless."""
        if self.card.is_gone:
            return StepOutcome(Status.FAILED, None, DELETED)
        state = PodState(PodStage.SCHEDULING) if self.card.pod is None else read_state(self.card.pod)
        if state.stage is not self._stage:
            self._stage, self.card.event = state.stage, ""
        if state.stage >= PodStage.RUNNING:
            return None
        reason = state.reason or self.card.event
        trouble = self._shared.board.trouble
        self._tell(
            Status.SCHEDULING if state.stage is PodStage.SCHEDULING else Status.INITIALIZING,
            trouble or reason or ("copying the source tree" if self._upload else ""),
        )
        if state.is_deleted:
            return StepOutcome(Status.FAILED, None, DELETED)
        if state.trouble is Trouble.HOPELESS or self._image_is_refused(state):
            return StepOutcome(Status.FAILED, None, f"it cannot start: {state.reason}")
        limits = self._shared.limits
        if self._shared.board.away_s > limits.away_s:
            return StepOutcome(Status.FAILED, None, f"the cluster is away: {trouble}")
        if limits.start_s is not None and elapsed_s > limits.start_s:
            why = ": ".join(filter(None, (f"it did not start within {limits.start_s:g} s", reason)))
            return StepOutcome(Status.FAILED, None, why)
        return None

    def _image_is_refused(self, state: PodState) -> bool:
        if state.trouble is not Trouble.IMAGE:
            self._image_trouble_since = None
            return False
        now = time.monotonic()
        self._image_trouble_since = self._image_trouble_since or now
        return now - self._image_trouble_since >= IMAGE_SECONDS

    async def _go_on(self, asked: asyncio.Future[None]) -> None:
        """Do what can be done now, and wait for news."""
        if self._call is None:
            if self.card.pod is None:
                self.may_exist = True
                self._call = self._shared.threads.run_short(self._create)
            elif self._upload_failure is not None:
                self._believe_failure(*self._upload_failure)
            elif self._stage is PodStage.WAITS_FOR_FILES and not self._is_uploaded:
                self._call = self._shared.threads.run_long(self._send_files)
        news = asyncio.ensure_future(self.card.news.wait())
        waiting: set[asyncio.Future[Any]] = {news, asked}
        if self._call is not None:
            waiting.add(self._call)
        try:
            await asyncio.wait(waiting, timeout=_TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()
        if self._call is not None and self._call.done():
            await self._take_result(self._call)

    async def _take_result(self, call: asyncio.Future[Any]) -> None:
        self._call = self._upload = None
        try:
            pod = call.result()
        except RuntimeUnavailableError as error:  # it is tried again, as long as the limits allow it
            self.card.event = error.message
            await asyncio.sleep(_TICK_SECONDS)
        except RunError as error:
            if self._stage is not PodStage.WAITS_FOR_FILES:
                raise
            self._upload_failure = (time.monotonic(), error)
        else:
            if pod is not None:
                self.card.show(pod)

    def _believe_failure(self, at: float, error: RunError) -> None:
        """The command that lets the step start ends the container that it runs in: its own end may look like a failure."""
        if self._stage is PodStage.WAITS_FOR_FILES and time.monotonic() - at > _DOUBT_SECONDS:
            raise error

    def _create(self) -> dict[str, Any]:
        shared = self._shared
        manifest = pod_manifest(
            self.step,
            shared.build,
            shared.settings,
            os.environ,
            grace_s=shared.limits.grace_s,
            name=self.name,
        )
        return shared.cluster.create_pod(manifest)

    def _send_files(self) -> None:
        """Blocks; in a thread. It is done anew where the connection breaks and the pod still waits."""
        with self._shared.files.archive(self.step, lambda: not self.cancellation.requested) as archive:
            command = upload_command(self.step.spec, len(archive))
            self._upload = ExecCall(self._shared.cluster, self.name, INIT_CONTAINER, command)
            self._upload.run(archive)
        self._is_uploaded = True

    def _tell(self, status: Status, reason: str) -> None:
        if (status, reason) != self._told:
            self._told = (status, reason)
            self._recorder.status(status, reason)
