"""Reads a time as one types it on a build's screen: of the day, or counted from the line one is at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wharf_tui.insight.goto import BadTarget, ClockTarget, TimeOnTarget, parse_target
from wharf_tui.insight.timeline import time_of_line

if TYPE_CHECKING:
    from wharf_tui.ui.screens.build import BuildScreen


def read_time(screen: BuildScreen, text: str) -> int | str:
    """Nanoseconds since the Unix epoch, or what is wrong with what was typed.

    Raises:
        InputError: the log cannot be read.
    """
    target = parse_target(text)
    if isinstance(target, BadTarget):
        return f"{target.problem}. Type a time: 14:02, 14:02:11, +30s."
    return time_of(screen, target)


def time_of(screen: BuildScreen, target: object) -> int | str:
    """The time that a target means, or why it means none."""
    if isinstance(target, ClockTarget):
        build = screen.feed.info
        start, end = build.started_ns, build.finished_ns
        if start is None:
            firsts = [time_of_line(screen.reader_of(step.info.step_id), 1) for step in build.steps]
            start = min((at for at in firsts if at is not None), default=screen.now_ns)
        return target.nearest_ns(start, end or screen.now_ns, screen.zone)
    if isinstance(target, TimeOnTarget):
        here = screen.here
        if here is None:
            return "there is no line to count from"
        log = screen.reader_of(here.step_id)
        at = time_of_line(log, log.line_of(here.log_id))
        return "the line has no time" if at is None else at + target.nanoseconds
    return "that is no time. Type one: 14:02, 14:02:11, +30s."
