"""What can be done to how logs are shown, beyond one key's toggle: panes for many steps, the time zone, standing still."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from wharf_tui.ui.commands import Command
from wharf_tui.ui.step_choice import runs
from wharf_tui.ui.widgets.pane_row import MOST_PANES

if TYPE_CHECKING:
    from wharf_tui.ui.screens.build import BuildScreen


async def _pane_a_step(screen: BuildScreen, _text: str) -> None:
    """A pane for each step of the stage one is in, the ones that run first; or one pane again."""
    if len(screen.panes.panes) > 1:
        while len(screen.panes.panes) > 1:
            screen.action_close_pane()
        return
    steps = screen.feed.info.steps
    here = screen.step_state(screen.pane.step_id) or next(iter(steps), None)
    if here is None:
        return
    stage = [step for step in steps if step.info.stage == here.info.stage]
    if len(stage) < 2:
        screen.notify(f"{here.info.address} is alone in its stage; | shows one step more.", markup=False)
        return
    wanted = sorted(stage, key=lambda step: not runs(step))[:MOST_PANES]
    wanted.sort(key=lambda step: step.info.step_id)
    with screen.app.batch_update():
        screen.choose_step(wanted[0].info.step_id)
        others = await screen.add_panes(len(wanted) - 1)
        screen.show_steps(zip(others, (step.info.step_id for step in wanted[1:]), strict=False))
    screen.back_to_log()
    if len(stage) > len(wanted):
        screen.tell_once(f"{len(wanted)} of {len(stage)} steps have a pane.", "information")


def _toggle_zone(screen: BuildScreen, _text: str) -> None:
    utc = screen.view.zone is not UTC
    for pane in screen.panes.panes:
        pane.view.zone = UTC if utc else screen.zone
    screen.notify("Times of day are UTC." if utc else "Times of day are local.", markup=False)


def _pause(screen: BuildScreen, _text: str) -> None:
    if screen.view.follow:
        screen.view.stand_still()
    else:
        screen.view.action_bottom()


COMMANDS = (
    Command("pane-a-step", "A pane for each step of the stage", _pane_a_step, "P", "P"),
    Command("pause", "Stand still, or follow again", _pause, "p"),
    Command("utc", "Times of day in UTC, or local", _toggle_zone),
    Command(
        "go-along",
        "Go along to the next running step, or stay",
        lambda screen, _: screen.toggle_going_along(),
        "ctrl+f",
    ),
)
