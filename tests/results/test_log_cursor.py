"""A subscriber's place: whatever the blocks, holes and growth, each line once, in order, under its ID."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.model.ids import LogId
from wharf_tui.model.lines import GapKind
from wharf_tui.results.log_cursor import LineAssembler, LogBlock, LogCursor
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter

TEXTS = st.binary(max_size=20).map(lambda text: text.replace(b"\n", b"").replace(b"\r", b"")) | st.just(
    b"L" * 300
)
ENTRIES = st.lists(TEXTS | st.integers(1, 4), max_size=12)
"""Texts of lines, and sizes of holes between them."""


@pytest.fixture
def step(tmp_path):
    return tmp_path / "steps" / "1"


def drain(cursor, max_bytes, up_to=None):
    blocks = []
    while (block := cursor.read(max_bytes, up_to)) is not None:
        assert block.data
        assert block.line_ends == block.data.count(b"\n")
        assert block.is_whole == block.data.endswith(b"\n")
        assert len(block.data) <= max_bytes + 1
        assert block.is_whole or block.line_ends == 0
        blocks.append(block)
    return blocks


def assemble(blocks):
    assembler = LineAssembler()
    return [(line.log_id, line.message) for block in blocks for line in assembler.feed(block)]


def fill(writer, entries, model):
    for entry in entries:
        if isinstance(entry, int):
            writer.add_gap(GapKind.HOLE, "lost", missing=entry)
            model += [None] * entry
        else:
            writer.append_stored(entry + b"\n")
            model.append(entry)


def known(model):
    return [(log_id, text) for log_id, text in enumerate(model, 1) if text is not None]


@given(ENTRIES, ENTRIES, st.integers(1, 40) | st.just(1 << 20), st.data())
def test_every_line_once_under_its_id(tmp_path_factory, first, later, max_bytes, data):
    writer = LogWriter(tmp_path_factory.mktemp("build") / "steps" / "1")
    reader = LogReader(writer.step_dir)
    model: list[bytes | None] = []
    fill(writer, first, model)
    reader.refresh()
    after = data.draw(st.integers(0, len(model) + 1))
    cursor = LogCursor(reader, after)
    blocks = []
    if data.draw(st.booleans()):
        up_to = data.draw(st.integers(0, len(model) + 2))
        blocks = drain(cursor, max_bytes, up_to)
        assert assemble(blocks) == [line for line in known(model) if after < line[0] <= up_to]
    blocks += drain(cursor, max_bytes)
    assert not cursor.is_behind
    fill(writer, later, model)
    reader.refresh()
    assert cursor.is_behind == (
        cursor.next_log_id <= len(model) and known(model)[-1][0] >= cursor.next_log_id
    )
    blocks += drain(cursor, max_bytes)
    assert assemble(blocks) == [line for line in known(model) if line[0] > after]
    assert not cursor.is_behind
    writer.close()
    reader.close()


@given(ENTRIES, st.integers(0, 30), st.integers(1, 40))
def test_history_and_live_meet_without_a_seam(tmp_path_factory, entries, high_water, max_bytes):
    """Backfill up to H and live from H on are two cursors: together each line once."""
    writer = LogWriter(tmp_path_factory.mktemp("build") / "steps" / "1")
    model: list[bytes | None] = []
    fill(writer, entries, model)
    reader = LogReader(writer.step_dir)
    reader.refresh()
    high_water = min(high_water, len(model))
    live = LogCursor(reader, high_water)
    backfill = LogCursor(reader)
    new, old = assemble(drain(live, max_bytes)), assemble(drain(backfill, max_bytes, high_water))
    assert old + new == known(model)
    assert all(log_id <= high_water for log_id, _ in old)
    assert all(log_id > high_water for log_id, _ in new)
    writer.close()
    reader.close()


def test_a_long_line_comes_in_several_blocks(step):
    writer = LogWriter(step)
    writer.append_stored(b"a\n" + b"x" * 25 + b"\nb\n")
    reader = LogReader(step)
    reader.refresh()
    cursor = LogCursor(reader)
    assert drain(cursor, 10) == [
        LogBlock(LogId(1), 1, b"a\n"),
        LogBlock(LogId(2), 0, b"x" * 10),
        LogBlock(LogId(2), 0, b"x" * 10),
        LogBlock(LogId(2), 2, b"x" * 5 + b"\nb\n"),
    ]
    assert cursor.next_log_id == 4
    writer.close()
    reader.close()


def test_a_block_ends_at_a_hole(step):
    writer = LogWriter(step)
    writer.append_stored(b"one\ntwo\n")
    writer.add_gap(GapKind.HOLE, "lost", missing=3)
    writer.append_stored(b"six\n")
    reader = LogReader(step)
    reader.refresh()
    assert drain(LogCursor(reader), 1000) == [
        LogBlock(LogId(1), 2, b"one\ntwo\n"),
        LogBlock(LogId(6), 1, b"six\n"),
    ]
    assert drain(LogCursor(reader, after=4), 1000) == [LogBlock(LogId(6), 1, b"six\n")]
    writer.close()
    reader.close()


def test_a_hole_that_becomes_known_later_moves_the_place(step):
    writer = LogWriter(step)
    writer.append_stored(b"one\ntwo\n")
    reader = LogReader(step)
    early = LogCursor(reader, after=2)
    reader.refresh()
    late = LogCursor(reader, after=2)
    writer.add_gap(GapKind.HOLE, "lost", missing=2)
    writer.append_stored(b"five\n")
    reader.refresh()
    for cursor in (early, late):
        assert drain(cursor, 1000) == [LogBlock(LogId(5), 1, b"five\n")]
    writer.close()
    reader.close()


def test_nothing_of_an_open_line_is_handed_on_while_somebody_writes(step):
    writer = LogWriter(step)
    writer.append_stored_part(b"one\nhal")
    reader = LogReader(step)
    reader.refresh()
    cursor = LogCursor(reader)
    assert drain(cursor, 1000) == [LogBlock(LogId(1), 1, b"one\n")]
    writer.append_stored_part(b"f\n")
    reader.refresh()
    assert drain(cursor, 1000) == [LogBlock(LogId(2), 1, b"half\n")]
    writer.close()
    reader.close()


@pytest.mark.parametrize("max_bytes", [1, 2, 3, 4, 1000])
def test_an_unfinished_line_is_handed_on_where_nobody_writes(step, max_bytes):
    step.mkdir(parents=True)
    (step / "logs.log").write_bytes(b"one\nhalf")
    reader = LogReader(step, take_unfinished_line=True)
    reader.refresh()
    cursor = LogCursor(reader)
    assert assemble(drain(cursor, max_bytes)) == [(1, b"one"), (2, b"half")]
    with (step / "logs.log").open("ab") as file:
        file.write(b" grew after all\nthree\n")
    reader.refresh()
    assert assemble(drain(cursor, max_bytes)) == [(3, b"three")]
    reader.close()


def test_it_starts_again_with_a_log_that_is_replaced(step):
    step.mkdir(parents=True)
    (step / "logs.log").write_bytes(b"one\ntwo\n" + b"x" * 100 + b"\n")
    reader = LogReader(step)
    reader.refresh()
    cursor, assembler = LogCursor(reader), LineAssembler()
    blocks = [cursor.read(9), cursor.read(9)]
    assert blocks[1] == LogBlock(LogId(3), 0, b"x" * 9)
    (step / "other").write_bytes(b"new\nlog\n")
    (step / "other").replace(step / "logs.log")
    reader.refresh()
    blocks += drain(cursor, 1000)
    lines = [line for block in blocks if block for line in assembler.feed(block)]
    assert [(line.log_id, line.message) for line in lines] == [
        (1, b"one"),
        (2, b"two"),
        (1, b"new"),
        (2, b"log"),
    ]
    reader.close()


def test_a_log_that_does_not_exist_yet(step):
    reader = LogReader(step)
    reader.refresh()
    cursor = LogCursor(reader)
    assert cursor.read(1000) is None
    assert cursor.next_log_id == 1
    writer = LogWriter(step)
    writer.append(None, b"one")
    reader.refresh()
    assert assemble(drain(cursor, 1000)) == [(1, b"one")]
    writer.close()
    reader.close()


def test_a_log_that_is_cut_off_under_the_cursor(step):
    step.mkdir(parents=True)
    (step / "logs.log").write_bytes(b"line\n" * 1000)
    reader = LogReader(step)
    reader.refresh()
    cursor = LogCursor(reader)
    assert cursor.read(50) is not None
    (step / "logs.log").write_bytes(b"")
    assert cursor.read(50) is None
    assert LogCursor(reader, after=900).read(50) is None
    reader.refresh()
    assert cursor.read(50) is None
    reader.close()


def test_many_cursors_share_one_reader(step):
    writer = LogWriter(step)
    reader = LogReader(step)
    reader.refresh()
    cursors = [LogCursor(reader, after) for after in range(200)]
    got: list[list[bytes]] = [[] for _ in cursors]
    for number in range(1, 201):
        writer.append(None, b"%d" % number)
        if number % 7 == 0 or number == 200:
            reader.refresh()
            for index in range(0, len(cursors), 1 + number % 3):
                got[index] += [block.data for block in drain(cursors[index], 30)]
    for index, cursor in enumerate(cursors):
        got[index] += [block.data for block in drain(cursor, 30)]
        assert b"".join(got[index]) == b"".join(b"%d\n" % number for number in range(index + 1, 201))
    writer.close()
    reader.close()
