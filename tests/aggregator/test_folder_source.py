"""Builds on this machine: what is there, what grows, what comes."""

import asyncio
import random

from tests.aggregator.conftest import Bench, finish, write_lines
from tests.aggregator.oracle import EXACT, judge, query
from tests.fakes.served_builds import wharf_cmd_folder
from wharf_tui.aggregator import folder_source
from wharf_tui.aggregator.folder_source import FolderSource
from wharf_tui.aggregator.pump import BuildOutcome
from wharf_tui.aggregator.sinks.port import BuildState
from wharf_tui.aggregator.turns import Turns
from wharf_tui.model.ids import StepId


async def test_all_builds_of_a_folder_are_copied_and_copied_once(url, make_build, tmp_path) -> None:
    stores = [make_build(lines=50, seed=seed) for seed in range(5)]
    (tmp_path / "builds" / "no build").mkdir()
    async with Bench(url) as bench:
        source = FolderSource([tmp_path / "builds"], bench.desk, Turns(2))
        found = await source.copy()
        assert [outcome.state for outcome in found] == [BuildState.COMPLETE] * 5
        assert await source.copy() == []
        again = await FolderSource([tmp_path / "builds"], bench.desk, Turns(2)).copy()
        assert [(outcome.state, outcome.lines) for outcome in again] == [(BuildState.COMPLETE, 0)] * 5
        assert bench.metrics.lines == 500
    assert [judge(url, store.path) for store in stores] == [EXACT] * 5


async def test_one_build_may_be_named(sqlite_url, make_build) -> None:
    store = make_build(lines=5)
    make_build(lines=5, seed=2)
    async with Bench(sqlite_url) as bench:
        (outcome,) = await FolderSource([store.path], bench.desk, Turns(2)).copy()
    assert outcome.uid == store.info.uid


async def test_a_running_build_is_copied_to_its_end(sqlite_url, make_build, tmp_path) -> None:
    store = make_build(lines=30, frozen=False)
    async with Bench(sqlite_url) as bench:
        copying = asyncio.create_task(FolderSource([tmp_path / "builds"], bench.desk, Turns(2)).copy())
        while bench.metrics.lines < 60:
            await asyncio.sleep(0.01)
        write_lines(store, StepId(2), 40, random.Random(1), 30)
        finish(store)
        (outcome,) = await copying
    assert outcome.state is BuildState.COMPLETE
    assert judge(sqlite_url, store.path) == EXACT


async def test_builds_that_come_are_found(sqlite_url, make_build, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(folder_source, "_SEARCH_SECONDS", 0.1)
    async with Bench(sqlite_url) as bench:
        outcomes: list[BuildOutcome] = []
        following = asyncio.create_task(
            FolderSource([tmp_path / "builds"], bench.desk, Turns(2)).follow(outcomes)
        )
        stores = [make_build(lines=20, seed=1)]
        while bench.metrics.lines < 40:
            await asyncio.sleep(0.02)
        stores.append(make_build(lines=20, seed=2))
        while len(outcomes) < 2:
            await asyncio.sleep(0.02)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    assert [judge(sqlite_url, store.path) for store in stores] == [EXACT] * 2


async def test_a_folder_of_wharf_cmds_has_its_own_name(sqlite_url, tmp_path) -> None:
    path = wharf_cmd_folder(tmp_path / "cmd", {1: b"2024-02-03T10:00:01Z a\n", 2: b"no time\n"})
    async with Bench(sqlite_url) as bench:
        (outcome,) = await FolderSource([tmp_path / "cmd"], bench.desk, Turns(2)).copy()
    assert (outcome.uid, outcome.number, outcome.state) == (path.name, 7, BuildState.INCOMPLETE)
    assert "has not ended" in outcome.problem
    assert query(sqlite_url, "SELECT step, log_id, at_ns, message FROM log_lines") == [
        (1, 1, 1_706_954_401_000_000_000, "a"),
        (2, 1, None, "no time"),
    ]
