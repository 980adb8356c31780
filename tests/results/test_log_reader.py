"""Reading by line number and by ID, of a file that grows, has holes, and is replaced; against a plain list."""

import os
import shutil
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wharf_tui.model.errors import InputError
from wharf_tui.model.lines import GapKind
from wharf_tui.model.timestamps import NS, format_rfc3339
from wharf_tui.results.gap_file import write_gaps
from wharf_tui.results.line_index import BLOCK
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter

T0 = 1706954401 * NS
LONG = [BLOCK - 1, BLOCK, 3 * BLOCK, 5 * BLOCK + 3]
LINES = st.lists(
    st.binary(max_size=30).map(lambda text: text.replace(b"\n", b""))
    | st.sampled_from(LONG).map(lambda size: b"L" * size)
    | st.sampled_from(
        [b"", b"2024-02-03T10:00:01Z", b"2024-02-03T10:00:01.5Z text", b"0001-01-01T00:00:00Z x"]
    ),
    max_size=20,
)


@pytest.fixture
def step(tmp_path):
    path = tmp_path / "steps" / "1"
    path.mkdir(parents=True)
    return path


def new_step(tmp_path_factory):
    path = tmp_path_factory.mktemp("build") / "steps" / "1"
    path.mkdir(parents=True)
    return path


def write(step, data, mode="wb"):
    with (step / "logs.log").open(mode) as file:
        file.write(data)


def split(raw: bytes) -> tuple[int | None, bytes]:
    """Time and message of a stored line, for the stamps that are used here."""
    for stamp, at_ns in {
        b"2024-02-03T10:00:01Z ": T0,
        b"2024-02-03T10:00:01.5Z ": T0 + NS // 2,
        b"0001-01-01T00:00:00Z ": None,
    }.items():
        if raw.startswith(stamp):
            return at_ns, raw[len(stamp) :]
    return None, raw


@given(
    lines=LINES,
    unfinished=st.sampled_from([b"", b"half", b"H" * 5 * BLOCK]),
    take=st.booleans(),
    data=st.data(),
)
def test_reads_like_a_list(tmp_path_factory, lines, unfinished, take, data):
    step = new_step(tmp_path_factory)
    write(step, b"".join(line + b"\n" for line in lines) + unfinished)
    reader = LogReader(step, take_unfinished_line=take)
    assert reader.refresh()
    assert not reader.refresh()
    expected = [*lines, unfinished] if take and unfinished else lines
    assert reader.line_count == reader.last_log_id == len(expected)
    assert reader.is_indexed
    first = data.draw(st.integers(-1, len(expected) + 2))
    count = data.draw(st.integers(-1, len(expected) + 2))
    limit = data.draw(st.sampled_from([0, 3, 4096, 1 << 30]))
    found = reader.read(first, count, limit)
    wanted = list(enumerate(expected, 1))[first - 1 : first - 1 + max(count, 0)] if first >= 1 else []
    assert [(line.log_id, line.at_ns, line.message, line.size) for line in found] == [
        (number, split(raw)[0], split(raw)[1][:limit], len(split(raw)[1])) for number, raw in wanted
    ]
    for number, raw in wanted:
        message = split(raw)[1]
        start = data.draw(st.integers(0, len(message) + 1))
        assert reader.message_bytes(number, start, 50) == message[start : start + 50]
        assert reader.message_bytes(number, 0, 1 << 30) == message
    position = 0
    for number, raw in enumerate(expected, 1):
        assert reader.offset_of(number) == position
        position += len(raw) + 1
    reader.close()


@given(
    lines=LINES,
    cuts=st.lists(st.integers(0, 10**6), max_size=6),
    budget=st.none() | st.integers(1, 3 * BLOCK),
)
def test_any_growth_gives_the_same_reader(tmp_path_factory, lines, cuts, budget):
    step = new_step(tmp_path_factory)
    content = b"".join(line + b"\n" for line in lines)
    growing = LogReader(step)
    edges = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts)})
    for start, stop in pairwise(edges):
        write(step, content[start:stop], "ab")
        growing.refresh(budget)
    while not growing.is_indexed:
        assert growing.refresh(budget)
    whole = LogReader(step)
    whole.refresh()
    for reader in (growing, whole):
        assert reader.restarts == 0
    assert (growing.line_count, growing.size, growing.indexed, growing.complete_end) == (
        whole.line_count,
        whole.size,
        whole.indexed,
        whole.complete_end,
    )
    assert growing.read(1, 100) == whole.read(1, 100)
    assert len(growing.read(1, 100)) == len(lines)
    growing.close()
    whole.close()


def test_an_unfinished_line_is_a_line_only_where_nobody_writes(step):
    write(step, b"one\ntwo")
    reader = LogReader(step)
    reader.refresh()
    assert reader.line_count == 1
    reader.take_unfinished_line = True
    assert [line.message for line in reader.read(1, 9)] == [b"one", b"two"]
    write(step, b" and more\n", "ab")
    reader.refresh()
    assert [line.message for line in reader.read(1, 9)] == [b"one", b"two and more"]
    reader.close()


HOLES = st.lists(st.integers(0, 4), min_size=1, max_size=12)


@settings(max_examples=25)
@given(missing_before=HOLES, data=st.data())
def test_ids_with_holes(tmp_path_factory, missing_before, data):
    """``missing_before[n]`` IDs are missing before line n+1; None in the model is an ID that is missing."""
    step = new_step(tmp_path_factory)
    writer = LogWriter(step)
    model: list[bytes | None] = []
    for number, missing in enumerate(missing_before):
        for part in [missing] if data.draw(st.booleans()) else [missing // 2, missing - missing // 2]:
            if part:
                writer.add_gap(GapKind.HOLE, "lost", missing=part)
            if data.draw(st.booleans()):
                writer.add_gap(GapKind.LOST_BEFORE_US, "rotated")
        model += [None] * missing
        text = b"line %d" % number
        assert writer.append(None, text) == len(model) + 1
        model.append(text)
    writer.close()
    reader = LogReader(step)
    reader.refresh()
    assert reader.last_log_id == len(model)
    ids = [log_id for log_id, text in enumerate(model, 1) if text is not None]
    assert [(line.log_id, line.message) for line in reader.read(1, 99)] == [
        (log_id, model[log_id - 1]) for log_id in ids
    ]
    assert [reader.log_id_of(line) for line in range(1, len(ids) + 1)] == ids
    for log_id in range(1, len(model) + 1):
        assert reader.line_of(log_id) == 1 + sum(1 for known in ids if known < log_id)
    assert reader.line_of(len(model) + 1) == len(ids) + 1
    assert reader.line_of(len(model) + 5) == len(ids) + 5
    assert {log_id for gap in reader.gaps for log_id in range(gap.first_missing, gap.last_missing + 1)} == {
        log_id for log_id, text in enumerate(model, 1) if text is None
    }
    reader.close()


def test_a_line_behind_a_hole_never_has_the_hole_s_id(step):
    """The writer records the hole first; whoever looks in between sees neither or both."""
    writer = LogWriter(step)
    writer.append(None, b"one")
    reader = LogReader(step)
    reader.refresh()
    writer.add_gap(GapKind.HOLE, "lost", missing=5)
    reader.refresh()
    assert (reader.line_count, reader.last_log_id) == (1, 6)
    writer.append(None, b"seven")
    reader.refresh()
    assert [line.log_id for line in reader.read(1, 9)] == [1, 7]
    writer.close()
    reader.close()


def test_a_hole_behind_what_has_been_counted_does_not_count_yet(step):
    writer = LogWriter(step)
    writer.append_stored(b"12345\n" * 10)
    writer.add_gap(GapKind.HOLE, "lost", missing=3)
    writer.append_stored(b"12345\n" * 10)
    reader = LogReader(step)
    seen = []
    while reader.refresh(budget_bytes=12):
        seen.append(reader.last_log_id)
    assert seen == [2, 4, 6, 8, 13, 15, 17, 19, 21, 23]
    reader.close()
    writer.close()


def test_gaps_are_read_behind_the_size(step, monkeypatch):
    """A writer that gets in between the two looks must not give a line the ID of a missing one."""
    writer = LogWriter(step)
    writer.append(None, b"one")
    reader = LogReader(step)
    reader.refresh()
    real_stat = reader._refresh_gaps

    def write_in_between():
        monkeypatch.undo()
        changed = real_stat()
        writer.add_gap(GapKind.HOLE, "lost", missing=5)
        writer.append(None, b"seven")
        return changed

    monkeypatch.setattr(reader, "_refresh_gaps", write_in_between)
    reader.refresh()
    assert [line.log_id for line in reader.read(1, 9)] == [1]
    reader.refresh()
    assert [line.log_id for line in reader.read(1, 9)] == [1, 7]
    writer.close()
    reader.close()


@pytest.mark.parametrize("stamped", [1, 2, 3, 500])
def test_finds_a_time(step, stamped):
    """Each ``stamped``-th line has a time; the others have none."""
    lines = [
        b"%s line\n" % format_rfc3339(T0 + number * NS) if number % stamped == 0 else b"bare\n"
        for number in range(2000)
    ]
    write(step, b"".join(lines))
    reader = LogReader(step)
    reader.refresh()
    for wanted in (-1, 0, 1, stamped, 999, 1000, 1999, 2000):
        found = reader.first_line_at(T0 + wanted * NS)
        times = [number for number in range(0, 2000, stamped) if number >= wanted]
        before = [number for number in range(0, 2000, stamped) if number < wanted]
        assert (before[-1] if before else -1) < found - 1 <= (times[0] if times else 2000)
    reader.close()


def test_finds_a_time_behind_many_lines_without_one(step):
    stamped = b"".join(b"%s x\n" % format_rfc3339(T0 + number * NS) for number in range(100))
    write(step, stamped[: 50 * 33] + b"bare\n" * 3000 + stamped[50 * 33 :])
    reader = LogReader(step)
    reader.refresh()
    assert reader.first_line_at(T0 + 80 * NS) == 3081
    assert reader.first_line_at(T0 + 20 * NS) == 21
    reader.close()


def test_finds_no_time_where_there_is_none(step):
    write(step, b"bare\n" * 10_000)
    reader = LogReader(step)
    reader.refresh()
    assert reader.first_line_at(T0) == 1
    reader.close()


@given(
    lines=LINES,
    count=st.integers(0, 5),
    take=st.booleans(),
    max_bytes=st.sampled_from([1, 50, 4 * BLOCK, 1 << 30]),
)
def test_the_tail_needs_no_index(tmp_path_factory, lines, count, take, max_bytes):
    step = new_step(tmp_path_factory)
    content = b"\n".join(lines)
    write(step, content)
    reader = LogReader(step, take_unfinished_line=take)
    found = reader.tail(count, 1 << 30, max_bytes)
    *whole, unfinished = content.split(b"\n")
    expected = [*whole, unfinished] if take and unfinished else whole
    if len(content) <= max_bytes:
        assert [line.message for line in found] == [
            split(raw)[1] for raw in expected[max(0, len(expected) - count) :]
        ]
    else:
        assert [line.message for line in found] == [
            split(raw)[1] for raw in expected[len(expected) - len(found) :]
        ]
    assert reader.indexed == 0
    reader.close()


def test_a_log_that_is_not_there_yet(tmp_path):
    step = tmp_path / "steps" / "1"
    reader = LogReader(step)
    assert not reader.refresh()
    assert (reader.line_count, reader.last_log_id, reader.read(1, 9), reader.tail(9)) == (0, 0, [], [])
    assert (reader.message_bytes(1, 0, 9), reader.read_raw(0, 9)) == (b"", b"")
    step.mkdir(parents=True)
    write(step, b"here\n")
    assert reader.refresh()
    assert reader.line_count == 1
    reader.close()


def test_an_empty_log(step):
    write(step, b"")
    reader = LogReader(step, take_unfinished_line=True)
    reader.refresh()
    assert (reader.line_count, reader.has_unfinished_line, reader.tail(9)) == (0, False, [])
    reader.close()


def test_a_log_that_is_replaced(step):
    write(step, b"old\n" * 100)
    reader = LogReader(step)
    reader.refresh()
    (step / "logs.log").rename(step / "logs.1")
    assert not reader.refresh()
    assert reader.line_count == 100
    write(step, b"new\n" * 200)
    assert reader.refresh()
    assert (reader.restarts, reader.line_count) == (1, 200)
    assert reader.read(1, 1)[0].message == b"new"
    reader.close()


def test_a_log_that_is_cut_off_under_the_reader(step):
    write(step, b"%s\n" % (b"x" * 99) * 5000)
    reader = LogReader(step)
    reader.refresh()
    os.truncate(step / "logs.log", 150)
    for first in (1, 2, 3, 2500, 5000):
        assert len(reader.read(first, 10)) <= max(0, 3 - first)
        assert first < 3 or reader.offset_of(first) >= 150
        reader.message_bytes(first, 0, 50)
        reader.tail(10)
    assert reader.refresh()
    assert (reader.restarts, reader.line_count) == (1, 1)
    reader.refresh()
    assert reader.restarts == 1
    reader.close()


def test_a_log_that_becomes_a_link(step, tmp_path):
    write(step, b"ours\n")
    reader = LogReader(step)
    reader.refresh()
    (tmp_path / "theirs").write_bytes(b"secret\n")
    (step / "logs.log").unlink()
    (step / "logs.log").symlink_to(tmp_path / "theirs")
    with pytest.raises(InputError, match="link"):
        reader.refresh()
    assert (reader.line_count, reader.read(1, 9)) == (0, [])
    (step / "logs.log").unlink()
    write(step, b"ours again\n")
    assert reader.refresh()
    assert [line.message for line in reader.read(1, 9)] == [b"ours again"]
    reader.close()


def test_closed_and_opened_again(step):
    write(step, b"one\n")
    reader = LogReader(step)
    reader.refresh()
    reader.close()
    write(step, b"two\n", "ab")
    reader.refresh()
    assert (reader.line_count, reader.restarts) == (2, 0)
    reader.close()
    shutil.copy(step / "logs.log", step / "copy")
    (step / "copy").replace(step / "logs.log")
    reader.refresh()
    assert reader.restarts == 1
    reader.close()


def test_gaps_that_make_no_sense_do_no_harm(step):
    write(step, b"one\ntwo\nthree\n")
    (step / "gaps.json").write_text(
        '{"gaps":[{"kind":"hole","after":1,"missing":2},{"kind":"hole","after":2,"missing":9},'
        '{"kind":"hole","after":99999,"missing":18446744073709551615},{"kind":"hole","after":-1,"missing":1},'
        '{"kind":"what"},[],7,{"kind":"torn","after":1,"missing":5,"fromNs":"x"}]}'
    )
    reader = LogReader(step)
    reader.refresh()
    assert [line.log_id for line in reader.read(1, 9)] == [1, 4, 5]
    assert reader.last_log_id == 5
    write_gaps(step / "gaps.json", ())
    reader.refresh()
    assert reader.last_log_id == 3
    reader.close()
