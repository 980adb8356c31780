"""Blocks of a log as one message a line: what a client of wharf-cmd's kind understands.

Its messages may have 4 MiB, so a longer line is cut, with a note of how long it is. No more of a line is kept here
than is sent, however long it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from wharf_tui.model.ids import StepId
from wharf_tui.model.timestamps import LONGEST_STAMP
from wharf_tui.results.log_cursor import LineAssembler, LogBlock
from wharf_tui.rpc import wire
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb

LONGEST_MESSAGE = 1024 * 1024
"""Bytes of one line that are sent; what is no UTF-8 grows threefold on the way."""


class LineMessages:
    """Makes messages of one cursor's blocks, in their order."""

    def __init__(self, step_id: StepId) -> None:
        self._step_id = step_id
        self._assembler = LineAssembler()
        self._kept = 0
        """Bytes of an unfinished line that the assembler holds."""
        self._dropped = 0
        """Bytes of the same line that it was not given."""

    def feed(self, block: LogBlock) -> Iterator[pb.StreamLogsResponse]:
        """The messages of the lines that end in this block."""
        block = self._without_middle(block)
        if block.line_ends == 0:
            self._assembler.feed(block)
            return
        dropped, self._kept, self._dropped = self._dropped, 0, 0
        for line in self._assembler.feed(block):
            message = line.message
            if len(message) > LONGEST_MESSAGE:
                message = message[:LONGEST_MESSAGE] + b" [cut: the line has %d bytes]" % (line.size + dropped)
            yield wire.line_message(self._step_id, line.log_id, line.at_ns, message)
            dropped = 0

    def _without_middle(self, block: LogBlock) -> LogBlock:
        """The block without what belongs to a line of which enough is kept already."""
        rest = block.data.find(b"\n") if block.line_ends else len(block.data)
        if self._kept <= LONGEST_MESSAGE + LONGEST_STAMP:
            self._kept += rest
            return block
        self._dropped += rest
        return LogBlock(block.first_log_id, block.line_ends, block.data[rest:])
