"""Two calm themes, dark and light, and for each the sixteen colours that log text may ask for by number.

A log's own colours are the one thing that nobody here chose: each palette keeps them readable on its ground.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from textual.color import Color, ColorParseError
from textual.theme import Theme

from wharf_tui.ui import words

DARK: Final = Theme(
    name="wharf-dark",
    primary="#6cb0f5",
    secondary="#8b9bb0",
    accent="#c6a0f6",
    success="#63c384",
    warning="#e0b252",
    error="#f27a72",
    foreground="#d5dbe3",
    background="#0f1318",
    surface="#151b22",
    panel="#1b222b",
    dark=True,
    variables={
        "muted": "#8a95a3",
        "faint": "#5d6875",
        "rule": "#28313c",
        "selected": "#243142",
        "selected-unfocused": "#1d2630",
        "input-cursor-background": "#d5dbe3",
        "block-cursor-text-style": "none",
    },
)

LIGHT: Final = Theme(
    name="wharf-light",
    primary="#1257ab",
    secondary="#5b6673",
    accent="#7a3fc2",
    success="#19703a",
    warning="#8a5a00",
    error="#bd2430",
    foreground="#1e2730",
    background="#fcfcfb",
    surface="#f3f4f6",
    panel="#e9ecf0",
    dark=False,
    variables={
        "muted": "#5d6772",
        "faint": "#8c96a1",
        "rule": "#d6dbe1",
        "selected": "#d5e4f7",
        "selected-unfocused": "#e3e8ee",
        "input-cursor-background": "#1e2730",
        "block-cursor-text-style": "none",
    },
)

DARK_16: Final = Theme(
    name="wharf-dark-16",
    primary="#55ffff",
    secondary="#aaaaaa",
    accent="#ff55ff",
    success="#55ff55",
    warning="#ffff55",
    error="#ff5555",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    dark=True,
    variables={
        "muted": "#aaaaaa",
        "faint": "#aaaaaa",
        "rule": "#555555",
        "selected": "#0000aa",
        "selected-unfocused": "#555555",
        "input-cursor-background": "#ffffff",
        "block-cursor-text-style": "none",
    },
)
"""For terminals of sixteen colours: each is one of them, so that none is rounded to its own background."""

LIGHT_16: Final = Theme(
    name="wharf-light-16",
    primary="#0000aa",
    secondary="#555555",
    accent="#aa00aa",
    success="#00aa00",
    warning="#aa5500",
    error="#aa0000",
    foreground="#000000",
    background="#ffffff",
    surface="#ffffff",
    panel="#ffffff",
    dark=False,
    variables={
        "muted": "#555555",
        "faint": "#555555",
        "rule": "#aaaaaa",
        "selected": "#55ffff",
        "selected-unfocused": "#aaaaaa",
        "input-cursor-background": "#000000",
        "block-cursor-text-style": "none",
    },
)

THEMES: Final = (DARK, LIGHT, DARK_16, LIGHT_16)

_DARK_ANSI = (
    *("#7c8794", "#f27a72", "#63c384", "#e0b252", "#6cb0f5", "#c6a0f6", "#5cc5c9", "#d5dbe3"),
    *("#9aa5b3", "#ff9a93", "#86dba2", "#f2cd7c", "#94c8ff", "#d9bdff", "#86dfe2", "#ffffff"),
)
_LIGHT_ANSI = (
    *("#1e2730", "#bd2430", "#19703a", "#8a5a00", "#1257ab", "#7a3fc2", "#0b6b74", "#6a747f"),
    *("#4d5863", "#d93843", "#218a4a", "#a06a00", "#2b74d0", "#9457dd", "#14858f", "#3c4650"),
)
_CUBE_STEPS: Final = (0, 95, 135, 175, 215, 255)


def ansi_color(index: int, *, dark: bool) -> str:
    """The colour that stands for one of the terminal's 256: ours for the first 16, the usual ones behind."""
    if index < 16:
        return (_DARK_ANSI if dark else _LIGHT_ANSI)[index]
    if index < 232:
        cube = index - 16
        channels = (_CUBE_STEPS[cube // 36], _CUBE_STEPS[cube // 6 % 6], _CUBE_STEPS[cube % 6])
    else:
        channels = (8 + 10 * (index - 232),) * 3
    return "#{:02x}{:02x}{:02x}".format(*channels)


def preferred_theme() -> str:
    """Light where the terminal says that its background is light (``COLORFGBG``), else dark."""
    background = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT.name if background in {"7", "15"} else DARK.name


def theme_named(name: str, *, sixteen: bool) -> str:
    """The theme that a user means by ``auto``, ``dark``, ``light`` or the name of an own one."""
    chosen = preferred_theme() if name == "auto" else {"dark": DARK.name, "light": LIGHT.name}.get(name, name)
    return _SIXTEEN.get(chosen, chosen) if sixteen else chosen


_SIXTEEN: Final = {DARK.name: DARK_16.name, LIGHT.name: LIGHT_16.name}
_BASIC: Final = (
    *("primary", "secondary", "accent", "success", "warning", "error"),
    *("foreground", "background", "surface", "panel"),
)


def custom_theme(
    name: str, base: Theme, colors: Mapping[str, str]
) -> tuple[Theme, tuple[tuple[str, str], ...]]:
    """A theme of the user's own.

    Args:
        name: of the theme.
        base: what holds where nothing is said.
        colors: by the names of our colours.

    Returns:
        The theme, and of each colour that cannot be taken its name and what is wrong with it.
    """
    basic: dict[str, Any] = {}
    variables = dict(base.variables)
    wrong: list[tuple[str, str]] = []
    for variable, value in colors.items():
        if variable not in _BASIC and variable not in _settable(base):
            known = words.instead(variable, (*_BASIC, *_settable(base)))
            wrong.append((variable, f"there is no colour {variable!r}; {known}"))
        elif not _is_color(value):
            wrong.append((variable, f"{value!r} is no colour; write it as '#rrggbb' or by its CSS name"))
        elif variable in _BASIC:
            basic[variable] = value
        else:
            variables[variable] = value
    return replace(base, name=name, variables=variables, **basic), tuple(wrong)


def _settable(base: Theme) -> list[str]:
    return [name for name, value in base.variables.items() if value.startswith("#")]


def _is_color(value: str) -> bool:
    try:
        Color.parse(value)
    except ColorParseError:
        return False
    return not value.startswith(("ansi_", "auto"))
