"""Turns the style that log text asked for into one that the screen can draw, and keeps it readable."""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as RichColor
from rich.style import Style

from wharf_tui.model.ansi import Color, SgrStyle
from wharf_tui.ui.themes import ansi_color

_BLACK, _WHITE = RichColor.parse("#101418"), RichColor.parse("#ffffff")


@lru_cache(maxsize=512)
def rich_style(style: SgrStyle, *, dark: bool) -> Style:
    """A style to lay over the pane's own.

    Text never takes the colour of its own background, a background alone gets text that can be read on it,
    and nothing blinks.
    """
    foreground = _color(style.fg, dark=dark)
    background = _color(style.bg, dark=dark)
    if background is not None and foreground in (None, background):
        foreground = _BLACK if _is_bright(background) else _WHITE
    return Style(
        color=foreground,
        bgcolor=background,
        bold=style.bold or None,
        dim=style.dim or None,
        italic=style.italic or None,
        underline=style.underline or None,
        reverse=style.reverse or None,
        strike=style.strike or None,
    )


def _color(color: Color | None, *, dark: bool) -> RichColor | None:
    if color is None:
        return None
    if isinstance(color, int):
        return RichColor.parse(ansi_color(color, dark=dark))
    return RichColor.from_rgb(*color)


def _is_bright(color: RichColor) -> bool:
    red, green, blue = color.get_truecolor()
    return 0.299 * red + 0.587 * green + 0.114 * blue > 140
