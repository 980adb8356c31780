"""The build's steps under their stages: state, name, lines, errors, how long each took, and what it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from wharf_tui.model.build import BuildInfo, StepState
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status, combined_status
from wharf_tui.ui import status_look, step_story, words
from wharf_tui.ui.widgets.row_list import RowList
from wharf_tui.ui.widgets.split_line import join_ends

if TYPE_CHECKING:
    from wharf_tui.ui.step_counts_control import StepCounts

_WAITING: Final = (Status.SCHEDULING, Status.INITIALIZING)
_NAME_CELLS: Final = 16
"""Where names would get less, the number of lines gives way."""
_LEAST_NAME_CELLS: Final = 8
"""Where they would get less than that, the number of errors does, too."""
_INDENT: Final = 3
_NARROW: Final = 28


@dataclass(frozen=True, slots=True)
class _Stage:
    """The heading above the steps of a stage."""

    name: str
    status: Status
    skipped: bool


@dataclass(frozen=True, slots=True)
class _Wait:
    """What the step above waits for."""

    text: str


@dataclass(frozen=True, slots=True)
class _Columns:
    """Cells of the columns at the right; 0 leaves one out."""

    lines: int = 0
    errors: int = 0
    took: int = 0


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
        self._rows: list[StepState | _Stage | _Wait] = []
        self._now_ns = 0
        self._live = False
        self._shown: tuple[tuple[StepState, ...], bool, int] | None = None
        self._counts: Mapping[StepId, StepCounts] = {}
        self._columns: tuple[int, _Columns] | None = None

    @property
    def row_count(self) -> int:
        """Steps, headings, and what steps wait for."""
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
        self._now_ns, self._live, self._columns = now_ns, live, None
        rows: list[StepState | _Stage | _Wait] = []
        for stage, grouped in groupby(build.steps, lambda step: step.info.stage):
            steps = list(grouped)
            if stage:
                ran = [step.status for step in steps if not step.skipped]
                rows.append(_Stage(stage, combined_status(ran), skipped=not ran))
            for step in steps:
                rows.append(step)
                if wait := _wait_of(step):
                    rows.append(_Wait(wait))
        self._rows = rows
        if current is not None and current != self.current:
            self.select(current)
        self.rows_changed()

    def show_counts(self, counts: Mapping[StepId, StepCounts]) -> None:
        """Show how many lines and errors have been counted."""
        if counts != self._counts:
            self._counts, self._columns = counts, None
            self.refresh()

    def select(self, step_id: StepId) -> None:
        """Put the cursor on a step without a message."""
        for row, content in enumerate(self._rows):
            if isinstance(content, StepState) and content.info.step_id == step_id:
                self.move_cursor(row)

    def can_stop_at(self, row: int) -> bool:
        """Only steps can be chosen."""
        return isinstance(self._rows[row], StepState)

    def row_content(self, row: int, width: int) -> Content:
        """A heading, a step, or what it waits for."""
        shown = self._rows[row]
        if isinstance(shown, _Stage):
            return self._stage(shown).truncate(width, ellipsis=True)
        if isinstance(shown, _Wait):
            return Content.styled(f"     {shown.text}", "$muted italic").truncate(width, ellipsis=True)
        return self._step_row(shown, width)

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Say which step it is."""
        event.stop()
        if self.current is not None:
            self.post_message(self.StepHighlighted(self, self.current))

    def _stage(self, stage: _Stage) -> Content:
        sign = status_look.glyph(stage.status, skipped=stage.skipped)
        look = status_look.color(stage.status, skipped=stage.skipped)
        return Content.assemble(" ", (sign, look), (f" {stage.name}", "$muted bold"))

    def _step_row(self, step: StepState, width: int) -> Content:
        sign = status_look.step_glyph(step, self._now_ns if self._live else None)
        idle = step.skipped or step.status is Status.PENDING
        left = Content.assemble(
            (" " * (_INDENT if width >= _NARROW else _INDENT - 1)) if step.info.stage else " ",
            (sign, status_look.step_color(step)),
            (f" {step.info.name or step.info.address}", "$muted" if idle else ""),
        )
        columns = self._fitting(width)
        parts: list[Content] = []
        lines, errors, took = self._cells(step)
        for text, cells, color in (
            (lines, columns.lines, "$muted"),
            (errors, columns.errors, "$error"),
            (took, columns.took, "$muted"),
        ):
            if cells and (text or parts):  # what is empty at the left leaves its room to the name
                parts.append(Content.styled(text.rjust(cells), color))
        return join_ends(left, Content.assemble(Content("  ").join(parts), " "), width)

    def _cells(self, step: StepState) -> tuple[str, str, str]:
        counts = self._counts.get(step.info.step_id)
        took = step_story.duration(step, self._now_ns, live=self._live)
        if counts is None:
            return "", "", took
        lines = words.count(counts.lines) if counts.lines else ""
        return lines, f"{words.count(counts.errors)}!" if counts.errors else "", took

    def _fitting(self, width: int) -> _Columns:
        """As many columns as there is room for beside the names."""
        if self._columns is None or self._columns[0] != width:
            self._columns = width, self._measure(width)
        return self._columns[1]

    def _measure(self, width: int) -> _Columns:
        rows = [self._cells(step) for step in self._rows if isinstance(step, StepState)]
        lines, errors, took = (max((len(row[index]) for row in rows), default=0) for index in range(3))
        names = max(
            (len(row.info.name or row.info.address) for row in self._rows if isinstance(row, StepState)),
            default=0,
        )
        around = 3 + (_INDENT if width >= _NARROW else _INDENT - 1)  # the sign, a blank, and one at the end
        for columns, least in (
            (_Columns(lines, errors, took), max(_NAME_CELLS, width // 3)),
            (_Columns(0, errors, took), _LEAST_NAME_CELLS),
        ):
            taken = [cells for cells in (columns.lines, columns.errors, columns.took) if cells]
            if sum(taken) + 2 * len(taken) - 1 <= width - around - min(names, least):
                return columns
        return _Columns(took=took)


def _wait_of(step: StepState) -> str:
    """What a step waits for; empty where it does not."""
    if step.skipped or step.status not in _WAITING:
        return ""
    return step.reason or step.status.label.lower()
