"""The commands that filter the lines of a build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wharf_tui.model.text import clean_plain
from wharf_tui.ui.commands import Command
from wharf_tui.ui.filter_control import FilterControl

if TYPE_CHECKING:
    from wharf_tui.ui.screens.build import BuildScreen


def _told(screen: BuildScreen, complaint: str) -> None:
    if complaint:
        screen.notify(clean_plain(complaint), severity="warning", markup=False)


def _of(screen: BuildScreen) -> FilterControl:
    return screen.control(FilterControl)


COMMANDS = (
    Command(
        "filter",
        "Filter",
        lambda screen, text: _of(screen).open(text),
        "ampersand",
        "&",
        argument="[!]PATTERN",
        show=True,
        priority=True,
    ),
    Command(
        "filter-out",
        "Hide lines with a pattern",
        lambda screen, text: _of(screen).open(f"!{text}"),
        argument="PATTERN",
    ),
    Command("filter-toggle", "Filter on, off", lambda screen, _: _of(screen).toggle(), "ctrl+t"),
    Command(
        "more-context",
        "More, fewer lines around those kept",
        lambda screen, _: _of(screen).change_context(1),
        "plus",
        "+",
    ),
    Command(
        "less-context",
        "More, fewer lines around those kept",
        lambda screen, _: _of(screen).change_context(-1),
        "minus",
        "-",
    ),
    Command(
        "level",
        "Only warnings, only errors, all",
        lambda screen, text: _told(screen, _of(screen).set_level(text)),
        "L",
        "L",
        argument="warn | error | … | all",
    ),
    Command(
        "since",
        "Only lines from a time on",
        lambda screen, text: _told(screen, _of(screen).set_time(text, until=False)),
        argument="14:02 | +30s | off",
    ),
    Command(
        "until",
        "Only lines before a time",
        lambda screen, text: _told(screen, _of(screen).set_time(text, until=True)),
        argument="14:02 | +30s | off",
    ),
    Command(
        "only",
        "Only these steps, merged",
        lambda screen, text: _told(screen, _of(screen).set_steps(text)),
        argument="STEP…",
    ),
)
