"""Frames and chunks come out the same however the stream was cut; what is no stream is refused."""

from __future__ import annotations

import struct
from http.client import HTTPException

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.runtimes.docker.frames import LONGEST_FRAME, FrameDecoder, FrameError, Stream
from wharf_tui.runtimes.docker.streams import ChunkDecoder

streams = st.sampled_from(Stream)
frames = st.lists(st.tuples(streams, st.binary(min_size=1, max_size=40)), max_size=12)


def encode(kind: int, payload: bytes) -> bytes:
    return struct.pack(">BxxxL", kind, len(payload)) + payload


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    """``data`` in pieces of these sizes, over and over."""
    pieces, start = [], 0
    while start < len(data):
        for size in sizes:
            pieces.append(data[start : start + size])
            start += size
    return [piece for piece in pieces if piece]


cuts = st.lists(st.integers(1, 30), min_size=1, max_size=5)


@given(frames, cuts)
def test_any_cutting_gives_the_same_frames(sent, sizes) -> None:
    decoder = FrameDecoder()
    got = [
        frame
        for piece in cut(b"".join(encode(*frame) for frame in sent), sizes)
        for frame in decoder.feed(piece)
    ]
    assert got == sent
    assert decoder.is_between_frames


def test_the_stream_of_standard_input_counts_as_output() -> None:
    assert FrameDecoder().feed(encode(0, b"x")) == [(Stream.STDOUT, b"x")]


def test_empty_frames_say_nothing() -> None:
    assert FrameDecoder().feed(encode(1, b"") + encode(2, b"e")) == [(Stream.STDERR, b"e")]


def test_an_end_inside_a_frame_is_seen() -> None:
    decoder = FrameDecoder()
    assert decoder.feed(encode(1, b"abc")[:-1]) == []
    assert not decoder.is_between_frames


def test_the_daemon_gives_up() -> None:
    with pytest.raises(FrameError, match="Error grabbing logs"):
        FrameDecoder().feed(encode(3, b"Error grabbing logs: bad\n"))


@pytest.mark.parametrize("header", [struct.pack(">BxxxL", 9, 1), struct.pack(">BxxxL", 1, 2**32 - 1)])
def test_what_is_no_frame_is_refused_before_it_is_waited_for(header: bytes) -> None:
    with pytest.raises(FrameError):
        FrameDecoder().feed(header + b"x")


def test_the_longest_frame_is_taken() -> None:
    payload = b"x" * LONGEST_FRAME
    assert FrameDecoder().feed(encode(1, payload)) == [(Stream.STDOUT, payload)]


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), cuts)
def test_any_cutting_gives_the_same_body(chunks, sizes) -> None:
    sent = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    decoder = ChunkDecoder()
    assert b"".join(decoder.feed(piece) for piece in cut(sent, sizes)) == b"".join(chunks)
    assert decoder.has_ended


@pytest.mark.parametrize("data", [b"no number\r\nx", b"1" * 5000])
def test_what_is_no_chunk_is_refused(data: bytes) -> None:
    with pytest.raises(HTTPException):
        ChunkDecoder().feed(data)


def test_chunks_may_carry_extensions() -> None:
    assert ChunkDecoder().feed(b"3;a=b\r\nxyz\r\n") == b"xyz"
