"""Draws the rows of one log, as many as fit: text is read, cleaned and styled only when it is on the screen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from wharf_tui.model.lines import LogLine
from wharf_tui.ui.log_look import Finder, LogLook, TimeColumn
from wharf_tui.ui.log_strips import DrawnRow, draw_row
from wharf_tui.ui.row_walk import Place, RowWalk

if TYPE_CHECKING:
    from datetime import timezone

    from textual import events

    from wharf_tui.ui.log_document import LogDocument, Refreshed, Row

_KEPT_ROWS: Final = 400


@dataclass(frozen=True, slots=True)
class ViewPlace:
    """Where one was in a log, to come back to it."""

    top: int = 0
    column: int = 0
    follow: bool = True
    seen_lines: int = 0
    spot: int | None = None


class LogCanvas(ScrollView, can_focus=True, inherit_bindings=False):
    """A log that can be followed.

    While following, the last row stays in sight. Any move upwards ends that, and from then on nothing on the
    screen moves by itself. The scroll bar counts rows; where text is wrapped, a row may take several lines.
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
    }

    follow: reactive[bool] = reactive(default=True, repaint=False)
    """Whether the last row stays in sight."""
    column: reactive[int] = reactive(0)
    """Cells scrolled to the right."""
    wrap: reactive[bool] = reactive(default=False)
    """Whether text that is too wide goes on in the next line."""
    times: reactive[TimeColumn] = reactive(TimeColumn.OFF)
    """What the gutter tells about time."""
    show_ids: reactive[bool] = reactive(default=True)
    """Whether the gutter shows log IDs."""
    why_empty: reactive[tuple[str, str]] = reactive(("", ""))
    """A headline and an explanation, shown where there are no rows."""
    spot: reactive[int | None] = reactive(None)
    """The row that one has gone to, by a search or an address; while selecting, the end that moves."""
    select_from: reactive[int | None] = reactive(None)
    """The row at which a selection began; None while nothing is being selected."""
    find: reactive[Finder | None] = reactive(None)
    """What is to stand out in the text."""
    hit_marks: reactive[tuple[bool, ...]] = reactive(())
    """For each line of the screen, whether the part of the log at that height of the scroll bar has a hit."""

    class Moved(Message):
        """What the view shows, or whether it follows, is different now."""

        def __init__(self, log_view: LogCanvas) -> None:
            super().__init__()
            self.log_view = log_view

        @property
        def control(self) -> LogCanvas:
            """The view."""
            return self.log_view

        def can_replace(self, message: Message) -> bool:
            """Only the last of several moves matters."""
            return isinstance(message, LogCanvas.Moved)

    def __init__(self, *, zone: timezone | None = None, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._zone = zone
        self._document: LogDocument | None = None
        self._started_ns = 0
        self._seen_lines = 0
        self._widest = 0
        self._part = 0
        """Lines of the top row that are scrolled off, where text is wrapped."""
        self._looks: tuple[LogLook, LogLook, LogLook] | None = None
        self._places: list[Place] | None = None
        self._places_of: tuple[Place, int] | None = None
        self._drawn: LRUCache[tuple[Row, LogLook, int | None], DrawnRow] = LRUCache(_KEPT_ROWS)

    @property
    def document(self) -> LogDocument | None:
        """The log that is shown."""
        return self._document

    @property
    def new_lines(self) -> int:
        """Lines that have come since one stopped following; 0 while following, or while they are being counted."""
        if self._document is None or self.follow or self._document.is_counting:
            return 0
        return max(self._document.line_count - self._seen_lines, 0)

    @property
    def visible_rows(self) -> range:
        """The rows in sight, counted from 0."""
        places = self._visible_places()
        return range(places[0][0], places[-1][0] + 1) if places else range(0)

    @property
    def selection(self) -> range:
        """The rows that are selected; none where nothing is being selected."""
        if self.select_from is None or self.spot is None:
            return range(0)
        return range(min(self.select_from, self.spot), max(self.select_from, self.spot) + 1)

    def show(self, document: LogDocument, started_ns: int, place: ViewPlace | None = None) -> None:
        """Show another log, at its end, or where one was in it before."""
        place = place or ViewPlace()
        self._document = document
        self._started_ns = started_ns
        self._widest = 0
        self.column = place.column
        self.select_from, self.spot = None, place.spot
        self.follow = place.follow
        self._seen_lines = place.seen_lines
        self._fit()
        self._set_top(self._end_place() if place.follow else (place.top, 0))
        self.refresh()
        self.post_message(self.Moved(self))

    def place(self) -> ViewPlace:
        """Where one is now."""
        return ViewPlace(self.scroll_offset.y, self.column, self.follow, self._seen_lines, self.spot)

    def return_to(self, place: ViewPlace) -> None:
        """Go back to a place in the log that is shown."""
        self.spot, self.column, self.follow = place.spot, place.column, place.follow
        self._seen_lines = place.seen_lines
        self._set_top(self._end_place() if place.follow else (place.top, 0))

    def start_times_at(self, started_ns: int) -> None:
        """Set what elapsed times count from."""
        if started_ns != self._started_ns:
            self._started_ns = started_ns
            self._forget_look()

    def log_changed(self, refreshed: Refreshed) -> None:
        """The document was refreshed: bring the screen up to date."""
        if self._document is None:
            return
        if refreshed.restarted:
            self.follow, self.spot, self.select_from = True, None, None
        if refreshed.shift:
            self._seen_lines += refreshed.shift
            self.spot = None if self.spot is None else self.spot + refreshed.shift
            self.select_from = None if self.select_from is None else self.select_from + refreshed.shift
        self._fit()
        if self.follow:
            self._set_top(self._end_place())
        elif refreshed.shift:
            self._set_top((self.scroll_offset.y + refreshed.shift, self._part))
        self.refresh()
        self.post_message(self.Moved(self))

    def go_to_row(self, row: int) -> None:
        """Bring a row into sight, a third down the screen unless it is in sight already, and make it the spot."""
        if self._document is None or not self._document.row_count:
            return
        row = min(max(row, 0), self._document.row_count - 1)
        self.spot = row
        whole = self.visible_rows[1:-1] if self.wrap else self.visible_rows
        if row not in whole:
            self._stop_following()
            self._set_top(min(self._walk().move((row, 0), -(self.size.height // 3)), self._end_place()))

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        plain, spot, selected = self._looks or self._make_looks()
        if self._document is None or not self._document.row_count:
            return self._explain(y, plain)
        places = self._visible_places()
        if y >= len(places):
            return self._with_mark(Strip.blank(plain.width, plain.text), y)
        row, part = places[y]
        look = selected if row in self.selection else spot if row == self.spot else plain
        drawn = self._draw(row, look)
        if drawn is None or part >= len(drawn.strips):
            return self._with_mark(Strip.blank(plain.width, plain.text), y)
        return self._with_mark(drawn.strips[part], y)

    def _draw(self, number: int, look: LogLook) -> DrawnRow | None:
        assert self._document is not None
        row = self._document.row(number)
        if row is None:
            return None
        before = None
        if look.times is TimeColumn.DELTA and isinstance(above := self._document.row(number - 1), LogLine):
            before = above.at_ns
        key = (row, look, before)
        drawn = self._drawn.get(key)
        if drawn is None:
            drawn = self._drawn[key] = draw_row(row, look, before)
            self._widest = max(self._widest, drawn.text_width)
        return drawn

    def _with_mark(self, strip: Strip, y: int) -> Strip:
        """The line with its cell of the column of hits, where there is one."""
        if not self.hit_marks:
            return strip
        is_marked = y < len(self.hit_marks) and self.hit_marks[y]
        plain = (self._looks or self._make_looks())[0]
        style = plain.text + self.get_component_rich_style("log-view--hit-mark", partial=True)
        return Strip([*strip, Segment("▐" if is_marked else " ", style)], strip.cell_length + 1)

    def _explain(self, y: int, look: LogLook) -> Strip:
        """A line of the explanation why there is nothing, in the middle."""
        line = y - max(self.size.height // 2 - 1, 0)
        if line not in (0, 1):
            return Strip.blank(look.width, look.text)
        text = set_cell_size(self.why_empty[line], min(cell_len(self.why_empty[line]), look.width))
        style = look.text + Style(bold=True) if line == 0 else look.mark
        left = (look.width - cell_len(text)) // 2
        strip = Strip([Segment(" " * left, look.text), Segment(text, style)])
        return strip.extend_cell_length(look.width, look.text)

    def _walk(self) -> RowWalk:
        count = self._document.row_count if self._document is not None else 0
        return RowWalk(count, self._height_of if self.wrap else None)

    def _height_of(self, row: int) -> int:
        drawn = self._draw(row, (self._looks or self._make_looks())[0])
        return 1 if drawn is None else len(drawn.strips)

    def _visible_places(self) -> list[Place]:
        top, height = (self.scroll_offset.y, self._part), self.size.height
        if self._places is None or self._places_of != (top, height):
            self._places = list(self._walk().lines(top, height))
            self._places_of = (top, height)
        return self._places

    def _end_place(self) -> Place:
        return self._walk().end(self.size.height)

    def _set_top(self, place: Place) -> None:
        """Put a place on the first line of the screen."""
        row, part = place
        if part != self._part:
            self._part = part
            self._places = None
            self.refresh()
            self.post_message(self.Moved(self))
        self.scroll_to(y=row, animate=False, force=True)

    def notify_style_update(self) -> None:
        """The theme has changed."""
        super().notify_style_update()
        self._looks = self._places = None

    def _forget_look(self) -> None:
        self._looks = self._places = None
        self.refresh()

    def _make_looks(self) -> tuple[LogLook, LogLook, LogLook]:
        """How rows look, how the spot does, and how selected rows do."""
        highest = self._document.highest_id if self._document is not None else 0
        plain = LogLook(
            width=max(self.scrollable_content_region.width - bool(self.hit_marks), 1),
            column=0 if self.wrap else self.column,
            wrap=self.wrap,
            id_width=max(len(str(highest)), 4) if self.show_ids else 0,
            times=self.times,
            started_ns=self._started_ns,
            zone=self._zone,
            dark=self.app.current_theme.dark,
            text=self.rich_style,
            gutter=self.get_component_rich_style("log-view--gutter"),
            mark=self.get_component_rich_style("log-view--mark"),
            gap=self.get_component_rich_style("log-view--gap"),
            hit=self.get_component_rich_style("log-view--hit", partial=True),
            find=self.find,
        )
        spot, selected = (
            self._tinted(plain, self.get_component_rich_style(name, partial=True))
            for name in ("log-view--spot", "log-view--selected")
        )
        self._looks = plain, spot, selected
        return self._looks

    @staticmethod
    def _tinted(look: LogLook, tint: Style) -> LogLook:
        return replace(
            look,
            text=look.text + tint,
            gutter=look.gutter + tint,
            mark=look.mark + tint,
            gap=look.gap + tint,
        )

    def _fit(self) -> None:
        """Tell the scroll bar how many rows there are; new IDs may need a wider gutter."""
        assert self._document is not None
        self._looks = self._places = None
        rows = self._document.row_count
        # Where text is wrapped any row may come to the top.
        height = rows - 1 + self.size.height if self.wrap and rows else rows
        self.virtual_size = Size(self.size.width, height)

    def on_resize(self, event: events.Resize) -> None:
        """Keep the end in sight while following."""
        event.stop()
        self._refit()
        self.post_message(self.Moved(self))

    def _refit(self) -> None:
        if self._document is None:
            return
        self._part = 0
        self._fit()
        if self.follow:
            self._set_top(self._end_place())
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Stop following on any move upwards, and start again at the end.

        A view that only became taller is moved up too, but stays at its end.
        """
        super().watch_scroll_y(old_value, new_value)
        self._places = None
        old, new = round(old_value), round(new_value)
        if old == new:
            return
        end = self._end_place()
        if new < old and (new, self._part) < end:
            self._stop_following()
        elif new > old and (new, self._part) >= end:
            self.follow = True
        self.post_message(self.Moved(self))

    def watch_follow(self) -> None:
        """Tell about it."""
        self.post_message(self.Moved(self))

    def watch_wrap(self) -> None:
        """The same row stays at the top."""
        if self._document is not None:
            self._refit()
            self.post_message(self.Moved(self))

    def watch_hit_marks(self) -> None:
        """The column beside the scroll bar takes a cell."""
        self._forget_look()

    def watch_find(self) -> None:
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

    def _stop_following(self) -> None:
        if self.follow and self._document is not None:
            self._seen_lines = self._document.line_count
            self.follow = False
