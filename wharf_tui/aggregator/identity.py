"""Names a build in the sink. Our stores and workers tell a name that no other build has; wharf-cmd's do not.

A worker of wharf-cmd's kind sends everything from the start each time, so that its build is found again in the sink by
a line of its own: same origin, same number, same nanosecond, same text.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from wharf_tui.aggregator.sink_pool import SinkPool
from wharf_tui.aggregator.tail import BuildTail
from wharf_tui.aggregator.transfer import SourceEnd
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import LogLine

_LOOKED_AT = 1000
"""Lines of each step that are searched for one with a time."""
_WHOLE = 2**62


async def uid_of(
    tail: BuildTail,
    known_uid: str,
    pool: SinkPool,
    wait: Callable[[], Awaitable[None]],
    end: Callable[[], SourceEnd | None],
) -> str:
    """The build's name in the sink.

    Args:
        tail: the build.
        known_uid: its name where its worker tells none and somebody else does; empty where nobody does.
        pool: the sink.
        wait: returns when there may be more lines.
        end: set when no more lines will come.
    """
    info = tail.reader.info
    if not is_nameless(tail):
        return info.uid
    if known_uid or info.build_id:
        return known_uid or f"build {info.build_id} of {tail.header.origin}"
    new_uid = info.uid or secrets.token_hex(8)
    while True:
        ended = end() is not None
        found = first_timed_line(tail)
        if found is not None:
            return await _twin(tail.header.origin, *found, pool) or new_uid
        if ended:
            return new_uid
        await wait()


async def _twin(origin: str, step_id: StepId, line: LogLine, pool: SinkPool) -> str | None:
    at_ns = line.at_ns
    assert at_ns is not None
    return await pool.run(lambda sink: sink.find_twin(origin, step_id, line.log_id, at_ns, line.message))


def is_nameless(tail: BuildTail) -> bool:
    """Whether the worker told no name: that in the copy, if there is one, was made up for this copy only."""
    info = tail.reader.info
    return not info.uid or not info.build_id


def first_timed_line(tail: BuildTail) -> tuple[StepId, LogLine] | None:
    """The first line that carries a time, of the first step that has one."""
    tail.refresh()
    for step in tail.reader.info.steps:
        for line in tail.reader.log(step.info.step_id).read(1, _LOOKED_AT, _WHOLE):
            if line.at_ns is not None:
                return step.info.step_id, line
    return None
