"""A log that is scrolled and followed: which of its rows are in sight, and what holds them there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from wharf_tui.ui.log_look import LogLook
from wharf_tui.ui.row_walk import Place, RowWalk
from wharf_tui.ui.widgets.log_drawing import LogDrawing

if TYPE_CHECKING:
    from datetime import timezone

    from textual import events

    from wharf_tui.ui.log_document import Refreshed
    from wharf_tui.ui.row_document import RowDocument
    from wharf_tui.ui.rows import RowMark


@dataclass(frozen=True, slots=True)
class ViewPlace:
    """Where one was in a log, to come back to it."""

    top: int = 0
    column: int = 0
    follow: bool = True
    seen_lines: int = 0
    """Lines that there were; -1 for those that there are when they have been counted."""
    spot: int | None = None
    marks: ViewMarks | None = None
    """The same rows, so that they are found again when others have come or gone."""


@dataclass(frozen=True, slots=True)
class ViewMarks:
    """The rows that a view holds on to."""

    top: RowMark | None
    spot: RowMark | None
    select_from: RowMark | None
    part: int = 0
    """Lines of the top row that are scrolled off."""
    spot_line: int | None = None
    """Where the spot is in sight: how many lines below the top of the screen."""


class LogCanvas(LogDrawing, can_focus=True, inherit_bindings=False):
    """A log that can be followed.

    While following, the last row stays in sight. Any move upwards ends that, and from then on nothing on the
    screen moves by itself. The scroll bar counts rows; where text is wrapped, a row may take several lines.
    """

    follow: reactive[bool] = reactive(default=True, repaint=False)
    """Whether the last row stays in sight."""
    why_empty: reactive[tuple[str, str]] = reactive(("", ""))
    """A headline and an explanation, shown where there are no rows."""
    spot: reactive[int | None] = reactive(None)
    """The row that one has gone to, by a search or an address; while selecting, the end that moves."""
    select_from: reactive[int | None] = reactive(None)
    """The row at which a selection began; None while nothing is being selected."""

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
        super().__init__(zone=zone, id=id)
        self._seen_lines = 0
        self._part = 0
        """Lines of the top row that are scrolled off, where text is wrapped."""
        self.moves = 0
        """How often somebody has gone somewhere: what held the view before that does not count any more."""
        self._places_of: tuple[Place, int] | None = None
        self._end: tuple[Place, int] | None = None
        """The end, for a height of the screen."""
        self._fitted_height = 0
        """The height for which the scroll bar and the place were worked out last."""
        self._held: tuple[ViewMarks, tuple[object, ...]] | None = None
        """What was held on to last, and where that led. It counts until somebody moves: a row that a filter has taken
        away comes back to where it was."""

    @property
    def new_lines(self) -> int:
        """Lines that have come since one stopped following; 0 while following, or while they are being counted."""
        if self._document is None or self.follow or self._document.is_counting:
            return 0
        return max(self._document.line_count - self._seen_lines, 0) if self._seen_lines >= 0 else 0

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

    def show(self, document: RowDocument, started_ns: int, place: ViewPlace | None = None) -> None:
        """Show another log, at its end, or where one was in it before."""
        place = place or ViewPlace()
        self._document = document
        self._started_ns = started_ns
        self._looks = None
        self._widest = 0
        self.column = place.column
        self.select_from, self.spot = None, place.spot
        self.follow = place.follow
        self._seen_lines = place.seen_lines
        self._fit()
        self._lead_to(self._end_place() if place.follow else (place.top, 0))
        if place.marks is not None:
            self._hold(place.marks)
        self.refresh()
        self.post_message(self.Moved(self))

    def forget(self) -> None:
        """Show no log."""
        self._document = self._held = self._places = self._end = None
        self.spot = self.select_from = None
        self.hit_marks, self.labels = (), ()
        self._drawn.clear()

    def place(self) -> ViewPlace:
        """Where one is now."""
        top = self.scroll_offset.y
        return ViewPlace(top, self.column, self.follow, self._seen_lines, self.spot, self.marks())

    def marks(self) -> ViewMarks:
        """What holds the rows that the view shows while others come and go."""
        document = self._document
        if document is None:
            return ViewMarks(None, None, None)
        if self._held is not None and self._held[1] == self._standing():
            return self._held[0]
        rows = (self.scroll_offset.y, self.spot, self.select_from)
        top, spot, select_from = (None if row is None else document.mark_of(row) for row in rows)
        places = self._visible_places()
        spot_line = next((line for line, (row, _) in enumerate(places) if row == self.spot), None)
        if spot_line == 0:
            spot_line = -self._part
        return ViewMarks(top, spot, select_from, self._part, spot_line)

    def _standing(self) -> tuple[object, ...]:
        """Different as soon as somebody moves."""
        return self._document, self.scroll_offset.y, self._part, self.spot, self.select_from, self.follow

    def _hold(self, marks: ViewMarks) -> None:
        """Let the rows that were marked stay where they are on the screen."""
        document = self._document
        if document is None:
            return
        if document.is_counting:
            self._held = marks, self._standing()
            return
        if marks.spot is not None:
            self.spot = document.row_of_mark(marks.spot)
        if marks.select_from is not None:
            self.select_from = document.row_of_mark(marks.select_from)
        if not self.follow:
            top = self._held_top(document, marks)
            if top is not None:
                self._lead_to(min(top, self._end_place()))
        self._held = marks, self._standing()

    def _held_top(self, document: RowDocument, marks: ViewMarks) -> Place | None:
        """The place from which what was marked is where it was: the spot if it is in sight, or else the top."""
        if marks.spot_line is not None and self.spot is not None:
            return self._walk().move((self.spot, 0), -marks.spot_line)
        if marks.top is None:
            return None
        row = document.row_of_mark(marks.top)
        return row, marks.part if document.mark_of(row) == marks.top else 0

    def return_to(self, place: ViewPlace) -> None:
        """Go back to a place in the log that is shown."""
        self.spot, self.column, self.follow = place.spot, place.column, place.follow
        self.moves += 1
        self._seen_lines = place.seen_lines
        self._lead_to(self._end_place() if place.follow else (place.top, 0))
        if place.marks is not None:
            self._hold(place.marks)

    def start_times_at(self, started_ns: int) -> None:
        """Set what elapsed times count from."""
        if started_ns != self._started_ns:
            self._started_ns = started_ns
            self._forget_look()

    def log_changed(self, refreshed: Refreshed, marks: ViewMarks | None = None) -> None:
        """The document was refreshed, or shows other rows: bring the screen up to date.

        Args:
            refreshed: what has changed.
            marks: what the view held on to before, where rows may have come or gone.
        """
        if self._document is None:
            return
        if refreshed.restarted:
            self.follow, self.spot, self.select_from = True, None, None
            self._held = None
        if refreshed.shift:
            self._seen_lines += refreshed.shift
            self.spot = None if self.spot is None else self.spot + refreshed.shift
            self.select_from = None if self.select_from is None else self.select_from + refreshed.shift
        if self._seen_lines < 0 and not self._document.is_counting:
            self._seen_lines = self._document.line_count
        self._fit()
        if self.follow:
            self._set_top(self._end_place())
        elif refreshed.shift:
            self._set_top((self.scroll_offset.y + refreshed.shift, self._part))
        if marks is not None and not refreshed.restarted and not refreshed.shift:
            self._hold(marks)
        self.refresh()
        self.post_message(self.Moved(self))

    def go_to_row(self, row: int) -> None:
        """Bring a row into sight, a third down the screen unless it is in sight already, and make it the spot."""
        if self._document is None or not self._document.row_count:
            return
        row = min(max(row, 0), self._document.row_count - 1)
        self.spot, self._held = row, None
        self.moves += 1
        whole = self.visible_rows[1:-1] if self.wrap else self.visible_rows
        self._stop_following()
        if row not in whole:
            self._lead_to(min(self._walk().move((row, 0), -(self.size.height // 3)), self._end_place()))

    def draw_lines(self, lines: range) -> list[Strip]:
        """Some lines of the widget, from the top."""
        if self._looks is not None and self._looks[0].width != self._look_width:
            self._looks = self._places = self._end = None  # the room has changed, and nobody has told yet
        plain, spot_look, selected = self._current_looks()
        if self._document is None or not self._document.row_count:
            return [self._explain(y, plain) for y in lines]
        spot, selection, places = self.spot, self.selection, self._visible_places()
        blank = Strip.blank(plain.width, plain.text)
        strips = []
        for row, part in places[lines.start : lines.stop]:
            drawn = self._draw(row, selected if row in selection else spot_look if row == spot else plain)
            strips.append(blank if drawn is None or part >= len(drawn.strips) else drawn.strips[part])
        strips += [blank] * (len(lines) - len(strips))
        return self._with_marks(strips, lines.start)

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
        drawn = self._draw(row, self._current_looks()[0])
        return 1 if drawn is None else len(drawn.strips)

    def _visible_places(self) -> list[Place]:
        top, height = (self.scroll_offset.y, self._part), self.size.height
        if self._places is None or self._places_of != (top, height):
            self._places = list(self._walk().lines(top, height))
            self._places_of = (top, height)
        return self._places

    def _end_place(self) -> Place:
        height = self.size.height
        if self._end is None or self._end[1] != height:
            self._end = self._walk().end(height), height
        return self._end[0]

    def _forget_look(self) -> None:
        super()._forget_look()
        self._end = None

    def _set_top(self, place: Place) -> None:
        """Put a place on the first line of the screen."""
        row, part = place
        if part != self._part:
            self._part = part
            self._places = None
            self.refresh()
            self.post_message(self.Moved(self))
        self.scroll_to(y=row, animate=False, force=True)

    def _lead_to(self, place: Place) -> None:
        """Put a place on the first line of the screen, without following even if that is the end."""
        was_following = self.follow
        self._set_top(place)
        self.follow = was_following

    def _fit(self) -> None:
        """Tell the scroll bar how many rows there are; new IDs may need a wider gutter."""
        assert self._document is not None
        self._places = self._end = None
        self._fitted_height = self.size.height
        if self._looks is not None:
            plain = self._looks[0]
            if (plain.width, plain.id_width) != (self._look_width, self._id_width):
                self._looks = None
        rows = self._document.row_count
        # Where text is wrapped any row may come to the top.
        height = rows - 1 + max(self.size.height, 1) if self.wrap and rows else rows
        size = Size(self.size.width, height)
        if size != self.virtual_size:
            # Set as usual it would lay out the whole screen anew; but only the scroll bar, which is always there, is different.
            self.set_reactive(LogCanvas.virtual_size, size)
            self._scroll_update(size)

    def on_resize(self, event: events.Resize) -> None:
        """Keep the end in sight while following."""
        event.stop()
        self._refit()
        self.post_message(self.Moved(self))

    def _refit(self) -> None:
        if self._document is None:
            return
        looks, part = self._looks, self._part
        held = self._held if self._held is not None and self._held[1] == self._standing() else None
        self._part = 0
        self._fit()
        if self.follow:
            self._set_top(self._end_place())
        elif held is not None:  # the place could not be had while there was another height
            self._hold(held[0])
        if (self._looks, self._part) != (looks, part):  # otherwise it has been drawn so already, or will be
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
        if self.size.height != self._fitted_height:  # nobody has moved: there is another height
            self.post_message(self.Moved(self))
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
        self._forget_look()
        if self._document is not None:
            self._refit()
            self.post_message(self.Moved(self))

    def stand_still(self) -> None:
        """Stop following: what is in sight stays there, whatever comes."""
        self._stop_following()

    def _stop_following(self) -> None:
        if self.follow and self._document is not None:
            self._seen_lines = self._document.line_count
            self.follow = False
