"""The build's steps under their stages: state, name, and how long each took."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from wharf_tui.model.build import BuildInfo, StepState
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status
from wharf_tui.ui import status_look, step_story
from wharf_tui.ui.widgets.row_list import RowList
from wharf_tui.ui.widgets.split_line import join_ends


class StepList(RowList):
    """Steps in order of their IDs; where stages are known, each begins with its name."""

    BINDING_GROUP_TITLE = "Steps"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,l,right", "choose", "Log", key_display="enter", id="list.choose"),
    ]

    class StepHighlighted(Message):
        """The cursor has come to another step."""

        def __init__(self, step_list: StepList, step_id: StepId) -> None:
            super().__init__()
            self.step_list = step_list
            self.step_id = step_id

        @property
        def control(self) -> StepList:
            """The list."""
            return self.step_list

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._rows: list[StepState | str] = []
        self._now_ns = 0
        self._live = False
        self._shown: tuple[tuple[StepState, ...], bool, int] | None = None

    @property
    def row_count(self) -> int:
        """Steps and headings."""
        return len(self._rows)

    @property
    def current(self) -> StepId | None:
        """The step under the cursor."""
        row = self._rows[self.cursor] if 0 <= self.cursor < len(self._rows) else None
        return row.info.step_id if isinstance(row, StepState) else None

    def show(self, build: BuildInfo, now_ns: int, *, live: bool) -> None:
        """Show the build's steps as they stand; the cursor stays on its step."""
        shown = (build.steps, live, now_ns // status_look.TURN_NS if live else 0)
        if shown == self._shown:
            return
        self._shown = shown
        current = self.current
        rows: list[StepState | str] = []
        stage = ""
        for step in build.steps:
            if step.info.stage != stage:
                stage = step.info.stage
                rows.append(stage)
            rows.append(step)
        self._rows, self._now_ns, self._live = rows, now_ns, live
        if current is not None and current != self.current:
            self.select(current)
        self.rows_changed()

    def select(self, step_id: StepId) -> None:
        """Put the cursor on a step without a message."""
        for row, content in enumerate(self._rows):
            if isinstance(content, StepState) and content.info.step_id == step_id:
                self.move_cursor(row)

    def can_stop_at(self, row: int) -> bool:
        """Headings are passed over."""
        return isinstance(self._rows[row], StepState)

    def row_content(self, row: int, width: int) -> Content:
        """A heading, or a step."""
        step = self._rows[row]
        if isinstance(step, str):
            return Content.styled(f" {step}", "$muted bold").truncate(width, ellipsis=True)
        turning_ns = self._now_ns if self._live else None
        sign = status_look.glyph(step.status, skipped=step.skipped, at_ns=turning_ns)
        idle = step.skipped or step.status is Status.PENDING
        name = step.info.name or step.info.address
        left = Content.assemble(
            "  ",
            (sign, status_look.color(step.status, skipped=step.skipped)),
            (f" {name}", "$muted" if idle else ""),
        )
        took = step_story.duration(step, self._now_ns, live=self._live)
        return join_ends(left, Content.styled(f"{took} ", "$muted"), width)

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Say which step it is."""
        event.stop()
        if self.current is not None:
            self.post_message(self.StepHighlighted(self, self.current))
