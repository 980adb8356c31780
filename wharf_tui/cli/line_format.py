"""Turns lines into what ``logs`` and plain runs print: text for people and pipes, JSON for tools."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wharf_tui.insight.json_lines import json_line
from wharf_tui.insight.merge import StepLine
from wharf_tui.model.build import StepInfo
from wharf_tui.model.text import clean, clean_plain, to_ansi
from wharf_tui.model.timestamps import format_rfc3339

WHOLE_MESSAGE = 2**62
"""More bytes than any message has: print it whole."""


@dataclass(frozen=True, slots=True)
class LineStyle:
    """How lines are printed."""

    as_json: bool = False
    timestamps: bool = False
    ids: bool = False
    prefix: bool = False
    """Begin each line with ``stage/step | ``."""
    clean: bool = False
    """Make control codes harmless: for terminals. Pipes get the bytes as they came."""
    colors: bool = False
    """Where cleaned: keep the colours that the log has."""

    @property
    def is_bare(self) -> bool:
        """Whether nothing but the prefix and the message as it came is printed."""
        return not (self.as_json or self.timestamps or self.ids or self.clean)


Format = Callable[[StepLine], bytes]


def formatter(style: LineStyle) -> Format:
    """The function that prints one line in this style, LF included."""
    return json_line if style.as_json else _TextLine(style)


class _TextLine:
    def __init__(self, style: LineStyle) -> None:
        self._style = style
        self._prefixes: dict[int, bytes] = {}

    def __call__(self, item: StepLine) -> bytes:
        head = self._prefix(item.step) if self._style.prefix else b""
        if item.line is None:
            return head + b"[" + (item.gap.describe() if item.gap else "").encode() + b"]\n"
        line = item.line
        if self._style.ids:
            head += b"%6d " % line.log_id
        if self._style.timestamps:
            head += (format_rfc3339(line.at_ns) if line.at_ns is not None else b"-".ljust(30)) + b" "
        return head + self._message(line.message) + b"\n"

    def _message(self, message: bytes) -> bytes:
        if not self._style.clean:
            return message
        cleaned = clean(message, limit=len(message))
        return (to_ansi(cleaned) if self._style.colors else cleaned.text).encode()

    def _prefix(self, step: StepInfo) -> bytes:
        if step.step_id not in self._prefixes:
            self._prefixes[step.step_id] = step_prefix(step)
        return self._prefixes[step.step_id]


def step_prefix(step: StepInfo) -> bytes:
    """What stands before a step's lines where several steps are printed."""
    return f"{clean_plain(step.address)} | ".encode()
