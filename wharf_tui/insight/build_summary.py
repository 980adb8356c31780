"""A build in a few lines of Markdown, for a pull request or an issue."""

from __future__ import annotations

import re
from typing import Final

from wharf_tui.insight.build_report import BuildReport

_LONGEST_LINE: Final = 300
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~@&])")
_TICKS: Final = re.compile("`+")


def build_summary(report: BuildReport, command: str) -> str:
    """The summary, as Markdown that shows every name and every line as it is.

    Args:
        report: the build.
        command: what opens it; the address of the most telling line is added. Empty where nothing does.
    """
    blocks = [f"**Build {report.build_id}: {_escaped(report.verdict)}**"]
    if report.failed_step:
        outcome = f" ({_escaped(report.outcome)})" if report.outcome else ""
        blocks.append(f"Failed step: {_code(report.failed_step)}{outcome}")
    if report.problem:
        blocks.append(_escaped(report.problem))
    if report.lines:
        width = max(len(line.address) for line in report.lines)
        blocks.append(_fenced([f"{line.address:>{width}}  {_short(line.text)}" for line in report.lines]))
    if command:
        at = f" --at {report.cause.address}" if report.cause is not None else ""
        blocks.append(f"Open it: {_code(command + at)}")
    return "\n\n".join(blocks) + "\n"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_LINE else text[: _LONGEST_LINE - 1] + "…"


def _escaped(text: str) -> str:
    """Text that Markdown takes for nothing but text; ``@`` would call for people."""
    return _SPECIAL.sub(r"\\\1", text)


def _code(text: str) -> str:
    """A code span, with more ticks around it than are in it."""
    ticks = "`" * (_longest_ticks(text) + 1)
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{blank}{text}{blank}{ticks}"


def _fenced(lines: list[str]) -> str:
    fence = "`" * max(3, max(map(_longest_ticks, lines)) + 1)
    return "\n".join([f"{fence}text", *lines, fence])


def _longest_ticks(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
