"""A whole aggregator: several sources, once or for ever, and the exit status."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from tests.aggregator.conftest import Bench
from tests.aggregator.old_worker import OldWorker
from tests.aggregator.oracle import EXACT, judge, query
from tests.fakes.served_builds import serving
from wharf_tui.aggregator import supervisor
from wharf_tui.aggregator.pump import BuildOutcome
from wharf_tui.aggregator.remote_copy import RemoteSettings
from wharf_tui.aggregator.sinks.port import BuildState
from wharf_tui.aggregator.spool import Spool
from wharf_tui.aggregator.supervisor import Supervisor
from wharf_tui.aggregator.turns import Turns
from wharf_tui.attach.connection import Endpoint
from wharf_tui.model.errors import UnreachableError
from wharf_tui.worker.auth import ListenSettings


@pytest.fixture
def supervised(sqlite_url, tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "LOOK_SECONDS", 0.1)

    @asynccontextmanager
    async def life(*, follow=False):
        spool = Spool(tmp_path / "spool")
        async with Bench(sqlite_url) as bench:
            settings = RemoteSettings(Turns(8), None if follow else 2.0, 1.0)
            try:
                yield Supervisor(bench.desk, spool, settings, follow=follow)
            finally:
                spool.close()

    return life


async def until(condition) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


async def test_workers_and_folders_are_copied_side_by_side(
    sqlite_url, supervised, make_build, tmp_path
) -> None:
    served = make_build(lines=20, folder=tmp_path / "served")
    stored = make_build(lines=20, seed=2, folder=tmp_path / "stored")
    async with supervised() as life, serving(served.path) as address:
        await life.copy([life.target(Endpoint(address))], [tmp_path / "stored"])
    assert [outcome.state for outcome in life.outcomes] == [BuildState.COMPLETE] * 2
    assert life.exit_status == 0
    for store in (served, stored):
        assert judge(sqlite_url, store.path) == EXACT


async def test_one_worker_that_is_not_there_does_not_keep_the_others(supervised, make_build) -> None:
    store = make_build(lines=20)
    async with supervised() as life, serving(store.path) as address:
        await life.copy([life.target(Endpoint("127.0.0.1:1")), life.target(Endpoint(address))], [])
    assert [outcome.state for outcome in life.outcomes] == [BuildState.COMPLETE]
    assert life.exit_status == 4


async def test_following_it_copies_the_builds_that_come_to_an_address(
    sqlite_url, supervised, make_build, tmp_path
) -> None:
    stores = [make_build(lines=20, seed=seed, folder=tmp_path / str(seed)) for seed in range(3)]
    async with supervised(follow=True) as life:
        async with serving(stores[0].path) as address:
            running = asyncio.create_task(life.copy([life.target(Endpoint(address))], []))
            await until(lambda: len(life.outcomes) == 1)
            await asyncio.sleep(0.3)
            assert len(life.outcomes) == 1, "a build is copied once, however long it is served"
        port = ListenSettings(port=int(address.rpartition(":")[2]))
        for number, store in enumerate(stores[1:], 2):
            async with serving(store.path, port):
                await until(lambda: len(life.outcomes) == number)  # noqa: B023 - called within the round
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [judge(sqlite_url, store.path) for store in stores] == [EXACT] * 3


async def test_following_an_old_worker_it_waits_until_that_one_is_gone(sqlite_url, supervised) -> None:
    first, second = OldWorker(lines=20), OldWorker(lines=25)
    for worker in (first, second):
        worker.ended.set()
    async with supervised(follow=True) as life:
        async with first.serving() as address:
            running = asyncio.create_task(life.copy([life.target(Endpoint(address))], []))
            await until(lambda: len(life.outcomes) == 1)
            connections = first.connections
            await asyncio.sleep(0.4)
            assert first.connections == connections
        second.lines = {step: [(at + 7, text) for at, text in lines] for step, lines in second.lines.items()}
        async with second.serving(int(address.rpartition(":")[2])):
            await until(lambda: len(life.outcomes) == 2)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert query(sqlite_url, "SELECT lines FROM build_overview ORDER BY build") == [(40,), (50,)]


@pytest.mark.parametrize(
    ("states", "refused", "unreachable", "status"),
    [
        ([], False, False, 0),
        ([BuildState.COMPLETE], False, False, 0),
        ([BuildState.COMPLETE, BuildState.INCOMPLETE], False, False, 3),
        ([BuildState.INCOMPLETE], False, True, 4),
        ([BuildState.INCOMPLETE, BuildState.DISPUTED], False, True, 1),
        ([BuildState.INCOMPLETE], True, False, 1),
    ],
)
async def test_the_exit_status_tells_the_worst(supervised, states, refused, unreachable, status) -> None:
    async with supervised() as life:
        life.outcomes = [BuildOutcome("u", 1, "o", state, refused=refused) for state in states]
        life.unreachable = [UnreachableError("x")] if unreachable else []
        assert life.exit_status == status
