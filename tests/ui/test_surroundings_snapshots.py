"""Pictures of what surrounds the logs, each by itself: the steps, the timeline, the help, the list of builds with its prompt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from wharf_tui.insight.timeline import StepSpan, Timeline
from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS
from wharf_tui.ui.app import WharfApp
from wharf_tui.ui.screens.help import HelpScreen
from wharf_tui.ui.settings import Settings
from wharf_tui.ui.step_counts_control import StepCounts
from wharf_tui.ui.timeline_cells import cells
from wharf_tui.ui.widgets.step_list import StepList
from wharf_tui.ui.widgets.timeline_row import TimelineRow

START_NS = 1_707_000_000 * NS
LOOKS = [
    Settings(theme="dark", color_depth="truecolor"),
    Settings(theme="light", color_depth="truecolor"),
    Settings(theme="dark", color_depth="16"),
    Settings(theme="light", color_depth="16"),
]
LOOK_IDS = ["dark", "light", "dark-16", "light-16"]


def step(
    number: int, stage: str, name: str, status: Status, seconds: int = 10, reason: str = ""
) -> StepState:
    state = StepState(StepInfo(StepId(number), stage, name), reason=reason)
    if status is Status.PENDING:
        return state
    started = START_NS + number * NS
    finished = started + seconds * NS if status.is_final else None
    return replace(state, status=status, started_ns=started, finished_ns=finished)


STEPS = (
    step(1, "build", "compile", Status.SUCCESS, 81),
    step(2, "build", "documentation-of-everything", Status.FAILED, 3),
    step(3, "test", "unit", Status.RUNNING),
    step(4, "test", "integration", Status.SCHEDULING, reason="pulling golang:1.22"),
    step(5, "test", "browsers", Status.INITIALIZING),
    step(6, "test", "fuzz", Status.CANCELLED, 40),
    step(7, "deploy", "staging", Status.PENDING),
    replace(step(8, "deploy", "production", Status.PENDING), skipped=True),
)
COUNTS = {
    StepId(number): StepCounts(lines, errors, is_whole=True)
    for number, (lines, errors) in enumerate([(4_213, 0), (88, 12), (1_234_567, 3)], 1)
}
SPANS = [
    StepSpan(StepId(1), Status.SUCCESS, 0, 40),
    StepSpan(StepId(2), Status.FAILED, 10, 20),
    StepSpan(StepId(3), Status.SUCCESS, 40, 60),
    StepSpan(StepId(4), Status.RUNNING, 70, None),
]


class StepsScreen(Screen[None]):
    def compose(self) -> ComposeResult:
        yield StepList(id="steps")

    def on_mount(self) -> None:
        steps = self.query_one(StepList)
        steps.styles.width = "100%"
        steps.styles.max_width = 100
        steps.show(BuildInfo(BuildId(1), STEPS), START_NS + 100 * NS, live=True)
        steps.show_counts(COUNTS)
        steps.select(StepId(3))


class TimelinesScreen(Screen[None]):
    """One row for each step in front."""

    def compose(self) -> ComposeResult:
        for _ in SPANS:
            yield TimelineRow(lambda _column: None)

    def on_resize(self) -> None:
        for index, row in enumerate(self.query(TimelineRow)):
            if row.columns:
                timeline = Timeline(0, 90, row.columns)
                activity = {
                    span.step_id: [column * 7 % 11 * (span.step_id % 3) for column in range(row.columns)]
                    for span in SPANS
                }
                shown = cells(timeline, SPANS, activity, SPANS[index].step_id)
                row.show(shown, 5 + 10 * index, f"+{index}m05s", "1m30s")


class HelpedScreen(Screen[None]):
    BINDING_GROUP_TITLE = "Everything"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(f"f{number}", "nothing", f"What the key f{number} does", id=f"x.{number}")
            for number in range(1, 11)
        ),
        Binding("ctrl+x,pageup", "nothing", "Something that takes a long sentence to be told", id="x.long"),
    ]

    def on_mount(self) -> None:
        self.call_after_refresh(lambda: self.app.push_screen(HelpScreen(self)))


class OneScreenApp(WharfApp):
    def __init__(self, screen: type[Screen[None]], settings: Settings) -> None:
        super().__init__(None, Path("/nowhere"), clock=lambda: START_NS, settings=settings)
        self._kind = screen

    def get_default_screen(self) -> Screen[None]:
        return self._kind()


@pytest.mark.parametrize("settings", LOOKS, ids=LOOK_IDS)
@pytest.mark.parametrize("width", [24, 46])
def test_steps(width, settings, snap_compare):
    assert snap_compare(OneScreenApp(StepsScreen, settings), terminal_size=(width, 15))


@pytest.mark.parametrize("settings", LOOKS, ids=LOOK_IDS)
def test_timeline(settings, snap_compare):
    assert snap_compare(OneScreenApp(TimelinesScreen, settings), terminal_size=(80, 5))


def test_steps_and_timeline_without_colour(snap_compare, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(OneScreenApp(TimelinesScreen, Settings()), terminal_size=(80, 5))


@pytest.mark.parametrize("size", [(80, 24), (160, 24)], ids=["80x24", "160x24"])
def test_help(size, snap_compare):
    async def settled(pilot) -> None:
        for _ in range(100):
            await pilot.pause(0.02)
            if isinstance(pilot.app.screen, HelpScreen) and pilot.app.screen.text:
                return

    app = OneScreenApp(HelpedScreen, Settings())
    assert snap_compare(app, terminal_size=size, run_before=settled)
