"""What is left on the terminal when the viewer has gone or a build has ended: the verdict, why, where the logs lie, the way back."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from wharf_tui.insight.build_report import BuildReport, report_on
from wharf_tui.model.build import Liveness
from wharf_tui.model.errors import WharfError
from wharf_tui.model.glyphs import cell_width
from wharf_tui.model.status import Status
from wharf_tui.model.text import clean_plain
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.files_reader import FilesReader
from wharf_tui.ui.feed import target_of
from wharf_tui.ui.way_back import command_of

if TYPE_CHECKING:
    from wharf_tui.ui.way_back import Seen

_PIPED_WIDTH: Final = 300
"""Where no terminal tells how wide it is."""
_COLORS: Final = {Status.SUCCESS: "green", Status.FAILED: "red", Status.CANCELLED: "yellow"}


def print_verdict(path: Path, *, interactive: bool, seen: Seen | None = None) -> None:
    """Tell on standard error how the build at ``path`` ended.

    Args:
        path: the build's folder.
        interactive: a viewer was open, so the lines of the failed step are not on the terminal yet.
        seen: what was looked at last.
    """
    reader = BuildReader.open(path)
    try:
        was_here = seen is not None and seen.reader.path == path
        report = replace(report_on(reader), problem="")  # it was told when it came
        if not interactive:
            report = replace(report, lines=())
        _tell(report, reader, ("open", target_of(path)), seen.at if seen and was_here else None)
    finally:
        reader.close()


def print_leaving(seen: Seen | None) -> None:
    """Tell on standard error about the build that was looked at last; nothing where none was.

    Args:
        seen: that build, and where one was.
    """
    if seen is None:
        return
    with contextlib.suppress(OSError, WharfError):  # the terminal may be gone, or the build deleted
        if isinstance(seen.reader, FilesReader):
            _tell_way_back(seen.again, seen.at)
            return
        again = seen.again
        if again[:1] == ("attach",) and seen.reader.liveness is not Liveness.RUNNING:
            again = ("open", target_of(seen.reader.path))  # the copy is here; the worker need not be there
        _tell(report_on(seen.reader), seen.reader, again, seen.at)


def _tell(report: BuildReport, reader: BuildReader, again: tuple[str, ...], at: object) -> None:
    _say(f"Build {report.build_id}: {report.verdict}", color=_COLORS.get(report.status), bold=True)
    if report.problem:
        _say(report.problem)
    if report.failed_step:
        _say(f"Failed step: {report.failed_step}" + (f" ({report.outcome})" if report.outcome else ""))
    _tell_lines(report)
    if again[:1] == ("open",) and len(again) == 2 and Path(again[1]).is_file():
        place = f"Bundle: {again[1]}"
    else:
        place = f"Logs: {reader.path}"
    click.echo(clean_plain(place), err=True)  # never clipped, as the way back
    _tell_way_back(again, at or (report.cause.address if report.cause is not None else None))


def _tell_lines(report: BuildReport) -> None:
    width = max((len(line.address) for line in report.lines), default=0)
    for line in report.lines:
        address = _styled(f"  {line.address:>{width}}  ", dim=True)
        text = _clipped(line.text, _width() - width - 4)
        is_cause = line == report.cause
        click.echo(address + _styled(text, color="red" if is_cause else None), err=True, color=_has_colors())


def _tell_way_back(again: tuple[str, ...], at: object) -> None:
    command = command_of(again, at)
    if command:
        click.echo(f"Look again: {command}", err=True)  # never clipped: it is there to be copied


def _say(text: str, *, color: str | None = None, bold: bool = False) -> None:
    clipped = _clipped(clean_plain(text), _width())
    click.echo(_styled(clipped, color=color, bold=bold), err=True, color=_has_colors())


def _styled(text: str, *, color: str | None = None, bold: bool = False, dim: bool = False) -> str:
    return click.style(text, fg=color, bold=bold or None, dim=dim or None) if _has_colors() else text


def _has_colors() -> bool:
    return sys.stderr.isatty() and "NO_COLOR" not in os.environ


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stderr.isatty() else _PIPED_WIDTH


def _clipped(text: str, width: int) -> str:
    """As much as fits into one row."""
    if cell_width(text) <= width:
        return text
    while text and cell_width(text) > width - 1:
        text = text[: min(len(text) - 1, width)]
    return text + "…"
