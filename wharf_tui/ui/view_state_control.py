"""Keeps how one looked at a build, and takes it up again when the build is opened the next time."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from wharf_tui.model.errors import StoreError
from wharf_tui.model.ids import LogId, StepId
from wharf_tui.ui.control import Control
from wharf_tui.ui.log_look import TimeColumn
from wharf_tui.ui.merged_document import ALL_STEPS
from wharf_tui.ui.widgets.log_canvas import ViewPlace

if TYPE_CHECKING:
    from wharf_tui.ui.screens.build import BuildScreen

_WIDEST: Final = 1_000_000
"""Cells that a log can be scrolled to the right, at most."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one was."""

    shown: StepId
    """The step of the pane, or ``ALL_STEPS``."""
    step_id: StepId
    """Of the line at the top."""
    log_id: LogId
    spot: tuple[StepId, LogId] | None = None
    """The line that one had gone to, where it was in sight."""
    column: int = 0
    """Cells scrolled to the right."""


class ViewStateControl(Control):
    """Has the first turn to work: nothing is waited for longer than the place where one was.

    Args:
        screen: whose looks are kept.
    """

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self._looks: dict[str, Any] = {}
        self._place: _Place | None = None
        self._wanted: _Place | None = None
        """Where to go back to once the lines there have been counted."""
        self._is_up = False

    @property
    def _key(self) -> str:
        """Names the build: its own name for itself, or for those that have none the place where they lie.

        Empty for what has neither, such as standard input: nothing of that is kept.
        """
        info, path = self.screen.feed.info, self.screen.feed.reader.path
        if info.uid or str(path) == "-":
            return info.uid
        return f"place {path.absolute()} {info.source}"

    def opened(self) -> None:
        """Begin once all other controls are there, too."""
        self.screen.call_next(self._begin)

    def _begin(self) -> None:
        """As the user has set it, or as it was left."""
        screen = self.screen
        kept = screen.views.load(self._key)
        looks = kept.get("looks")
        self._take_looks(looks if isinstance(looks, dict) else {})
        states = kept.get("controls")
        for control in screen.controls:
            state = states.get(type(control).__name__) if isinstance(states, dict) else None
            if isinstance(state, dict):
                control.restore(state)
        is_where_it_opened = screen.view.follow and screen.view.spot is None and screen.at is None
        if is_where_it_opened and kept.get("status") == screen.feed.status.value:  # else its end is the news
            self._wanted = _place_from(kept.get("place"))
        if self._wanted is not None and screen.step_state(self._wanted.step_id) is not None:
            screen.choose_step(self._wanted.shown)  # from now on nobody else chooses
        self._is_up = True

    def _take_looks(self, kept: dict[str, Any]) -> None:
        settings, panes = self.screen.settings, self.screen.panes
        wrap, ids, times = kept.get("wrap"), kept.get("ids"), kept.get("times")
        panes.set_all("wrap", wrap if isinstance(wrap, bool) else settings.wrap)
        panes.set_all("show_ids", ids if isinstance(ids, bool) else settings.ids)
        known = {column.value: column for column in TimeColumn}
        panes.set_all("times", known.get(times, settings.times) if isinstance(times, str) else settings.times)

    def show(self) -> None:
        """Remember where one is: when the screen goes, its panes have gone before it."""
        screen, view = self.screen, self.screen.view
        if not self._is_up or self._wanted is not None:
            return
        self._looks = {"wrap": view.wrap, "ids": view.show_ids, "times": view.times.value}
        shown, document, visible = screen.pane.step_id, view.document, view.visible_rows
        self._place = None
        if shown is None or document is None or view.follow:
            return
        top = next((found for row in visible if (found := document.address_of(row)) is not None), None)
        if top is not None:
            at = document.address_of(view.spot) if view.spot is not None and view.spot in visible else None
            spot = None if at is None else (at.step_id, at.log_id)
            self._place = _Place(shown, top.step_id, top.log_id, spot, view.column)

    def work(self) -> bool:
        """Go back to where one was, as soon as its line is known."""
        wanted, screen = self._wanted, self.screen
        if wanted is None or not screen.panes.display:
            return False
        if screen.step_state(wanted.step_id) is None or not screen.view.follow:
            self._wanted = None  # somebody has moved already
            return False
        if screen.pane.step_id != wanted.shown:
            screen.choose_step(wanted.shown)
        document = screen.view.document
        if document is None or document.is_counting:
            return False  # the log is counted while it is looked at
        self._wanted = None
        if document.reader(wanted.step_id).last_log_id >= wanted.log_id:
            # What is in sight stays there until all work is done.
            screen.call_next(self._return_to, wanted)
        return False

    def _return_to(self, place: _Place) -> None:
        """Put the same line at the top again."""
        screen, view = self.screen, self.screen.view
        screen.go_to(place.step_id, place.log_id)  # whoever hides the line gives it a row
        document = view.document
        if document is None or screen.pane.step_id != place.shown:
            return

        def row_of(step_id: StepId, log_id: LogId) -> int:
            return document.row_of(step_id, document.reader(step_id).line_of(log_id))

        top = row_of(place.step_id, place.log_id)
        spot = None if place.spot is None else row_of(*place.spot)
        view.return_to(ViewPlace(top, place.column, follow=False, seen_lines=document.line_count, spot=spot))
        screen.update_view()

    def step_shown(self) -> None:
        """Who has gone to another log meanwhile does not want to go back."""
        if self._is_up and self._wanted is not None and self.screen.pane.step_id != self._wanted.shown:
            self._wanted = None

    def close(self) -> None:
        """Keep it."""
        if not self._is_up:
            return
        with suppress(
            StoreError
        ):  # a build must be readable on a full disk, too: this is not worth a complaint
            self.screen.views.save(self._key, self.kept())

    def kept(self) -> dict[str, Any]:
        """All that is kept, as it is now."""
        place = self._wanted or self._place
        return {
            "looks": self._looks,
            "status": self.screen.feed.status.value,
            "place": None if place is None else _as_json(place),
            "controls": {
                type(control).__name__: kept for control in self.screen.controls if (kept := control.state())
            },
        }


def _as_json(place: _Place) -> dict[str, Any]:
    return {
        "shown": place.shown,
        "top": [place.step_id, place.log_id],
        "spot": None if place.spot is None else list(place.spot),
        "column": place.column,
    }


def _place_from(value: object) -> _Place | None:
    if not isinstance(value, dict):
        return None
    shown, top, column = value.get("shown"), _address_from(value.get("top")), value.get("column")
    if type(shown) is not int or top is None or shown not in {ALL_STEPS, top[0]}:
        return None
    spot = _address_from(value.get("spot"))
    return _Place(StepId(shown), *top, spot, column if _is_column(column) else 0)


def _is_column(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _WIDEST


def _address_from(value: object) -> tuple[StepId, LogId] | None:
    is_pair = isinstance(value, list) and len(value) == 2 and all(type(each) is int for each in value)
    if not isinstance(value, list) or not is_pair or min(value) <= 0:
        return None
    return StepId(value[0]), LogId(value[1])
