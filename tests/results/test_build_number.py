"""Numbers of builds: each is taken once, and none that wharf-cmd has taken."""

import subprocess
import sys
import threading

import pytest

from wharf_tui.model.build import BuildInfo
from wharf_tui.model.errors import StoreError
from wharf_tui.results.build_number import next_build_id, wharf_cmd_counter
from wharf_tui.results.build_writer import BuildWriter

TAKER = """
import sys, pathlib
from wharf_tui.results.build_number import next_build_id
for _ in range(20):
    print(next_build_id(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
"""


@pytest.fixture
def counter(tmp_path):
    return tmp_path / "cache" / "last-build-id.txt"


def test_one_after_the_other(tmp_path, counter):
    assert [next_build_id(tmp_path / "builds", counter) for _ in range(3)] == [1, 2, 3]


def test_wharf_cmd_s_numbers_are_taken_too(tmp_path, counter):
    counter.parent.mkdir()
    counter.write_text("41\n")
    assert next_build_id(tmp_path / "builds", counter) == 42
    assert counter.read_text() == "41\n"
    assert next_build_id(tmp_path / "builds", counter) == 43


@pytest.mark.parametrize("content", [b"", b"x", b"-7", b"1.5", b"\xff", "٤٢".encode(), b"9" * 30])
def test_a_counter_that_makes_no_sense(tmp_path, counter, content):
    counter.parent.mkdir()
    counter.write_bytes(content)
    assert next_build_id(tmp_path / "builds", counter) == 1


def test_a_counter_that_was_lost(tmp_path, counter):
    builds = tmp_path / "builds"
    for _ in range(2):
        BuildWriter.create(builds, BuildInfo(next_build_id(builds, counter))).close()
    (builds / "last-build-id.txt").unlink()
    assert next_build_id(builds, counter) == 3


def test_many_at_once(tmp_path, counter, monkeypatch):
    monkeypatch.setattr("wharf_tui.results.lock._PATIENCE_SECONDS", 30)
    found: list[int] = []

    def take():
        found.extend(next_build_id(tmp_path / "builds", counter) for _ in range(20))

    threads = [threading.Thread(target=take) for _ in range(3)]
    other = subprocess.Popen(
        [sys.executable, "-c", TAKER, tmp_path / "builds", counter], stdout=subprocess.PIPE, text=True
    )
    for thread in threads:
        thread.start()
    theirs, _ = other.communicate()
    for thread in threads:
        thread.join()
    assert sorted([*found, *map(int, theirs.split())]) == list(range(1, 81))


def test_where_wharf_cmd_counts(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert wharf_cmd_counter().parts[-3:] == ("iver-wharf", "wharf-cmd", "last-build-id.txt")


def test_a_folder_that_cannot_be_made(tmp_path, counter):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file"):
        next_build_id(tmp_path / "file" / "builds", counter)
