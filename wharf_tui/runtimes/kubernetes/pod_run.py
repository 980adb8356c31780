"""The time in which a step's container runs: its log is taken, and it is ended when it must not go on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from wharf_tui.definition.step_types import ContainerSpec, DockerSpec
from wharf_tui.model.status import Status
from wharf_tui.runtimes.kubernetes.exec_call import ExecCall
from wharf_tui.runtimes.kubernetes.lasting_trouble import LastingTrouble
from wharf_tui.runtimes.kubernetes.log_taker import LogTaker
from wharf_tui.runtimes.kubernetes.log_taking import LogTaking
from wharf_tui.runtimes.kubernetes.outcome import exit_code, outcome_of
from wharf_tui.runtimes.kubernetes.pod_start import DELETED, PodStart
from wharf_tui.runtimes.kubernetes.pod_state import PodStage, container_state, read_state
from wharf_tui.runtimes.kubernetes.shared import Shared
from wharf_tui.runtimes.kubernetes.step_container import STEP_CONTAINER
from wharf_tui.runtimes.port import StepOutcome, StepRecorder

_TICK_SECONDS: Final = 1.0
_KILL_SECONDS: Final = 10.0
"""How long the cluster may take to end a container by force."""
_ANSWER_SECONDS: Final = 5.0
_TERMINATE: Final = "kill -TERM -1; kill -TERM 1"
"""To all processes of the container: a shell that is its first one passes nothing on."""


class PodRun:
    """One step's pod, from when its container runs.

    Args:
        shared: what the build's steps share.
        start: brought it there.
        taker: of the container's log.
        recorder: is told what is wrong meanwhile.
    """

    def __init__(self, shared: Shared, start: PodStart, taker: LogTaker, recorder: StepRecorder) -> None:
        self._shared = shared
        self._step = start.step
        self._name = start.name
        self._card = start.card
        self._cancellation = start.cancellation
        self._taking = LogTaking(shared.threads, taker)
        self._recorder = recorder
        self._trouble = LastingTrouble(shared.board)
        self._told = ""
        self._calls: list[asyncio.Future[None]] = []

    async def run(self) -> StepOutcome:
        """Run to the container's end, or end it.

        Raises:
            StoreError: the log could not be stored.
            RunError: the log cannot be read.
        """
        limits = self._shared.limits
        asked = asyncio.ensure_future(self._cancellation.wait_requested())
        deadline = None if limits.step_s is None else time.monotonic() + limits.step_s
        try:
            while not self._has_ended():
                if asked.done():
                    return await self._end(Status.CANCELLED, self._cancellation.reason)
                if deadline is not None and time.monotonic() >= deadline:
                    return await self._end(Status.FAILED, f"it did not end within {limits.step_s:g} s")
                if self._shared.board.away_s > limits.away_s:
                    return StepOutcome(
                        Status.FAILED, None, f"the cluster is away: {self._shared.board.trouble}"
                    )
                if self._taking.done.done():  # the pod is gone, or its log cannot be read, or not be stored
                    self._taking.done.result()
                    await asyncio.sleep(_TICK_SECONDS)
                else:
                    self._taking.look_after()
                self._tell(self._trouble.look(self._taking))
                left = _TICK_SECONDS if deadline is None else deadline - time.monotonic()
                await self._wait({asked}, min(_TICK_SECONDS, max(left, 0.0)))
        finally:
            asked.cancel()
        await self._take_rest()
        return self._outcome()

    def _tell(self, reason: str) -> None:
        if reason != self._told:
            self._told = reason
            self._recorder.status(Status.RUNNING, reason)

    async def clean_up(self) -> None:
        """Let go of the log, and wait for what was begun."""
        await self._taking.abandon()
        for call in self._calls:
            await asyncio.wait({call})
            call.exception()

    def _has_ended(self) -> bool:
        self._card.news.clear()
        assert self._card.pod is not None
        state = read_state(self._card.pod)
        if state.is_deleted and self._taking.trouble:
            return True  # its log is gone already; the pod will be, soon
        return self._card.is_gone or state.stage is PodStage.ENDED

    @property
    def _is_deleted(self) -> bool:
        assert self._card.pod is not None
        return self._card.is_gone or read_state(self._card.pod).is_deleted

    def _outcome(self) -> StepOutcome:
        assert self._card.pod is not None
        if self._is_deleted and "terminated" not in container_state(self._card.pod, STEP_CONTAINER):
            return StepOutcome(Status.FAILED, None, DELETED)
        return outcome_of(self._card.pod)

    async def _wait(self, others: set[asyncio.Future[None]], timeout_s: float) -> None:
        """Wait for news of the pod, of its log, or of others."""
        news = asyncio.ensure_future(self._card.news.wait())
        waiting: set[asyncio.Future[Any]] = {news, *others}
        if not self._taking.done.done():
            waiting.add(self._taking.done)
        try:
            await asyncio.wait(waiting, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()

    async def _take_rest(self) -> None:
        """The container has ended: take the rest of its log."""
        assert self._card.pod is not None
        limits = self._shared.limits
        if not self._is_deleted and "terminated" not in container_state(self._card.pod, STEP_CONTAINER):
            # The cluster says that the pod has ended, but not yet that its container has: it may have last words.
            await self._taking.until_silent(limits.grace_s + _KILL_SECONDS)
        await self._taking.finish(limits.away_s, is_deleted=self._is_deleted)

    async def _end(self, status: Status, reason: str) -> StepOutcome:
        """End the container: gently, then by the cluster, then by force."""
        cluster, grace_s = self._shared.cluster, self._shared.limits.grace_s
        ways: list[tuple[Callable[[], None], float]] = []
        if not self._cancellation.forced:
            shell = self._shell()
            if shell:
                ask = ExecCall(
                    cluster, self._name, STEP_CONTAINER, [shell, "-c", _TERMINATE], _ANSWER_SECONDS
                )
                ways.append((ask.run, grace_s))
            ways.append((lambda: cluster.end_pod(self._name), grace_s + _KILL_SECONDS))
        ways.append((lambda: cluster.delete_pod(self._name, 1), _KILL_SECONDS))
        for way, patience_s in ways:
            is_last = way is ways[-1][0]
            if not self._has_ended() and (is_last or not self._cancellation.forced):
                await self._try(way, patience_s, stop_when_forced=not is_last)
        if self._has_ended():
            await self._take_rest()
        assert self._card.pod is not None
        ended = container_state(self._card.pod, STEP_CONTAINER).get("terminated")
        return StepOutcome(status, exit_code(ended) if ended else None, reason)

    async def _try(self, way: Callable[[], None], patience_s: float, *, stop_when_forced: bool) -> None:
        """Try one way to end the container, and wait until it has."""
        call = self._shared.threads.run_short(way)
        self._calls.append(call)
        end = time.monotonic() + patience_s
        while not self._has_ended() and time.monotonic() < end:
            if stop_when_forced and self._cancellation.forced:
                return
            if call.done() and call.exception() is not None:
                # Where a signal from inside has ended all, its sender, too, has no answer: that shows soon.
                end = min(end, time.monotonic() + _TICK_SECONDS)
            await self._wait(set(), min(_TICK_SECONDS, max(end - time.monotonic(), 0.0)))

    def _shell(self) -> str:
        """What can signal all processes of the container, and no others, from inside; empty where nothing can."""
        assert self._card.pod is not None
        pod = self._card.pod.get("spec") or {}
        if isinstance(self._step.spec, DockerSpec) or pod.get("hostPID") or pod.get("shareProcessNamespace"):
            return ""  # kaniko's image has no shell
        if isinstance(self._step.spec, ContainerSpec):
            return "" if self._step.spec.os == "windows" else self._step.spec.shell
        return "/bin/sh"
