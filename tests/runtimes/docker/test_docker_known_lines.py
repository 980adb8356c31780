"""The place in a log behind which everything is new: found wherever a reading begins, and never guessed."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from wharf_tui.runtimes.docker.frames import Stream
from wharf_tui.runtimes.docker.known_lines import KnownLines, Overlap
from wharf_tui.runtimes.docker.log_entries import LoggedLine


def line(number: int, message: bytes = b"same") -> LoggedLine:
    return LoggedLine(Stream.STDOUT, number, message)


def known(lines: list[LoggedLine]) -> KnownLines:
    lines_known = KnownLines()
    lines_known.add(lines)
    return lines_known


def read(overlap: Overlap, lines: list[LoggedLine], block: int) -> list[LoggedLine]:
    return [
        new for start in range(0, len(lines), block) for new in overlap.feed(lines[start : start + block])
    ]


@st.composite
def logs(draw: st.DrawFn) -> list[LoggedLine]:
    """Times repeat and go back, messages repeat, but no line is both equal to another and told at the same time."""
    times = draw(
        st.lists(
            st.tuples(st.integers(0, 30), st.sampled_from([b"a", b"b"]), st.sampled_from(Stream)), unique=True
        )
    )
    return [LoggedLine(stream, at, message) for at, message, stream in times]


@given(logs(), st.data())
def test_what_is_new_is_found_from_wherever_the_reading_begins(
    log: list[LoggedLine], data: st.DataObject
) -> None:
    assume(log)
    taken = data.draw(st.integers(1, len(log)), "lines taken before")
    first = data.draw(st.integers(0, taken - 1), "line at which the reading begins")
    overlap = Overlap(known(log[:taken]))
    assert read(overlap, log[first:], data.draw(st.integers(1, 5))) == log[taken:]
    assert overlap.is_found


@given(logs(), st.data())
def test_a_hole_is_never_bridged(log: list[LoggedLine], data: st.DataObject) -> None:
    assume(len(log) > 1)
    taken = data.draw(st.integers(1, len(log) - 1), "lines taken before")
    first = data.draw(st.integers(taken, len(log) - 1), "line at which the reading begins")
    overlap = Overlap(known(log[:taken]))
    assert read(overlap, log[first:], 3) == []
    assert not overlap.is_found
    assert overlap.held == log[first:]


def test_nothing_was_taken_before() -> None:
    overlap = Overlap(KnownLines())
    assert overlap.is_found
    assert overlap.feed([line(1)]) == [line(1)]


def test_a_line_that_lacks_its_beginning_does_not_hide_the_place() -> None:
    overlap = Overlap(known([line(1, b"a long line"), line(2), line(3)]))
    assert overlap.feed([line(1, b"line"), line(2), line(3), line(4)]) == [line(4)]


def test_equal_lines_of_one_moment_are_not_counted_by_guess() -> None:
    taken = [line(1), line(7), line(7), line(7)]
    overlap = Overlap(known(taken))
    assert overlap.feed([line(7), line(7), line(7), line(7), line(8)]) == []
    assert not overlap.is_found
    overlap = Overlap(known(taken))
    assert overlap.feed([line(1), line(7), line(7), line(7), line(7), line(8)]) == [line(7), line(8)]


def test_a_container_that_had_ended_without_a_newline() -> None:
    overlap = Overlap(known([line(1), line(2, b"last words")]))
    assert overlap.feed([line(1)]) == []
    assert overlap.is_behind([line(2, b"last words")])
    assert not Overlap(known([line(1)])).is_behind([line(2, b"other")])


def test_what_is_held_is_bounded() -> None:
    overlap = Overlap(known([line(1)]))
    for number in range(20):
        overlap.feed([line(100 + number, b"x" * 1024 * 1024)])
    assert overlap.held is None
    assert overlap.feed([line(1), line(2)]) == [line(2)]
