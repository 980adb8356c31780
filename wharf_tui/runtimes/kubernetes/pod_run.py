"""The time in which a step's container runs: its log is taken, and it is ended when it must not go on."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any, Final

from wharf_tui.definition.step_types import ContainerSpec, DockerSpec
from wharf_tui.model.errors import RunError
from wharf_tui.model.status import Status
from wharf_tui.runtimes.kubernetes.exec_call import ExecCall
from wharf_tui.runtimes.kubernetes.log_taker import LogTaker
from wharf_tui.runtimes.kubernetes.outcome import exit_code, outcome_of
from wharf_tui.runtimes.kubernetes.pod_start import DELETED, PodStart
from wharf_tui.runtimes.kubernetes.pod_state import PodStage, container_state, read_state
from wharf_tui.runtimes.kubernetes.shared import Shared
from wharf_tui.runtimes.kubernetes.step_container import STEP_CONTAINER
from wharf_tui.runtimes.port import StepOutcome

_TICK_SECONDS: Final = 1.0
_CHECKS_AFTER: Final = (1.0, 5.0, 20.0)
"""So long silent, it is looked whether the log has lines that do not come; after that at every last of these."""
_HURRY_SECONDS: Final = 2.0
"""A container that has ended is silent; after that its log need not be followed any longer."""
_KILL_SECONDS: Final = 10.0
"""How long the cluster may take to end a container by force."""
_TERMINATE: Final = "kill -TERM -1; kill -TERM 1"
"""To all processes of the container: a shell that is its first one passes nothing on."""


class PodRun:
    """One step's pod, from when its container runs.

    Args:
        shared: what the build's steps share.
        start: brought it there.
        taker: of the container's log.
    """

    def __init__(self, shared: Shared, start: PodStart, taker: LogTaker) -> None:
        self._shared = shared
        self._step = start.step
        self._name = start.name
        self._card = start.card
        self._cancellation = start.cancellation
        self._taker = taker
        self._taking: asyncio.Future[None] = shared.threads.run_long(taker.run)
        self._silent_since = time.monotonic()
        self._received = 0
        self._checks = 0
        self._check: asyncio.Future[None] | None = None

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
                if self._taking.done():
                    self._taking.result()
                    await asyncio.sleep(_TICK_SECONDS)  # the log knows already that the pod is gone
                self._look_after_log()
                left = _TICK_SECONDS if deadline is None else deadline - time.monotonic()
                await self._wait({asked}, min(_TICK_SECONDS, max(left, 0.0)))
        finally:
            asked.cancel()
        await self._take_rest()
        return self._outcome()

    async def clean_up(self) -> None:
        """Let go of the log."""
        self._taker.give_up()
        jobs = {self._taking} | ({self._check} if self._check else set())
        await asyncio.wait(jobs)
        for job in jobs:
            if not job.cancelled():
                job.exception()

    def _has_ended(self) -> bool:
        self._card.news.clear()
        assert self._card.pod is not None
        return self._card.is_gone or read_state(self._card.pod).stage is PodStage.ENDED

    def _outcome(self) -> StepOutcome:
        assert self._card.pod is not None
        if self._card.is_gone and read_state(self._card.pod).stage is not PodStage.ENDED:
            return StepOutcome(Status.FAILED, None, DELETED)
        return outcome_of(self._card.pod)

    async def _wait(self, others: set[asyncio.Future[None]], timeout_s: float) -> None:
        """Wait for news of the pod, of its log, or of others."""
        news = asyncio.ensure_future(self._card.news.wait())
        waiting: set[asyncio.Future[Any]] = {news, *others}
        if not self._taking.done():
            waiting.add(self._taking)
        try:
            await asyncio.wait(waiting, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()

    def _look_after_log(self) -> None:
        """A log that is silent for long may have been rotated away under its reader."""
        now, received = time.monotonic(), self._taker.received
        if received != self._received:
            self._received, self._silent_since, self._checks = received, now, 0
        limit = _CHECKS_AFTER[min(self._checks, len(_CHECKS_AFTER) - 1)]
        if now - self._silent_since < limit or (self._check is not None and not self._check.done()):
            return
        if self._check is not None:
            self._check.exception()  # a check that failed is made again
        self._silent_since, self._checks = now, self._checks + 1
        self._check = self._shared.threads.run_short(self._taker.check)

    async def _take_rest(self) -> None:
        """The container has ended: take the rest of its log, as long as more of it comes."""
        assert self._card.pod is not None
        if not self._card.is_gone and "terminated" not in container_state(self._card.pod, STEP_CONTAINER):
            await self._until_silent(self._shared.limits.grace_s + _KILL_SECONDS)
        self._taker.end()
        limit = self._shared.limits.away_s
        received, since = self._taker.received, time.monotonic()
        while not self._taking.done():
            await asyncio.wait({self._taking}, timeout=_HURRY_SECONDS)
            now = time.monotonic()
            if self._taker.received != received:
                received, since = self._taker.received, now
            elif now - since > limit:
                self._taker.give_up()
            else:
                self._taker.hurry()
        self._taking.result()

    async def _until_silent(self, limit_s: float) -> None:
        """The cluster says that the pod has ended, but not yet that its container has: wait for its last words."""
        end = time.monotonic() + limit_s
        received = -1
        while received != self._taker.received and time.monotonic() < end:
            received = self._taker.received
            await asyncio.wait({self._taking}, timeout=_HURRY_SECONDS)

    async def _end(self, status: Status, reason: str) -> StepOutcome:
        """End the container: gently, then by force."""
        limits = self._shared.limits
        if not self._cancellation.forced:
            await self._ask_to_end()
            await self._until_ended(limits.grace_s, stop_when_forced=True)
        if not self._has_ended():
            with contextlib.suppress(RunError):
                await self._shared.threads.run_short(lambda: self._shared.cluster.delete_pod(self._name, 1))
            await self._until_ended(_KILL_SECONDS, stop_when_forced=False)
        if self._has_ended():
            await self._take_rest()
        assert self._card.pod is not None
        ended = container_state(self._card.pod, STEP_CONTAINER).get("terminated")
        return StepOutcome(status, exit_code(ended) if ended else None, reason)

    async def _ask_to_end(self) -> None:
        """Send SIGTERM: from inside, so that the pod stays until its log is taken; else the cluster does it."""
        cluster, grace_s = self._shared.cluster, max(int(self._shared.limits.grace_s), 1)
        shell = self._shell()
        if shell:
            call = ExecCall(cluster, self._name, STEP_CONTAINER, [shell, "-c", _TERMINATE])
            try:
                await self._shared.threads.run_short(call.run)
                return
            except RunError:  # where the signal has ended all, its sender, too, has no answer
                await self._until_ended(_TICK_SECONDS, stop_when_forced=True)
        if not self._has_ended():
            with contextlib.suppress(RunError):
                await self._shared.threads.run_short(lambda: cluster.delete_pod(self._name, grace_s))

    def _shell(self) -> str:
        """What can signal all processes of the container, and no others, from inside; empty where nothing can."""
        assert self._card.pod is not None
        pod = self._card.pod.get("spec") or {}
        if isinstance(self._step.spec, DockerSpec) or pod.get("hostPID") or pod.get("shareProcessNamespace"):
            return ""  # kaniko's image has no shell
        if isinstance(self._step.spec, ContainerSpec):
            return "" if self._step.spec.os == "windows" else self._step.spec.shell
        return "/bin/sh"

    async def _until_ended(self, limit_s: float, *, stop_when_forced: bool) -> None:
        end = time.monotonic() + limit_s
        while not self._has_ended() and time.monotonic() < end:
            if stop_when_forced and self._cancellation.forced:
                return
            await self._wait(set(), min(_TICK_SECONDS, max(end - time.monotonic(), 0.0)))
