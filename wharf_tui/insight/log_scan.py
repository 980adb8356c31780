"""Looks at every line of one growing log once, in slices, nearest lines first, and keeps in a LineSet what it found."""

from __future__ import annotations

from typing import Final

from wharf_tui.insight.coverage import Coverage
from wharf_tui.insight.line_matcher import LineMatcher
from wharf_tui.insight.line_set import LineSet
from wharf_tui.insight.log_pieces import Piece, line_at, piece_after, piece_before
from wharf_tui.insight.slices import Progress
from wharf_tui.model.errors import InputError, WharfError
from wharf_tui.results.log_reader import LogReader

_PIECE_BYTES: Final = 512 * 1024
"""More at once is slower: such blocks of memory are mapped anew each time."""


class LogScan:
    """One matcher's way through one log.

    Args:
        log: the log; its owner refreshes it.
        matcher: what to ask of each line; it is not closed here.
    """

    def __init__(self, log: LogReader, matcher: LineMatcher) -> None:
        self.log = log
        self.sets = tuple(LineSet() for _ in range(matcher.set_count))
        """What was found, as the matcher sorts it."""
        self.restarts = 0
        """How often the log turned out to be another one: then nothing that was found before holds."""
        self.problem: WharfError | None = None
        """Why it cannot go on."""
        self.cut_lines = 0
        """Lines so long that only their beginning was looked at."""
        self._matcher = matcher
        self._log_restarts = log.restarts
        self._coverage = Coverage()
        self._unfinished_size = 0
        """Size of the log when the line without an end was looked at."""
        self._unfinished_at: int | None = None
        """Where that line starts: what was found in it holds until it is looked at again."""
        self._aim = 0
        self._backwards = False
        self._pending: Piece | None = None
        self._known_lines = {0: 1}
        """Number of the line that starts at some offsets."""
        self._changed: tuple[int, int] | None = None

    @property
    def progress(self) -> Progress:
        """How much has been looked at."""
        end = self._end()
        if self.problem is not None:
            return Progress(end, end)
        unfinished = self.log.has_unfinished_line and self._unfinished_size == end
        return Progress(self._coverage.size + (end - self.log.complete_end if unfinished else 0), end)

    def aim(self, line: int, *, backwards: bool = False) -> None:
        """Look first at ``line`` and what follows it (or, backwards, at what comes before it)."""
        self._aim = self.log.offset_of(line + 1 if backwards else line)
        self._backwards = backwards

    def covers(self, first: int, last: int) -> bool:
        """Whether the lines from ``first`` to ``last`` have all been looked at."""
        if first > last or self.progress.is_done:
            return True
        return self._coverage.covers(self.log.offset_of(first), self.log.offset_of(last + 1))

    def take_changed(self) -> tuple[int, int] | None:
        """The first and last line between which the sets have changed since this was asked before."""
        changed, self._changed = self._changed, None
        return changed

    def step(self, budget_bytes: int) -> Progress:
        """Look at about ``budget_bytes`` more; see ``SlicedWork.step``."""
        if self.log.restarts != self._log_restarts:
            self._start_again()
        enough = (
            budget_bytes // 8
        )  # a piece ends with a line, so that a few bytes are left over: not worth a piece
        while budget_bytes > enough and self.problem is None:
            try:
                piece = self._pending or self._next_piece(budget_bytes)
                if piece is None:
                    break
                found = self._matcher.match(piece.data)
            except WharfError as error:
                self.problem = error
                break
            self._pending = piece if found is None else None
            if found is None:
                break
            self._keep(piece, found)
            budget_bytes -= piece.end - piece.start
        return self.progress

    def _end(self) -> int:
        return self.log.size if self.log.has_unfinished_line else self.log.complete_end

    def _next_piece(self, budget: int) -> Piece | None:
        log, end = self.log, self.log.complete_end
        if self._backwards:
            gap = self._coverage.gap_before(min(self._aim, end)) or self._coverage.gap_before(end)
        else:
            gap = self._coverage.gap_after(self._aim, end) or self._coverage.gap_after(0, end)
        if gap is None and log.has_unfinished_line and self._unfinished_size != log.size:
            gap = end, log.size
        if gap is None:
            return None
        piece = (piece_before if self._backwards else piece_after)(log, *gap, min(budget, _PIECE_BYTES))
        if piece is None:
            raise InputError(
                f"{log.path} became shorter while it was looked at", "Look again once its writer is done."
            )
        return piece

    def _keep(self, piece: Piece, found: tuple[int, ...]) -> None:
        self.cut_lines += piece.is_cut
        was_unfinished = self._unfinished_at is not None and piece.start <= self._unfinished_at < piece.end
        if any(found) or was_unfinished:
            first = self._first_line(piece)
            count = piece.data.count(b"\n") + (piece.is_cut or not piece.data.endswith(b"\n"))
            for lines, bits in zip(self.sets, found, strict=True):
                lines.put(first, bits, count)
            low, high = self._changed or (first, first)
            self._changed = min(low, first), max(high, first + count - 1)
            self._known_lines = {0: 1, piece.start: first, piece.end: first + count}
        if piece.start < self.log.complete_end and (piece.is_cut or piece.data.endswith(b"\n")):
            self._coverage.add(piece.start, piece.end)
        else:
            self._unfinished_at, self._unfinished_size = piece.start, piece.end

    def _first_line(self, piece: Piece) -> int:
        if piece.start in self._known_lines:
            return self._known_lines[piece.start]
        if piece.end in self._known_lines and not piece.is_cut:
            return self._known_lines[piece.end] - piece.data.count(b"\n")
        return line_at(self.log, piece.start)

    def _start_again(self) -> None:
        self._log_restarts = self.log.restarts
        self.restarts += 1
        for lines in self.sets:
            lines.clear()
        self._coverage = Coverage()
        self._known_lines = {0: 1}
        self._unfinished_size = self._aim = self.cut_lines = 0
        self._unfinished_at = self._pending = self.problem = self._changed = None
