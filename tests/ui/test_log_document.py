"""Rows of a log: lines, gaps, and the end of a log that has not been counted yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wharf_tui.model.lines import Gap, GapKind, LogLine
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter
from wharf_tui.ui.log_document import TAIL_LINES, LogDocument

ALL = 1 << 40


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[LogWriter]:
    writer = LogWriter(tmp_path / "step")
    yield writer
    writer.close()


@pytest.fixture
def document(writer: LogWriter) -> Iterator[LogDocument]:
    document = LogDocument(LogReader(writer.step_dir))
    yield document
    document.log.close()


def texts(document: LogDocument) -> list[str]:
    found = []
    for index in range(document.row_count):
        row = document.row(index)
        if isinstance(row, Gap):
            found.append(row.describe())
        else:
            assert isinstance(row, LogLine)
            found.append(f"{row.log_id} {row.message.decode()}")
    return found


def write(writer: LogWriter, first: int, last: int) -> None:
    writer.append_many([(number * 10**9, b"m%d" % number) for number in range(first, last + 1)])


def test_lines_are_rows(writer: LogWriter, document: LogDocument) -> None:
    write(writer, 1, 100)
    assert document.refresh(ALL, follow=True).changed
    assert texts(document) == [f"{number} m{number}" for number in range(1, 101)]
    assert document.row(-1) is None
    assert document.row(100) is None
    assert not document.refresh(ALL, follow=True).changed


def test_every_gap_is_a_row(writer: LogWriter, document: LogDocument) -> None:
    writer.add_gap(GapKind.LOST_BEFORE_US, "rotated away")
    write(writer, 1, 2)
    writer.add_gap(GapKind.HOLE, "connection lost", missing=3)
    write(writer, 3, 4)
    writer.add_gap(GapKind.LOST_BEFORE_US, "full disk")
    document.refresh(ALL, follow=True)
    assert texts(document) == [
        "lines missing after 0: rotated away",
        "1 m1",
        "2 m2",
        "lines 3-5 missing: connection lost",
        "6 m3",
        "7 m4",
        "lines missing after 7: full disk",
    ]


def test_a_log_that_grows_is_read_again_where_it_grew(writer: LogWriter, document: LogDocument) -> None:
    for last in (1, 31, 32, 33, 64, 70):
        write(writer, document.line_count + 1, last)
        document.refresh(ALL, follow=True)
        assert texts(document) == [f"{number} m{number}" for number in range(1, last + 1)]


def test_a_last_line_without_end_is_read_again(tmp_path: Path) -> None:
    log = tmp_path / "step" / "logs.log"
    log.parent.mkdir()
    log.write_bytes(b"one\ntw")
    document = LogDocument(LogReader(log.parent, take_unfinished_line=True))
    document.refresh(ALL, follow=True)
    assert texts(document) == ["1 one", "2 tw"]
    with log.open("ab") as file:
        file.write(b"o")
    document.refresh(ALL, follow=True)
    assert texts(document) == ["1 one", "2 two"]


def test_another_file_starts_anew(tmp_path: Path) -> None:
    log = tmp_path / "step" / "logs.log"
    log.parent.mkdir()
    log.write_bytes(b"one\ntwo\nthree\n")
    document = LogDocument(LogReader(log.parent))
    document.refresh(ALL, follow=True)
    log.write_bytes(b"new\n")
    assert document.refresh(ALL, follow=True).restarted
    document.refresh(ALL, follow=True)
    assert texts(document) == ["1 new"]


def test_a_log_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    log = tmp_path / "step" / "logs.log"
    log.parent.mkdir()
    log.write_bytes(b"one\n")
    document = LogDocument(LogReader(log.parent))
    document.refresh(ALL, follow=True)
    document.log.close()
    log.unlink()
    log.mkdir()
    document.refresh(ALL, follow=True)
    assert document.row(0) is None or document.row_count <= 1


@settings(max_examples=25, deadline=None)
@given(counted=st.integers(1, 60), grows=st.integers(0, 5000), slice_lines=st.integers(40, 400))
def test_counting_gives_the_shown_lines_their_numbers_where_they_stand(
    tmp_path_factory: pytest.TempPathFactory, counted: int, grows: int, slice_lines: int
) -> None:
    writer = LogWriter(tmp_path_factory.mktemp("log") / "step")
    write(writer, 1, 3000 + counted)
    (writer.step_dir / "logs.index").unlink()
    document = LogDocument(LogReader(writer.step_dir))
    document.refresh(1, follow=False)
    assert document.is_counting
    before = [document.row(index) for index in range(document.row_count)]
    assert len(before) == TAIL_LINES
    last = before[-1]
    assert isinstance(last, LogLine)
    assert (last.log_id, last.message) == (0, b"m%d" % (3000 + counted))
    if grows:
        write(writer, 3001 + counted, 3000 + counted + grows)
    shift = 0
    while document.is_counting:
        shift += document.refresh(slice_lines * 40, follow=False).shift
    for index, line in enumerate(before):
        row = document.row(index + shift)
        assert isinstance(row, LogLine)
        assert isinstance(line, LogLine)
        assert (row.message, row.log_id) == (line.message, int(line.message[1:]))
    writer.close()
    document.log.close()


def test_while_counting_the_newest_lines_are_shown_to_who_follows(
    writer: LogWriter, document: LogDocument
) -> None:
    write(writer, 1, 5000)
    (writer.step_dir / "logs.index").unlink()
    document.refresh(1, follow=True)
    write(writer, 5001, 5010)
    document.refresh(1, follow=True)
    assert document.is_counting
    assert texts(document)[-1] == "0 m5010"
    assert 0 < document.counted_share < 0.01
    assert document.highest_id >= 5010


def test_reading_rows_of_a_huge_log_reads_little(
    writer: LogWriter, document: LogDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(writer, 1, 20_000)
    document.refresh(ALL, follow=True)
    asked: list[int] = []
    read = document.log.read

    def counting_read(first: int, count: int, max_message: int = 4096) -> list[LogLine]:
        asked.append(count)
        return read(first, count, max_message)

    monkeypatch.setattr(document.log, "read", counting_read)
    for _ in range(3):
        for index in range(10_000, 10_050):
            assert document.row(index) is not None
    assert sum(asked) <= 96
