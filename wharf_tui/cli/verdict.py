"""What is left on the terminal when a build has ended: the verdict, the step that failed, its last lines, the way back."""

from __future__ import annotations

from pathlib import Path

import click

from wharf_tui.model.build import StepState
from wharf_tui.model.status import Status
from wharf_tui.model.text import clean, clean_plain
from wharf_tui.model.timestamps import format_duration
from wharf_tui.results.build_reader import BuildReader

_LAST_LINES = 10


def print_verdict(path: Path, *, interactive: bool) -> None:
    """Tell on standard error how the build at ``path`` ended.

    Args:
        path: the build's folder.
        interactive: a viewer was open, so the lines of the failed step are not on the terminal yet.
    """
    reader = BuildReader.open(path)
    info = reader.info
    took = (
        ""
        if info.started_ns is None or info.finished_ns is None
        else f" in {format_duration(info.finished_ns - info.started_ns)}"
    )
    _say(f"Build {info.build_id}: {reader.status.label}{took}")
    failed = first_failed_step(info.steps)
    if failed is not None:
        _say(f"Failed step: {failed.info.address}" + (f" ({failed.reason})" if failed.reason else ""))
        if interactive:
            for line in reader.log(failed.info.step_id).tail(_LAST_LINES):
                click.echo(f"  {clean(line.message).text}", err=True)
    _say(f"Logs: {path}")
    _say(f"Look again: wharf-tui open {path.name}")
    reader.close()


def first_failed_step(steps: tuple[StepState, ...]) -> StepState | None:
    """The step that failed first in time."""
    failed = [step for step in steps if step.status is Status.FAILED]
    return min(failed, key=lambda step: step.finished_ns or 0, default=None)


def _say(text: str) -> None:
    click.echo(clean_plain(text), err=True)
