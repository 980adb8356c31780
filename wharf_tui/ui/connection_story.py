"""Says in words how the connection to a worker stands, and how far the copying of its build has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wharf_tui.attach.progress import Phase, Progress
from wharf_tui.model.text import clean_plain
from wharf_tui.model.timestamps import NS
from wharf_tui.ui import words

if TYPE_CHECKING:
    from wharf_tui.ui.session_feed import SessionFeed


def connection(feed: SessionFeed) -> tuple[str, str]:
    """The state of the connection in a few words, and the theme's colour for it."""
    progress = feed.progress
    if feed.failure is not None:
        return f"stopped: {clean_plain(feed.failure.message)}", "$error"
    if progress.phase is Phase.ENDED:
        return ("ended, complete", "$success") if progress.complete else ("ended, incomplete", "$warning")
    if progress.problem:
        return f"{_trying(progress)}: {clean_plain(progress.problem)}", "$warning"
    if progress.phase is Phase.LIVE:
        live = f"live{' (inferred)' if progress.inferred else ''}, {_behind(progress):,} behind"
        return live, "$warning" if _behind(progress) else "$success"
    return f"{progress.phase.value}{_share(progress)}", "$primary"


def amount(progress: Progress) -> str:
    """``18,204 of 29,411 lines``; where nobody has said how many there are, only what is here."""
    if not progress.expected:
        return words.lines(progress.received)
    return f"{min(progress.received, progress.expected):,} of {words.lines(progress.expected)}"


def pace(progress: Progress) -> str:
    """Rate and time left; empty before the first line."""
    if not progress.received:
        return ""
    parts = [f"{progress.lines_per_second:,.0f} lines/s"]
    if progress.seconds_left is not None:
        parts.append(f"{words.elapsed(int(progress.seconds_left * NS))} left")
    return "   ".join(parts)


def share(progress: Progress) -> float | None:
    """How much of what is to come is here, 0 to 1; None where that is not known."""
    return min(progress.received / progress.expected, 1.0) if progress.expected else None


def _behind(progress: Progress) -> int:
    """Lines that the worker had when the stream began and that are not here yet."""
    return max(progress.expected - progress.received, 0)


def _share(progress: Progress) -> str:
    part = share(progress)
    return f" {part:.0%}" if part is not None else "…"


def _trying(progress: Progress) -> str:
    since = words.elapsed(int(progress.seconds_without_connection * NS))
    verb = "connecting" if progress.phase is Phase.CONNECTING else "reconnecting"
    return f"{verb} for {since}, attempt {progress.attempts}"
