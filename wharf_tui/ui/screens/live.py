"""Keeps a screen up to date with a build that may grow: often while something comes in, seldom while nothing does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from textual.reactive import Reactive
from textual.screen import Screen

from wharf_tui.model.build import Liveness
from wharf_tui.model.errors import WharfError
from wharf_tui.model.text import clean_plain
from wharf_tui.ui.session_feed import SessionFeed
from wharf_tui.ui.settings import Settings
from wharf_tui.ui.slices import SliceBudget
from wharf_tui.ui.view_state import ViewStates

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.notifications import SeverityLevel
    from textual.timer import Timer
    from textual.widget import Widget

    from wharf_tui.ui.feed import Feed

_BUSY_SECONDS: Final = 1 / 50
"""Between two looks while something comes in."""
_LOGS_SECONDS: Final = 0.015
"""Between two looks at the logs, also while there is work to do."""
_LOGS_REST: Final = 3
"""The same as a multiple of what a look takes, if that is more."""
_KEY_SECONDS: Final = 0.012
"""How long the logs wait after a key, so that what it has changed is drawn first."""
_LOGS_WAIT_SECONDS: Final = 0.1
"""How long they wait at most, however many keys come."""
_REST_SHARE: Final = 0.35
"""How long to rest after a look and what it brought to draw, as a share of what both took."""
_WORKING_SECONDS: Final = 0.002
"""Between two slices of long work, in which the screen and the keys have their turn."""
_WORK_SHOWN_SECONDS: Final = 0.2
"""How often the progress of long work is shown."""
_QUIET_SECONDS: Final = 0.25
"""While nothing comes in; also the rate at which running steps turn."""
_ENDED_SECONDS: Final = 1.0
_HANDS_SECONDS: Final = 0.15
"""How long after a key the next one may come, so that background work rests."""
_STEPS_SECONDS: Final = 0.2
"""Between two looks at the steps' states."""
_LOOK_SHARE: Final = 20
"""A look at the states that took one moment is followed by at least this many moments without."""


class LiveScreen(Screen[None], inherit_bindings=False):
    """A screen that looks again by itself.

    Args:
        feed: what is looked at; closed with the screen.
        clock: nanoseconds since the epoch, for everything that is shown.
    """

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """Where the keys go. What looks different then draws itself; Textual would draw the whole screen besides."""

    def __init__(self, feed: Feed, clock: Callable[[], int]) -> None:
        super().__init__()
        self.feed = feed
        self.settings = Settings()
        """What the user has set; the app puts it here before the screen comes up."""
        self.views = ViewStates(None)
        """Where it is kept how one looked at a build."""
        self._clock = clock
        self._budget = SliceBudget()
        self._pause = _BUSY_SECONDS
        self._next_look = 0.0
        self._next_show = 0.0
        self._next_logs = 0.0
        self._last_logs = 0.0
        self._timer: Timer | None = None
        """Of the next look."""
        self._is_urgent = False
        self._last_key = 0.0
        self._told: set[str] = set()
        self._is_held = isinstance(feed, SessionFeed) and feed.is_incoming
        """Lines that were stored before we came are still coming, and nobody asked to see what is here."""

    def on_unmount(self) -> None:
        """Let go of the build's files."""
        self.feed.close()

    @property
    def slice_bytes(self) -> int:
        """How much of a log may be read before the screen gets its turn."""
        return self._budget.bytes

    @property
    def is_live(self) -> bool:
        """Whether the build runs."""
        return self.feed.liveness is Liveness.RUNNING

    @property
    def hands_are_busy(self) -> bool:
        """Whether somebody has pressed a key just now."""
        return time.monotonic() - self._last_key < _HANDS_SECONDS

    @property
    def now_ns(self) -> int:
        """The time, for everything that is shown."""
        return self._clock()

    def update_view(self) -> None:
        """Bring everything but the lines up to date."""
        raise NotImplementedError

    @property
    def is_counting(self) -> bool:
        """Whether logs in sight are being counted: that goes on with each look."""
        raise NotImplementedError

    def look_at_logs(self) -> bool:
        """Look whether lines have come; whether anything is different."""
        raise NotImplementedError

    def do_work(self) -> bool:
        """Do a slice of long work; whether there is more of it."""
        raise NotImplementedError

    def show_held(self) -> bool:
        """Show how far the lines are that are still coming; whether more of them are here."""
        raise NotImplementedError

    def release(self) -> None:
        """Show the lines: all are here, or somebody wants to see those that are."""
        raise NotImplementedError

    def steps_changed(self) -> None:
        """Steps came, or stand differently."""
        raise NotImplementedError

    def look(self) -> None:
        """Look again at what is shown; sooner the next time when something came in."""
        if not (self.is_attached and self.display):  # it is being closed
            return
        self._stop_timer()
        self._is_urgent = False
        started = time.monotonic()
        changed = self._look_at_steps(started)
        changed = self._look_at_session() or changed
        looks_at_logs = started >= self._next_logs or self.is_counting
        if looks_at_logs:
            changed = self.look_at_logs() or changed
            self._last_logs = started
            self._next_logs = started + max(_LOGS_SECONDS, _LOGS_REST * (time.monotonic() - started))
        is_working = self.do_work()
        if is_working and started < self._next_show:
            # Nothing was changed that would have to be drawn first.
            self._set_look(_WORKING_SECONDS)
            return
        self._next_show = started + _WORK_SHOWN_SECONDS
        self.update_view()
        quiet = _ENDED_SECONDS if self.feed.liveness is Liveness.FROZEN else _QUIET_SECONDS
        if self.hands_are_busy:
            quiet = _HANDS_SECONDS  # then background work goes on
        if changed:
            self._pause = _BUSY_SECONDS
        elif looks_at_logs:
            self._pause = min(self._pause * 1.5, quiet)
        self.call_after_refresh(self._look_again, None if is_working else started)

    def _look_again(self, since: float | None) -> None:
        """The screen has been drawn: look again soon, or a pause after a look; who is slow to draw is shown less, not later.

        Args:
            since: when that look began; None while there is work to do.
        """
        if since is None:
            self._set_look(_WORKING_SECONDS)
            return
        took = time.monotonic() - since
        self._set_look(max(self._pause - took, took * _REST_SHARE, _WORKING_SECONDS))

    def _set_look(self, seconds: float) -> None:
        self._stop_timer()  # there is one next look, whoever asked for it
        self._timer = self.set_timer(_WORKING_SECONDS if self._is_urgent else seconds, self.look)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def look_soon(self) -> None:
        """Somebody has done something: what that brings to do begins at once, not with the next look of a quiet build."""
        self._last_key = now = time.monotonic()
        self._next_logs = max(self._next_logs, min(now + _KEY_SECONDS, self._last_logs + _LOGS_WAIT_SECONDS))
        self._next_show = 0.0
        if self._is_urgent:
            return
        self._is_urgent = True
        if self._timer is not None:
            self._set_look(_WORKING_SECONDS)

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
            self.tell_once(problem)
        if changed:
            self.steps_changed()
        return changed

    def _look_at_session(self) -> bool:
        """Tell what became of the connection; hold the display until what was stored is here."""
        if not isinstance(self.feed, SessionFeed):
            return False
        self.tell_once(clean_plain(self.feed.progress.note), "information")
        if self.feed.failure is not None:
            self.tell_once(clean_plain(f"{self.feed.failure.message}. {self.feed.failure.hint}"), "error")
        if not self._is_held:
            return False
        if self.feed.is_incoming:
            return self.show_held()
        self.release()
        return True

    def tell_once(self, text: str, severity: SeverityLevel = "warning") -> None:
        """Say something in passing, unless it has been said on this screen before."""
        if text and text not in self._told:
            self._told.add(text)
            self.notify(text, severity=severity, markup=False)
