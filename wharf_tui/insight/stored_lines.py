"""What is text and what is not in lines as they are stored: the time before a message, and escape codes within it.

These are the quick versions, for gigabytes, of what ``model.lines`` and ``model.text`` define.
"""

from __future__ import annotations

import re
from typing import Final

from wharf_tui.model.lines import split_stamp
from wharf_tui.model.timestamps import ZERO_TIME

STAMP: Final = (
    rb"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
    rb"(?:[.,]\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d) "
)
"""Every stored time with the space behind it, and a few texts that only look like one (February 30)."""
STAMP_BYTES: Final = frozenset(b"0123456789-+T:.,Z ")
"""All that a time is made of."""

_COMMON_STAMP: Final = re.compile(
    rb"(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
    rb"(?:[.,]\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d) "
)
_DIGITS_AS_0: Final = bytes.maketrans(b"123456789", b"000000000")
_HOUR_END: Final = len(b"2024-02-03T10")
_TENS_OF_60: Final = (len(b"2024-02-03T10:"), len(b"2024-02-03T10:00:"))
_ESCAPE_CODE: Final = (
    rb"(?:\x1b\[[0-?]*+[ -/]*+[@-~]"
    rb"|\x1b\]8;[^\x07\x18\x1a\x1b\x9c\n]*+(?:\x07|\x1b\\|\x9c)"
    rb"|\x1b(?:[()*+][ -~]|[78=>DEM]))"
)
_ESCAPE_CODES: Final = re.compile(_ESCAPE_CODE)
_ESCAPES_BEFORE_TIME: Final = re.compile(rb"\n%s+(?=\d{4}-)" % _ESCAPE_CODE)


def message_start(data: bytes, line_start: int, line_end: int) -> int:
    """Where the message of a stored line starts.

    Args:
        data: any stored lines.
        line_start: where the line starts in them.
        line_end: where its LF is.
    """
    common = _COMMON_STAMP.match(data, line_start, line_end)
    if common:
        return common.end()
    return line_start + split_stamp(data[line_start:line_end])[1]


def messages(lines: list[bytes]) -> list[bytes]:
    """The messages of stored lines without their LFs."""
    times = times_alike(lines)
    if times:
        size = len(times[0])
        return [line[size:] for line in lines]
    return [line[message_start(line, 0, len(line)) :] for line in lines]


def times_alike(lines: list[bytes]) -> list[bytes] | None:
    """The times of stored lines, each with the space behind it, if all are of one length, form and hour; else None.

    Lines that stand together mostly are. It is seen from the columns of the times, without a look at each line.
    """
    size = message_start(lines[0], 0, len(lines[0])) if lines else 0
    if not size:
        return None
    count = len(lines)
    times = [line[:size] for line in lines]
    table = b"".join(times)
    if (
        len(table) != count * size
        or table.translate(_DIGITS_AS_0) != times[0].translate(_DIGITS_AS_0) * count
    ):
        return None
    same = all(table[column::size].count(table[column]) == count for column in range(_HOUR_END))
    if not same or any(table[column::size].translate(None, b"012345") for column in _TENS_OF_60):
        return None
    return times


def without_escapes(data: bytes) -> bytes:
    """The same lines without colours, cursor movements and hyperlinks, which nobody sees and nobody searches."""
    if b"\x1b" not in data:
        return data
    # A coloured time at the start of a message must not become the line's own time.
    guarded = _ESCAPES_BEFORE_TIME.sub(b"\n" + ZERO_TIME + b" ", b"\n" + data)
    return _ESCAPE_CODES.sub(b"", guarded)[1:]


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
    """The stored lines without their LFs; the last one need not have one."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines
