"""Lets words stand out in colours of their own, as many as one likes, in all logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.style import Style

from wharf_tui.insight.pattern import BadPattern, compile_pattern
from wharf_tui.insight.pattern_matcher import matcher_for
from wharf_tui.model.text import clean_plain
from wharf_tui.ui.commands import Command
from wharf_tui.ui.control import Control

if TYPE_CHECKING:
    from wharf_tui.insight.pattern_matcher import PatternMatcher
    from wharf_tui.ui.screens.build import BuildScreen

_DARK: Final = ("#1f6feb", "#8957e5", "#238636", "#9e6a03", "#bf4b8a", "#1b7c83")
_MOST_KEPT: Final = 50
_LIGHT: Final = ("#b6d7ff", "#e0ccff", "#b7efc5", "#ffe08a", "#ffc9e3", "#b3ecef")


class HighlightControl(Control):
    """The highlights of one screen."""

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self._matchers: dict[str, PatternMatcher] = {}
        self._colors: dict[str, int] = {}
        """Which colour each has as long as it is there."""
        self._is_dark = True

    def open(self) -> None:
        """Ask what is to stand out."""
        shown = ", ".join(self._matchers)
        self.screen.ask(self, "H", "what is to stand out; the same again takes it away")
        self.screen.prompt.say(clean_plain(shown))

    def prompt_changed(self, text: str) -> None:
        """Say what is wrong with a pattern."""
        pattern = compile_pattern(text, is_regex=True) if text else None
        bad = isinstance(pattern, BadPattern)
        self.screen.prompt.say(
            pattern.problem if isinstance(pattern, BadPattern) else "", "$error" if bad else "$muted"
        )

    def prompt_submitted(self, text: str) -> None:
        """Take it."""
        complaint = self.toggle(text) if text else ""
        if complaint:
            self.screen.prompt.say(clean_plain(complaint), "$error")
            return
        self.screen.prompt_done()

    def toggle(self, text: str) -> str:
        """Let something stand out, or no longer. Returns what is wrong with it."""
        if text in self._matchers:
            self._matchers.pop(text).close()
            del self._colors[text]
        else:
            pattern = compile_pattern(text, is_regex=True)
            if isinstance(pattern, BadPattern):
                return pattern.problem
            self._matchers[text] = matcher_for(pattern)
            taken = [color % len(_DARK) for color in self._colors.values()]
            self._colors[text] = min(range(len(_DARK)), key=taken.count)
        self.step_shown()
        return ""

    def clear(self) -> None:
        """Let nothing stand out."""
        self.close()
        self._matchers.clear()
        self._colors.clear()
        self.step_shown()

    def step_shown(self) -> None:
        """Let all panes show it."""
        self._is_dark = self.screen.app.current_theme.dark
        colors = _DARK if self._is_dark else _LIGHT
        found = tuple(
            (matcher.spans, Style(bgcolor=colors[self._colors[text]]))
            for text, matcher in self._matchers.items()
        )
        for pane in self.screen.panes.panes:
            if pane.view.highlights != found:
                pane.view.highlights = found

    def show(self) -> None:
        """Take the colours of another theme."""
        if self._is_dark != self.screen.app.current_theme.dark:
            self.step_shown()

    def state(self) -> dict[str, Any]:
        """All patterns, in their order."""
        return {"patterns": list(self._matchers)} if self._matchers else {}

    def restore(self, state: dict[str, Any]) -> None:
        """Those that were kept, as far as they are patterns."""
        patterns = state.get("patterns")
        for text in patterns[:_MOST_KEPT] if isinstance(patterns, list) else ():
            if isinstance(text, str) and text and text not in self._matchers:
                self.toggle(text)

    def close(self) -> None:
        """Let go of what is needed to look."""
        for matcher in self._matchers.values():
            matcher.close()


def _highlight(screen: BuildScreen, text: str) -> None:
    control = screen.control(HighlightControl)
    if not text:
        control.open()
        return
    complaint = control.toggle(text)
    if complaint:
        screen.notify(clean_plain(complaint), severity="warning", markup=False)


COMMANDS = (
    Command("highlight", "Let words stand out", _highlight, "H", "H", argument="PATTERN", priority=True),
    Command(
        "highlights-off", "Let nothing stand out", lambda screen, _: screen.control(HighlightControl).clear()
    ),
)
