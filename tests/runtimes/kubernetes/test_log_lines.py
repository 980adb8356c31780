"""Cutting bytes into lines, and reading their times, wherever blocks end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.model.timestamps import parse_rfc3339
from wharf_tui.runtimes.kubernetes.log_lines import LineReader, LineSplitter
from wharf_tui.runtimes.kubernetes.part_times import NodePartTimes, PartTimes, part_times_of

STAMP = b"2024-02-03T10:00:01.123456789Z"


@given(st.binary(max_size=200).map(lambda data: data.replace(b"a", b"\n")), st.lists(st.integers(1, 20)))
def test_lines_do_not_depend_on_where_blocks_end(data: bytes, sizes: list[int]) -> None:
    splitter = LineSplitter()
    lines, rest = [], data
    for size in sizes:
        lines += splitter.feed(rest[:size])
        rest = rest[size:]
    lines += splitter.feed(rest)
    assert [*lines, splitter.rest] == data.split(b"\n")


@given(st.lists(st.integers(0, 150), min_size=1), st.lists(st.integers(1, 90)))
def test_long_lines_are_cut_at_the_same_places_wherever_blocks_end(lengths, sizes) -> None:
    data = b"".join(STAMP + b" " + b"x" * length + b"\n" for length in lengths)
    at_once, in_blocks = LineSplitter(longest=60), LineSplitter(longest=60)
    expected = at_once.feed(data)
    found, rest = [], data
    for size in sizes:
        found += in_blocks.feed(rest[:size])
        rest = rest[size:]
    assert found + in_blocks.feed(rest) == expected
    assert max(map(len, expected)) <= 60
    assert all(line.startswith(STAMP + b" ") for line in expected)
    assert b"".join(line.removeprefix(STAMP + b" ") for line in expected) == b"x" * sum(lengths)
    assert at_once.cuts == in_blocks.cuts == len(expected) - len(lengths)


@pytest.mark.parametrize(
    "stamp",
    [STAMP, b"2024-02-03T10:00:01Z", b"2024-02-03T10:00:01.5Z", b"2024-02-03T12:00:01.123456789+02:00"],
)
def test_times_of_all_kinds(stamp: bytes) -> None:
    reader = LineReader(PartTimes.UNKNOWN)
    assert reader.read([stamp + b" a b"]) == [(parse_rfc3339(stamp), b"a b")]
    assert reader.read([stamp + b" "]) == [(parse_rfc3339(stamp), b"")]


@pytest.mark.parametrize(
    "line", [b"", b"no time", b"2024-02-03T10:00:01.12345678_Z x", b"2024-13-03T10:00:01.123456789Z x"]
)
def test_lines_without_a_time_stay_as_they_are(line: bytes) -> None:
    reader = LineReader(PartTimes.UNKNOWN)
    assert not reader.has_time(line)
    assert reader.read([line]) == [(None, line)]


def test_a_times_own_likeness_inside_of_a_line() -> None:
    """A new kubelet's line may hold a time just where an old one's would: it is the step's."""
    other = b"2024-02-03T10:00:09.000000001Z "
    tricky = STAMP + b" " + b"x" * 16_384 + other + b"y"
    own = STAMP + b" " + b"x" * 16_384 + STAMP + b" y"
    assert LineReader(PartTimes.NO).read([own])[0][1] == own[31:]
    assert LineReader(PartTimes.UNKNOWN).read([tricky])[0][1] == tricky[31:]
    assert LineReader(PartTimes.UNKNOWN).read([own])[0][1] == b"x" * 16_384 + b"y"
    assert LineReader(PartTimes.YES).read([tricky])[0][1] == b"x" * 16_384 + b"y"


def test_parts_that_grew_because_bytes_were_replaced() -> None:
    part = "\ufffd".encode() * 16_384
    line = STAMP + b" " + part + STAMP + b" " + part + STAMP + b" end"
    assert LineReader(PartTimes.YES).read([line])[0][1] == part + part + b"end"


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("v1.20.2", PartTimes.YES),
        ("v1.23.13", PartTimes.YES),
        ("v1.23.14", PartTimes.NO),
        ("v1.24.7-gke.900", PartTimes.YES),
        ("v1.25.4+k3s1", PartTimes.NO),
        ("v1.26.0", PartTimes.NO),
        ("v1.33.1", PartTimes.NO),
        ("v2.0.0", PartTimes.NO),
        ("", PartTimes.UNKNOWN),
        ("weird", PartTimes.UNKNOWN),
    ],
)
def test_kubelets_that_are_known(version: str, expected: PartTimes) -> None:
    assert part_times_of(version) is expected


def test_each_node_is_asked_once() -> None:
    asked = []

    def version_of(node: str) -> str:
        asked.append(node)
        return "v1.20.2"

    nodes = NodePartTimes(version_of)
    assert [nodes.of("a"), nodes.of("a"), nodes.of("")] == [PartTimes.YES, PartTimes.YES, PartTimes.UNKNOWN]
    assert asked == ["a"]
