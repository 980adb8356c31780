"""One container that somebody else has started: its log is taken until it ends for good, and its restarts are told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from wharf_tui.model.status import Status
from wharf_tui.runtimes.kubernetes.lasting_trouble import LastingTrouble
from wharf_tui.runtimes.kubernetes.log_taking import LogTaking
from wharf_tui.runtimes.kubernetes.outcome import outcome_of
from wharf_tui.runtimes.kubernetes.pod_board import PodBoard, PodCard
from wharf_tui.runtimes.kubernetes.pod_state import container_state, container_status, joined, map_at
from wharf_tui.runtimes.port import Cancellation, StepOutcome, StepRecorder

_TICK_SECONDS: Final = 1.0
_OVER: Final = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True)
class FoundContainer:
    """A container that has started."""

    namespace: str
    pod: str
    container: str
    uid: str
    """Of the pod: another pod may get its name."""
    node: str
    group: str = ""
    """Its namespace, where containers of several can be found."""

    @property
    def name(self) -> str:
        """For people: as a step's name."""
        return f"{self.pod}/{self.container}"


class ContainerWatch:
    """Watches one container while its log is taken.

    Args:
        found: the container.
        card: of its pod.
        board: tells whether the cluster is there.
        recorder: is told what becomes of it.
        left_out: what is said where lines are left out on purpose; empty where none are.
    """

    def __init__(
        self, found: FoundContainer, card: PodCard, board: PodBoard, recorder: StepRecorder, left_out: str
    ) -> None:
        self._container = found.container
        self._card = card
        self._board = board
        self._recorder = recorder
        self._left_out = left_out
        self._starts = restarts_of(card, found.container)
        self._trouble = LastingTrouble(board)
        self._told: str | None = None

    async def run(self, taking: LogTaking, cancellation: Cancellation, away_s: float) -> StepOutcome:
        """Take its log until it has ended for good, or until nobody wants it any more.

        Raises:
            StoreError: the log could not be stored.
            RunError: it cannot be read.
        """
        outcome = await self._wait(taking, cancellation, away_s)
        if outcome is not None:
            await taking.leave()
            return outcome
        await taking.finish(away_s, is_deleted=self._is_deleted)
        pod = self._card.pod or {}
        if self._is_deleted and "terminated" not in container_state(pod, self._container):
            return StepOutcome(Status.CANCELLED, None, "its pod was deleted")
        return outcome_of(pod, self._container)

    async def _wait(self, taking: LogTaking, cancellation: Cancellation, away_s: float) -> StepOutcome | None:
        """Wait for its end; the outcome where that is not waited for."""
        asked = asyncio.ensure_future(cancellation.wait_requested())
        try:
            while not (self._has_ended() or (self._is_deleted and taking.trouble)):
                if asked.done():
                    return StepOutcome(Status.CANCELLED, None, cancellation.reason)
                if self._board.away_s > away_s:
                    return StepOutcome(Status.FAILED, None, f"the cluster is away: {self._board.trouble}")
                if taking.done.done():
                    taking.done.result()
                else:
                    taking.look_after()
                self._tell(self._trouble.look(taking))
                await asyncio.wait({asked}, timeout=_TICK_SECONDS)
            return None
        finally:
            asked.cancel()

    @property
    def _is_deleted(self) -> bool:
        """Whether its pod is about to be removed, or has been."""
        return self._card.is_gone or bool(map_at(self._card.pod or {}, "metadata").get("deletionTimestamp"))

    def _has_ended(self) -> bool:
        """Whether it is not started again."""
        pod = self._card.pod or {}
        if is_over(self._card):
            return True
        ended = container_state(pod, self._container).get("terminated")
        policy = map_at(pod, "spec").get("restartPolicy")
        return ended is not None and (
            policy == "Never" or (policy == "OnFailure" and ended.get("exitCode") == 0)
        )

    def _tell(self, trouble: str) -> None:
        starts = restarts_of(self._card, self._container) - self._starts
        words = [self._left_out] if self._told is None or not starts else []
        if starts > 0:
            words.append(f"the container was started again {'once' if starts == 1 else f'{starts} times'}")
        waiting = map_at(container_state(self._card.pod or {}, self._container), "waiting")
        words += [joined(waiting.get("reason"), waiting.get("message")), trouble]
        reason = "; ".join(filter(None, words))
        if reason != self._told:
            self._told = reason
            self._recorder.status(Status.RUNNING, reason)


def restarts_of(card: PodCard, container: str) -> int:
    """How often a container was started again."""
    count: Any = container_status(card.pod or {}, container).get("restartCount")
    return count if isinstance(count, int) else 0


def has_started(status: Mapping[str, Any]) -> bool:
    """Whether a container has run, by what its pod says of it."""
    return any(map_at(status, key).keys() & {"running", "terminated"} for key in ("state", "lastState"))


def is_over(card: PodCard) -> bool:
    """Whether none of a pod's containers is started any more."""
    return card.is_gone or map_at(card.pod or {}, "status").get("phase") in _OVER
