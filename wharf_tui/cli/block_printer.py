"""Prints blocks of a log: whole ones at once where a line needs nothing but its prefix, else line by line.

A step may print millions of lines into a pipe; what is done for each of them is what it costs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from wharf_tui.cli.line_format import LineStyle, formatter, step_prefix
from wharf_tui.insight.merge import StepLine
from wharf_tui.model.build import StepInfo
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import Gap
from wharf_tui.results.log_cursor import LineAssembler, LogBlock
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.text_file import TextFileReader

_OUR_STAMP = re.compile(
    rb"(?m)^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{9}Z ",
)


class BlockPrinter:
    """Turns the blocks of any number of steps into what is printed.

    Args:
        style: how lines are printed.
        log_of: the log of a step; of a text file each line is a message as a whole.
    """

    def __init__(self, style: LineStyle, log_of: Callable[[StepId], LogReader]) -> None:
        self._style = style
        self._log_of = log_of
        self._to_bytes = formatter(style)
        self._assemblers: dict[StepId, LineAssembler] = {}

    def print(self, step: StepInfo, block: LogBlock) -> Iterator[bytes]:
        """What this block adds; a line that goes on in the next block is printed with it."""
        log = self._log_of(step.step_id)
        is_text = isinstance(log, TextFileReader)
        if step.step_id not in self._assemblers:
            self._assemblers[step.step_id] = LineAssembler(log.split) if is_text else LineAssembler()
        assembler = self._assemblers[step.step_id]
        if self._style.is_bare and assembler.is_empty:
            prefix = step_prefix(step) if self._style.prefix else b""
            at_once = _whole_text(block, prefix) if is_text else _whole_block(block, prefix)
            if at_once is not None:
                yield at_once
                return
        for line in assembler.feed(block):
            yield self._to_bytes(StepLine(step, line))

    def print_gap(self, step: StepInfo, gap: Gap) -> bytes:
        """The row that says what is missing."""
        return self._to_bytes(StepLine(step, None, gap))


def _whole_block(block: LogBlock, prefix: bytes) -> bytes | None:
    """The block's messages with ``prefix`` before each; None where a line is not as our own writer stamps it."""
    if not block.is_whole:
        return None
    body, stamps = _OUR_STAMP.subn(prefix.replace(b"\\", b"\\\\"), block.data[:-1])
    return body + b"\n" if stamps == block.line_ends else None


def _whole_text(block: LogBlock, prefix: bytes) -> bytes | None:
    """The same of a text file."""
    if not block.is_whole or not prefix:
        return block.data if block.is_whole else None
    return prefix + block.data[:-1].replace(b"\n", b"\n" + prefix) + b"\n"
