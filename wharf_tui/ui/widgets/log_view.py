"""Shows the rows of one log, as many as fit: text is read, cleaned and styled only when it is on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timezone
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from wharf_tui.ui.log_strips import DrawnRow, LogLook, TimeColumn, draw_row

if TYPE_CHECKING:
    from textual import events

    from wharf_tui.ui.log_document import LogDocument, Refreshed, Row

_KEPT_ROWS: Final = 400
_SIDE_STEP: Final = 8
_WHEEL_ROWS: Final = 3


@dataclass(frozen=True, slots=True)
class ViewPlace:
    """Where one was in a log, to come back to it."""

    top: int = 0
    column: int = 0
    follow: bool = True
    seen_lines: int = 0


class LogView(ScrollView, can_focus=True, inherit_bindings=False):
    """A log that can be followed.

    While following, the last row stays in sight. Any move upwards ends that, and from then on nothing on the
    screen moves by itself.
    """

    ALLOW_SELECT = False
    BINDING_GROUP_TITLE = "Log"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log-view--gutter",
        "log-view--mark",
        "log-view--gap",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "down", "A line down, up", show=False, id="log.down"),
        Binding("k,up", "up", "A line down, up", show=False, id="log.up"),
        Binding("ctrl+d", "half_page(1)", "Half a page down, up", show=False, id="log.half-down"),
        Binding("ctrl+u", "half_page(-1)", "Half a page down, up", show=False, id="log.half-up"),
        Binding("space,pagedown", "page(1)", "A page down, up", show=False, id="log.page-down"),
        Binding("b,pageup", "page(-1)", "A page down, up", show=False, id="log.page-up"),
        Binding("g,home", "top", "First line", show=False, id="log.top"),
        Binding("G,end", "bottom", "Last line, follow", show=False, id="log.bottom"),
        Binding("l,right", "side(1)", "Sideways", show=False, id="log.right"),
        Binding("h,left", "side(-1)", "Sideways", show=False, id="log.left"),
    ]

    follow: reactive[bool] = reactive(default=True, repaint=False)
    """Whether the last row stays in sight."""
    column: reactive[int] = reactive(0)
    """Cells scrolled to the right."""
    times: reactive[TimeColumn] = reactive(TimeColumn.OFF)
    """What the gutter tells about time."""
    show_ids: reactive[bool] = reactive(default=True)
    """Whether the gutter shows log IDs."""
    why_empty: reactive[tuple[str, str]] = reactive(("", ""))
    """A headline and an explanation, shown where there are no rows."""

    class Moved(Message):
        """What the view shows, or whether it follows, is different now."""

        def __init__(self, log_view: LogView) -> None:
            super().__init__()
            self.log_view = log_view

        @property
        def control(self) -> LogView:
            """The view."""
            return self.log_view

        def can_replace(self, message: Message) -> bool:
            """Only the last of several moves matters."""
            return isinstance(message, LogView.Moved)

    def __init__(self, *, zone: timezone | None = None, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._zone = zone
        self._document: LogDocument | None = None
        self._started_ns = 0
        self._seen_lines = 0
        self._widest = 0
        self._look: LogLook | None = None
        self._drawn: LRUCache[tuple[Row, LogLook], DrawnRow] = LRUCache(_KEPT_ROWS)

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
        count = self._document.row_count if self._document is not None else 0
        top = self.scroll_offset.y
        return range(min(top, count), min(top + self.size.height, count))

    def show(self, document: LogDocument, started_ns: int, place: ViewPlace | None = None) -> None:
        """Show another log, at its end, or where one was in it before."""
        place = place or ViewPlace()
        self._document = document
        self._started_ns = started_ns
        self._widest = 0
        self.column = place.column
        self.follow = place.follow
        self._seen_lines = place.seen_lines
        self._fit()
        self.scroll_to(y=self.max_scroll_y if place.follow else place.top, animate=False, force=True)
        self.refresh()
        self.post_message(self.Moved(self))

    def place(self) -> ViewPlace:
        """Where one is now."""
        return ViewPlace(self.scroll_offset.y, self.column, self.follow, self._seen_lines)

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
            self.follow = True
        if refreshed.shift:
            self._seen_lines += refreshed.shift
        self._fit()
        if self.follow:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
        elif refreshed.shift:
            self.scroll_to(y=self.scroll_offset.y + refreshed.shift, animate=False, force=True)
        self.refresh()
        self.post_message(self.Moved(self))

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        look = self._look or self._make_look()
        if self._document is None or not self._document.row_count:
            return self._explain(y, look)
        row = self._document.row(y + self.scroll_offset.y)
        if row is None:
            return Strip.blank(look.width, look.text)
        key = (row, look)
        drawn = self._drawn.get(key)
        if drawn is None:
            drawn = draw_row(row, look)
            self._drawn[key] = drawn
            self._widest = max(self._widest, drawn.text_width)
        return drawn.strip

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

    def notify_style_update(self) -> None:
        """The theme has changed."""
        super().notify_style_update()
        self._look = None

    def _forget_look(self) -> None:
        self._look = None
        self.refresh()

    def _make_look(self) -> LogLook:
        document = self._document
        highest = document.highest_id if document is not None else 0
        self._look = LogLook(
            width=self.scrollable_content_region.width,
            column=self.column,
            id_width=max(len(str(highest)), 4) if self.show_ids else 0,
            times=self.times,
            started_ns=self._started_ns,
            zone=self._zone,
            dark=self.app.current_theme.dark,
            text=self.rich_style,
            gutter=self.get_component_rich_style("log-view--gutter"),
            mark=self.get_component_rich_style("log-view--mark"),
            gap=self.get_component_rich_style("log-view--gap"),
        )
        return self._look

    def _fit(self) -> None:
        """Tell the scroll bar how many rows there are; new IDs may need a wider gutter."""
        assert self._document is not None
        self._look = None
        self.virtual_size = Size(self.size.width, self._document.row_count)

    def on_resize(self, event: events.Resize) -> None:
        """Keep the end in sight while following."""
        event.stop()
        self._look = None
        if self.follow:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Stop following on any move upwards, and start again at the end.

        A view that only became taller is moved up too, but stays at its end.
        """
        super().watch_scroll_y(old_value, new_value)
        old, new = round(old_value), round(new_value)
        if new < old and new < self.max_scroll_y:
            self._stop_following()
        elif new > old and new >= self.max_scroll_y:
            self.follow = True
        if old != new:
            self.post_message(self.Moved(self))

    def watch_follow(self) -> None:
        """Tell about it."""
        self.post_message(self.Moved(self))

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

    def _scroll_by(self, rows: int) -> None:
        if rows < 0:
            self._stop_following()
        self.scroll_to(y=self.scroll_offset.y + rows, animate=False, force=True)

    def action_down(self) -> None:
        """One row down."""
        self._scroll_by(1)

    def action_up(self) -> None:
        """One row up."""
        self._scroll_by(-1)

    def action_half_page(self, direction: int) -> None:
        """Half a screen down (1) or up (-1)."""
        self._scroll_by(direction * max(self.size.height // 2, 1))

    def action_page(self, direction: int) -> None:
        """A screen down (1) or up (-1), less one row to keep the thread."""
        self._scroll_by(direction * max(self.size.height - 1, 1))

    def action_top(self) -> None:
        """To the first row."""
        self._scroll_by(-self.scroll_offset.y)

    def action_bottom(self) -> None:
        """To the last row, and follow."""
        self.follow = True
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def action_side(self, direction: int) -> None:
        """Sideways, as far as the widest row seen so far."""
        look = self._look or self._make_look()
        furthest = max(self._widest - (look.width - look.gutter_width), 0)
        self.column = min(max(self.column + direction * _SIDE_STEP, 0), max(furthest, 0))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves a few rows, with Shift sideways."""
        self._wheel(event, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves a few rows, with Shift sideways."""
        self._wheel(event, 1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """A wheel that tilts."""
        event.prevent_default().stop()
        self.action_side(-1)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """A wheel that tilts."""
        event.prevent_default().stop()
        self.action_side(1)

    def _wheel(self, event: events.MouseEvent, direction: int) -> None:
        event.prevent_default().stop()
        if event.shift or event.ctrl:
            self.action_side(direction)
        else:
            self._scroll_by(direction * _WHEEL_ROWS)
