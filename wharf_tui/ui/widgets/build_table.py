"""The stored builds as a table that fits any width: what does not fit gives way, least important first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from textual.binding import Binding, BindingType
from textual.content import Content

from wharf_tui.model.build import Liveness
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import format_duration
from wharf_tui.ui import status_look, words
from wharf_tui.ui.widgets.row_list import RowList

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wharf_tui.results.catalogue import BuildSummary


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table."""

    title: str
    width: int
    """Cells; the last column takes what is left."""
    align: Literal["left", "right"]
    cell: Callable[[BuildSummary, int], Content]
    """What a build shows in it, given the time."""
    least_screen: int = 0
    """Cells of the table below which the column is left out."""


def _state(build: BuildSummary, now_ns: int) -> Content:
    live = build.liveness is Liveness.RUNNING
    look = status_look.color(build.status)
    label = "Unfinished" if build.liveness is Liveness.UNFINISHED else build.status.label
    sign = status_look.glyph(build.status, at_ns=now_ns if live else None)
    return Content.styled(f"{sign} {label}", look)


def _duration(build: BuildSummary, now_ns: int) -> Content:
    if build.started_ns is None:
        return Content()
    if build.finished_ns is not None:
        return Content(format_duration(build.finished_ns - build.started_ns))
    return Content(words.elapsed(now_ns - build.started_ns) if build.liveness is Liveness.RUNNING else "")


def _age(build: BuildSummary, now_ns: int) -> Content:
    return Content.styled(
        words.age(now_ns - build.started_ns) if build.started_ns is not None else "", "$muted"
    )


def _failed_step(build: BuildSummary, now_ns: int) -> Content:
    del now_ns
    return Content.styled(build.failed_step, "$error" if build.status is Status.FAILED else "$muted")


def _size(build: BuildSummary, now_ns: int) -> Content:
    del now_ns
    return Content.styled(words.size(build.size_bytes) if build.size_bytes else "", "$muted")


COLUMNS: Final = (
    Column("BUILD", 7, "right", lambda build, _: Content.styled(str(build.build_id), "bold")),
    Column("STATE", 14, "left", _state),
    Column("AGE", 5, "right", _age),
    Column("TOOK", 7, "right", _duration),
    Column("STEPS", 5, "right", lambda build, _: Content.styled(str(build.step_count), "$muted"), 90),
    Column("SIZE", 8, "right", _size),
    Column("FAILED STEP", 26, "left", _failed_step),
    Column("KIND", 9, "left", lambda build, _: Content.styled(build.origin, "$muted"), 130),
    Column("SOURCE", 0, "left", lambda build, _: Content.styled(build.source or build.name, "$muted"), 90),
)


class BuildTable(RowList):
    """One build a row."""

    BINDING_GROUP_TITLE = "Builds"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,l,right", "choose", "Open", key_display="enter", id="list.choose")
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._builds: list[BuildSummary] = []
        self._now_ns = 0

    @property
    def row_count(self) -> int:
        """Builds."""
        return len(self._builds)

    @property
    def current(self) -> BuildSummary | None:
        """The build under the cursor."""
        return self._builds[self.cursor] if 0 <= self.cursor < len(self._builds) else None

    def show(self, builds: list[BuildSummary], now_ns: int) -> None:
        """Show these builds; the cursor stays on its build where it is still there."""
        current: Path | None = self.current.path if self.current else None
        self._builds, self._now_ns = builds, now_ns
        paths = [build.path for build in builds]
        row = paths.index(current) if current in paths else min(max(self.cursor, 0), len(builds) - 1)
        self.move_cursor(row)
        self.rows_changed()

    def row_content(self, row: int, width: int) -> Content:
        """One build."""
        build = self._builds[row]
        return _join([column.cell(build, self._now_ns) for column in columns_for(width)], width)


def columns_for(width: int) -> list[Column]:
    """The columns that a table of this width has."""
    return [column for column in COLUMNS if width >= column.least_screen]


def table_heading(width: int) -> Content:
    """The row above the table."""
    return _join([Content.styled(column.title, "$faint") for column in columns_for(width)], width)


def _join(cells: list[Content], width: int) -> Content:
    parts = []
    for column, cell in zip(columns_for(width), cells, strict=True):
        if not column.width:
            parts.append(cell)
            continue
        cut = cell.truncate(column.width, ellipsis=True)
        missing = column.width - cut.cell_length
        parts.append(cut.pad_left(missing) if column.align == "right" else cut.pad_right(missing))
    return Content("  ").join(parts).truncate(width, ellipsis=True)
