"""The printing that `logs` and `attach` share: which steps, in which style, and all that is stored of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wharf_tui.cli.block_printer import BlockPrinter
from wharf_tui.cli.line_format import WHOLE_MESSAGE, LineStyle, formatter
from wharf_tui.cli.output import Output, terminal_style
from wharf_tui.insight.merge import merge_steps, step_lines
from wharf_tui.model.build import StepState
from wharf_tui.model.errors import UsageError
from wharf_tui.model.ids import StepId
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.log_cursor import LogCursor

_BLOCK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class LogsRequest:
    """What the user wants to see of a build."""

    step_name: str | None = None
    timestamps: bool = False
    ids: bool = False
    follow: bool = False
    as_json: bool = False

    def style(self, reader: BuildReader) -> LineStyle:
        """How to print it; lines carry their step's name where there are several."""
        return terminal_style(
            as_json=self.as_json,
            timestamps=self.timestamps,
            ids=self.ids,
            prefix=self.step_name is None and len(reader.info.steps) > 1,
        )

    def steps(self, reader: BuildReader) -> tuple[StepState, ...]:
        """The steps that the user means; all without a wish.

        Raises:
            UsageError: no step answers to it.
        """
        steps = reader.info.steps
        if self.step_name is None:
            return steps
        found = tuple(step for step in steps if self.step_name in _names(step))
        if not found:
            known = ", ".join(f"{step.info.step_id} ({step.info.address})" for step in steps) or "none yet"
            raise UsageError(f"the build has no step {self.step_name!r}", f"Its steps are: {known}.")
        return found

    def only(self, reader: BuildReader) -> frozenset[StepId] | None:
        """The same as IDs; None is all, later ones too."""
        return None if self.step_name is None else frozenset(step.info.step_id for step in self.steps(reader))


def print_stored(reader: BuildReader, steps: Sequence[StepState], style: LineStyle) -> None:
    """Print what is stored now, several steps merged by time."""
    output = Output()
    if len(steps) == 1:
        _print_one(reader, steps[0], style, output)
        return
    to_bytes, streams = formatter(style), []
    for step in steps:
        log = reader.log(step.info.step_id)
        log.refresh()
        streams.append((step.info, step_lines(step.info, log, WHOLE_MESSAGE)))
    for item in merge_steps(streams):
        output.write(to_bytes(item))
        if output.closed:
            return
    output.flush()


def _print_one(reader: BuildReader, step: StepState, style: LineStyle, output: Output) -> None:
    """One step needs no merging: its blocks are printed as they stand, its gaps at their places."""
    log = reader.log(step.info.step_id)
    log.refresh()
    printer, cursor, gaps = BlockPrinter(style, reader.log), LogCursor(log), list(log.gaps)
    while not output.closed:
        block = cursor.read(_BLOCK_BYTES, up_to=gaps[0].after if gaps else None)
        if block is not None:
            for data in printer.print(step.info, block):
                output.write(data)
        elif gaps:
            output.write(printer.print_gap(step.info, gaps.pop(0)))
        else:
            break
    output.flush()


def _names(step: StepState) -> tuple[str, str, str]:
    return str(step.info.step_id), step.info.name, f"{step.info.stage}/{step.info.name}"
