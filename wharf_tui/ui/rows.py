"""What a row of a log can show: a line, something that is missing, or a word of ours between the lines."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.lines import Gap, LogLine


class NoteKind(Enum):
    """What a note is about."""

    SILENCE = "silence"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is no line, but happened between two."""

    after_line: int
    """It stands behind this line of the file; 0 is before the first."""
    kind: NoteKind
    text: str
    """Safe to show."""
    at_ns: int | None = None


Row: TypeAlias = LogLine | Gap | Note
"""A line with ID 0 has not been counted yet."""


@dataclass(frozen=True, slots=True)
class RowMark:
    """A place among rows that holds while rows come and go: a line, or what stands behind it."""

    step_id: StepId
    line: int
    """Line of the step's file, from 1; for what stands between lines the line before it."""
    behind: int = 0
    """0 for the line itself, n for the n-th row behind it that is no line."""


@dataclass(frozen=True, slots=True)
class RowExtra:
    """What belongs to a row beside its text."""

    step_id: StepId
    folded: int = 0
    """Lines that are folded into this one."""
    is_fold: bool = False
    """Whether lines can be folded into it."""


@dataclass(frozen=True, slots=True)
class Address:
    """A line of a build: it means the same line for ever, live and offline."""

    step_id: StepId
    log_id: LogId

    def __str__(self) -> str:
        return f"{self.step_id}:{self.log_id}"
