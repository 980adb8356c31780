"""Where in a line of a log its message starts, and how its time is read.

The store's own lines carry a time before the message, as ``model.lines`` defines; this is the quick version of that. A
text file's lines are messages as a whole, and their times are read as the file's reader knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from wharf_tui.insight.plain_lines import ESCAPE_CODE, without_escapes
from wharf_tui.model.lines import split_stamp
from wharf_tui.model.timestamps import ZERO_TIME
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.text_file import TextFileReader

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
_ESCAPES_BEFORE_TIME: Final = re.compile(rb"\n%s+(?=\d{4}-)" % ESCAPE_CODE)
HEAD: Final = 256
"""Bytes of a line within which its time stands."""


@dataclass(frozen=True, slots=True)
class LineForm:
    """How lines are made."""

    has_stamps: bool
    """Whether a time stands before each message; lines without one may be among them."""

    def message_start(self, data: bytes, line_start: int, line_end: int) -> int:
        """Where the message of a line starts.

        Args:
            data: any lines.
            line_start: where the line starts in them.
            line_end: where its LF is.
        """
        if not self.has_stamps:
            return line_start
        common = _COMMON_STAMP.match(data, line_start, line_end)
        if common:
            return common.end()
        return line_start + split_stamp(data[line_start:line_end])[1]

    def messages(self, lines: list[bytes]) -> list[bytes]:
        """The messages of lines without their LFs."""
        if not self.has_stamps:
            return lines
        times = stamps_alike(lines)
        if times:
            size = len(times[0])
            return [line[size:] for line in lines]
        return [line[self.message_start(line, 0, len(line)) :] for line in lines]

    def without_escapes(self, data: bytes) -> bytes:
        """The same lines without escape codes."""
        if self.has_stamps and b"\x1b" in data:
            # A coloured time at the start of a message must not become the line's own time.
            data = _ESCAPES_BEFORE_TIME.sub(b"\n" + ZERO_TIME + b" ", b"\n" + data)[1:]
        return without_escapes(data)


STAMPED: Final = LineForm(has_stamps=True)
BARE: Final = LineForm(has_stamps=False)


def form_of(log: LogReader) -> LineForm:
    """How a log's lines are made."""
    return BARE if isinstance(log, TextFileReader) else STAMPED


def time_reader(log: LogReader) -> Callable[[bytes], int | None]:
    """What reads the time of a log's line, or of its first ``HEAD`` bytes, in nanoseconds since the Unix epoch."""
    if isinstance(log, TextFileReader):
        return log.read_time
    return _stored_time


def _stored_time(line: bytes) -> int | None:
    return split_stamp(line)[0]


def stamps_alike(lines: list[bytes]) -> list[bytes] | None:
    """The times of stored lines, each with the space behind it, if all are of one length, form and hour; else None.

    Lines that stand together mostly are. It is seen from the columns of the times, without a look at each line.
    """
    size = STAMPED.message_start(lines[0], 0, len(lines[0])) if lines else 0
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
