"""Workers and clients that are stopped, killed and started again while a build runs: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest

from tests.fakes.served_builds import begin_build, finished_build, stub_of, write_lines
from tests.fakes.worker_process import WorkerProcess, steady_writer, worker_process
from wharf_tui.attach.connection import Endpoint
from wharf_tui.attach.progress import Phase
from wharf_tui.attach.session import AttachSession
from wharf_tui.model.build import Liveness
from wharf_tui.model.lines import split_stamp
from wharf_tui.model.timestamps import now_ns
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb

STOP_SECONDS = float(os.environ.get("WHARF_TUI_STOP_SECONDS", "4"))
"""How long a subscriber is stopped; the figure to prove is 30 and more."""
VANISHING = int(os.environ.get("WHARF_TUI_VANISHING", "80"))
"""How many subscribers come and go."""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


def logs_of(path: Path) -> dict[str, bytes]:
    return {log.parent.name: log.read_bytes() for log in sorted(path.glob("steps/*/logs.log"))}


def client_process(address: str, copies: Path, output: Path) -> subprocess.Popen[bytes]:
    """``wharf-tui attach --plain``, as a user runs it."""
    with output.open("wb") as printed:
        return subprocess.Popen(
            [sys.executable, "-m", "wharf_tui", "attach", address, "--plain"],
            stdout=printed,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "WHARF_TUI_BUILDS": str(copies)},
        )


async def test_a_worker_that_is_killed_and_started_again_is_gone_on_with(tmp_path: Path) -> None:
    chance = random.Random(7)
    with steady_writer(tmp_path / "builds", steps=3, lines_per_second=20_000, seconds=3) as (path, writer):
        worker = WorkerProcess(path)
        session = AttachSession(Endpoint(worker.address), tmp_path / "copies")
        await session.open()
        copying = asyncio.create_task(session.run())
        breaks = 0
        while writer.poll() is None and breaks < 3:
            lines = session.mirror.lines
            async with asyncio.timeout(20):
                while session.mirror.lines == lines:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(chance.uniform(0, 0.2))
            worker.kill()
            breaks += 1
            worker = WorkerProcess(path, worker.address)
        async with asyncio.timeout(30):
            await copying
        worker.terminate()
        assert writer.wait(timeout=20) == 0
    assert breaks >= 1
    assert session.progress.complete
    assert "reconnected after" in session.progress.note
    assert sum(log.count(b"\n") for log in logs_of(path).values()) == 60_000
    assert logs_of(session.path) == logs_of(path)


async def test_a_writer_that_is_killed_leaves_what_it_wrote_also_in_the_copy(tmp_path: Path) -> None:
    with steady_writer(tmp_path / "builds", steps=2, lines_per_second=20_000, seconds=60) as (path, writer):
        worker = WorkerProcess(path)
        session = AttachSession(Endpoint(worker.address), tmp_path / "copies")
        await session.open()
        copying = asyncio.create_task(session.run())
        async with asyncio.timeout(20):
            await session.wait_caught_up()
            lines = session.mirror.lines
            while session.mirror.lines < lines + 5000:
                await asyncio.sleep(0.01)
        worker.kill()
        writer.kill()
        writer.wait()
    with worker_process(path, worker.address):
        async with asyncio.timeout(20):
            await copying
    assert (session.progress.phase, session.progress.complete) == (Phase.ENDED, False)
    assert logs_of(session.path) == logs_of(path)
    copy, original = BuildReader.open(session.path), BuildReader.open(path)
    assert copy.liveness is Liveness.UNFINISHED
    assert copy.info.epoch == original.info.epoch


async def test_a_stopped_subscriber_costs_nothing_and_goes_on_where_it_was(tmp_path: Path) -> None:
    """One client is stopped while the build prints; another one gets its lines in time, and the writer keeps its pace."""
    seconds = STOP_SECONDS + 2
    with steady_writer(tmp_path / "builds", steps=2, lines_per_second=30_000, seconds=seconds) as (
        path,
        writer,
    ):
        worker = WorkerProcess(path)
        output = tmp_path / "printed"
        stopped = client_process(worker.address, tmp_path / "copies", output)
        try:
            async with asyncio.timeout(20):
                while not output.exists() or output.stat().st_size < 100_000:
                    await asyncio.sleep(0.02)
            before = worker.resident_bytes
            stopped.send_signal(signal.SIGSTOP)
            late = await lateness(worker.address, STOP_SECONDS)
            grown = worker.resident_bytes - before
            stopped.send_signal(signal.SIGCONT)
            assert await asyncio.to_thread(stopped.wait, 60) == 0
        finally:
            stopped.kill()
            stopped.wait()
        worker.terminate()
        longest = float((writer.stdout.read() if writer.stdout else "").split()[1])
    (copy,) = (tmp_path / "copies").glob("wharf-cmd-build-*")
    assert logs_of(copy) == logs_of(path)
    assert output.read_bytes().count(b"\n") == sum(log.count(b"\n") for log in logs_of(path).values())
    assert late  # the other reader went on getting lines
    assert grown < 15 * 1024 * 1024
    assert longest < STOP_SECONDS  # the writer waited for nobody


async def lateness(address: str, seconds: float) -> list[float]:
    """How late live lines come to one who reads, sorted."""
    late: list[float] = []
    until = time.monotonic() + seconds
    async with stub_of(address) as stub:
        build = await stub.GetBuild(pb.GetBuildRequest())
        after = [pb.LogPosition(step_id=step.step_id, log_id=step.log_id) for step in build.steps]
        async for message in stub.StreamLogs(pb.StreamLogsRequest(chunks=True, after=after)):
            for chunk in message.chunks:
                at_ns, _ = split_stamp(chunk.data[: chunk.data.index(b"\n")])
                assert at_ns is not None
                late.append((now_ns() - at_ns) / 1e9)
            if time.monotonic() > until:
                break
    return sorted(late)


async def test_clients_that_are_killed_in_mid_backfill_leave_nothing_behind(tmp_path: Path) -> None:
    path, _ = finished_build(tmp_path / "builds", {1: 400_000, 2: 10})
    with worker_process(path) as worker:
        await read_a_little(worker.address)
        before = worker.open_files
        for number in range(3):
            output = tmp_path / f"printed{number}"
            client = client_process(worker.address, tmp_path / "copies", output)
            async with asyncio.timeout(20):
                while not list((tmp_path / "copies").glob("*/steps/1/logs.log")):
                    await asyncio.sleep(0.002)
            client.kill()
            client.wait()
        async with asyncio.timeout(20):
            while worker.open_files > before:
                await asyncio.sleep(0.05)
        session = AttachSession(Endpoint(worker.address), tmp_path / "copies")
        await session.open()
        await session.run()
    assert session.progress.complete
    assert logs_of(session.path) == logs_of(path)


async def read_a_little(address: str, messages: int = 1) -> None:
    async with stub_of(address) as stub:
        call = stub.StreamLogs(pb.StreamLogsRequest())
        for _ in range(messages):
            await call.read()
        call.cancel()


async def test_subscribers_that_come_and_go_leave_nothing_behind(tmp_path: Path) -> None:
    chance = random.Random(3)
    store = begin_build(tmp_path / "builds")
    write_lines(store, 1, 4_000)
    with worker_process(store.path) as worker:
        await read_a_little(worker.address)
        before = worker.open_files
        number = 4_001
        for _ in range(VANISHING // 10):
            write_lines(store, 1, 50, number)
            number += 50
            await asyncio.gather(*(read_a_little(worker.address, chance.randrange(30)) for _ in range(10)))
        async with asyncio.timeout(20):
            while worker.open_files > before:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.2)
        spent = worker.processor_seconds
        await asyncio.sleep(1.0)
        assert worker.processor_seconds - spent < 0.5, "something goes on without a subscriber"
        store.close()
        async with stub_of(worker.address) as stub:
            lines = [message.log_id async for message in stub.StreamLogs(pb.StreamLogsRequest())]
        assert lines == list(range(1, number))


async def test_a_port_is_taken_by_one_worker_only(tmp_path: Path) -> None:
    path, _ = finished_build(tmp_path / "builds", {1: 1})
    with worker_process(path) as worker:
        second = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "wharf_tui", "worker", "serve", str(path), "--address", worker.address,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, said = await asyncio.wait_for(second.communicate(), 20)
        assert second.returncode == 4
        assert f"cannot listen on {worker.address}".encode() in said
        assert b"Traceback" not in said
        async with grpc.aio.insecure_channel(worker.address) as channel:
            await channel.channel_ready()
