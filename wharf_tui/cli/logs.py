"""``wharf-tui logs``: prints what a build's steps have printed, for people, pipes and tools."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from wharf_tui.cli.completeness import report_what_is_missing
from wharf_tui.cli.line_format import WHOLE_MESSAGE, Format, formatter
from wharf_tui.cli.output import Output, terminal_style
from wharf_tui.cli.plain import print_as_it_comes
from wharf_tui.insight.merge import merge_steps, step_lines
from wharf_tui.model.build import StepState
from wharf_tui.model.errors import UsageError
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.catalogue import find_build
from wharf_tui.results.layout import default_builds_dir


@click.command()
@click.argument("target")
@click.option(
    "--step", "step_name", metavar="ID|NAME", help="One step only: its number, name, or stage/name."
)
@click.option("--timestamps", is_flag=True, help="Print each line's time (UTC).")
@click.option("--ids", is_flag=True, help="Print each line's number in its step.")
@click.option("-f", "--follow", is_flag=True, help="Go on until the build ends.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    target: str, *, step_name: str | None, timestamps: bool, ids: bool, follow: bool, output: str
) -> int:
    """Print the logs of TARGET: a build's folder, number or name, or `latest`.

    Several steps are merged by time. With `--output json` each line is an object with stepId, logId, timestamp,
    message, step and stage; bytes that are no UTF-8 come as messageBase64, too. Exit status 3 says that lines are missing.
    """
    reader = BuildReader.open(find_build(target, default_builds_dir()))
    steps = select_steps(reader, step_name)
    style = terminal_style(
        as_json=output == "json",
        timestamps=timestamps,
        ids=ids,
        prefix=step_name is None and len(reader.info.steps) > 1,
    )
    only = None if step_name is None else frozenset(step.info.step_id for step in steps)
    try:
        if follow:
            asyncio.run(print_as_it_comes(reader, style, only))
        else:
            _print_stored(reader, steps, formatter(style))
        return report_what_is_missing(reader, select_steps(reader, step_name))
    finally:
        reader.close()


def select_steps(reader: BuildReader, wanted: str | None) -> tuple[StepState, ...]:
    """The steps that the user means; all without a wish.

    Raises:
        UsageError: no step answers to it.
    """
    steps = reader.info.steps
    if wanted is None:
        return steps
    found = tuple(
        step
        for step in steps
        if wanted in (str(step.info.step_id), step.info.name, f"{step.info.stage}/{step.info.name}")
    )
    if not found:
        known = ", ".join(f"{step.info.step_id} ({step.info.address})" for step in steps) or "none yet"
        raise UsageError(f"the build has no step {wanted!r}", f"Its steps are: {known}.")
    return found


def _print_stored(reader: BuildReader, steps: Sequence[StepState], to_bytes: Format) -> None:
    output = Output()
    streams = []
    for step in steps:
        log = reader.log(step.info.step_id)
        log.refresh()
        streams.append((step.info, step_lines(step.info, log, WHOLE_MESSAGE)))
    for item in merge_steps(streams):
        output.write(to_bytes(item))
        if output.closed:
            return
    output.flush()
