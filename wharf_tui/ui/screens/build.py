"""One build: its steps on the left, the log of one of them on the right, both kept up to date."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.getters import query_one
from textual.screen import Screen

from wharf_tui.model.build import Liveness, StepState
from wharf_tui.model.errors import WharfError
from wharf_tui.model.status import Status
from wharf_tui.model.text import clean_plain
from wharf_tui.ui.log_document import LogDocument
from wharf_tui.ui.slices import SliceBudget
from wharf_tui.ui.widgets.build_header import BuildHeader
from wharf_tui.ui.widgets.key_hints import KeyHints
from wharf_tui.ui.widgets.log_pane import LogPane
from wharf_tui.ui.widgets.log_view import LogView, ViewPlace
from wharf_tui.ui.widgets.step_list import StepList

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timezone

    from textual.app import ComposeResult

    from wharf_tui.model.ids import StepId
    from wharf_tui.ui.feed import Feed

_BUSY_SECONDS: Final = 1 / 30
"""Between two looks while something comes in."""
_COUNTING_SECONDS: Final = 0.004
"""Between two slices while a large log is being counted: the screen and the keys get half of the time."""
_COUNTING_SHOWN_SECONDS: Final = 0.1
"""How often the progress of counting is shown."""
_QUIET_SECONDS: Final = 0.25
"""While nothing comes in; also the rate at which running steps turn."""
_ENDED_SECONDS: Final = 1.0
_STEPS_SECONDS: Final = 0.2
"""Between two looks at the steps' states."""
_LOOK_SHARE: Final = 20
"""A look at the states that took one moment is followed by at least this many moments without."""


class BuildScreen(Screen[None], inherit_bindings=False):
    """A build that is running or has ended.

    Args:
        feed: where it comes from; closed with the screen.
        clock: nanoseconds since the epoch, for everything that is shown.
        zone: time zone of the clock column; None is the machine's.
    """

    BINDING_GROUP_TITLE = "Build"
    AUTO_FOCUS = "LogView"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Steps/Log", id="build.next-pane"),
        Binding("shift+tab", "app.focus_previous", "Steps/Log", show=False, id="build.previous-pane"),
        Binding(
            "right_curly_bracket",
            "step(1)",
            "Next, previous step",
            key_display="}",
            show=False,
            id="build.next-step",
        ),
        Binding(
            "left_curly_bracket",
            "step(-1)",
            "Next, previous step",
            key_display="{",
            show=False,
            id="build.previous-step",
        ),
        *(
            Binding(
                str(number),
                f"nth_step({number})",
                "The n-th step",
                show=False,
                key_display="1-9",
                id=f"build.step-{number}",
            )
            for number in range(1, 10)
        ),
        Binding("F", "follow", "Follow the running step", key_display="F", show=False, id="build.follow"),
        Binding("t", "times", "Times", id="build.times"),
        Binding("number_sign", "ids", "Log IDs", key_display="#", id="build.ids"),
        Binding("q", "back", "Back", id="build.back"),
        Binding("escape", "escape", "Back to the list", show=False, id="build.escape"),
    ]

    header = query_one(BuildHeader)
    steps = query_one(StepList)
    pane = query_one(LogPane)

    def __init__(self, feed: Feed, clock: Callable[[], int], zone: timezone | None = None) -> None:
        super().__init__()
        self.feed = feed
        self._clock = clock
        self._zone = zone
        self._documents: dict[StepId, LogDocument] = {}
        self._places: dict[StepId, ViewPlace] = {}
        self._shown: StepId | None = None
        self._goes_along = True
        self._budget = SliceBudget()
        self._pause = _BUSY_SECONDS
        self._next_look = 0.0
        self._next_show = 0.0
        self._told: set[str] = set()
        self.notice = ""
        """Something that is going on with the build, such as its cancellation."""

    def compose(self) -> ComposeResult:
        """Header, two panes, keys."""
        yield BuildHeader(id="header")
        with Horizontal():
            yield StepList(id="steps")
            yield LogPane(zone=self._zone, id="log")
        yield KeyHints()

    def on_mount(self) -> None:
        """Open on what matters most, and begin to look."""
        self.steps.show(self.feed.info, self._clock(), live=self._is_live)
        first = opening_step(self.feed.info.steps)
        if first is not None:
            self._show_step(first)
        self.call_after_refresh(self._look)

    def on_unmount(self) -> None:
        """Let go of the build's files."""
        self.feed.close()

    @property
    def _is_live(self) -> bool:
        return self.feed.liveness is Liveness.RUNNING

    def step_state(self, step_id: StepId | None) -> StepState | None:
        """A step as it stands now."""
        return next((step for step in self.feed.info.steps if step.info.step_id == step_id), None)

    def _look(self) -> None:
        """Look again at what is shown; sooner the next time when something came in."""
        if not self.is_attached:
            return
        started = time.monotonic()
        changed = self._look_at_steps(started)
        changed = self._look_at_log() or changed
        if self._is_counting and started < self._next_show:
            self._look_again(_COUNTING_SECONDS)
            return
        self._next_show = started + _COUNTING_SHOWN_SECONDS
        self.update_view()
        quiet = _ENDED_SECONDS if self.feed.liveness is Liveness.FROZEN else _QUIET_SECONDS
        self._pause = _BUSY_SECONDS if changed else min(self._pause * 1.5, quiet)
        self._look_again(_COUNTING_SECONDS if self._is_counting else self._pause)

    def _look_again(self, seconds: float) -> None:
        """Look again so long after the screen has been drawn: a slow terminal is shown less, not later."""
        self.call_after_refresh(self.set_timer, seconds, self._look)

    @property
    def _document(self) -> LogDocument | None:
        return self._documents.get(self._shown) if self._shown is not None else None

    @property
    def _is_counting(self) -> bool:
        return self._document is not None and self._document.is_counting

    def _look_at_steps(self, now: float) -> bool:
        if now < self._next_look:
            return False
        try:
            changed = self.feed.refresh()
            problems = self.feed.problems
        except WharfError as error:
            changed, problems = False, (clean_plain(error.message),)
        self._next_look = now + max(_STEPS_SECONDS, _LOOK_SHARE * (time.monotonic() - now))
        for problem in problems:
            if problem not in self._told:
                self._told.add(problem)
                self.notify(problem, severity="warning", markup=False)
        if changed and self._goes_along:
            self._go_along()
        return changed

    def _look_at_log(self) -> bool:
        document = self._document
        if document is None:
            return False
        started = time.monotonic()
        refreshed = document.refresh(self._budget.bytes, follow=self.pane.view.follow)
        if document.is_behind:
            self._budget.learn(time.monotonic() - started)
        if refreshed.changed:
            self.pane.view.log_changed(refreshed)
        return refreshed.changed

    def _go_along(self) -> None:
        """While nobody has chosen a step: move on when the one that is shown does not run."""
        shown = self.step_state(self._shown)
        if not self.pane.view.follow or (shown is not None and _runs(shown)):
            return
        target = opening_step(self.feed.info.steps)
        if target is not None and target != self._shown:
            self._show_step(target)

    def update_view(self) -> None:
        """Bring everything but the lines up to date."""
        now_ns = self._clock()
        build = self.feed.info
        self.header.show_build(self.feed, now_ns, self.notice)
        self.steps.show(build, now_ns, live=self._is_live)
        step = self.step_state(self._shown)
        if step is None:
            self.pane.show_nothing("This build has no steps", build.problem or "Nothing was recorded.")
            if build.steps:
                self._show_step(opening_step(build.steps) or build.steps[0].info.step_id)
            return
        document = self._documents[step.info.step_id]
        self.pane.view.start_times_at(step.started_ns or build.started_ns or 0)
        self.pane.show_step(step, document, build, self.feed.liveness, now_ns)

    def _show_step(self, step_id: StepId) -> None:
        if self._shown is not None and self._shown != step_id:
            self._places[self._shown] = self.pane.view.place()
        document = self._documents.get(step_id)
        if document is None:
            document = self._documents[step_id] = LogDocument(self.feed.log(step_id))
        self._shown = step_id
        self.steps.select(step_id)
        place = self._places.get(step_id, ViewPlace())
        document.refresh(self._budget.bytes, follow=place.follow)
        step = self.step_state(step_id)
        self.pane.view.show(document, (step.started_ns if step else None) or 0, place)
        self.update_view()

    def on_step_list_step_highlighted(self, event: StepList.StepHighlighted) -> None:
        """Somebody chose a step."""
        event.stop()
        self._goes_along = False
        if event.step_id != self._shown:
            self._show_step(event.step_id)

    def on_row_list_chosen(self) -> None:
        """Enter on a step goes to its log."""
        self.pane.view.focus()

    def on_log_view_moved(self, event: LogView.Moved) -> None:
        """Bring badge and title up to date."""
        event.stop()
        self.update_view()

    def action_step(self, direction: int) -> None:
        """To the next (1) or previous (-1) step."""
        ids = [step.info.step_id for step in self.feed.info.steps]
        if self._shown not in ids:
            return
        target = ids.index(self._shown) + direction
        if 0 <= target < len(ids):
            self._goes_along = False
            self._show_step(ids[target])

    def action_nth_step(self, number: int) -> None:
        """To the step with this place in the list, counted from 1."""
        if number <= len(self.feed.info.steps):
            self._goes_along = False
            self._show_step(self.feed.info.steps[number - 1].info.step_id)

    def action_follow(self) -> None:
        """Show the end as it grows, of the step that runs, and go along when the next one starts."""
        self._goes_along = True
        self.pane.view.action_bottom()
        if self._is_live:
            self._go_along()

    def action_times(self) -> None:
        """Change the time column."""
        view = self.pane.view
        view.times = view.times.next

    def action_ids(self) -> None:
        """Show or hide log IDs."""
        self.pane.view.show_ids = not self.pane.view.show_ids

    async def action_back(self) -> None:
        """To the catalogue, or out where this build was opened alone."""
        await self.run_action("app.back")

    async def action_escape(self) -> None:
        """To the catalogue, but never out of the program."""
        if len(self.app.screen_stack) > 1:
            await self.run_action("app.back")


def _runs(step: StepState) -> bool:
    return not (step.status.is_final or step.status is Status.PENDING or step.skipped)


def opening_step(steps: tuple[StepState, ...]) -> StepId | None:
    """The step to look at first: the one that failed first, else the one that runs, else the last that ran."""
    failed = [step for step in steps if step.status is Status.FAILED]
    if failed:
        return min(failed, key=lambda step: step.finished_ns or 0).info.step_id
    running = [step for step in steps if _runs(step)]
    ended = [step for step in steps if step.status.is_final]
    candidates = running[:1] or ended[-1:] or list(steps[:1])
    return candidates[0].info.step_id if candidates else None
