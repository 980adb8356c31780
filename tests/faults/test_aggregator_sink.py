"""A sink that is down, slow, silent, full, or refuses a row: everybody waits, it is said in clear words, nothing is lost.

WHARF_DOWN_SECONDS makes the sink stay down for longer: 60 for the run that counts.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aggregator.conftest import Bench, finish, write_lines
from tests.aggregator.oracle import EXACT, judge, query
from tests.fakes.fault_proxy import FaultProxy, fault_proxy
from tests.fakes.postgres_server import PostgresServer, find_binaries
from tests.fakes.served_builds import begin_build, serving
from wharf_tui.aggregator import pump, sink_pool
from wharf_tui.aggregator.pump import BuildOutcome
from wharf_tui.aggregator.remote_copy import RemoteSettings
from wharf_tui.aggregator.sinks import sqlite as sqlite_sink
from wharf_tui.aggregator.sinks.choice import database
from wharf_tui.aggregator.sinks.port import BuildState
from wharf_tui.aggregator.spool import Owner, Spool
from wharf_tui.aggregator.turns import Turns
from wharf_tui.aggregator.worker_source import WorkerSource, WorkerTarget
from wharf_tui.attach.connection import Endpoint
from wharf_tui.model.ids import StepId
from wharf_tui.results.build_writer import BuildWriter

DOWN_SECONDS = float(os.environ.get("WHARF_DOWN_SECONDS", "2"))
ONE = StepId(1)


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL's binaries (initdb, postgres) are not here: apt install postgresql")
    server = PostgresServer(binaries)
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_pool, "_LONGEST_PAUSE", 0.5)
    monkeypatch.setattr(sqlite_sink, "BUSY_SECONDS", 0.2)
    monkeypatch.setattr(pump, "REFUSED_PAUSE_SECONDS", 0.2)


class Scene:
    """A running build, its worker, and an aggregator that copies it."""

    def __init__(self, bench: Bench, store: BuildWriter, copying: asyncio.Task[list[BuildOutcome]]) -> None:
        self.bench = bench
        self.store = store
        self.copying = copying
        self._chance = random.Random(1)
        self._written = 0

    def write(self, count: int = 500) -> None:
        write_lines(self.store, ONE, count, self._chance, self._written)
        self._written += count

    async def until(self, condition) -> None:
        async with asyncio.timeout(DOWN_SECONDS + 60):
            while not condition():
                assert not self.copying.done(), self.copying.result()
                await asyncio.sleep(0.01)

    async def until_copied(self) -> None:
        await self.until(lambda: self.bench.metrics.lines >= self._written)

    async def write_for(self, seconds: float) -> None:
        """The build goes on, whatever becomes of the sink."""
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            self.write()
            await asyncio.sleep(0.05)

    async def end(self, url: str) -> None:
        finish(self.store)
        (outcome,) = await asyncio.wait_for(self.copying, 60)
        assert outcome.state is BuildState.COMPLETE, outcome.problem
        assert judge(url, self.store.path) == EXACT


@pytest.fixture
async def play(tmp_path):
    """Set the scene with a database at ``url``."""
    scenes: list[tuple[Scene, Bench, Spool, object]] = []

    async def begin(url: str, *, waits_for_refused: bool = False) -> Scene:
        store = begin_build(tmp_path / "builds")
        bench = Bench(url, give_up=DOWN_SECONDS + 60, waits_for_refused=waits_for_refused)
        await bench.__aenter__()
        worker = serving(store)
        address = await worker.__aenter__()
        spool = Spool(tmp_path / "spool")
        target = WorkerTarget(Endpoint(address), Owner("w"), spool.folder("w"))
        source = WorkerSource(target, bench.desk, RemoteSettings(Turns(4), 60.0))
        scene = Scene(bench, store, asyncio.create_task(source.copy()))
        scenes.append((scene, bench, spool, worker))
        scene.write()
        await scene.until_copied()
        return scene

    yield begin
    for scene, bench, spool, worker in scenes:
        scene.copying.cancel()
        await asyncio.gather(scene.copying, return_exceptions=True)
        scene.store.close()
        await worker.__aexit__(None, None, None)  # type: ignore[attr-defined]  # a context manager
        await bench.__aexit__()
        spool.close()


async def test_a_server_that_is_down_for_a_while(play, postgres) -> None:
    url = postgres.new_url()
    scene = await play(url)
    postgres.kill()
    await scene.write_for(DOWN_SECONDS)
    assert "does not answer" in scene.bench.metrics.sink_problem
    await asyncio.to_thread(postgres.start)
    await scene.until_copied()
    assert scene.bench.metrics.sink_problem == ""
    assert "does not answer" in scene.bench.said
    assert "takes lines again after" in scene.bench.said
    await scene.end(url)


async def test_a_file_that_is_locked_for_a_while(play, tmp_path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    scene = await play(url)
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await scene.write_for(DOWN_SECONDS)
    assert "has been locked by another process" in scene.bench.said
    other.execute("ROLLBACK")
    other.close()
    await scene.end(url)


async def test_a_full_device(play, small_device: Path) -> None:
    ballast = small_device / "ballast"
    ballast.write_bytes(bytes(600_000))
    url = f"sqlite:///{small_device}/x.db"
    scene = await play(url)
    while "no space left" not in scene.bench.said and "cannot be written" not in scene.bench.said:
        scene.write(100)
        await asyncio.sleep(0.02)
        assert not scene.copying.done(), scene.copying.result()
    assert scene.bench.metrics.sink_problem
    ballast.unlink()
    await scene.end(url)


async def test_a_row_that_is_refused_is_named_and_offered_again_when_that_is_wanted(play, postgres) -> None:
    url = postgres.new_url()
    scene = await play(url, waits_for_refused=True)
    connection = database(url)
    connection.open()
    connection.execute("ALTER TABLE log_lines ADD CONSTRAINT never CHECK (log_id <> 777)")
    scene.write(1000)
    await scene.until(lambda: "refuses line 777 of step 1" in scene.bench.said)
    assert "never" in scene.bench.said
    assert query(url, "SELECT max(log_id) FROM log_lines") == [(776,)]
    connection.execute("ALTER TABLE log_lines DROP CONSTRAINT never")
    connection.close()
    await scene.until_copied()
    await scene.end(url)


async def test_a_connection_that_is_cut_at_any_byte_so_that_nobody_knows_what_was_committed(
    play, postgres
) -> None:
    url = postgres.new_url()
    chance = random.Random(5)
    async with fault_proxy(f"127.0.0.1:{postgres.port}") as proxy:
        scene = await play(url.replace(str(postgres.port), proxy.address.rpartition(":")[2]))
        for _ in range(12):
            before = proxy.connections
            proxy.cut_after = chance.randint(400, 2500)
            while proxy.connections == before:
                scene.write(50)
                await asyncio.sleep(0.05)
        proxy.cut_after = None
        assert scene.bench.metrics.retries > 3
        await scene.end(url)


async def test_a_server_that_says_nothing_is_waited_for_and_told(play, postgres, monkeypatch) -> None:
    monkeypatch.setattr(sink_pool, "_REMIND_SECONDS", 0.3)
    url = postgres.new_url()
    async with fault_proxy(f"127.0.0.1:{postgres.port}") as proxy:
        scene = await play(url.replace(str(postgres.port), proxy.address.rpartition(":")[2]))
        proxy.is_black_hole = True
        scene.write()
        await scene.until(lambda: "has not answered for" in scene.bench.said)
        proxy.is_black_hole = False
        proxy.cut_all()
        await scene.until_copied()
        await scene.end(url)


async def test_a_slow_server_slows_nobody_but_itself(play, postgres) -> None:
    url = postgres.new_url()
    async with fault_proxy(f"127.0.0.1:{postgres.port}") as proxy:
        scene = await play(url.replace(str(postgres.port), proxy.address.rpartition(":")[2]))
        slow(proxy)
        await scene.write_for(1.0)
        proxy.bytes_per_second = None
        await scene.until_copied()
        await scene.end(url)


def slow(proxy: FaultProxy) -> None:
    proxy.bytes_per_second = 15_000.0


async def test_stopping_it_while_the_server_says_nothing(play, postgres, monkeypatch) -> None:
    monkeypatch.setattr(sink_pool, "GRACE_SECONDS", 0.3)
    url = postgres.new_url()
    async with fault_proxy(f"127.0.0.1:{postgres.port}") as proxy:
        scene = await play(url.replace(str(postgres.port), proxy.address.rpartition(":")[2]))
        proxy.is_black_hole = True
        scene.write()
        await asyncio.sleep(0.5)
        scene.copying.cancel()
        await asyncio.wait_for(asyncio.gather(scene.copying, return_exceptions=True), 10)
        proxy.is_black_hole = False
