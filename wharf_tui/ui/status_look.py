"""One look for each state, wherever a state is shown."""

from __future__ import annotations

from typing import Final

from wharf_tui.model.build import StepState
from wharf_tui.model.status import Status

_GLYPHS: Final = {
    Status.PENDING: "○",
    Status.SCHEDULING: "◌",
    Status.INITIALIZING: "◔",
    Status.RUNNING: "●",
    Status.SUCCESS: "✓",
    Status.FAILED: "✗",
    Status.CANCELLED: "⊘",
    Status.UNKNOWN: "?",
}
_COLORS: Final = {
    Status.PENDING: "$faint",
    Status.SCHEDULING: "$muted",
    Status.INITIALIZING: "$primary",
    Status.RUNNING: "$primary",
    Status.SUCCESS: "$success",
    Status.FAILED: "$error",
    Status.CANCELLED: "$warning",
    Status.UNKNOWN: "$warning",
}
_TURNING: Final = "◐◓◑◒"
TURN_NS: Final = 250_000_000
"""How long a running sign stands still: durations tick in whole multiples of it."""
_SKIPPED: Final = "↷"


def glyph(status: Status, *, skipped: bool = False, at_ns: int | None = None) -> str:
    """One cell for a state; with a time, that of a running one turns."""
    if skipped:
        return _SKIPPED
    if status is Status.RUNNING and at_ns is not None:
        return _TURNING[at_ns // TURN_NS % len(_TURNING)]
    return _GLYPHS[status]


def color(status: Status, *, skipped: bool = False) -> str:
    """The theme's colour for a state, as a style."""
    return "$faint" if skipped else _COLORS[status]


def label(step: StepState) -> str:
    """The word for a step's state."""
    return "Skipped" if step.skipped else step.status.label
