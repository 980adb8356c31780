"""Select Graphic Rendition: the one family of escape codes that log text may keep.

A style is a value; a sequence's parameters turn one style into the next. Codes that hide text (8) or
only dress it in ways no pane shows (fonts, frames, overline, underline colour) are read and ignored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Color: TypeAlias = int | tuple[int, int, int]
"""Index into the terminal's palette (0-255), or red, green and blue (0-255 each)."""


@dataclass(frozen=True, slots=True)
class SgrStyle:
    """How a run of text is to look; None is the pane's own colour."""

    fg: Color | None = None
    bg: Color | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    blink: bool = False
    reverse: bool = False
    strike: bool = False


PLAIN: Final = SgrStyle()
"""The style that every line starts with."""

_SWITCHES: Final[dict[int, dict[str, bool]]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": True},
    5: {"blink": True},
    6: {"blink": True},
    7: {"reverse": True},
    9: {"strike": True},
    21: {"underline": True},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": False},
    25: {"blink": False},
    27: {"reverse": False},
    29: {"strike": False},
}
_FOREGROUND, _BACKGROUND, _UNDERLINE_COLOR = 38, 48, 58
_EXTENDED: Final = frozenset({_FOREGROUND, _BACKGROUND, _UNDERLINE_COLOR})
"""Codes that take a colour as arguments; all are read, so that no argument is taken for a code."""
_BASIC_COLORS: Final[dict[int, tuple[int, Color | None]]] = {
    **{30 + index: (_FOREGROUND, index) for index in range(8)},
    **{90 + index: (_FOREGROUND, index + 8) for index in range(8)},
    **{40 + index: (_BACKGROUND, index) for index in range(8)},
    **{100 + index: (_BACKGROUND, index + 8) for index in range(8)},
    39: (_FOREGROUND, None),
    49: (_BACKGROUND, None),
}
_FLAG_CODES: Final = (
    ("bold", "1"),
    ("dim", "2"),
    ("italic", "3"),
    ("underline", "4"),
    ("blink", "5"),
    ("reverse", "7"),
    ("strike", "9"),
)
_LONGEST_NUMBER: Final = 4
"""Digits of a parameter that are still read: no valid code has more, and ``int`` refuses thousands."""
_LONGEST_REMEMBERED: Final = 32
"""Characters of a parameter text whose effect is remembered: builds repeat the same few."""


def apply_sgr(style: SgrStyle, parameters: str) -> SgrStyle:
    """The style after ``ESC [ parameters m``.

    Args:
        style: the style before.
        parameters: numbers separated by ``;``, each with optional ``:`` arguments. Anything that is no
            known code is ignored; a colour that lacks its arguments ends the sequence.
    """
    if len(parameters) <= _LONGEST_REMEMBERED:
        return _apply_remembered(style, parameters)
    return _apply(style, parameters)


def _apply(style: SgrStyle, parameters: str) -> SgrStyle:
    groups = iter(parameters.split(";"))
    for group in groups:
        code, *arguments = group.split(":")
        style = _apply_code(style, _number(code), [_number(argument) for argument in arguments], groups)
    return style


_apply_remembered = lru_cache(maxsize=512)(_apply)


def _apply_code(
    style: SgrStyle, code: int | None, arguments: list[int | None], rest: Iterator[str]
) -> SgrStyle:
    if code == 0:
        return PLAIN
    if code in _EXTENDED:
        color = _colon_color(arguments) if arguments else _semicolon_color(rest)
        return style if color is None else _with_color(style, code, color)
    if code == 4 and arguments:
        return replace(style, underline=arguments[0] != 0)
    if code in _SWITCHES:
        return replace(style, **_SWITCHES[code])
    if code in _BASIC_COLORS:
        return _with_color(style, *_BASIC_COLORS[code])
    return style


def _with_color(style: SgrStyle, slot: int, color: Color | None) -> SgrStyle:
    if slot == _FOREGROUND:
        return replace(style, fg=color)
    return replace(style, bg=color) if slot == _BACKGROUND else style


def _number(text: str) -> int | None:
    """A parameter's value; an empty one is 0, what is no number is None."""
    if not text:
        return 0
    return int(text) if len(text) <= _LONGEST_NUMBER and text.isdecimal() else None


def _semicolon_color(rest: Iterator[str]) -> Color | None:
    """``38;5;n`` or ``38;2;r;g;b``: the arguments are the parameters that follow."""
    kind = next(rest, "")
    if kind == "5":
        return _palette_color(_number(next(rest, "x")))
    if kind == "2":
        return _rgb_color([_number(next(rest, "x")) for _ in range(3)])
    return None


def _colon_color(arguments: list[int | None]) -> Color | None:
    """``38:5:n``, ``38:2:r:g:b`` or, with a colour space that nobody uses, ``38:2:space:r:g:b``."""
    if arguments[0] == 5 and len(arguments) > 1:
        return _palette_color(arguments[1])
    if arguments[0] == 2:
        return _rgb_color(arguments[2:5] if len(arguments) > 4 else arguments[1:4])
    return None


def _palette_color(index: int | None) -> Color | None:
    return index if index is not None and 0 <= index <= 255 else None


def _rgb_color(channels: list[int | None]) -> Color | None:
    valid = [channel for channel in channels if channel is not None and 0 <= channel <= 255]
    return (valid[0], valid[1], valid[2]) if len(valid) == len(channels) == 3 else None


def sgr_codes(style: SgrStyle) -> str:
    """Parameters that bring a plain terminal to this style: ``1;38;5;9``; empty for the plain style."""
    codes = [code for name, code in _FLAG_CODES if getattr(style, name)]
    for slot, color in (("38", style.fg), ("48", style.bg)):
        if isinstance(color, int):
            codes.append(f"{slot};5;{color}")
        elif color is not None:
            codes.append(f"{slot};2;{color[0]};{color[1]};{color[2]}")
    return ";".join(codes)
