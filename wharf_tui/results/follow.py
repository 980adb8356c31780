"""Hands on a build's lines as they come, all steps, until the build ends: for everything that prints."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from wharf_tui.model.build import Liveness, StepState
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import Gap
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.log_cursor import LogBlock, LogCursor

_BLOCK_BYTES = 256 * 1024
POLL_SECONDS = 0.1
"""How often a build that another process writes is looked at."""
_QUIET_SECONDS = 0.02
_BUSY_SECONDS = 0.004
"""The same for one who serves it: after looks that found nothing new, and while lines come."""
_LOOKS_UNTIL_QUIET = 25
_BREATH_SECONDS = 0.02
"""Lines that come within this time are handed on together."""


@dataclass(frozen=True, slots=True)
class Followed:
    """Something new of one step: lines, a gap, or a new state."""

    step: StepState
    block: LogBlock | None = None
    gap: Gap | None = None


async def poll() -> None:
    """The way to wait for a build that another process writes."""
    await asyncio.sleep(POLL_SECONDS)


def poll_often(reader: BuildReader) -> Callable[[], Awaitable[None]]:
    """The same for one who hands the lines on to others: they should not be late, least of all while many come."""
    seen, quiet_looks = 0, 0

    async def wait() -> None:
        nonlocal seen, quiet_looks
        before, seen = seen, reader.log_bytes
        quiet_looks = 0 if seen != before else quiet_looks + 1
        await asyncio.sleep(_BUSY_SECONDS if quiet_looks < _LOOKS_UNTIL_QUIET else _QUIET_SECONDS)

    return wait


def waiter_for(
    wait_for_change: Callable[[int], Awaitable[int]], breath: float = _BREATH_SECONDS
) -> Callable[[], Awaitable[None]]:
    """The way to wait for a build that this process writes.

    Args:
        wait_for_change: its ChangeSignal's ``wait``.
        breath: seconds in which lines gather; 0 for one who takes a breath himself.
    """
    seen = 0

    async def wait() -> None:
        nonlocal seen
        seen = await wait_for_change(seen)
        await asyncio.sleep(breath)

    return wait


async def follow_build(
    reader: BuildReader,
    wait: Callable[[], Awaitable[None]],
    only: frozenset[StepId] | None = None,
    after: dict[StepId, int] | None = None,
) -> AsyncIterator[Followed]:
    """Everything of a build from ``after`` on, until nobody writes it any more and all of it has been handed on.

    Args:
        reader: the build; refreshed here.
        wait: returns when there may be more.
        only: the steps to follow; None is all, later ones too.
        after: log IDs that the caller has already, by step.
    """
    cursors: dict[StepId, LogCursor] = {}
    gaps_told: dict[StepId, int] = {}
    states: dict[StepId, StepState] = {}
    while True:
        reader.refresh()
        ended = reader.liveness is not Liveness.RUNNING
        found_something = False
        for step in reader.info.steps:
            step_id = step.info.step_id
            if only is not None and step_id not in only:
                continue
            log = reader.log(step_id)
            log.refresh()
            if step_id not in cursors:
                cursors[step_id] = LogCursor(log, (after or {}).get(step_id, 0))
            while block := cursors[step_id].read(_BLOCK_BYTES):
                found_something = True
                yield Followed(step, block)
            for gap in log.gaps[gaps_told.get(step_id, 0) :]:
                yield Followed(step, gap=gap)
            gaps_told[step_id] = len(log.gaps)
            if states.get(step_id) != step:
                states[step_id] = step
                yield Followed(step)
        if ended:
            return
        if not found_something:
            await wait()
