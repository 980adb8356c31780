"""Which lines of a log say something that an earlier log of the same step did not: the difference of two runs, by content.

Two lines are alike when they have the same shape: what changes from run to run (numbers, times, durations, hashes, ports,
names of temporary files) does not count. Order does not count either: steps print in parallel what they do in parallel.
"""

from __future__ import annotations

import re
from typing import Final

from wharf_tui.insight.line_form import STAMPED, LineForm, form_of
from wharf_tui.insight.line_set import bitset
from wharf_tui.insight.log_pieces import piece_after
from wharf_tui.insight.plain_lines import split_lines
from wharf_tui.insight.slices import Progress
from wharf_tui.results.log_reader import LogReader

MOST_SHAPES: Final = 500_000
"""Shapes that are kept of a log; where there are more, lines that are not new may be taken for new."""
_PIECE_BYTES: Final = 512 * 1024
_VARYING: Final = re.compile(
    rb"/tmp/[^\s:'\"]+|\b0x[0-9a-fA-F]+|\b(?=[0-9a-fA-F-]{0,40}\d)[0-9a-fA-F]{6,}(?:-[0-9a-fA-F]{4,})*\b|\d+(?:[.,:_]\d+)*"
)


def shapes_in(data: bytes, form: LineForm = STAMPED) -> list[int]:
    """A number for the shape of each line; the same shape has the same number in this process.

    Args:
        data: whole lines as they stand in the file; only the last one may lack its LF.
        form: how the lines are made.
    """
    messages = form.messages(split_lines(form.without_escapes(data)))
    return (
        [hash(line.strip()) for line in _VARYING.sub(b"0", b"\n".join(messages)).split(b"\n")]
        if messages
        else []
    )


class KnownShapes:
    """The shapes of an earlier log's lines. Built in slices.

    Args:
        log: the earlier log, which does not grow any more; its owner has counted it.
    """

    def __init__(self, log: LogReader) -> None:
        self.shapes: set[int] = set()
        self._log = log
        self._form = form_of(log)
        self._offset = 0

    @property
    def progress(self) -> Progress:
        """How much has been looked at."""
        return Progress(self._offset, self._log.complete_end)

    def step(self, budget_bytes: int) -> Progress:
        """Look at about ``budget_bytes`` more; see ``SlicedWork.step``."""
        log = self._log
        while budget_bytes > 0 and self._offset < log.complete_end:
            piece = piece_after(log, self._offset, log.complete_end, min(budget_bytes, _PIECE_BYTES))
            if piece is None:
                break
            if len(self.shapes) < MOST_SHAPES:
                self.shapes.update(shapes_in(piece.data, self._form))
            self._offset = piece.end
            budget_bytes -= piece.end - piece.start
        return self.progress


class NoveltyMatcher:
    """Finds the lines whose shape is not known.

    Args:
        known: what is.
        form: how the lines are made.
    """

    set_count = 1

    def __init__(self, known: KnownShapes, form: LineForm = STAMPED) -> None:
        self._known = known.shapes
        self._form = form

    def match(self, data: bytes) -> tuple[int, ...]:
        """As ``LineMatcher.match``."""
        known = self._known
        return (bitset(bytes([shape not in known for shape in shapes_in(data, self._form)])),)

    def close(self) -> None:
        """Nothing is held."""
