"""A build comes back out of the database as it went in."""

import random

import pytest

from tests.aggregator.conftest import Bench, add_gap, finish, write_lines
from tests.aggregator.oracle import lines_of_store
from wharf_tui.aggregator.folder_source import FolderSource
from wharf_tui.aggregator.source import fetch_build
from wharf_tui.aggregator.stored_builds import list_stored, open_for_reading, parse_target
from wharf_tui.aggregator.turns import Turns
from wharf_tui.model.build import Liveness
from wharf_tui.model.errors import InputError, UsageError
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.catalogue import summarize

ONE, TWO = StepId(1), StepId(2)


async def aggregate(url, *folders) -> None:
    async with Bench(url) as bench:
        await FolderSource(folders, bench.desk, Turns(4)).copy()


def logs(path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.glob("steps/*/logs.log")}


async def test_it_comes_back_byte_for_byte_with_all_that_is_known_of_it(url, make_build, tmp_path) -> None:
    store = make_build(lines=300, frozen=False)
    add_gap(store, ONE, GapKind.HOLE, 4)
    write_lines(store, ONE, 50, random.Random(1), 400)
    add_gap(store, ONE, GapKind.LOST_BEFORE_US)
    store.add_artifact(TWO, "report.zip")
    finish(store, Status.FAILED)
    await aggregate(url, store.path)
    path = fetch_build(f"{url}#42", tmp_path / "cache")
    assert logs(path) == logs(store.path)
    ours, theirs = BuildReader.open(path), BuildReader.open(store.path)
    assert ours.info == theirs.info
    assert ours.liveness is Liveness.FROZEN
    for step_id in (ONE, TWO):
        assert ours.statuses(step_id) == theirs.statuses(step_id)
        assert ours.artifacts(step_id) == theirs.artifacts(step_id)
        for reader in (ours, theirs):
            reader.log(step_id).refresh()
        assert ours.log(step_id).gaps == theirs.log(step_id).gaps
    ours.close()
    theirs.close()
    assert summarize(path).failed_step == summarize(store.path).failed_step


async def test_what_was_fetched_before_is_gone_on_with(url, make_build, tmp_path) -> None:
    store = make_build(lines=100, frozen=False)
    chance = random.Random(4)
    store.close()
    await aggregate(url, store.path)
    path = fetch_build(f"{url}#latest", tmp_path / "cache")
    assert lines_of_store(path) == lines_of_store(store.path)
    assert BuildReader.open(path).liveness is Liveness.UNFINISHED
    inode = (path / "steps/1/logs.log").stat().st_ino
    from wharf_tui.results.build_writer import BuildWriter

    store = BuildWriter.reopen(store.path, store.info.epoch)
    write_lines(store, ONE, 30, chance, 100)
    finish(store)
    await aggregate(url, store.path)
    assert fetch_build(f"{url}#{store.info.uid}", tmp_path / "cache") == path
    assert logs(path) == logs(store.path)
    assert (path / "steps/1/logs.log").stat().st_ino == inode
    assert BuildReader.open(path).info == BuildReader.open(store.path).info
    assert fetch_build(f"{url}#42", tmp_path / "cache") == path


async def test_a_folder_that_is_no_longer_what_it_was_is_made_anew(sqlite_url, make_build, tmp_path) -> None:
    store = make_build(lines=40)
    await aggregate(sqlite_url, store.path)
    path = fetch_build(sqlite_url, tmp_path / "cache")
    with (path / "steps/1/logs.log").open("ab") as file:
        file.write(b"somebody was here\n")
    assert logs(fetch_build(sqlite_url, tmp_path / "cache")) == logs(store.path)


async def test_builds_are_listed_newest_first(url, make_build, tmp_path) -> None:
    make_build(lines=3)
    make_build(lines=4, seed=2)
    await aggregate(url, tmp_path / "builds")
    connection = open_for_reading(url)
    found = list_stored(connection)
    connection.close()
    assert [(build.number, build.lines, build.step_count, build.status) for build in found] == [
        (42, 8, 2, Status.SUCCESS),
        (42, 6, 2, Status.SUCCESS),
    ]
    with pytest.raises(UsageError, match="holds 2 builds"):
        fetch_build(url, tmp_path / "cache")
    with pytest.raises(UsageError, match="answers to '7'"):
        fetch_build(f"{url}#7", tmp_path / "cache")


def test_a_database_that_is_none_of_ours_is_told(tmp_path, postgres) -> None:
    import sqlite3

    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE t (x)").connection.close()
    for url in (f"sqlite:///{tmp_path}/other.db", postgres.new_url()):
        with pytest.raises(InputError, match="holds no builds"):
            fetch_build(url, tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        fetch_build(f"sqlite:///{tmp_path}/nowhere.db", tmp_path)
    assert not (tmp_path / "nowhere.db").exists()


def test_targets_are_told_apart() -> None:
    assert parse_target("sqlite:///a.db#12").build == "12"
    assert parse_target("postgresql://u@h/d").build == ""
    with pytest.raises(UsageError):
        parse_target("builds/42")
