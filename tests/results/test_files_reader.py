"""Text files as a build: which of them, by which names, how they tell their time, and that they may grow and be rotated."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.insight.time_formats import find_time_format
from wharf_tui.model.errors import InputError
from wharf_tui.model.ids import StepId
from wharf_tui.results.files_reader import MOST_FILES, FilesReader, distinct_names

ONE = StepId(1)
SECOND = 10**9
NEW_YEAR_NS = 1_767_225_600 * SECOND


def read(reader: FilesReader, step_id: StepId = ONE) -> list[tuple[int | None, bytes]]:
    reader.refresh()
    log = reader.log(step_id)
    log.refresh()
    return [(line.at_ns, line.message) for line in log.read(1, 1000)]


def open_files(*paths: Path, **options: object) -> FilesReader:
    return FilesReader(paths, find_time_format=find_time_format, **options)  # type: ignore[arg-type]  # by name


def test_lines_stay_whole_and_tell_their_time(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"2026-01-01T00:00:01Z one\nnone\n")
    assert read(open_files(path)) == [
        (NEW_YEAR_NS + SECOND, b"2026-01-01T00:00:01Z one"),
        (None, b"none"),
    ]


def test_a_format_that_shows_later_is_found_later(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"Welcome\n")
    reader = open_files(path)
    assert read(reader) == [(None, b"Welcome")]
    readings = reader.log(ONE).readings
    with path.open("ab") as file:
        file.write(b"2026-01-01T00:00:01Z one\n")
    assert read(reader)[1] == (NEW_YEAR_NS + SECOND, b"2026-01-01T00:00:01Z one")
    assert reader.log(ONE).readings > readings  # who kept lines knows that they are stale


def test_a_format_that_was_found_is_not_looked_for_with_each_line(tmp_path):
    asked = []

    def find(sample: bytes):
        asked.append(len(sample))
        return find_time_format(sample)

    path = tmp_path / "a.log"
    with path.open("wb", buffering=0) as file:
        file.write(b"2026-01-01T00:00:01Z one\n")
        reader = FilesReader([path], find_time_format=find)
        for _ in range(3000):
            file.write(b"2026-01-01T00:00:01Z one more line\n")
            reader.refresh()
    assert len(asked) < 20 and asked[-1] == 64 * 1024


def test_a_growing_file_goes_on_and_a_rotated_one_starts_again(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"2026-01-01T00:00:01Z one\n")
    reader = open_files(path)
    assert len(read(reader)) == 1
    with path.open("ab") as file:
        file.write(b"2026-01-01T00:00:02Z two")
    assert [message[-3:] for _, message in read(reader)] == [b"one", b"two"]
    path.rename(tmp_path / "a.log.1")
    assert len(read(reader)) == 2  # the new one is not there yet
    path.write_bytes(b"Jan  1 00:00:03 host three\n")
    ((at_ns, message),) = read(reader)
    assert message == b"Jan  1 00:00:03 host three" and at_ns is not None  # in another format, too
    assert reader.log(ONE).restarts == 1


def test_a_file_that_is_cut_starts_again(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntwo\n")
    reader = open_files(path)
    assert len(read(reader)) == 2
    path.write_bytes(b"1\n")
    assert read(reader) == [(None, b"1")]


def test_a_link_that_the_user_names_is_followed_and_stays_the_same_file(tmp_path):
    (tmp_path / "a.log").write_bytes(b"one\n")
    (tmp_path / "latest").symlink_to("a.log")
    reader = open_files(tmp_path / "latest")
    for _ in range(3):
        assert read(reader) == [(None, b"one")]
    assert reader.log(ONE).restarts == 0


def test_a_folder_is_its_text_files_at_any_depth(tmp_path):
    (tmp_path / "pods/web").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden/a.log").write_bytes(b"x\n")
    (tmp_path / "b.log").write_bytes(b"b\n")
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(b"a\n"))
    (tmp_path / "pods/web/0.log").write_bytes(b"0\n")
    (tmp_path / "journal").write_bytes(b"LPKSHHRH\0\0\0")
    os.mkfifo(tmp_path / "pipe")
    reader = open_files(tmp_path)
    reader.wait_for_streams()
    assert [step.info.name for step in reader.info.steps] == ["a.log.gz", "b.log", "0.log"]
    assert [read(reader, StepId(number))[0][1] for number in (1, 2, 3)] == [b"a", b"b", b"0"]
    (problem,) = reader.problems
    assert "journal was left out" in problem and "(and 1 more)" in problem
    reader.close()


def test_a_folder_without_text_is_told(tmp_path):
    (tmp_path / "x.bin").write_bytes(b"\0")
    with pytest.raises(InputError, match="holds no files that are text"):
        open_files(tmp_path)


def test_a_folder_of_too_many_files_is_told(tmp_path):
    for number in range(MOST_FILES + 1):
        (tmp_path / f"{number}.log").touch()
    with pytest.raises(InputError, match="more than 256 files"):
        open_files(tmp_path)


def test_a_named_pipe_is_read_as_it_comes(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = open_files(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"2026-01-01T00:00:01Z one\n",))
    writer.start()
    reader.wait_for_streams()
    writer.join()
    assert read(reader) == [(NEW_YEAR_NS + SECOND, b"2026-01-01T00:00:01Z one")]
    reader.close()


def test_standard_input_keeps_coming(tmp_path):
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "wb", buffering=0) as writer:
        reader = FilesReader([], os.fdopen(ours, "rb"), find_time_format)
        for count in range(1, 4):
            writer.write(b"2026-01-01T00:00:0%dZ line\n" % count)
            for _ in range(10_000):
                # How times are written is found with the look after the first line's.
                if len(lines := read(reader)) == count and lines[-1][0] is not None:
                    break
                threading.Event().wait(0.001)
            assert lines[-1][0] == NEW_YEAR_NS + count * SECOND
    reader.wait_for_streams()
    reader.close()


def test_names_tell_files_apart():
    paths = [Path("/a/web/0.log"), Path("/a/db/0.log"), Path("/a/x.log"), Path("/b/web/0.log")]
    assert distinct_names(paths) == ["a/web/0.log", "db/0.log", "x.log", "b/web/0.log"]
    assert distinct_names([Path("same"), Path("same")]) == ["same", "same"]


@given(
    st.lists(
        st.lists(st.sampled_from("abc"), min_size=1, max_size=4), min_size=1, max_size=6, unique_by=tuple
    )
)
def test_names_of_different_paths_differ(parts):
    names = distinct_names([Path("/", *each) for each in parts])
    assert len(set(names)) == len(names)


def test_a_stream_that_has_ended_knows_its_last_line(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"one\ntwo\n"))
    reader = open_files(tmp_path / "a.gz")
    reader.wait_for_streams()
    assert len(read(reader)) == 2
    reader.refresh()
    assert reader.info.steps[0].last_log_id == 2
    reader.close()


def test_a_stream_that_is_cut_off_does_not(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"one\ntwo\n" * 1000)[:-9])
    reader = open_files(tmp_path / "a.gz")
    reader.wait_for_streams()
    read(reader)
    reader.refresh()
    assert reader.info.steps[0].last_log_id is None
    assert "damaged or cut off" in reader.info.steps[0].reason
    reader.close()
