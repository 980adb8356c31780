"""The index beside a log saves counting; whatever happens to it, it is never believed wrongly."""

import os
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.results.index_file import IndexFile, load_index
from wharf_tui.results.line_index import BLOCK, LineIndex
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter

HEADER = 16
RECORD = 16
BLOCKS = 40


def log_bytes(seed=0, blocks=BLOCKS):
    """Lines that end at other places in each block, and in each log of another seed."""
    return b"".join(
        b"%d:%d:%s\n" % (seed, number, b"x" * ((number * 7919 + seed) % 900))
        for number in range(blocks * BLOCK // 450)
    )


def counted(data):
    index = LineIndex()
    index.extend(data)
    return index


def same(index, data):
    """Whether an index tells the truth of as much of the log as it covers."""
    truth = counted(data[: index.covered])
    return (
        list(index.ends) == list(truth.ends)
        and index.line_count == truth.line_count
        and index.complete_end == truth.complete_end
    )


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """A log of some megabytes, and its index."""
    folder = tmp_path_factory.mktemp("log")
    data = log_bytes()
    (folder / "logs.log").write_bytes(data)
    IndexFile(folder / "logs.index", counted(data)).close()
    return folder, data


def load(folder, index_path=None):
    handle = os.open(folder / "logs.log", os.O_RDONLY)
    try:
        size = os.fstat(handle).st_size
        return load_index(index_path or folder / "logs.index", handle, size)
    finally:
        os.close(handle)


def test_all_whole_blocks_are_kept(log):
    folder, data = log
    index = load(folder)
    assert index.covered == len(data) // BLOCK * BLOCK
    assert same(index, data)


def test_appending_gives_the_same_file_as_writing_anew(tmp_path, log):
    folder, data = log
    index = LineIndex()
    file = IndexFile(tmp_path / "logs.index", index)
    for at in range(0, len(data), 50_000):
        index.extend(data[at : at + 50_000])
        file.update()
    file.close()
    file.close()
    assert (tmp_path / "logs.index").read_bytes() == (folder / "logs.index").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["logs.index"]


@pytest.mark.parametrize(
    "cut", [0, 1, HEADER - 1, HEADER, HEADER + 1, HEADER + RECORD, HEADER + 5 * RECORD + 9]
)
def test_a_torn_index_is_believed_as_far_as_it_goes(tmp_path, log, cut):
    folder, data = log
    torn = tmp_path / "logs.index"
    torn.write_bytes((folder / "logs.index").read_bytes()[:cut])
    index = load(folder, torn)
    assert same(index, data)
    assert index.whole_blocks == max(0, cut - HEADER) // RECORD


@pytest.mark.parametrize("field", [0, 8, 12])
def test_a_wrong_number_ends_what_is_believed(tmp_path, field):
    """Also where nobody compares the block with the log: most blocks of a large log are not looked at."""
    data = b"".join(b"%s\n" % (b"x" * (number % 700)) for number in range(300 * BLOCK // 350))
    (tmp_path / "logs.log").write_bytes(data)
    IndexFile(tmp_path / "logs.index", counted(data)).close()
    raw = bytearray((tmp_path / "logs.index").read_bytes())
    raw[HEADER + 101 * RECORD + field] ^= 1
    (tmp_path / "logs.index").write_bytes(raw)
    index = load(tmp_path)
    assert index.whole_blocks == 101
    assert same(index, data)


@given(data=st.data())
def test_a_damaged_index_is_never_believed(tmp_path_factory, log, data):
    folder, content = log
    raw = bytearray((folder / "logs.index").read_bytes())
    kind = data.draw(st.sampled_from(["flip", "zeros", "cut out", "double", "noise"]))
    at = data.draw(st.integers(0, len(raw) - 1))
    length = data.draw(st.integers(1, 3 * RECORD))
    if kind == "flip":
        raw[at] ^= 1 << data.draw(st.integers(0, 7))
    elif kind == "zeros":
        raw[at : at + length] = bytes(len(raw[at : at + length]))
    elif kind == "cut out":
        del raw[at : at + length]
    elif kind == "double":
        raw[at:at] = raw[at : at + length]
    else:
        raw[at : at + length] = data.draw(st.binary(min_size=length, max_size=length))
    damaged = tmp_path_factory.mktemp("index") / "logs.index"
    damaged.write_bytes(raw)
    assert same(load(folder, damaged), content)


def test_the_index_of_another_log_is_not_believed(tmp_path, log):
    IndexFile(tmp_path / "logs.index", counted(log_bytes(seed=1))).close()
    assert load(log[0], tmp_path / "logs.index").covered == 0


def test_the_index_of_a_log_with_lines_of_the_same_length_is_not_believed(tmp_path):
    (tmp_path / "logs.log").write_bytes(b"x" * 63 + b"\n" + b"y" * (BLOCK - 65) + b"\n" + b"z" * BLOCK * 4)
    other = counted(b"x" * (BLOCK - 65) + b"\n" + b"y" * 63 + b"\n" + b"z" * BLOCK * 4)
    IndexFile(tmp_path / "logs.index", other).close()
    assert load(tmp_path).covered == 0


@pytest.mark.parametrize("keep", [0, 100, BLOCK, 7 * BLOCK + 5])
def test_an_index_that_is_longer_than_the_log(tmp_path, log, keep):
    folder, data = log
    shutil.copy(folder / "logs.index", tmp_path)
    (tmp_path / "logs.log").write_bytes(data[:keep])
    index = load(tmp_path)
    assert index.covered == keep // BLOCK * BLOCK
    assert same(index, data[:keep])


@pytest.mark.parametrize("keep", [0, 3 * BLOCK, 30 * BLOCK])
def test_a_log_that_was_cut_and_grew_again(tmp_path, log, keep):
    folder, data = log
    shutil.copy(folder / "logs.index", tmp_path)
    grown = data[:keep] + log_bytes(seed=2)[: len(data) - keep]
    (tmp_path / "logs.log").write_bytes(grown)
    assert same(load(tmp_path), grown)


def test_damage_of_the_newest_blocks_is_noticed(tmp_path, log):
    folder, data = log
    shutil.copy(folder / "logs.index", tmp_path)
    holed = bytearray(data)
    block = len(data) // BLOCK - 3
    holed[block * BLOCK : block * BLOCK + 4096] = bytes(4096)
    (tmp_path / "logs.log").write_bytes(holed)
    assert load(tmp_path).covered == 0


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_plain_file_is_left_alone(tmp_path, log, make):
    shutil.copy(log[0] / "logs.log", tmp_path)
    make(tmp_path / "logs.index")
    assert load(tmp_path).covered == 0


def test_a_log_in_one_line(tmp_path):
    data = b"x" * 20 * BLOCK
    (tmp_path / "logs.log").write_bytes(data)
    IndexFile(tmp_path / "logs.index", counted(data)).close()
    assert state_of(load(tmp_path)) == (20 * BLOCK, 0, 0)


def test_a_long_last_line(tmp_path):
    data = b"first\n" + b"x" * 20 * BLOCK
    (tmp_path / "logs.log").write_bytes(data)
    IndexFile(tmp_path / "logs.index", counted(data)).close()
    assert state_of(load(tmp_path)) == (20 * BLOCK, 1, 6)


def state_of(index):
    return (index.covered, index.line_count, index.complete_end)


def test_reader_and_writer_go_on_from_the_index(tmp_path, log):
    folder, data = log
    step = tmp_path / "steps" / "1"
    shutil.copytree(folder, step)
    lines = data.count(b"\n")
    writer = LogWriter(step)
    assert writer.append(None, b"one more") == lines + 1
    writer.append(None, b"y" * 3 * BLOCK)
    writer.close()
    reader = LogReader(step)
    reader.refresh(budget_bytes=0)
    assert reader.indexed == writer.size // BLOCK * BLOCK
    reader.refresh()
    assert (reader.line_count, reader.size) == (lines + 2, writer.size)
    assert [line.message for line in reader.read(lines + 1, 1)] == [b"one more"]


def test_a_writer_does_without_an_index_that_cannot_be_written(tmp_path):
    step = tmp_path / "steps" / "1"
    (step / ".logs.index.tmp").mkdir(parents=True)
    writer = LogWriter(step)
    for _ in range(3):
        writer.append(None, b"x" * BLOCK)
    writer.close()
    assert not (step / "logs.index").exists()
    reader = LogReader(step)
    reader.refresh()
    assert reader.line_count == 3
