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
_FILE: Final = "≡"
_TEXT_LABELS: Final[dict[str, dict[Status, str]]] = {
    "file": {},
    "stream": {Status.RUNNING: "still coming", Status.FAILED: "Damaged"},
}
"""For what is no step of a build: a file has no state, a stream comes or has ended."""


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


def is_text(step: StepState) -> bool:
    """Whether this is a text file or a stream, and no step of a build."""
    return step.info.type in _TEXT_LABELS


def step_glyph(step: StepState, at_ns: int | None = None) -> str:
    """One cell for a step; with a time, that of a running one turns."""
    if is_text(step) and step.status is not Status.FAILED:
        return _FILE
    return glyph(step.status, skipped=step.skipped, at_ns=at_ns)


def step_color(step: StepState) -> str:
    """The theme's colour for a step's state, as a style."""
    if is_text(step) and step.status is not Status.FAILED:
        return "$muted"
    return color(step.status, skipped=step.skipped)


def label(step: StepState) -> str:
    """The word for a step's state."""
    if is_text(step):
        return _TEXT_LABELS[step.info.type].get(step.status, "")
    return "Skipped" if step.skipped else step.status.label
