"""Parts of a log that can be folded: sections marked for GitHub, GitLab or Buildkite, and stack traces.

What a marker says only changes what is folded; it never steers anything else.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from enum import Enum
from typing import Final

from wharf_tui.insight.line_form import STAMP, form_of
from wharf_tui.insight.log_pieces import piece_after
from wharf_tui.insight.re2_engine import compile_re2
from wharf_tui.insight.section_markers import (
    MARKER_HINTS,
    Dialect,
    Marker,
    MarkerKind,
    is_diff_pair,
    markers_in,
)
from wharf_tui.insight.slices import Progress
from wharf_tui.insight.stack_traces import TRACE_HINTS, TraceFollower
from wharf_tui.model.text import clean
from wharf_tui.results.log_reader import LogReader

MOST_FOLDS: Final = 50_000
"""Folds that are kept of one log."""
_PIECE_BYTES: Final = 512 * 1024
_TITLE_BYTES: Final = 500


class FoldKind(Enum):
    """What a fold is."""

    SECTION = "section"
    TRACE = "trace"


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines that can be shown as one."""

    first_line: int
    """Line of the file that stays in sight: the marker of a section, the headline of a trace."""
    last_line: int
    """The last line that is hidden; for a section that has no end yet, the last line there is."""
    title: str
    """Safe to show."""
    kind: FoldKind
    folded: bool
    """Whether its marker asks for it to be folded at first."""


@dataclass(slots=True)
class _OpenSection:
    first_line: int
    marker: Marker
    folded: bool

    def closed_at(self, line: int) -> Fold:
        return Fold(self.first_line, line, _title(self.marker.title), FoldKind.SECTION, self.folded)


class FoldIndex:
    """The folds of one log. Built in slices; goes on as the log grows.

    Args:
        log: the log; its owner refreshes it.
    """

    def __init__(self, log: LogReader) -> None:
        self.restarts = 0
        """How often the log turned out to be another one: then nothing that was found before holds."""
        self._log = log
        self._form = form_of(log)
        self._log_restarts = log.restarts
        self._hints = compile_re2(b"|".join([MARKER_HINTS, TRACE_HINTS]).replace(b"%s", STAMP))
        self._offset, self._line = 0, 1
        self._begin()

    @property
    def folds(self) -> list[Fold]:
        """In the order of their first lines; one may lie within another."""
        last = self._line - 1
        found = [*self._closed, *(section.closed_at(last) for section in self._sections)]
        trace = self._trace.so_far()
        if trace is not None:
            found.append(_trace_fold(*trace))
        return sorted((fold for fold in found if fold.last_line > fold.first_line), key=_place)

    @property
    def progress(self) -> Progress:
        """How much has been looked at."""
        return Progress(self._offset, self._log.complete_end)

    def step(self, budget_bytes: int) -> Progress:
        """Look at about ``budget_bytes`` more; see ``SlicedWork.step``."""
        log = self._log
        if log.restarts != self._log_restarts:
            self._log_restarts = log.restarts
            self.restarts += 1
            self._begin()
        enough = budget_bytes // 8
        while budget_bytes > enough and self._offset < log.complete_end:
            piece = piece_after(log, self._offset, log.complete_end, min(budget_bytes, _PIECE_BYTES))
            if piece is None:
                break
            self._read(self._form.without_escapes(piece.data))
            self._offset = piece.end
            budget_bytes -= piece.end - piece.start
        return self.progress

    def _begin(self) -> None:
        self._closed: list[Fold] = []
        self._sections: list[_OpenSection] = []
        self._trace = TraceFollower()
        self._offset = 0
        self._line = 1
        """The line that comes next."""
        self._before = b""
        """The last line of the piece before."""
        self._patch_line = 0
        """The second line of a patch's head."""

    def _read(self, text: bytes) -> None:
        position = 0
        while position < len(text):
            if not self._trace.is_open:
                start = self._next_hint(text, position)
                self._line += text.count(b"\n", position, start)
                position = start
                if position >= len(text):
                    break
            end = text.find(b"\n", position)
            end = len(text) if end < 0 else end
            self._take(text, position, end)
            self._line += 1
            position = end + 1
        self._before = self._message_at(text, text.rfind(b"\n", 0, len(text) - 1) + 1)

    def _next_hint(self, text: bytes, position: int) -> int:
        """Start of the next line that may matter."""
        if self._hints is None:
            return position
        hit = self._hints.find(text, position)[0]
        return text.rfind(b"\n", 0, hit) + 1 if hit >= 0 else len(text)

    def _take(self, text: bytes, start: int, end: int) -> None:
        message = text[self._form.message_start(text, start, end) : end]
        if self._trace.is_open:
            if self._trace.goes_on(self._line, message):
                return
            trace = self._trace.end()
            if trace is not None:
                self._keep(_trace_fold(*trace))
        markers = markers_in(message)
        if markers and self._line != self._patch_line:
            if is_diff_pair(message, self._message_at(text, end + 1)):
                self._patch_line = self._line + 1
            else:
                for marker in markers:
                    self._mark(marker)
        elif not markers:
            before = text.rfind(b"\n", 0, max(start - 1, 0)) + 1
            self._trace.begin(self._line, message, self._message_at(text, before) if start else self._before)

    def _message_at(self, text: bytes, start: int) -> bytes:
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        return text[self._form.message_start(text, start, end) : end]

    def _mark(self, marker: Marker) -> None:
        line = self._line
        if marker.kind is MarkerKind.UNFOLD:
            for section in self._sections[-1:]:
                section.folded = False
            return
        if marker.kind is MarkerKind.CLOSE:
            self._close(marker, line)
            return
        if marker.dialect is not Dialect.GITLAB:
            self._close(marker, line - 1)
        self._sections.append(_OpenSection(line, marker, marker.folded))

    def _close(self, marker: Marker, line: int) -> None:
        """End the section that a marker ends, and those within it."""
        fits = [
            index
            for index, section in enumerate(self._sections)
            if section.marker.dialect is marker.dialect and marker.name in {b"", section.marker.name}
        ]
        if fits:
            for section in self._sections[fits[-1] :]:
                self._keep(section.closed_at(line))
            del self._sections[fits[-1] :]

    def _keep(self, fold: Fold) -> None:
        if fold.last_line > fold.first_line and len(self._closed) < MOST_FOLDS:
            insort(self._closed, fold, key=_place)


def _place(fold: Fold) -> tuple[int, int]:
    return fold.first_line, -fold.last_line


def _trace_fold(first: int, last: int, title: bytes) -> Fold:
    return Fold(first, last, _title(title), FoldKind.TRACE, folded=False)


def _title(text: bytes) -> str:
    return clean(text, limit=_TITLE_BYTES).text.strip()
