"""Draws the rows of one log, as many as are asked for: text is read, cleaned and styled only when it is on the screen."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from wharf_tui.model.lines import LogLine
from wharf_tui.ui.log_look import Finder, LogLook, StepLabel, TimeColumn
from wharf_tui.ui.log_strips import DrawnRow, draw_row
from wharf_tui.ui.widgets.log_scroll_bar import LogScrollBar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timezone

    from textual.scrollbar import ScrollBar

    from wharf_tui.ui.row_document import RowDocument
    from wharf_tui.ui.row_walk import Place
    from wharf_tui.ui.rows import Address, Row, RowExtra

_KEPT_ROWS: Final = 400
_LOOK_ABOVE: Final = 4
"""Rows among which the line before is looked for."""


class LogDrawing(ScrollView):
    """How a log looks, and its rows drawn that way.

    Args:
        zone: time zone of the clock column; None is the machine's.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log-view--gutter",
        "log-view--mark",
        "log-view--gap",
        "log-view--hit",
        "log-view--hit-mark",
        "log-view--spot",
        "log-view--selected",
        "log-view--note",
        "log-view--error",
        "log-view--warning",
    }

    column: reactive[int] = reactive(0)
    """Cells scrolled to the right."""
    wrap: reactive[bool] = reactive(default=False)
    """Whether text that is too wide goes on in the next line."""
    times: reactive[TimeColumn] = reactive(TimeColumn.OFF)
    """What the gutter tells about time."""
    show_ids: reactive[bool] = reactive(default=True)
    """Whether the gutter shows log IDs."""
    zone: reactive[timezone | None] = reactive(None)
    """Time zone of the clock column; None is the machine's."""
    find: reactive[Finder | None] = reactive(None)
    """What is to stand out in the text."""
    highlights: reactive[tuple[tuple[Finder, Style], ...]] = reactive(())
    """What else is to stand out, each in a style of its own."""
    labels: reactive[tuple[StepLabel, ...]] = reactive(())
    """Names of steps, where lines of several stand together."""
    signs: reactive[Mapping[Address, str]] = reactive(dict)
    """One character for the first cell of some lines."""
    hit_marks: reactive[tuple[bool, ...]] = reactive(())
    """For each line of the screen, whether the part of the log at that height of the scroll bar has a hit."""

    def __init__(self, *, zone: timezone | None = None, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self.set_reactive(LogDrawing.zone, zone)
        self._document: RowDocument | None = None
        self._started_ns = 0
        self._widest = 0
        self._looks: tuple[LogLook, LogLook, LogLook] | None = None
        self._places: list[Place] | None = None
        self._drawn: OrderedDict[tuple[int, Row, int | None, RowExtra, str], DrawnRow] = OrderedDict()
        self._drawn_with: tuple[LogLook, LogLook, LogLook] | None = None
        """The looks of the rows that are kept; a look is too large to be part of their key."""

    @property
    def document(self) -> RowDocument | None:
        """The log that is shown."""
        return self._document

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The scroll bar, made when it is asked for first."""
        if self._vertical_scrollbar is None:
            bar = LogScrollBar(vertical=True, name="vertical", thickness=self.scrollbar_size_vertical)
            bar.display = False
            self._vertical_scrollbar = bar
            self.app._start_widget(self, bar)  # noqa: SLF001  as Textual makes its own
        return self._vertical_scrollbar

    def _on_focus(self, event: events.Focus) -> None:
        """A log looks the same, whether it has the keys or not: unlike Textual's own way, it is not styled and drawn again."""
        event.prevent_default()
        self.set_reactive(LogDrawing.has_focus, value=True)
        if self.parent is not None:
            self.parent.post_message(events.DescendantFocus(self))

    def _on_blur(self, event: events.Blur) -> None:
        event.prevent_default()
        self.set_reactive(LogDrawing.has_focus, value=False)
        if self.parent is not None:
            self.parent.post_message(events.DescendantBlur(self))

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines of the widget, as they are: no border or padding goes around them.

        Textual's own way dresses each line anew, and keeps it for the next time. A log that is followed has none: all its
        lines move.
        """
        room = self.scrollable_content_region.width
        if not room:  # it has just been mounted: it has no size and no looks yet
            return super().render_lines(crop)
        background = self.background_colors[1]
        filters = self.get_line_filters()
        strips = self.draw_lines(crop.line_range)
        if any(strip.cell_length < room for strip in strips):  # the rest would not be drawn at all
            strips = [strip.adjust_cell_length(room, self.rich_style) for strip in strips]
        for each in filters:
            strips = [strip.apply_filter(each, background) for strip in strips]
        if crop.column_span != (0, self.region.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def draw_lines(self, lines: range) -> list[Strip]:
        """Some lines of the widget, from the top."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        return self.draw_lines(range(y, y + 1))[0]

    def _draw(self, number: int, look: LogLook) -> DrawnRow | None:
        assert self._document is not None
        row = self._document.row(number)
        if row is None:
            return None
        before = self._time_before(number) if look.times is TimeColumn.DELTA else None
        extra = self._document.extra_of(number)
        sign = ""
        if self.signs and (address := self._document.address_of(number)) is not None:
            sign = self.signs.get(address, "")
        key = (id(look), row, before, extra, sign)
        drawn = self._drawn.get(key)
        if drawn is None:
            drawn = self._drawn[key] = draw_row(row, look, before, extra, sign)
            self._widest = max(self._widest, drawn.text_width)
            if len(self._drawn) > _KEPT_ROWS:
                self._drawn.popitem(last=False)
        else:
            self._drawn.move_to_end(key)
        return drawn

    def _time_before(self, number: int) -> int | None:
        """When the line above a row was printed."""
        assert self._document is not None
        for above in range(number - 1, max(number - _LOOK_ABOVE, 0) - 1, -1):
            row = self._document.row(above)
            if isinstance(row, LogLine):
                return row.at_ns
        return None

    def _with_marks(self, strips: list[Strip], first: int) -> list[Strip]:
        """Lines with their cells of the column of hits, where there is one.

        Args:
            strips: the lines.
            first: which line of the widget the first of them is.
        """
        marks = self.hit_marks
        if not marks:
            return strips
        plain = self._current_looks()[0]
        style = plain.text + self.get_component_rich_style("log-view--hit-mark", partial=True)
        hit, none = Segment("▐", style), Segment(" ", style)
        return [
            Strip([*strip, hit if y < len(marks) and marks[y] else none], strip.cell_length + 1)
            for y, strip in enumerate(strips, first)
        ]

    def notify_style_update(self) -> None:
        """The theme has changed."""
        super().notify_style_update()
        self._looks = self._places = None

    def _forget_look(self) -> None:
        self._looks = self._places = None
        self.refresh()

    @property
    def _look_width(self) -> int:
        return max(self.scrollable_content_region.width - bool(self.hit_marks), 1)

    @property
    def _id_width(self) -> int:
        highest = self._document.highest_id if self._document is not None else 0
        return max(len(str(highest)), 4) if self.show_ids else 0

    def _current_looks(self) -> tuple[LogLook, LogLook, LogLook]:
        return self._looks or self._make_looks()

    def _make_looks(self) -> tuple[LogLook, LogLook, LogLook]:
        """How rows look, how the spot does, and how selected rows do."""
        plain = LogLook(
            width=self._look_width,
            column=0 if self.wrap else self.column,
            wrap=self.wrap,
            id_width=self._id_width,
            times=self.times,
            started_ns=self._started_ns,
            zone=self.zone,
            dark=self.app.current_theme.dark,
            text=self.rich_style,
            gutter=self.get_component_rich_style("log-view--gutter"),
            mark=self.get_component_rich_style("log-view--mark"),
            gap=self.get_component_rich_style("log-view--gap"),
            hit=self.get_component_rich_style("log-view--hit", partial=True),
            find=self.find,
            note=self.get_component_rich_style("log-view--note"),
            error=self.get_component_rich_style("log-view--error", partial=True),
            warning=self.get_component_rich_style("log-view--warning", partial=True),
            highlights=self.highlights,
            labels=self.labels,
        )
        spot, selected = (
            self._tinted(plain, self.get_component_rich_style(name, partial=True))
            for name in ("log-view--spot", "log-view--selected")
        )
        self._looks = plain, spot, selected
        if self._drawn_with == self._looks:
            self._looks = self._drawn_with
        else:
            self._drawn_with = self._looks
            self._drawn.clear()
        return self._looks

    @staticmethod
    def _tinted(look: LogLook, tint: Style) -> LogLook:
        return replace(
            look,
            text=look.text + tint,
            gutter=look.gutter + tint,
            mark=look.mark + tint,
            gap=look.gap + tint,
            note=look.note + tint,
        )

    def watch_hit_marks(self) -> None:
        """The column beside the scroll bar takes a cell."""
        self._forget_look()

    def watch_find(self) -> None:
        """Draw anew."""
        self._forget_look()

    def watch_highlights(self) -> None:
        """Draw anew."""
        self._forget_look()

    def watch_labels(self) -> None:
        """Draw anew."""
        self._forget_look()

    def watch_zone(self) -> None:
        """Draw anew."""
        self._forget_look()

    def watch_column(self) -> None:
        """Draw anew."""
        self._forget_look()

    def watch_times(self) -> None:
        """Draw anew."""
        self._forget_look()

    def watch_show_ids(self) -> None:
        """Draw anew."""
        self._forget_look()
