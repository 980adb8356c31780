"""Two calm themes, dark and light, and for each the sixteen colours that log text may ask for by number.

A log's own colours are the one thing that nobody here chose: each palette keeps them readable on its ground.
"""

from __future__ import annotations

import os
from typing import Final

from textual.theme import Theme

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
