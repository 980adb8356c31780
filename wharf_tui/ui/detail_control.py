"""Enter on a line: folds or opens what it heads, or shows the line at length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wharf_tui.ui.commands import Command
from wharf_tui.ui.fold_control import FoldControl
from wharf_tui.ui.screens.detail import DetailOf, DetailScreen

if TYPE_CHECKING:
    from wharf_tui.ui.screens.build import BuildScreen


def show_details(screen: BuildScreen) -> None:
    """Show the line one is at, whole."""
    here = screen.here
    step = screen.step_state(here.step_id) if here is not None else None
    if here is None or step is None:
        return
    screen.app.push_screen(DetailScreen(DetailOf(here, step.info.address, screen.reader_of(here.step_id))))


def _enter(screen: BuildScreen, _text: str) -> None:
    folds = screen.control(FoldControl)
    if not (folds.is_at_head() and folds.toggle()):
        show_details(screen)


def _fold_here(screen: BuildScreen) -> None:
    if not screen.control(FoldControl).toggle():
        screen.notify("This line is in nothing that can be folded.", markup=False)


COMMANDS = (
    Command("details", "This line at length; or fold, open", _enter),
    Command("fold-here", "Fold or open what this line is in", lambda screen, _: _fold_here(screen)),
)
