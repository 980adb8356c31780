"""Prints a build's lines as they come, without a viewer: for pipes, CI systems and `--plain`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from wharf_tui.cli.block_printer import BlockPrinter
from wharf_tui.cli.line_format import LineStyle
from wharf_tui.cli.output import Output
from wharf_tui.model.ids import StepId
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.follow import follow_build, poll


async def print_as_it_comes(
    reader: BuildReader,
    style: LineStyle,
    only: frozenset[StepId] | None = None,
    wait: Callable[[], Awaitable[None]] = poll,
) -> None:
    """Print all steps' lines until the build ends or nobody reads any more, each step in its order."""
    output = Output()
    printer = BlockPrinter(style, reader.log)

    async def flush_and_wait() -> None:
        output.flush()
        await wait()

    async for item in follow_build(reader, flush_and_wait, only):
        info = item.step.info
        if item.block is not None:
            for data in printer.print(info, item.block):
                output.write(data)
        elif item.gap is not None:
            output.write(printer.print_gap(info, item.gap))
        if output.closed:
            return
    output.flush()
