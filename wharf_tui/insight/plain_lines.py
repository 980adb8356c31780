"""Text of log lines, by the gigabyte: without escape codes, as valid UTF-8, line by line.

These are the quick versions of what ``model.text`` defines.
"""

from __future__ import annotations

import re
from typing import Final

ESCAPE_CODE: Final = (
    rb"(?:\x1b\[[0-?]*+[ -/]*+[@-~]"
    rb"|\x1b\]8;[^\x07\x18\x1a\x1b\x9c\n]*+(?:\x07|\x1b\\|\x9c)"
    rb"|\x1b(?:[()*+][ -~]|[78=>DEM]))"
)
"""A colour, a cursor movement or a hyperlink: what nobody sees and nobody searches."""
_ESCAPE_CODES: Final = re.compile(ESCAPE_CODE)


def without_escapes(data: bytes) -> bytes:
    """The same text without escape codes. Line feeds stay where they are."""
    return _ESCAPE_CODES.sub(b"", data) if b"\x1b" in data else data


def as_utf8(data: bytes) -> bytes:
    """The same lines as valid UTF-8: what is none becomes U+FFFD. Line feeds stay where they are."""
    if data.isascii():
        return data
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace").encode()
    return data


def split_lines(data: bytes) -> list[bytes]:
    """The lines without their LFs; the last one need not have one."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines
