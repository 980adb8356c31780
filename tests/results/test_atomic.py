"""Small JSON files: never half to a reader, and read with patience where others write them in place."""

import json
import multiprocessing
import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.model.errors import StoreError
from wharf_tui.results.atomic import MAX_JSON_BYTES, read_json_object, sync_dir, write_json

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(value=st.dictionaries(st.text(), JSON_VALUES, max_size=4))
def test_what_is_written_is_read(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("json") / "status.json"
    write_json(path, value)
    assert read_json_object(path) == (value, "")
    assert json.loads(path.read_text()) == value


def test_text_that_utf8_does_not_have_is_kept(tmp_path):
    path = tmp_path / "build.json"
    write_json(path, {"source": os.fsdecode(b"/srv/\xff.yml")})
    assert read_json_object(path) == ({"source": os.fsdecode(b"/srv/\xff.yml")}, "")


@pytest.mark.parametrize("sync", [False, True])
def test_nothing_is_left_beside(tmp_path, sync):
    for number in range(3):
        write_json(tmp_path / "status.json", {"lastId": number}, sync=sync)
    assert [path.name for path in tmp_path.iterdir()] == ["status.json"]


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    path = tmp_path / "missing" / "status.json"
    with pytest.raises(StoreError, match=r"status\.json"):
        write_json(path, {})


def test_the_old_file_stays_where_the_new_one_cannot_be_put(tmp_path):
    path = tmp_path / "status.json"
    path.mkdir()
    (path / "child").touch()
    with pytest.raises(StoreError):
        write_json(path, {})
    assert [path.name for path in tmp_path.iterdir()] == ["status.json"]


def test_a_missing_file_is_no_problem(tmp_path):
    assert read_json_object(tmp_path / "status.json") == (None, "")


@pytest.mark.parametrize(
    "tail",
    [b"", b"\n", b"\n\n", b"}", b'{"lastId":9}', b"\x00" * 100, b"rubbish \xff\xfe"],
)
def test_only_the_first_value_counts(tmp_path, tail):
    path = tmp_path / "status.json"
    path.write_bytes(b'\xef\xbb\xbf \n{"lastId":1}' + tail)
    assert read_json_object(path) == ({"lastId": 1}, "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n \n",
        b"\x00\x00",
        b"{",
        b'{"lastId":1,"statusUpdates":[{"upd',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"lastId":' + b"9" * 5000 + b"}",
        b"[1]",
        b'"text"',
        b"17",
        b"null",
        os.urandom(64) + b"\xff",
    ],
)
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "status.json"
    path.write_bytes(content)
    value, problem = read_json_object(path)
    assert value is None
    assert str(path) in problem


def test_every_half_of_an_object_is_a_problem_or_whole(tmp_path):
    path = tmp_path / "status.json"
    whole = b'{"lastId":1,"statusUpdates":[]}'
    for cut in range(0, len(whole), 3):
        path.write_bytes(whole[:cut])
        assert read_json_object(path)[0] is None


def test_a_huge_file_is_not_read_into_memory(tmp_path):
    path = tmp_path / "status.json"
    with path.open("wb") as file:
        file.truncate(10 * 1024 * MAX_JSON_BYTES)
    value, problem = read_json_object(path)
    assert value is None
    assert "too large" in problem


def test_a_half_written_object_is_read_once_it_is_whole(tmp_path):
    path = tmp_path / "status.json"
    path.write_bytes(b'{"lastId":2,"statusUp')
    finisher = threading.Timer(0.002, lambda: path.write_bytes(b'{"lastId":2,"statusUpdates":[]}'))
    finisher.start()
    found = read_json_object(path)
    finisher.join()
    assert found[0] in (None, {"lastId": 2, "statusUpdates": []})
    assert read_json_object(path) == ({"lastId": 2, "statusUpdates": []}, "")


def _hammer(path, started, stop):
    started.set()
    generation = 0
    while not stop.is_set():
        generation += 1
        write_json(path, {"generation": generation, "filler": ["x" * 100] * (generation % 500)})


def test_a_reader_never_sees_a_half(tmp_path):
    path = tmp_path / "status.json"
    write_json(path, {"generation": 0, "filler": []})
    processes = multiprocessing.get_context("spawn")
    started, stop = processes.Event(), processes.Event()
    writer = processes.Process(target=_hammer, args=(path, started, stop))
    writer.start()
    try:
        assert started.wait(30)
        last = 0
        while last < 300:
            value = json.loads(path.read_bytes())
            assert len(value["filler"]) == value["generation"] % 500
            assert value["generation"] >= last
            last = value["generation"]
    finally:
        stop.set()
        writer.join(30)
    assert writer.exitcode == 0


def test_a_folder_that_is_gone_cannot_be_synced(tmp_path):
    sync_dir(tmp_path)
    with pytest.raises(StoreError):
        sync_dir(tmp_path / "nothing")
