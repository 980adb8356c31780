"""Types of plain scalars by the YAML 1.2 core schema, plus dates, as wharf-cmd reads them.

So ``yes``, ``no``, ``on`` and ``off`` are strings, and only ``true`` and ``false`` are booleans.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Final

from wharf_tui.definition.nodes import ScalarKind

_INTEGER: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_TIMESTAMP: Final = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
    r"(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]+)?[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?)?)?"
)
_WORDS: Final = dict.fromkeys(("", "~", "null", "Null", "NULL"), ScalarKind.NULL) | dict.fromkeys(
    ("true", "True", "TRUE", "false", "False", "FALSE"), ScalarKind.BOOLEAN
)
_PATTERNS: Final = (
    (_INTEGER, ScalarKind.INTEGER),
    (_FLOAT, ScalarKind.FLOAT),
    (_TIMESTAMP, ScalarKind.TIMESTAMP),
)
_FIRST_OF_NUMBER: Final = frozenset("+-.0123456789")
_LONGEST_NUMBER: Final = 400
"""Characters; a longer word is no number that anything could hold."""


def kind_of_plain(text: str) -> ScalarKind:
    """Type of an unquoted scalar."""
    word = _WORDS.get(text)
    if word is not None:
        return word
    if text[0] in _FIRST_OF_NUMBER:
        for pattern, kind in _PATTERNS:
            if pattern.fullmatch(text):
                return kind
    return ScalarKind.STRING


def plain_decimal(text: str) -> str | None:
    """A number without exponent, base prefix, leading or trailing zeros; None for what is no finite number."""
    kind = kind_of_plain(text)
    if kind not in {ScalarKind.INTEGER, ScalarKind.FLOAT} or len(text) > _LONGEST_NUMBER:
        return None
    if text.startswith(("0x", "0o")):
        return str(int(text, 0))
    if text.endswith(("f", "F", "n", "N")) or not math.isfinite(float(text)):
        return None
    # An exponent could ask for a billion digits: its value is read as the double that wharf-cmd has for it.
    exact = Decimal(repr(float(text))) if "e" in text.lower() else Decimal(text)
    plain = f"{exact:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain in {"", "-0"} else plain
