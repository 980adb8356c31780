"""Turns runs of stored lines into what a table takes: time, text, and the bytes where they are no text.

This is the hot path of the aggregator: what is the same for a whole run or a whole second is found out once.
"""

from __future__ import annotations

from collections.abc import Iterator

from wharf_tui.model.glyphs import shown
from wharf_tui.model.lines import encode_line, split_stamp
from wharf_tui.model.timestamps import NS, format_rfc3339

MAX_INT64 = 2**63 - 1
"""The largest number that a column holds."""
_SECOND = len(b"2024-02-03T10:00:01.")
_FRACTION = slice(_SECOND, _SECOND + 9)
_STAMP = _SECOND + len(b"123456789Z ")


def stamped_lines(data: bytes) -> Iterator[tuple[int | None, bytes]]:
    """Time (nanoseconds since the epoch, or None) and message of each line; ``data`` ends with LF."""
    second, base = b"", 0
    lines = data.split(b"\n")
    lines.pop()
    for line in lines:
        fraction = line[_FRACTION]
        if line[:_SECOND] == second and line[_FRACTION.stop : _STAMP] == b"Z " and fraction.isdigit():
            yield base + int(fraction), line[_STAMP:]
            continue
        at_ns, skip = split_stamp(line)
        if skip == _STAMP and at_ns is not None and line[_FRACTION.stop] == ord("Z"):
            second, base = line[:_SECOND], at_ns // NS * NS
        yield at_ns, line[skip:]


def to_text(message: bytes) -> tuple[str, bytes | None]:
    """Text for reading, and the bytes themselves where the text does not tell them."""
    try:
        text = message.decode()
    except UnicodeDecodeError:
        return storable(message.decode("utf-8", "replace")), message
    if "\0" in text:
        return storable(text), message
    return text, None


def to_message(text: str, raw: bytes | None) -> bytes:
    """The message's bytes, from what ``to_text`` made of them."""
    return text.encode() if raw is None else raw


def storable(text: str) -> str:
    """Text that every database takes: PostgreSQL's does not take NUL."""
    return text.replace("\0", shown("\0"))


def stored_line(at_ns: int | None, message: bytes) -> bytes:
    """The line as it stands in a file, LF included; unlike ``encode_line`` it takes nothing away from the message."""
    if at_ns is not None:
        return b"%s %s\n" % (format_rfc3339(at_ns), message)
    return encode_line(None, message + b"\r")  # one CR at the end is dropped there: this one
