"""Rows of lines and of what stands between them, against a list that is simply written down."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wharf_tui.insight.line_filter import FilterRules, LineFilter
from wharf_tui.insight.line_set import LineSet
from wharf_tui.insight.pattern import Pattern, compile_pattern
from wharf_tui.insight.sections import Fold, FoldKind
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import Gap, GapKind, LogLine
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter
from wharf_tui.ui.folding import Folding
from wharf_tui.ui.log_document import LogDocument
from wharf_tui.ui.rows import Note, NoteKind, RowMark
from wharf_tui.ui.shown_lines import AllLines, FilteredLines, RowLayout, ShownLines, UnfoldedLines

ALL = 1 << 40
Item: TypeAlias = tuple[int, int]
"""Line and -1, or the line before an extra and the extra's number."""


def line_set(lines: set[int]) -> LineSet:
    made = LineSet()
    for line in lines:
        made.put(line, 1, 1)
    return made


def ranges_of(hidden: set[int]) -> list[tuple[int, int]]:
    """Runs of neighbours, some of them cut in two where they touch."""
    found: list[tuple[int, int]] = []
    for line in sorted(hidden):
        if found and found[-1][1] == line - 1:
            found[-1] = (found[-1][0], line)
        else:
            found.append((line, line))
    return found


def written_down(visible: set[int], extras: list[int], count: int) -> list[Item]:
    rows: list[Item] = []
    for line in range(count + 1):
        if line in visible and line:
            rows.append((line, -1))
        rows += [(line, index) for index, after in enumerate(extras) if after == line]
    return rows


@st.composite
def layouts(draw: st.DrawFn) -> tuple[str, set[int], list[int], int]:
    count = draw(st.integers(0, 40))
    kind = draw(st.sampled_from(["all", "filtered", "unfolded"]))
    visible = set(range(1, count + 1))
    if kind != "all":
        visible &= draw(st.sets(st.integers(1, 40)))
    extras = sorted(draw(st.lists(st.integers(0, count), max_size=12)))
    return kind, visible, extras, count


def shown_of(kind: str, visible: set[int], count: int) -> ShownLines:
    if kind == "all":
        return AllLines()
    if kind == "filtered":
        return FilteredLines(line_set(visible))
    return UnfoldedLines(ranges_of(set(range(1, count + 1)) - visible))


@given(layouts())
def test_rows_are_as_written_down(made: tuple[str, set[int], list[int], int]) -> None:
    kind, visible, extras, count = made
    layout = RowLayout(shown_of(kind, visible, count), extras, lambda: count)
    rows = written_down(visible, extras, count)
    assert layout.row_count == len(rows)
    assert [layout.item(row) for row in range(len(rows))] == rows
    for line in range(1, count + 1):
        assert layout.is_shown(line) == (line in visible)
        at_or_behind = [row for row, (at, extra) in enumerate(rows) if at > line or (at == line)]
        assert layout.row_of_line(line) == (at_or_behind[0] if at_or_behind else len(rows))


@given(layouts())
def test_the_place_of_every_row_is_found_again(made: tuple[str, set[int], list[int], int]) -> None:
    kind, visible, extras, count = made
    layout = RowLayout(shown_of(kind, visible, count), extras, lambda: count)
    for row in range(layout.row_count):
        line, extra = layout.item(row)
        assert layout.row_of(line, 0 if extra < 0 else layout.behind(extra)) == row


@given(layouts(), st.integers(0, 30))
def test_lines_that_come_move_nothing_that_is_there(
    made: tuple[str, set[int], list[int], int], more: int
) -> None:
    kind, visible, extras, count = made
    counted = [count]
    layout = RowLayout(shown_of(kind, visible, count), extras, lambda: counted[0])
    before = [layout.item(row) for row in range(layout.row_count)]
    counted[0] += more
    if kind == "filtered":
        assert layout.row_count == len(before)
    else:
        assert layout.row_count == len(before) + more
    at_end = sum(after == count for after in extras)
    kept = len(before) - at_end
    assert [layout.item(row) for row in range(kept)] == before[:kept]


@pytest.mark.parametrize("behind", [1, 2, 3])
def test_the_place_of_an_extra_that_is_gone_is_that_of_what_follows(behind: int) -> None:
    layout = RowLayout(AllLines(), [2, 2], lambda: 5)
    assert [layout.item(row)[0] for row in range(layout.row_count)] == [1, 2, 2, 2, 3, 4, 5]
    assert layout.row_of(2, behind) == 1 + min(behind, 2)
    assert layout.row_of(3, behind) == 5


class Grown:
    """A document that is changed in all ways, and what its rows ought to be."""

    def __init__(self, folder: Path) -> None:
        self.writer = LogWriter(folder / "step")
        self.document = LogDocument(LogReader(self.writer.step_dir), StepId(3))
        self.document.refresh(ALL, follow=True)
        self.messages: list[bytes] = []
        self.gaps: list[int] = []
        self.notes: dict[NoteKind, list[int]] = {}
        self.folds: list[tuple[int, int]] = []
        self.needle: bytes | None = None
        self.filter: LineFilter | None = None

    def close(self) -> None:
        self.writer.close()
        self.document.log.close()

    def append(self, messages: list[bytes]) -> None:
        self.writer.append_many([((len(self.messages) + n) * 10**9, m) for n, m in enumerate(messages)])
        self.messages += messages
        self.look()

    def gap(self) -> None:
        self.writer.add_gap(GapKind.LOST_BEFORE_US, "gone")
        if self.gaps[-1:] != [len(self.messages)]:
            self.gaps.append(len(self.messages))
        self.look()

    def note(self, kind: NoteKind, after: list[int]) -> None:
        self.notes[kind] = sorted(after)
        self.document.set_notes(
            kind, tuple(Note(line, kind, f"{kind.value} {line}") for line in sorted(after))
        )

    def show_only(self, needle: bytes | None) -> None:
        self.needle = needle
        self.filter = None
        if needle is not None:
            pattern = compile_pattern(needle.decode(), is_regex=False)
            assert isinstance(pattern, Pattern)
            self.filter = LineFilter(self.document.log, FilterRules(keep=(pattern,)))
        self.document.show_only(self.filter)
        self.look()

    def fold(self, folds: list[tuple[int, int]]) -> None:
        self.folds = folds
        made = [Fold(first, last, "", FoldKind.SECTION, folded=True) for first, last in sorted(folds)]
        self.document.fold(Folding(made, {}) if made else None)

    def do(self, what: str, value: object) -> None:
        if what in {"silence", "status"}:
            self.note(NoteKind(what), value)  # type: ignore[arg-type]
        elif what == "gap":
            self.gap()
        elif what == "all":
            self.show_only(None)
        else:
            getattr(self, {"append": "append", "filter": "show_only", "fold": "fold"}[what])(value)

    def look(self) -> None:
        self.document.refresh(ALL, follow=True)
        if self.filter is not None:
            while not self.filter.step(ALL).is_done:
                pass

    @property
    def expected(self) -> list[str]:
        hidden: set[int] = set()
        if self.needle is None:
            for first, last in self.folds:
                hidden |= set(range(first + 1, last + 1))
        rows = []
        for line in range(len(self.messages) + 1):
            message = self.messages[line - 1] if line else b""
            if line and line not in hidden and (self.needle is None or self.needle in message):
                rows.append(f"{line} {message.decode()}")
            rows += [f"gap {line}" for at in self.gaps if at == line]
            if self.needle is None:
                for kind in (NoteKind.SILENCE, NoteKind.STATUS):
                    rows += [f"{kind.value} {line}" for at in self.notes.get(kind, []) if at == line]
        return rows

    @property
    def shown(self) -> list[str]:
        return [self.text(row) for row in range(self.document.row_count)]

    def text(self, number: int) -> str:
        row = self.document.row(number)
        if isinstance(row, Gap):
            return f"gap {row.after}"
        if isinstance(row, Note):
            return row.text
        assert isinstance(row, LogLine)
        return f"{row.log_id} {row.message.decode()}"


@st.composite
def changes(draw: st.DrawFn) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    count = 0
    for _ in range(draw(st.integers(1, 9))):
        what = draw(st.sampled_from(["append", "gap", "silence", "status", "filter", "all", "fold"]))
        value: object = None
        if what == "append":
            value = draw(st.lists(st.sampled_from([b"a", b"b", b"ab"]), min_size=1, max_size=40))
            count += len(value)
        elif what in {"silence", "status"}:
            value = draw(st.lists(st.integers(0, count), max_size=4))
        elif what == "filter":
            value = draw(st.sampled_from([b"a", b"b", b"ab", b"c"]))
        elif what == "fold":
            edges = sorted(draw(st.sets(st.integers(1, max(count, 1)), max_size=8)))
            value = [
                (first, last) for first, last in zip(edges[::2], edges[1::2], strict=False) if last > first
            ]
        found.append((what, value))
    return found


@settings(max_examples=150, deadline=None)
@given(made=changes(), look_at=st.integers(0, 1000))
def test_a_document_shows_what_it_ought_to_and_holds_places_through_all_changes(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[str, object]], look_at: int
) -> None:
    grown = Grown(tmp_path_factory.mktemp("log"))
    document = grown.document
    for what, value in made:
        held: dict[str, RowMark] = {}
        for row in range(document.row_count):
            mark = document.mark_of(row)
            assert mark is not None
            assert mark.step_id == 3
            held[grown.text(row)] = mark
        version = document.version
        before = grown.shown
        grown.do(what, value)
        assert grown.shown == grown.expected
        if grown.shown[: len(before)] != before:
            assert document.version != version or document.filter is not None
        for text, mark in held.items():
            # Gaps come before notes, so that a gap has always the same place behind its line.
            if text in grown.shown and (not mark.behind or text.startswith("gap")):
                assert grown.text(document.row_of_mark(mark)) == text
            elif document.row_count:
                assert 0 <= document.row_of_mark(mark) < document.row_count
        rows = range(document.row_count)
        if len(rows) > 1:
            start = look_at % len(rows)
            rows = range(start, min(start + 1 + look_at % 70, len(rows)))
        copied = [f"{line.log_id} {line.message.decode()}" for _, line in document.whole_lines(rows, 1000)]
        assert copied == [text for text in map(grown.text, rows) if text[0].isdigit()]
    grown.close()


def test_a_note_behind_what_has_not_come_yet_waits(tmp_path: Path) -> None:
    grown = Grown(tmp_path)
    grown.append([b"a"])
    grown.document.set_notes(NoteKind.STATUS, (Note(2, NoteKind.STATUS, "later"),))
    assert grown.shown == ["1 a"]
    grown.append([b"b", b"c"])
    assert grown.shown == ["1 a", "2 b", "later", "3 c"]
