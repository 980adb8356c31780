"""Keeps one build's transfer going: turn after turn while there is something, then waiting for more, until its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from wharf_tui.aggregator.journal import Journal
from wharf_tui.aggregator.metrics import Metrics
from wharf_tui.aggregator.sink_pool import SinkPool
from wharf_tui.aggregator.sinks.port import BuildState, Refusal
from wharf_tui.aggregator.transfer import SourceEnd, Transfer, Turn
from wharf_tui.model.errors import InputError

_BREATH_SECONDS = 0.2
"""Lines that come within this time are committed together."""
REFUSED_PAUSE_SECONDS = 30.0
"""How long to wait before a line that was refused is offered again."""


@dataclass(frozen=True, slots=True)
class BuildOutcome:
    """How a build's copy ended."""

    uid: str
    number: int
    origin: str
    state: BuildState
    problem: str = ""
    lines: int = 0
    """Lines that are new in the sink."""
    refused: bool = False
    """The sink did not take a line, or the whole build; the copy stands in front of it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What every part of a running aggregator works with."""

    pool: SinkPool
    journal: Journal
    metrics: Metrics
    waits_for_refused: bool = False
    """Offer a refused line again and again, until somebody has changed the sink; else give the build up."""


class Pump:
    """Copies one build until its source has ended.

    Args:
        transfer: the build.
        desk: where to, and whom to tell.
        end: how the source ended; None while more may come.
        wait: returns when there may be more, or the source has ended.
    """

    def __init__(
        self,
        transfer: Transfer,
        desk: Desk,
        end: Callable[[], SourceEnd | None],
        wait: Callable[[], Awaitable[None]],
    ) -> None:
        self.transfer = transfer
        self._desk = desk
        self._end = end
        self._wait = wait

    async def run(self) -> BuildOutcome:
        """Copy all of it, and mark the end. What is wrong with this build alone is in the outcome.

        Raises:
            WharfError: the sink cannot be used.
        """
        try:
            refusal = await self.drain()
            if refusal is not None:
                problem = f"line {refusal.log_id} of step {refusal.step_id} was refused"
                return self._outcome(BuildState.INCOMPLETE, problem, refused=True)
            end = self._end() or SourceEnd()
            state, problem = await self._desk.pool.run(lambda sink: self.transfer.conclude(sink, end))
        except InputError as error:
            self._desk.journal.error(error.message, hint=error.hint, **self._fields())
            return self._outcome(BuildState.INCOMPLETE, error.message, refused=True)
        self._desk.metrics.conclude(self.transfer.uid, state)
        return self._outcome(state, problem)

    async def drain(self) -> Refusal | None:
        """Copy until the source has ended and all of it is committed; the refusal that stopped it, if one did.

        Raises:
            InputError: the folder cannot be read, or the sink cannot take this build.
            WharfError: the sink cannot be used.
        """
        while True:
            ended = self._end() is not None
            turn = await self._desk.pool.run(self.transfer.turn)
            self._count(turn)
            if turn.conflict is not None or self.transfer.is_disputed:
                return None
            if turn.refusal is not None:
                self._tell_refusal(turn.refusal)
                if not self._desk.waits_for_refused:
                    return turn.refusal
                await asyncio.sleep(REFUSED_PAUSE_SECONDS)
            elif turn.goes_on and turn.behind:
                continue
            elif ended and not turn.goes_on:
                return None
            elif not ended:
                await self._wait()
                await asyncio.sleep(_BREATH_SECONDS)

    def _count(self, turn: Turn) -> None:
        metrics = self._desk.metrics
        metrics.lines += turn.lines
        metrics.batches += turn.goes_on
        metrics.lag[self.transfer.uid] = turn.behind
        if turn.conflict is not None:
            metrics.alarms += 1
            self._desk.journal.error(
                f"ALARM: line {turn.conflict.log_id} of step {turn.conflict.step_id} came with another text than the one "
                "that is stored; nothing was overwritten, and nothing more of this build is copied",
                **self._fields(),
            )

    def _tell_refusal(self, refusal: Refusal) -> None:
        self._desk.metrics.refusals += 1
        self._desk.journal.error(
            f"the sink refuses line {refusal.log_id} of step {refusal.step_id}: {refusal.reason}",
            **self._fields(),
        )

    def _fields(self) -> dict[str, str | int]:
        header = self.transfer.tail.last_header
        return {"build": header.info.build_id, "uid": self.transfer.uid, "origin": header.origin}

    def _outcome(self, state: BuildState, problem: str, *, refused: bool = False) -> BuildOutcome:
        header = self.transfer.tail.last_header
        outcome = BuildOutcome(
            self.transfer.uid,
            header.info.build_id,
            header.origin,
            state,
            problem,
            self.transfer.lines,
            refused,
        )
        self._desk.metrics.lag.pop(self.transfer.uid, None)
        name = f"build {outcome.number} from {outcome.origin}"
        if state is BuildState.COMPLETE:
            self._desk.journal.info(f"{name} is complete", lines=outcome.lines, uid=outcome.uid)
        else:
            tell = self._desk.journal.error if state is BuildState.DISPUTED else self._desk.journal.warning
            tell(f"{name} is {state.value}: {problem}", lines=outcome.lines, uid=outcome.uid)
        return outcome
