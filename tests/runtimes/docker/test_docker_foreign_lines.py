"""Lines of foreign containers' logs: framed or raw, cut anywhere, of one process or of several after one another."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.model.timestamps import NS, format_rfc3339
from wharf_tui.runtimes.docker.foreign_lines import FramedLines, LineParser, RawLines
from wharf_tui.runtimes.docker.frames import FrameError, Stream
from wharf_tui.runtimes.docker.position import PART_BYTES

T0 = 1_700_000_000 * NS


def stamp(number: int) -> bytes:
    return format_rfc3339(T0 + number) + b" "


def framed(stream: Stream, entry: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(entry)) + entry


def messages(parser: LineParser, data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    lines = []
    for start, stop in pairwise(places):
        lines += parser.feed(data[start:stop])
    return [line.message for line in [*lines, *parser.unended()]]


def in_parts(message: bytes, prefix: bytes) -> list[bytes]:
    """A line as entries of the log."""
    whole = message + b"\n"
    return [prefix + whole[start : start + PART_BYTES] for start in range(0, len(whole), PART_BYTES)]


LINES = st.lists(
    st.one_of(st.binary(max_size=40), st.integers(16_380, 33_000).map(lambda n: b"x" * n)), max_size=8
)
LINES_WITHOUT_LF = LINES.map(lambda lines: [line.replace(b"\n", b".") for line in lines])
CUTS = st.lists(st.integers(0, 10**6), max_size=10)


@given(LINES_WITHOUT_LF, CUTS)
def test_framed_lines_are_whole_wherever_blocks_end(lines: list[bytes], cuts: list[int]) -> None:
    entries = [entry for number, line in enumerate(lines) for entry in in_parts(line, stamp(number))]
    parser = FramedLines()
    assert messages(parser, b"".join(framed(Stream.STDOUT, entry) for entry in entries), cuts) == lines
    assert parser.entries == len(entries)


@given(LINES_WITHOUT_LF, CUTS)
def test_raw_lines_are_whole_wherever_blocks_end(lines: list[bytes], cuts: list[int]) -> None:
    entries = [entry for number, line in enumerate(lines) for entry in in_parts(line, stamp(number))]
    parser = RawLines()
    assert messages(parser, b"".join(entries), cuts) == lines
    assert parser.entries == len(entries)


def test_last_words_are_not_glued_to_the_next_process() -> None:
    entries = [stamp(1) + b"last words", stamp(2) + b"first line\n"]
    expected = [b"last words", b"first line"]
    assert (
        messages(FramedLines(), b"".join(framed(Stream.STDOUT, entry) for entry in entries), []) == expected
    )
    assert messages(RawLines(), b"".join(entries), []) == expected


def test_a_time_that_the_program_has_printed_stays() -> None:
    line = stamp(5) + b"it was " + stamp(3) + b"and again " + stamp(5) + b"\n"
    assert messages(RawLines(), line, []) == [b"it was " + stamp(3) + b"and again " + stamp(5)]


def test_streams_do_not_mix() -> None:
    long = b"o" * PART_BYTES
    data = (
        framed(Stream.STDOUT, stamp(1) + long)
        + framed(Stream.STDERR, stamp(2) + b"error\n")
        + framed(Stream.STDOUT, stamp(1) + b"end\n")
    )
    assert messages(FramedLines(), data, []) == [b"error", long + b"end"]


@pytest.mark.parametrize("parser", [FramedLines(), RawLines()], ids=["framed", "raw"])
def test_what_is_no_log(parser: LineParser) -> None:
    text = b"Error grabbing logs: unexpected end of JSON input\n"
    with pytest.raises(FrameError):
        parser.feed(framed(Stream.STDOUT, text) if isinstance(parser, FramedLines) else text)
