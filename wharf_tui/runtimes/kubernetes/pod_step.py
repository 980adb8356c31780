"""The life of a step's pod: from its creation to its removal, whatever happens in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from wharf_tui.definition.pipeline import Step
from wharf_tui.model.errors import InputError, RunError, RuntimeUnavailableError
from wharf_tui.model.status import Status
from wharf_tui.runtimes.kubernetes.log_start import prints_first_line
from wharf_tui.runtimes.kubernetes.log_taker import LogTaker
from wharf_tui.runtimes.kubernetes.pod_run import PodRun
from wharf_tui.runtimes.kubernetes.pod_spec import INIT_CONTAINER
from wharf_tui.runtimes.kubernetes.pod_start import PodStart
from wharf_tui.runtimes.kubernetes.pod_state import PodStage, container_state, map_at, read_state
from wharf_tui.runtimes.kubernetes.shared import Shared
from wharf_tui.runtimes.kubernetes.step_container import STEP_CONTAINER
from wharf_tui.runtimes.port import Cancellation, StepOutcome, StepRecorder

_REMOVAL_SECONDS: Final = 30.0
"""How long the cluster may be away before a pod is left to whoever cleans up later."""
_NEVER_RAN: Final = frozenset({"ContainerCannotRun", "StartError"})
_PAUSE_SECONDS: Final = 1.0


class PodStep:
    """One step, run once."""

    def __init__(
        self, shared: Shared, step: Step, recorder: StepRecorder, cancellation: Cancellation
    ) -> None:
        self._shared = shared
        self._recorder = recorder
        self._start = PodStart(shared, step, recorder, cancellation)
        self._running: PodRun | None = None

    async def run(self) -> StepOutcome:
        """Run it to its end, or to its cancellation; its pod is gone then, unless it is to be kept.

        Raises:
            StoreError: the output could not be stored.
        """
        outcome = StepOutcome(Status.CANCELLED)
        try:
            outcome = await self._run()
        except (RunError, InputError) as error:
            outcome = StepOutcome(Status.FAILED, None, error.message)
        finally:
            is_kept = outcome.status is Status.FAILED and self._shared.limits.keep_failed
            clean_up = asyncio.create_task(
                self._clean_up(is_kept=is_kept), name=f"clean up {self._start.name}"
            )
            try:
                left = await asyncio.shield(clean_up)
            except asyncio.CancelledError:
                await clean_up
                raise
        return replace(outcome, reason="; ".join(filter(None, (outcome.reason, left))))

    async def _run(self) -> StepOutcome:
        outcome = await self._start.run()
        if outcome is not None:
            return outcome
        pod = self._start.card.pod
        assert pod is not None
        ended = map_at(container_state(pod, STEP_CONTAINER), "terminated")
        has_begun = bool(ended) or "running" in container_state(pod, STEP_CONTAINER)
        if has_begun and ended.get("reason") not in _NEVER_RAN:
            self._recorder.status(Status.RUNNING)
        container = STEP_CONTAINER if has_begun else INIT_CONTAINER
        taker = await self._log_taker(pod, container)
        self._running = PodRun(self._shared, self._start, taker, self._recorder)
        return await self._running.run()

    async def _log_taker(self, pod: Mapping[str, Any], container: str) -> LogTaker:
        cluster, name = self._shared.cluster, self._start.name
        node = str(map_at(pod, "spec").get("nodeName") or "")
        part_times = await self._shared.threads.run_short(lambda: self._shared.part_times.of(node))
        taker = LogTaker(
            lambda query: cluster.log(name, container, query),
            self._recorder,
            part_times,
            marks_start=prints_first_line(pod, container),
        )
        if read_state(pod).stage is PodStage.ENDED:
            taker.end()
        return taker

    async def _clean_up(self, *, is_kept: bool) -> str:
        """Leave nothing behind; returns what is left all the same, as a sentence."""
        start = self._start
        await start.clean_up()
        if self._running is not None:
            await self._running.clean_up()
        self._shared.board.forget(start.name)
        pod = start.card.pod
        if not start.may_exist or start.card.is_gone:
            return ""
        where = f"pod {start.name} in namespace {self._shared.cluster.namespace}"
        if is_kept and pod is not None and read_state(pod).stage is PodStage.ENDED:
            return f"{where} is kept"
        end = time.monotonic() + _REMOVAL_SECONDS
        while True:
            try:
                await self._shared.threads.run_short(lambda: self._shared.cluster.delete_pod(start.name))
            except RuntimeUnavailableError as error:
                if time.monotonic() > end:
                    return f"{where} is left behind: {error.message}"
                await asyncio.sleep(_PAUSE_SECONDS)
            except RunError as error:
                return f"{where} is left behind: {error.message}"
            else:
                return ""
