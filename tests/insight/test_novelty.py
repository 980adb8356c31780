"""What an earlier run has printed, too, is known, whatever numbers, times and names of files are in it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.insight.conftest import MakeLog
from wharf_tui.insight.line_filter import FilterRules, LineFilter
from wharf_tui.insight.novelty import KnownShapes, NoveltyMatcher, shapes_in

STAMP = b"2024-02-03T10:11:12.%09dZ "


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"took 12.3s, 3 of 4", b"took 9.1s, 4 of 12"),
        (b"commit 3f2a91bc done", b"commit 00aa11bb done"),
        (b"id 123e4567-e89b-12d3-a456-426614174000", b"id 00000000-0000-4000-8000-00000000abcd"),
        (b"at 0xdeadbeef", b"at 0x1"),
        (b"wrote /tmp/tmpab12/x.o", b"wrote /tmp/tmpzz/y.o"),
        (b"10:11:12 listening on 127.0.0.1:5010", b"23:59:01 listening on 127.0.0.1:49152"),
        (b"\x1b[31mred 1\x1b[0m", b"red 2"),
    ],
)
def test_what_changes_from_run_to_run_does_not_count(before, after):
    assert shapes_in(before) == shapes_in(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"test_a ok", b"test_b ok"), (b"ok", b"failed"), (b"a deadbee", b"a deadbed"), (b"", b"x")],
)
def test_words_count(before, after):
    assert shapes_in(before) != shapes_in(after)


def known(make_log: MakeLog, data: bytes, budget: int = 1 << 20) -> KnownShapes:
    shapes = KnownShapes(make_log(data))
    while not shapes.progress.is_done:
        shapes.step(budget)
    return shapes


def test_a_line_without_a_twin_is_found_wherever_it_stands(make_log: MakeLog):
    earlier = known(make_log, b"".join(STAMP % n + b"case %d ok\n" % n for n in range(500)), budget=100)
    now = b"case 7 ok\ncase 8 failed\n" + STAMP % 1 + b"case 9 ok\nTraceback\ncase 3 ok"
    assert NoveltyMatcher(earlier).match(now) == (0b01010,)


def test_only_what_is_new_is_shown_with_lines_around(make_log: MakeLog):
    earlier = known(make_log, b"one 1\ntwo\nthree\n")
    log = make_log(b"one 2\ntwo\nboom\nthree\nthree\n")
    line_filter = LineFilter(log, FilterRules(unlike=earlier))
    while not line_filter.progress.is_done:
        line_filter.step(1 << 20)
    assert list(line_filter.visible) == [3]
    line_filter.set_context(1, 1)
    assert list(line_filter.visible) == [2, 3, 4]
    line_filter.close()


@given(st.lists(st.binary(max_size=30).map(lambda data: data.replace(b"\n", b"")), max_size=30))
def test_a_log_has_nothing_new_against_itself(lines):
    data = b"".join(line + b"\n" for line in lines)
    shapes = shapes_in(data)
    assert len(shapes) == len(lines)
    assert shapes == [shape for line in lines for shape in shapes_in(line + b"\n")]


@pytest.mark.parametrize("piece", [b"a-", b"a", b"1", b"1.", b"0x", b"/tmp/", b"aaaaaa-", b"f1-"])
def test_every_line_takes_linear_time(piece):
    line = piece * 200_000
    started = time.process_time()
    shapes_in(line)
    assert time.process_time() - started < 2
