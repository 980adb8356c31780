"""The builds of a database to choose from: listed without a line, brought here one at a time."""

import sqlite3

import pytest

from tests.aggregator.oracle import lines_of_store
from tests.aggregator.test_source import aggregate, logs
from wharf_tui.aggregator import source
from wharf_tui.aggregator.rows import stored_line
from wharf_tui.aggregator.shelf import DatabaseShelf
from wharf_tui.model.build import Liveness
from wharf_tui.model.errors import InputError, UnreachableError, UsageError, WharfError
from wharf_tui.model.status import Status
from wharf_tui.results.catalogue import delete_build


async def test_a_list_reads_no_lines_and_an_opened_build_is_there_alone(url, make_build, tmp_path) -> None:
    first = make_build(lines=30)
    second = make_build(lines=40, seed=2)
    await aggregate(url, first.path, second.path)
    shelf = DatabaseShelf(url, tmp_path / "cache")
    builds = shelf.list_builds()
    assert [(build.build_id, build.status, build.liveness, build.step_count) for build in builds] == [
        (42, Status.SUCCESS, Liveness.FROZEN, 2)
    ] * 2
    assert not (tmp_path / "cache").exists()
    path = shelf.fetch(builds[0])
    assert path == builds[0].path
    assert [folder for folder in (tmp_path / "cache").rglob("wharf-cmd-build-*") if folder.is_dir()] == [path]
    assert logs(path) == logs(second.path)
    with pytest.raises(UsageError, match="only read"):
        delete_build(builds[1])
    shelf.close()
    shelf.close()
    with pytest.raises(UnreachableError, match="not looked at any more"):
        shelf.list_builds()


async def test_who_leaves_does_not_wait_for_the_rest_and_it_is_gone_on_with(
    url, make_build, tmp_path, monkeypatch
) -> None:
    store = make_build(lines=300)
    await aggregate(url, store.path)
    monkeypatch.setattr(source, "_LINES_AT_ONCE", 20)
    left = DatabaseShelf(url, tmp_path / "cache")
    (build,) = left.list_builds()
    read = 0

    def leave_after_some(at_ns, message):
        nonlocal read
        read += 1
        if read == 50:
            left.close()
        return stored_line(at_ns, message)

    with monkeypatch.context() as patch:
        patch.setattr(source, "stored_line", leave_after_some)
        with pytest.raises(WharfError):
            left.fetch(build)
    assert 0 < len(lines_of_store(build.path)) < 300
    again = DatabaseShelf(url, tmp_path / "cache")
    (build,) = again.list_builds()
    assert logs(again.fetch(build)) == logs(store.path)
    again.close()


async def test_a_build_that_was_deleted_meanwhile_and_a_database_that_is_none(
    sqlite_url, make_build, tmp_path
) -> None:
    store = make_build(lines=10)
    await aggregate(sqlite_url, store.path)
    shelf = DatabaseShelf(sqlite_url, tmp_path / "cache")
    (build,) = shelf.list_builds()
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    for table in ("log_lines", "gaps", "status_events", "artifacts", "alarms", "steps", "builds"):
        connection.execute(f"DELETE FROM {table}")
    connection.commit()
    connection.close()
    with pytest.raises(UsageError, match="build 42 is not in"):
        shelf.fetch(build)
    assert shelf.list_builds() == []
    shelf.close()
    with pytest.raises(InputError, match="does not exist"):
        DatabaseShelf(f"sqlite:///{tmp_path}/nothing.db")
