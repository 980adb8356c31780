"""From bytes to text, by YAML's rules for encodings and characters, with a place for what breaks them.

PyYAML would do this too, but gives no line for it, and its two parsers count differently.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from wharf_tui.definition.nodes import Position
from wharf_tui.definition.problems import Problems

_FORBIDDEN: Final = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BYTE_ORDER_MARKS: Final = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def decode(data: bytes, problems: Problems) -> str | None:
    """The text, without byte order mark; None where it is not UTF-8 (or marked UTF-16), or not printable."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding).removeprefix("\ufeff")
        problems.error(
            f"byte 0x{data[error.start]:02x} is not {encoding.upper()}: save the file as UTF-8",
            at=position_at(before, len(before)),
        )
        return None
    text = text.removeprefix("\ufeff")
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        problems.error(
            f"control character U+{ord(forbidden[0]):04X} is not allowed in YAML",
            at=position_at(text, forbidden.start()),
        )
        return None
    return text


def position_at(text: str, index: int) -> Position:
    """Place of the character at ``index``."""
    return Position(text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))
