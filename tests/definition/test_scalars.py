from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.definition.nodes import ScalarKind
from wharf_tui.definition.scalars import kind_of_plain, plain_decimal


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (ScalarKind.NULL, ["", "~", "null", "Null", "NULL"]),
        (ScalarKind.BOOLEAN, ["true", "True", "TRUE", "false", "False", "FALSE"]),
        (ScalarKind.INTEGER, ["0", "-7", "+7", "0o17", "0xFf", "007", "9" * 500]),
        (ScalarKind.FLOAT, ["1.0", ".5", "1.", "-1e3", "1E-3", ".inf", "-.INF", ".NaN"]),
        (ScalarKind.TIMESTAMP, ["2024-01-02", "2024-1-2", "2024-01-02T03:04:05Z", "2024-01-02 03:04:05.5 +01:00"]),
        (
            ScalarKind.STRING,
            ["yes", "no", "on", "off", "y", "nUll", "tRue", "0b11", "1_000", "1:30", "=", "<<", ".", "-", "+", "1.2.3", "0o8",
             "e3", "v1", "2024-01", "nan", "inf", "٣", "1 "],
        ),
    ],
)  # fmt: skip
def test_types_are_those_of_yaml_1_2_and_dates(kind: ScalarKind, words: list[str]) -> None:
    assert {word: kind_of_plain(word) for word in words} == dict.fromkeys(words, kind)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("3", "3"), ("3.0", "3"), ("1.50", "1.5"), ("+007", "7"), ("-0", "0"), ("-0.0", "0"), (".5", "0.5"), ("1e3", "1000"),
        ("1.5e-3", "0.0015"), ("0x1F", "31"), ("0o17", "15"), ("12345678901234567890", "12345678901234567890"),
        (".inf", None), (".nan", None), ("1e999", None), ("1e999999999999", None), ("x", None), ("", None), ("1_000", None),
        ("9" * 500, None), ("0x" + "f" * 100_000, None), ("100", "100"),
    ],
)  # fmt: skip
def test_plain_decimal(text: str, plain: str | None) -> None:
    assert plain_decimal(text) == plain


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_plain_decimal_has_the_value_and_no_exponent(number: float) -> None:
    plain = plain_decimal(repr(number))
    assert plain is not None
    assert float(plain) == number
    assert "e" not in plain
    assert plain_decimal(plain) == plain
