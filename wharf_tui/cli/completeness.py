"""Says on standard error what is missing from a build's logs, and with which exit status to end for it."""

from __future__ import annotations

from collections.abc import Iterable

import click

from wharf_tui.model.build import Liveness, StepState
from wharf_tui.model.errors import ExitStatus
from wharf_tui.model.text import clean_plain
from wharf_tui.results.build_reader import BuildReader


def report_what_is_missing(reader: BuildReader, steps: Iterable[StepState]) -> int:
    """Name every gap of these steps; exit status INCOMPLETE where there is one, or where the build never ended."""
    status = ExitStatus.SUCCESS
    for step in steps:
        log = reader.log(step.info.step_id)
        for gap in log.gaps:
            _say(f"{step.info.address}: {gap.describe()}")
            status = ExitStatus.INCOMPLETE
        if step.last_log_id is not None and log.last_log_id < step.last_log_id:
            _say(
                f"{step.info.address}: lines {log.last_log_id + 1}-{step.last_log_id} missing: the log file was cut"
            )
            status = ExitStatus.INCOMPLETE
    if reader.liveness is Liveness.UNFINISHED:
        _say(
            f"{reader.path} is unfinished: its worker ended before the build did, so lines may be missing at the end"
        )
        status = ExitStatus.INCOMPLETE
    for problem in reader.problems:
        _say(problem)
        status = ExitStatus.INCOMPLETE
    return status


def _say(text: str) -> None:
    click.echo(f"wharf-tui: {clean_plain(text)}", err=True)
