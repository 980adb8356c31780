"""Names of steps for the merged log, each in a colour of its own that it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size
from rich.style import Style

from wharf_tui.ui.log_look import StepLabel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.theme import Theme

    from wharf_tui.model.build import StepState

_WIDEST: Final = 16
_DARK: Final = ("#7aa2f7", "#9ece6a", "#e0af68", "#bb9af7", "#7dcfff", "#f7768e", "#73daca", "#c0caf5")
_LIGHT: Final = ("#2e5aac", "#3f7a1f", "#96630a", "#7a3fb8", "#0f6f8c", "#b3263f", "#10756b", "#454d78")


class MergedLabels:
    """The labels of a build's steps, worked out anew where steps have come or the theme is another one."""

    def __init__(self) -> None:
        self._made_for = 0, False
        self._labels: tuple[StepLabel, ...] = ()

    def of(self, steps: Sequence[StepState], theme: Theme) -> tuple[StepLabel, ...]:
        """One label a step."""
        made_for = len(steps), theme.dark
        if made_for != self._made_for:
            self._made_for, self._labels = made_for, step_labels(steps, theme)
        return self._labels


def step_labels(steps: Sequence[StepState], theme: Theme) -> tuple[StepLabel, ...]:
    """One label a step, all of one width."""
    names = [step.info.name or step.info.address for step in steps]
    width = min(max(map(cell_len, names), default=0), _WIDEST)
    colors = _DARK if theme.dark else _LIGHT
    return tuple(
        StepLabel(
            step.info.step_id,
            _cut(name, width),
            width,
            Style(color=colors[step.info.step_id % len(colors)]),
        )
        for step, name in zip(steps, names, strict=True)
    )


def _cut(name: str, width: int) -> str:
    return set_cell_size(name if cell_len(name) <= width else set_cell_size(name, width - 1) + "…", width)
