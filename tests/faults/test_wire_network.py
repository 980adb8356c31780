"""Connections that are cut, frozen, slowed and refused in between: the copy is exact all the same."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.fakes.fault_proxy import fault_proxy
from tests.fakes.served_builds import begin_build, finished_build, serving, write_lines
from wharf_tui.attach import session as session_module
from wharf_tui.attach.connection import Endpoint
from wharf_tui.attach.progress import Phase
from wharf_tui.attach.session import AttachSession
from wharf_tui.model.status import Status


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "_SHORTEST_PAUSE", 0.02)


def logs_of(path: Path) -> dict[str, bytes]:
    return {log.parent.name: log.read_bytes() for log in sorted(path.glob("steps/*/logs.log"))}


@asynccontextmanager
async def attached(
    endpoint: Endpoint, folder: Path
) -> AsyncIterator[tuple[AttachSession, asyncio.Task[None]]]:
    session = AttachSession(endpoint, folder)
    await session.open()
    copying = asyncio.create_task(session.run())
    try:
        async with asyncio.timeout(40):
            yield session, copying
    finally:
        copying.cancel()
        await asyncio.gather(copying, return_exceptions=True)


@pytest.mark.parametrize("seed", [1, 2])
async def test_resets_after_any_number_of_bytes_lose_and_double_nothing(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    store = begin_build(tmp_path / "builds", steps=3)
    for step in (1, 2, 3):
        write_lines(store, step, 20_000)
    written = dict.fromkeys((1, 2, 3), 20_000)
    async with (
        serving(store) as address,
        fault_proxy(address) as proxy,
        attached(Endpoint(proxy.address), tmp_path / "copies") as (session, copying),
    ):
        for _ in range(12):
            proxy.cut_after = chance.choice([0, 5, 100, 5_000, 100_000, 300_000])
            connections = proxy.connections
            step = chance.choice([1, 2, 3])
            write_lines(store, step, 500, written[step] + 1)
            written[step] += 500
            if chance.random() < 0.5:
                proxy.cut_all()
            else:
                await asyncio.sleep(chance.uniform(0, 0.1))
            if proxy.connections == connections:
                await asyncio.sleep(0.05)
        proxy.cut_after = None
        proxy.cut_all()
        store.freeze(Status.SUCCESS)
        await copying
        assert session.progress.complete
    assert proxy.connections > 5
    assert logs_of(session.path) == logs_of(store.path)


async def test_a_half_open_connection_is_noticed_and_replaced(tmp_path: Path) -> None:
    store = begin_build(tmp_path / "builds")
    write_lines(store, 1, 100)
    async with serving(store) as address, fault_proxy(address) as proxy:
        endpoint = Endpoint(proxy.address, keepalive_seconds=1, keepalive_timeout_seconds=0.5)
        async with attached(endpoint, tmp_path / "copies") as (session, copying):
            await session.wait_caught_up()
            proxy.is_black_hole = True
            write_lines(store, 1, 100, 101)
            while session.progress.phase is not Phase.RECONNECTING:
                await asyncio.sleep(0.02)
            proxy.cut_all()
            proxy.is_black_hole = False
            while session.mirror.lines < 200:
                await asyncio.sleep(0.02)
            assert "100 lines recovered" in session.progress.note
            store.freeze(Status.SUCCESS)
            await copying
            assert session.progress.complete
    assert logs_of(session.path) == logs_of(store.path)


async def test_a_worker_that_refuses_for_a_while_is_tried_again(tmp_path: Path) -> None:
    store = begin_build(tmp_path / "builds")
    write_lines(store, 1, 100)
    async with (
        serving(store) as address,
        fault_proxy(address) as proxy,
        attached(Endpoint(proxy.address), tmp_path / "copies") as (session, copying),
    ):
        await session.wait_caught_up()
        proxy.refuses = True
        proxy.cut_all()
        while session.progress.attempts < 4:
            await asyncio.sleep(0.02)
        assert session.progress.phase is Phase.RECONNECTING
        assert "does not answer" in session.progress.problem
        proxy.refuses = False
        store.freeze(Status.SUCCESS)
        await copying
        assert session.progress.complete


async def test_a_slow_network_brings_everything_without_a_break(tmp_path: Path) -> None:
    path, _ = finished_build(tmp_path / "builds", {1: 20_000})
    async with serving(path) as address, fault_proxy(address) as proxy:
        proxy.bytes_per_second = 400_000
        endpoint = Endpoint(proxy.address, keepalive_seconds=1, keepalive_timeout_seconds=5)
        async with attached(endpoint, tmp_path / "copies") as (session, copying):
            await copying
            assert session.progress.complete
    assert proxy.connections == 2, "one to open, one to copy"
    assert logs_of(session.path) == logs_of(path)
