"""A log line, and the rules by which it becomes bytes in a file and comes back.

Format of wharf-cmd's ``logs.log``: ``<RFC 3339 time><one space><message>LF``. The split is at the first
space; a line whose first word is no time is a message without a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from wharf_tui.model.ids import LogId
from wharf_tui.model.timestamps import LONGEST_STAMP, ZERO_TIME, format_rfc3339, is_stamp, parse_rfc3339


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of one step."""

    log_id: LogId
    at_ns: int | None
    """Nanoseconds since the Unix epoch; None for a line that came without a time."""
    message: bytes
    """As it came: any bytes but LF. May be cut by the reader; then ``size`` tells the whole."""
    size: int
    """Bytes of the whole message in the file."""

    @property
    def is_cut(self) -> bool:
        """Whether the reader was asked for less than there is."""
        return len(self.message) < self.size


class GapKind(Enum):
    """Why lines are not there."""

    HOLE = "hole"
    """IDs that the source has, but that never reached us: the number of lines is known."""
    LOST_BEFORE_US = "lost"
    """The source itself lost lines before they had IDs: how many is not known."""
    TORN = "torn"
    """The writer was killed in the middle of this line; what was written of it was kept."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is missing, kept so that it is never silent."""

    kind: GapKind
    after: LogId
    """The gap lies directly behind this line; 0 is before the first. For TORN: the torn line itself."""
    missing: int
    """How many IDs the gap takes (HOLE), else 0."""
    reason: str
    from_ns: int | None = None
    """Time of the last line before the gap, where known."""
    to_ns: int | None = None
    """Time of the first line behind the gap, where known."""

    @property
    def first_missing(self) -> int:
        """First ID that the hole takes."""
        return self.after + 1

    @property
    def last_missing(self) -> int:
        """Last ID that the hole takes."""
        return self.after + self.missing

    def describe(self) -> str:
        """One sentence for people: ``lines 1841-1843 missing: reason``."""
        if self.kind is GapKind.HOLE:
            what = (
                f"line {self.first_missing} missing"
                if self.missing == 1
                else f"lines {self.first_missing}-{self.last_missing} missing"
            )
        elif self.kind is GapKind.TORN:
            what = f"line {self.after} was cut off"
        else:
            what = f"lines missing after {self.after}"
        return f"{what}: {self.reason}" if self.reason else what


def encode_line(at_ns: int | None, message: bytes) -> bytes:
    """The line as it stands in the file, LF included.

    LF inside the message becomes the two characters ``\\n``; one CR before the end is dropped. A message
    without a time is written bare, unless its first word would then be taken for a time.
    """
    if b"\n" in message:
        message = message.replace(b"\n", b"\\n")
    message = message.removesuffix(b"\r")
    if at_ns is not None:
        return b"%s %s\n" % (format_rfc3339(at_ns), message)
    first_word, space, _ = message[: LONGEST_STAMP + 1].partition(b" ")
    if space and is_stamp(first_word):
        return b"%s %s\n" % (ZERO_TIME, message)
    return message + b"\n"


def split_stamp(line: bytes) -> tuple[int | None, int]:
    """Time of a stored line (without its LF), and the offset at which its message starts."""
    end = line.find(b" ", 0, LONGEST_STAMP + 1)
    if end < 0:
        return None, 0
    word = line[:end]
    at_ns = parse_rfc3339(word)
    if at_ns is None and not is_stamp(word):
        return None, 0
    return at_ns, end + 1
