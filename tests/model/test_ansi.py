"""Colours and attributes of log text, as data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.model.ansi import PLAIN, SgrStyle, apply_sgr, sgr_codes

CHANNEL = st.integers(0, 255)
COLOR = st.none() | CHANNEL | st.tuples(CHANNEL, CHANNEL, CHANNEL)
STYLE = st.builds(
    SgrStyle,
    COLOR,
    COLOR,
    *(st.booleans() for _ in ("bold", "dim", "italic", "underline", "blink", "reverse", "strike")),
)


@pytest.mark.parametrize(
    ("parameters", "style"),
    [
        ("", PLAIN),
        ("0", PLAIN),
        ("1;2;3;4", SgrStyle(bold=True, dim=True, italic=True, underline=True)),
        ("5;7;9", SgrStyle(blink=True, reverse=True, strike=True)),
        ("6", SgrStyle(blink=True)),
        ("21", SgrStyle(underline=True)),
        ("01;31", SgrStyle(fg=1, bold=True)),
        ("31;44", SgrStyle(fg=1, bg=4)),
        ("97;107", SgrStyle(fg=15, bg=15)),
        ("38;5;200", SgrStyle(fg=200)),
        ("48;5;0", SgrStyle(bg=0)),
        ("38;2;1;2;3", SgrStyle(fg=(1, 2, 3))),
        ("38:5:200", SgrStyle(fg=200)),
        ("38:2:1:2:3", SgrStyle(fg=(1, 2, 3))),
        ("38:2::1:2:3", SgrStyle(fg=(1, 2, 3))),
        ("48:2:9:1:2:3;1", SgrStyle(bg=(1, 2, 3), bold=True)),
        ("4:3", SgrStyle(underline=True)),
        ("58;5;3;31", SgrStyle(fg=1)),
        ("58;2;1;2;3;1", SgrStyle(bold=True)),
        ("38;5;256;1", SgrStyle(bold=True)),
        ("38;2;1;2;300;1", SgrStyle(bold=True)),
        ("38;5", PLAIN),
        ("38;2;1;2", PLAIN),
        ("38", PLAIN),
        ("38:7", PLAIN),
        ("38:", PLAIN),
        ("8;10;51;53;59;73;107109", PLAIN),
        ("9" * 5000, PLAIN),
        ("²;1", SgrStyle(bold=True)),
    ],
)
def test_parameters(parameters: str, style: SgrStyle) -> None:
    assert apply_sgr(PLAIN, parameters) == style


@pytest.mark.parametrize(
    ("parameters", "left"),
    [
        ("22", {"bold": False, "dim": False}),
        ("23", {"italic": False}),
        ("24", {"underline": False}),
        ("4:0", {"underline": False}),
        ("25", {"blink": False}),
        ("27", {"reverse": False}),
        ("29", {"strike": False}),
        ("39", {"fg": None}),
        ("49", {"bg": None}),
    ],
)
def test_each_attribute_ends_alone(parameters: str, left: dict[str, object]) -> None:
    everything = apply_sgr(SgrStyle(fg=1, bg=2), "1;2;3;4;5;7;9")
    assert all(getattr(everything, name) for name in SgrStyle.__slots__)
    ended = apply_sgr(everything, parameters)
    for name in SgrStyle.__slots__:
        assert getattr(ended, name) == left.get(name, getattr(everything, name))


@given(STYLE)
def test_codes_bring_back_the_style(style: SgrStyle) -> None:
    codes = sgr_codes(style)
    assert (apply_sgr(PLAIN, codes) if codes else PLAIN) == style


@given(STYLE, st.text("0123456789;:", max_size=60))
def test_any_parameters_give_a_valid_style(style: SgrStyle, parameters: str) -> None:
    result = apply_sgr(style, parameters)
    for color in (result.fg, result.bg):
        channels = color if isinstance(color, tuple) else (color or 0,)
        assert all(0 <= channel <= 255 for channel in channels)
