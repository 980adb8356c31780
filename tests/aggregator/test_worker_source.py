"""From a worker over the wire into the sink, and what happens when one of the three goes away."""

import asyncio
import random
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.aggregator.conftest import T0, Bench, finish, write_lines
from tests.aggregator.old_worker import FAILED, OldWorker
from tests.aggregator.oracle import EXACT, judge, lines_of_database, query
from tests.fakes.served_builds import serving
from wharf_tui.aggregator.remote_copy import RemoteCopy, RemoteSettings
from wharf_tui.aggregator.sinks.port import BuildState
from wharf_tui.aggregator.spool import Owner, Spool, builds_in
from wharf_tui.aggregator.turns import Turns
from wharf_tui.aggregator.worker_source import WorkerSource, WorkerTarget, conclude_orphans
from wharf_tui.attach.connection import Endpoint
from wharf_tui.model.errors import UnreachableError
from wharf_tui.model.ids import StepId
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.worker.auth import ListenSettings

ONE = StepId(1)


class Copier:
    """One aggregator's life: a sink, a spool, sources."""

    def __init__(self, url, spool_root, *, parallel=8, ahead_bytes=2**30, give_up=5.0) -> None:
        self.bench = Bench(url)
        self.spool = Spool(spool_root)
        self.settings = RemoteSettings(Turns(parallel, 0.2), give_up, 2.0, ahead_bytes)

    def source(self, address, uid="", number=0) -> WorkerSource:
        owner = Owner(f"worker {address}", uid, number)
        folder = self.spool.folder(owner.origin)
        self.spool.remember(folder, owner)
        return WorkerSource(WorkerTarget(Endpoint(address), owner, folder), self.bench.desk, self.settings)


@pytest.fixture
def copier(tmp_path):
    @asynccontextmanager
    async def life(url, **how):
        made = Copier(url, tmp_path / "spool", **how)
        try:
            async with made.bench:
                yield made
        finally:
            made.spool.close()

    return life


async def test_a_workers_build_is_copied_to_its_end(url, copier, make_build, tmp_path) -> None:
    store = make_build(lines=500, steps=3)
    async with copier(url) as life, serving(store.path) as address:
        (outcome,) = await life.source(address).copy()
        assert (outcome.state, outcome.lines, outcome.number) == (BuildState.COMPLETE, 1500, 42)
        assert judge(url, store.path) == EXACT
        assert query(url, "SELECT state, status, origin FROM builds") == [
            ("complete", "Success", f"worker {address}")
        ]
        (again,) = await life.source(address).copy()
        assert (again.state, again.lines) == (BuildState.COMPLETE, 0)
    assert not list((tmp_path / "spool").glob("*/*build*")), "what is committed need not be kept"


async def test_a_running_build_is_followed(sqlite_url, copier, make_build) -> None:
    store = make_build(lines=50, frozen=False)
    async with copier(sqlite_url) as life, serving(store) as address:
        copying = asyncio.create_task(life.source(address).copy())
        while not query(sqlite_url, "SELECT 1 FROM sqlite_master WHERE name = 'builds'") or query(
            sqlite_url, "SELECT count(*) FROM log_lines"
        ) != [(100,)]:
            await asyncio.sleep(0.02)
        assert query(sqlite_url, "SELECT state, status FROM builds") == [("running", "Running")]
        store.add_artifact(ONE, "report.zip")
        while query(sqlite_url, "SELECT step, artifact_id, name FROM artifacts") != [(1, 1, "report.zip")]:
            await asyncio.sleep(0.02)
        write_lines(store, ONE, 70, random.Random(2), 50)
        store.add_artifact(ONE, "site.zip")
        finish(store)
        (outcome,) = await copying
    assert outcome.state is BuildState.COMPLETE
    assert judge(sqlite_url, store.path) == EXACT
    assert query(sqlite_url, "SELECT artifact_id, name FROM artifacts") == [
        (1, "report.zip"),
        (2, "site.zip"),
    ]


async def test_many_workers_share_few_turns(sqlite_url, copier, make_build, tmp_path) -> None:
    paths = [make_build(lines=60, seed=number, folder=tmp_path / f"b{number}").path for number in range(12)]
    async with copier(sqlite_url, parallel=2) as life, AsyncExitStack() as stack:
        addresses = [await stack.enter_async_context(serving(path)) for path in paths]
        found = await asyncio.gather(*(life.source(address).copy() for address in addresses))
    assert [outcome.state for (outcome,) in found] == [BuildState.COMPLETE] * 12
    assert [judge(sqlite_url, path) for path in paths] == [EXACT] * 12


async def test_a_long_turn_is_ended_for_those_who_wait(sqlite_url, copier, make_build, tmp_path) -> None:
    running = make_build(lines=10, frozen=False, folder=tmp_path / "long")
    short = make_build(lines=10, folder=tmp_path / "short")
    async with (
        copier(sqlite_url, parallel=1) as life,
        serving(running) as long_address,
        serving(short.path) as address,
    ):
        copying = asyncio.create_task(life.source(long_address).copy())
        while not builds_in(life.spool.folder(f"worker {long_address}")):
            await asyncio.sleep(0.02)
        (outcome,) = await life.source(address).copy()
        assert outcome.state is BuildState.COMPLETE
        assert not copying.done()
        finish(running)
        (outcome,) = await copying
        assert outcome.state is BuildState.COMPLETE
    assert judge(sqlite_url, running.path) == EXACT


async def test_a_copy_that_is_far_ahead_of_the_sink_is_halted(sqlite_url, copier, make_build) -> None:
    store = make_build(lines=4000, steps=1)
    async with copier(sqlite_url, ahead_bytes=1000) as life, serving(store.path) as address:
        (outcome,) = await life.source(address).copy()
    assert outcome.state is BuildState.COMPLETE
    assert judge(sqlite_url, store.path) == EXACT


async def test_a_worker_that_comes_back_is_gone_on_with(url, copier, make_build) -> None:
    store = make_build(lines=800, frozen=False)
    async with copier(url, give_up=30.0) as life:
        async with serving(store) as address:
            copying = asyncio.create_task(life.source(address).copy())
            while not life.bench.metrics.lines:
                await asyncio.sleep(0.01)
        finish(store)
        port = int(address.rpartition(":")[2])
        async with serving(store.path, ListenSettings(port=port)):
            (outcome,) = await copying
    assert outcome.state is BuildState.COMPLETE
    assert judge(url, store.path) == EXACT


async def test_a_worker_that_stays_away_leaves_an_incomplete_build(url, copier, make_build) -> None:
    store = make_build(lines=100, frozen=False)
    async with copier(url, give_up=0.5) as life:
        async with serving(store) as address:
            copying = asyncio.create_task(life.source(address).copy())
            while life.bench.metrics.lines < 200:
                await asyncio.sleep(0.01)
        (outcome,) = await copying
    assert outcome.state is BuildState.INCOMPLETE
    assert "does not answer" in outcome.problem
    assert judge(url, store.path) == EXACT
    assert query(url, "SELECT DISTINCT status FROM steps") == [("Unknown",)]
    store.close()


async def test_nobody_at_the_address_is_an_error(sqlite_url, copier) -> None:
    async with copier(sqlite_url) as life:
        with pytest.raises(UnreachableError):
            await life.source("127.0.0.1:1").copy()


async def test_what_an_aggregator_left_in_the_spool_is_committed_though_the_worker_is_gone(
    url, copier, make_build, tmp_path
) -> None:
    """The first life copies into its spool only: its sink takes nothing. Then it is killed, and the worker goes."""
    store = make_build(lines=300, frozen=False)
    async with copier(f"sqlite:///{tmp_path}/other.db") as life, serving(store) as address:
        source = life.source(address)
        copy = RemoteCopy(Endpoint(address), source._target.folder, life.settings, life.bench.desk.journal)
        await copy.open()
        copying = asyncio.create_task(copy.run())
        while copy._session is None or copy._session.mirror.lines < 600:
            await asyncio.sleep(0.01)
        copying.cancel()
        await asyncio.gather(copying, return_exceptions=True)
    async with copier(url) as life:
        (outcome,) = await conclude_orphans(life.spool, set(), life.bench.desk, life.settings)
    assert outcome.state is BuildState.INCOMPLETE
    assert judge(url, store.path) == EXACT
    assert query(url, "SELECT origin FROM builds") == [(f"worker {address}",)]
    finish(store)
    async with copier(url) as life, serving(store.path) as address:
        (outcome,) = await life.source(address).copy()
    assert outcome.state is BuildState.COMPLETE
    assert judge(url, store.path) == EXACT


async def test_an_old_worker_is_taken_as_it_is(url, copier) -> None:
    worker = OldWorker()
    worker.ended.set()
    async with copier(url) as life, worker.serving() as address:
        (outcome,) = await life.source(address, number=7).copy()
    assert outcome.state is BuildState.COMPLETE
    ((number, status),) = query(url, "SELECT number, status FROM builds")
    assert (number, status) == (7, "Success")
    assert lines_of_database(url, outcome.uid) == worker.rows()


async def test_an_old_worker_that_breaks_off_sends_all_again_and_nothing_is_there_twice(url, copier) -> None:
    worker = OldWorker(lines=200)
    worker.cut_after = 150
    worker.ended.set()
    async with copier(url, give_up=20.0) as life, worker.serving() as address:
        copying = asyncio.create_task(life.source(address).copy())
        while worker.connections < 2:
            await asyncio.sleep(0.01)
        worker.cut_after = None
        (outcome,) = await copying
    assert outcome.state is BuildState.COMPLETE
    assert lines_of_database(url, outcome.uid) == worker.rows()


async def test_an_old_workers_build_is_found_again_by_an_aggregator_that_was_stopped(url, copier) -> None:
    worker = OldWorker(lines=200)
    async with worker.serving() as address:
        async with copier(url) as life:
            copying = asyncio.create_task(life.source(address).copy())
            while life.bench.metrics.lines < 400:
                await asyncio.sleep(0.01)
            copying.cancel()
            await asyncio.gather(copying, return_exceptions=True)
        for step in worker.lines:
            worker.lines[step].append((T0 + 10**9 + step, "one more"))
        worker.ended.set()
        async with copier(url) as life:
            (outcome,) = await life.source(address).copy()
            assert life.bench.metrics.lines == 2
    assert outcome.state is BuildState.COMPLETE
    assert query(url, "SELECT count(*) FROM builds") == [(1,)]
    assert lines_of_database(url, outcome.uid) == worker.rows()


async def test_another_build_of_an_old_worker_at_the_same_address_is_another_build(
    sqlite_url, copier
) -> None:
    first, second = OldWorker(), OldWorker()
    second.lines = {
        step: [(at_ns + 5, text) for at_ns, text in lines] for step, lines in second.lines.items()
    }
    async with copier(sqlite_url) as life:
        port = 0
        for worker in (first, second):
            worker.ended.set()
            async with worker.serving(port) as address:
                port = int(address.rpartition(":")[2])
                (outcome,) = await life.source(address).copy()
                assert outcome.state is BuildState.COMPLETE
                assert lines_of_database(sqlite_url, outcome.uid) == worker.rows()
    assert query(sqlite_url, "SELECT count(*) FROM builds") == [(2,)]


async def test_an_old_worker_whose_build_failed_goes_away_and_its_build_is_incomplete(
    sqlite_url, copier
) -> None:
    worker = OldWorker(lines=50)
    worker.final = FAILED
    async with copier(sqlite_url, give_up=30.0) as life:
        async with worker.serving() as address:
            copying = asyncio.create_task(life.source(address).copy())
            while life.bench.metrics.lines < 100:
                await asyncio.sleep(0.01)
            worker.ended.set()
            worker.cut_after = 0
            while query(sqlite_url, "SELECT count(*) FROM status_events") != [(4,)]:
                await asyncio.sleep(0.01)
        (outcome,) = await copying
    assert outcome.state in {BuildState.COMPLETE, BuildState.INCOMPLETE}
    assert query(sqlite_url, "SELECT status FROM builds") == [("Failed",)]
    assert lines_of_database(sqlite_url, outcome.uid) == worker.rows()


async def test_a_worker_that_lost_lines_which_were_copied_is_an_alarm(url, copier, make_build) -> None:
    """Its machine went down: the last lines were not on the device, and others have their IDs now."""
    store = make_build(lines=100, steps=1, frozen=False)
    async with copier(url, give_up=30.0) as life:
        async with serving(store) as address:
            copying = asyncio.create_task(life.source(address).copy())
            while life.bench.metrics.lines < 100:
                await asyncio.sleep(0.01)
        store.close()
        before = lines_of_database(url, store.info.uid)
        log = store.path / "steps/1/logs.log"
        log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:90]))
        for index in store.path.glob("steps/*/logs.index"):
            index.unlink()
        reborn = BuildWriter.reopen(store.path)
        write_lines(reborn, ONE, 40, random.Random(99), 500)
        finish(reborn)
        async with serving(store.path, ListenSettings(port=int(address.rpartition(":")[2]))):
            outcomes = await copying
        assert "ALARM: line 91 of step 1" in life.bench.said
    assert [outcome.state for outcome in outcomes] == [BuildState.INCOMPLETE, BuildState.DISPUTED]
    assert lines_of_database(url, store.info.uid) == before
    assert query(url, "SELECT step, log_id FROM alarms") == [(1, 91)]
    assert builds_in(life.spool.folder(f"worker {address}")), "what somebody has to look into is kept"
