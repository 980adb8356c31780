"""What goes into a log: any bytes, lines of any length, cut anywhere, each line once and numbered without holes."""

import os
import threading
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wharf_tui.model.errors import StoreBusyError, StoreFrozenError
from wharf_tui.model.ids import LogId
from wharf_tui.model.lines import Gap, GapKind
from wharf_tui.model.timestamps import NS, format_rfc3339
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter

T0 = 1706954401 * NS
STAMP = format_rfc3339(T0) + b" "
TIMES = st.none() | st.integers(T0, T0 + NS)
CHUNKS = st.lists(
    st.binary(max_size=12)
    | st.sampled_from(
        [b"\r", b"\n", b"\r\n", b"\r\r\n", b"a", b"ab\r", b"\ncd", b"2024-02-03T10:00:01Z x\n", b""]
    ),
    max_size=12,
)


def stored(message: bytes) -> bytes:
    return message.replace(b"\n", b"\\n").removesuffix(b"\r")


def lines_of_output(pieces: list[tuple[int, bytes]]) -> bytes:
    """The file that output must become: lines end at LF, one CR before an end goes, a line has its first byte's time."""
    lines: list[tuple[int, bytearray]] = []
    is_open = False
    for at_ns, piece in pieces:
        for byte in piece:
            if not is_open:
                lines.append((at_ns, bytearray()))
                is_open = True
            if byte == 10:
                is_open = False
            else:
                lines[-1][1].append(byte)
    return b"".join(
        b"%s %s\n" % (format_rfc3339(at_ns), bytes(text).removesuffix(b"\r")) for at_ns, text in lines
    )


@pytest.fixture
def step(tmp_path):
    return tmp_path / "steps" / "1"


def new_step(tmp_path_factory):
    return tmp_path_factory.mktemp("build") / "steps" / "1"


def read_back(step, **options):
    reader = LogReader(step, **options)
    reader.refresh()
    lines = reader.read(1, reader.line_count, 1 << 30)
    reader.close()
    return lines


@given(lines=st.lists(st.tuples(TIMES, st.binary(max_size=40)), max_size=8))
@example(lines=[(None, b"2024-02-03T10:00:01Z x"), (None, b""), (T0, b""), (T0, b"\r"), (None, b"\r\r")])
def test_lines_come_back_with_all_their_bytes(tmp_path_factory, lines):
    step = new_step(tmp_path_factory)
    writer = LogWriter(step)
    ids = [writer.append(at_ns, message) for at_ns, message in lines]
    many = writer.append_many(lines)
    writer.close()
    assert ids == list(range(1, len(lines) + 1))
    assert many == 2 * len(lines)
    found = read_back(step)
    assert [line.log_id for line in found] == list(range(1, 2 * len(lines) + 1))
    assert [(line.at_ns, line.message) for line in found] == [
        (at_ns, stored(text)) for at_ns, text in lines
    ] * 2
    assert all(line.size == len(line.message) for line in found)


def test_every_byte_is_kept(step):
    every_byte = bytes(range(256))
    writer = LogWriter(step)
    writer.append(T0, every_byte)
    writer.append_output(T0, every_byte * 2)
    writer.close()
    low, high = bytes(range(10)), bytes(range(11, 256))
    assert [line.message for line in read_back(step)] == [low + b"\\n" + high, low, high + low, high]


@given(pieces=st.lists(st.tuples(st.integers(T0, T0 + 5), st.binary(max_size=8)), max_size=8))
@example(pieces=[(T0, b"a\r"), (T0 + 1, b"\nb")])
@example(pieces=[(T0, b"\r"), (T0 + 1, b"\n")])
@example(pieces=[(T0, b"\r"), (T0 + 1, b"x\n")])
@example(pieces=[(T0, b"\r"), (T0 + 1, b"\r"), (T0 + 2, b"\r\n"), (T0 + 3, b"\r")])
def test_output_becomes_lines(tmp_path_factory, pieces):
    step = new_step(tmp_path_factory)
    writer = LogWriter(step)
    for at_ns, piece in pieces:
        last = writer.append_output(at_ns, piece)
        assert last == writer.path.read_bytes().count(b"\n")
    writer.close()
    assert writer.path.read_bytes() == lines_of_output(pieces)


@given(chunks=CHUNKS, cuts=st.lists(st.integers(0, 100), max_size=6))
def test_any_cutting_of_output_gives_the_same_file(tmp_path_factory, chunks, cuts):
    output = b"".join(chunks)
    files = []
    edges = sorted({0, len(output), *(cut % (len(output) + 1) for cut in cuts)})
    for places in ([0, len(output)], edges, range(len(output) + 1)):
        step = new_step(tmp_path_factory)
        writer = LogWriter(step)
        for start, stop in pairwise(places):
            writer.append_output(T0, output[start:stop])
        writer.end_line()
        files.append((writer.path.read_bytes(), writer.last_log_id))
        writer.close()
    assert files[0] == files[1] == files[2]
    assert files[0][0] == lines_of_output([(T0, output)])


@given(chunks=CHUNKS, cuts=st.lists(st.integers(0, 100), max_size=6))
def test_stored_bytes_go_in_as_they_are(tmp_path_factory, chunks, cuts):
    stored_bytes = b"".join(chunks)
    step = new_step(tmp_path_factory)
    writer = LogWriter(step)
    edges = sorted({0, len(stored_bytes), *(cut % (len(stored_bytes) + 1) for cut in cuts)})
    for start, stop in pairwise(edges):
        writer.append_stored_part(stored_bytes[start:stop])
    assert writer.path.read_bytes() == stored_bytes
    writer.close()
    ended = stored_bytes + b"\n" if stored_bytes and not stored_bytes.endswith(b"\n") else stored_bytes
    assert writer.path.read_bytes() == ended


def test_whole_lines_never_grow_together(step):
    writer = LogWriter(step)
    writer.append_output(T0, b"open")
    writer.append(None, b"next")
    assert writer.append_stored(b"stored\n") == 3
    writer.append_stored(b"without an end")
    writer.append_stored(b"stored\n")
    writer.append_output(T0, b"\r")
    writer.append_stored_part(b"x\n")
    writer.append_output(T0, b"held\r")
    writer.append(None, b"last")
    writer.close()
    assert writer.path.read_bytes() == (
        STAMP + b"open\nnext\nstored\nwithout an end\nstored\n" + STAMP + b"\rx\n" + STAMP + b"held\nlast\n"
    )


def test_an_open_line_has_no_id_yet(step):
    writer = LogWriter(step)
    assert writer.append_output(T0, b"half") == 0
    assert writer.append_output(T0, b" whole\nnext") == 1
    assert writer.end_line() == 2
    assert writer.end_line() == 2
    writer.close()


@pytest.mark.parametrize("size", [65535 - 31, 65536, 10_000_000])
def test_a_line_has_no_limit(step, size):
    text = os.urandom(size).replace(b"\n", b"x").replace(b"\r", b"y")
    writer = LogWriter(step)
    writer.append(T0, text)
    for at in range(0, size, 100_001):
        writer.append_output(T0, text[at : at + 100_001])
    writer.append_output(T0, b"\n")
    writer.append(T0, b"after")
    writer.close()
    assert [line.message == text for line in read_back(step)] == [True, True, False]


def test_a_line_of_a_hundred_megabytes(step):
    part = bytes(range(11, 256)) * 4280
    writer = LogWriter(step)
    for _ in range(100):
        writer.append_output(T0, part)
    writer.append_output(T0, b"\nafter\n")
    writer.close()
    reader = LogReader(step)
    reader.refresh()
    assert reader.line_count == 2
    long_line, after = reader.read(1, 2)
    assert (long_line.size, long_line.message) == (100 * len(part), part[:4096])
    assert after.message == b"after"
    assert reader.message_bytes(1, 99 * len(part), 2 * len(part)) == part
    reader.close()


def test_reopening_goes_on_with_the_ids(step):
    for number in range(1, 4):
        writer = LogWriter(step)
        assert writer.last_log_id == number - 1
        assert writer.append(None, b"line") == number
        writer.close()


@pytest.mark.parametrize("torn", [b"2", STAMP[:9], STAMP, STAMP + b"half \xc3", b"x" * 200_000, b"half\r"])
@pytest.mark.parametrize("before", [b"", b"first\n"])
def test_a_torn_line_is_kept_ended_and_marked(step, torn, before):
    step.mkdir(parents=True)
    (step / "logs.log").write_bytes(before + torn)
    writer = LogWriter(step)
    torn_id = before.count(b"\n") + 1
    assert writer.last_log_id == torn_id
    assert writer.append(None, b"next") == torn_id + 1
    writer.close()
    assert (step / "logs.log").read_bytes() == before + torn + b"\nnext\n"
    reader = LogReader(step)
    reader.refresh()
    assert [(gap.kind, gap.after) for gap in reader.gaps] == [(GapKind.TORN, torn_id)]


def test_a_copy_takes_a_torn_line_away(step):
    step.mkdir(parents=True)
    (step / "logs.log").write_bytes(b"first\n" + b"x" * 200_000)
    writer = LogWriter(step, cut_torn_line=True)
    assert writer.last_log_id == 1
    writer.append(None, b"second")
    writer.close()
    assert (step / "logs.log").read_bytes() == b"first\nsecond\n"
    assert not (step / "gaps.json").exists()


def test_a_torn_line_is_marked_once_however_often_one_is_killed_there(step):
    step.mkdir(parents=True)
    (step / "logs.log").write_bytes(b"half")
    LogWriter(step).close()
    with (step / "logs.log").open("r+b") as file:
        file.truncate(4)  # as it lies there when the mark was written, and the LF was not
    writer = LogWriter(step)
    writer.close()
    reader = LogReader(step)
    reader.refresh()
    assert len(reader.gaps) == 1
    assert reader.line_count == 1


def test_gaps_count_where_ids_are_missing(step):
    writer = LogWriter(step)
    writer.add_gap(GapKind.HOLE, "never came", missing=2)
    assert writer.append(None, b"third") == 3
    writer.append_output(T0, b"open")
    writer.add_gap(GapKind.LOST_BEFORE_US, "log rotated", missing=7, from_ns=1, to_ns=2)
    assert writer.last_log_id == 4
    writer.add_gap(GapKind.HOLE, "never came", missing=1)
    assert writer.append(None, b"sixth") == 6
    writer.close()
    assert [(line.log_id, line.message) for line in read_back(step)] == [
        (3, b"third"),
        (4, b"open"),
        (6, b"sixth"),
    ]
    again = LogWriter(step)
    assert again.last_log_id == 6
    again.close()


def test_a_gap_that_is_known_is_not_recorded_again(step):
    writer = LogWriter(step)
    writer.append(None, b"line")
    for _ in range(2):
        writer.put_gap(Gap(GapKind.LOST_BEFORE_US, LogId(1), 0, "rotated"))
    writer.put_gap(Gap(GapKind.LOST_BEFORE_US, LogId(0), 0, "earlier"))
    writer.close()
    reader = LogReader(step)
    reader.refresh()
    assert [gap.reason for gap in reader.gaps] == ["earlier", "rotated"]


def test_nothing_goes_in_after_the_end(step):
    writer = LogWriter(step)
    writer.append_output(T0, b"open")
    writer.close()
    writer.close()
    writer.sync()
    for attempt in (
        lambda: writer.append(None, b"x"),
        lambda: writer.append_output(T0, b"x"),
        lambda: writer.append_stored(b"x\n"),
        lambda: writer.add_gap(GapKind.HOLE, "x", missing=1),
    ):
        with pytest.raises(StoreFrozenError, match=r"logs\.log"):
            attempt()
    assert writer.path.read_bytes() == STAMP + b"open\n"


def test_one_writer_at_a_time(step):
    writer = LogWriter(step)
    with pytest.raises(StoreBusyError):
        LogWriter(step)
    writer.append(None, b"still here")
    writer.close()
    LogWriter(step).close()


def test_readers_are_told_once_lines_can_be_read(step):
    seen = []
    writer = LogWriter(step, lambda: seen.append(writer.path.read_bytes().count(b"\n")))
    writer.append(None, b"one")
    writer.append_output(T0, b"half")
    writer.append_output(T0, b" two\nthree\nhalf")
    writer.append_stored(b"five\nsix\n")
    writer.add_gap(GapKind.HOLE, "x", missing=1)
    assert seen == [1, 3, 4, 6, 6]
    writer.close()


def test_lines_of_many_threads_do_not_mix(step):
    writer = LogWriter(step)
    ids: list[tuple[int, bytes]] = []

    def write(name: int) -> None:
        for number in range(200):
            text = b"%d-%d" % (name, number) * 20
            ids.append((writer.append(None, text), text))

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        writer.sync()
    for thread in threads:
        thread.join()
    writer.close()
    assert [line.message for line in read_back(step)] == [text for _, text in sorted(ids)]
    assert sorted(log_id for log_id, _ in ids) == list(range(1, 801))


def test_files_are_for_their_owner_and_the_format_is_wharf_cmds(step):
    writer = LogWriter(step)
    writer.append(T0, b"compiling module a")
    writer.close()
    assert (step / "logs.log").read_bytes() == b"2024-02-03T10:00:01.000000000Z compiling module a\n"
    assert step.stat().st_mode & 0o777 == 0o700
