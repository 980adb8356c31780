"""The served worker as clients see it: ours, and one that was compiled from wharf-cmd's own field list."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any
from unittest import mock

import grpc
import pytest

from tests.fakes import wharf_cmd_protocol as theirs
from tests.fakes.served_builds import (
    START_NS,
    begin_build,
    finished_build,
    serving,
    stub_of,
    wharf_cmd_folder,
    write_lines,
)
from wharf_tui.model.build import Liveness, StepInfo, StepState
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.rpc import wire
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.worker.hub import BuildHub
from wharf_tui.worker.service import WorkerService

GO_ZERO_SECONDS = -62_135_596_800


async def their_stream(address: str, method: str) -> list[bytes]:
    """Everything that wharf-cmd's client gets, as it is on the wire; fails where the stream does not end cleanly."""
    async with grpc.aio.insecure_channel(address) as channel:
        call: Any = channel.unary_stream(f"/{theirs.SERVICE}/{method}")(b"")  # type: ignore[arg-type]  # plain bytes, on purpose
        async with asyncio.timeout(20):
            return [raw async for raw in call]


def their_line(step_id: int, log_id: int, at_ns: int | None, message: str) -> bytes:
    line = theirs.MESSAGES["StreamLogsResponse"](step_id=step_id, log_id=log_id, message=message)
    line.timestamp.seconds, line.timestamp.nanos = (
        (GO_ZERO_SECONDS, 0) if at_ns is None else divmod(at_ns, 10**9)
    )
    serialized: bytes = line.SerializeToString()
    return serialized


@pytest.mark.parametrize("result", [Status.SUCCESS, Status.FAILED, Status.CANCELLED])
async def test_an_empty_request_gets_wharf_cmds_bytes_and_a_clean_end_also_when_the_build_failed(
    tmp_path: Path, result: Status
) -> None:
    path, _ = finished_build(tmp_path, {1: 3, 2: 2}, result)
    async with serving(path) as address:
        got = await their_stream(address, "StreamLogs")
        assert sorted(got) == sorted(
            their_line(step, number, START_NS + number, f"{number} of step {step}")
            for step, count in ((1, 3), (2, 2))
            for number in range(1, count + 1)
        )
        statuses = await their_stream(address, "StreamStatusEvents")
        event = theirs.MESSAGES["StreamStatusEventsResponse"]
        last = 4 + (Status.SUCCESS, Status.FAILED, Status.CANCELLED).index(result) + 1
        assert statuses == [
            event(event_id=number, step_id=step, status=status).SerializeToString()
            for step in (1, 2)
            for number, status in ((1, 4), (2, last))
        ]
        assert await their_stream(address, "StreamArtifactEvents") == []


async def test_lines_of_any_length_and_any_bytes_reach_a_client_of_wharf_cmds_kind(tmp_path: Path) -> None:
    store = begin_build(tmp_path)
    store.log(StepId(1)).append_many(
        [
            (START_NS, b"y" * 70_000),
            (None, b"no time"),
            (START_NS, b"caf\xe9 \x00\r\x1b[2J"),
            (START_NS, b"\xff" * 5_000_000),
            (START_NS, b""),
        ]
    )
    store.freeze(Status.SUCCESS)
    async with serving(store.path) as address:
        got = [
            theirs.MESSAGES["StreamLogsResponse"].FromString(raw)
            for raw in await their_stream(address, "StreamLogs")
        ]
    assert [line.log_id for line in got] == [1, 2, 3, 4, 5]
    assert [got[index].message for index in (0, 1, 2, 4)] == [
        "y" * 70_000,
        "no time",
        "caf\ufffd \x00\r\x1b[2J",
        "",
    ]
    assert got[1].timestamp.seconds == GO_ZERO_SECONDS
    assert got[3].message == "\ufffd" * 2**20 + " [cut: the line has 5000000 bytes]"


async def test_chunks_are_the_files_own_bytes(tmp_path: Path) -> None:
    store = begin_build(tmp_path)
    log = store.log(StepId(1))
    log.append_many(
        [(START_NS, b"caf\xe9"), (None, b"\x85\xff\x00 \xe2\x80\xa8"), (START_NS, b"z" * 3_000_000)]
    )
    store.freeze(Status.SUCCESS)
    received = b""
    async with serving(store.path) as address, stub_of(address) as stub:
        async for message in stub.StreamLogs(pb.StreamLogsRequest(chunks=True)):
            for chunk in message.chunks:
                assert chunk.data.count(b"\n") == chunk.count
                received += chunk.data
    assert received == (store.path / "steps/1/logs.log").read_bytes()


async def test_streams_work_before_the_first_step_exists_and_follow_it(tmp_path: Path) -> None:
    store = begin_build(tmp_path, steps=0)
    async with serving(store) as address, grpc.aio.insecure_channel(address) as channel:
        logs, statuses, artifacts = (theirs.call(channel, method) for method in theirs.METHODS)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await asyncio.shield(asyncio.gather(logs.read()))
        store.add_steps((StepState(StepInfo(StepId(1), "build", "late")),))
        store.set_status(StepId(1), Status.RUNNING)
        store.add_artifact(StepId(1), "report.zip")
        async with asyncio.timeout(10):
            status, artifact = await statuses.read(), await artifacts.read()
        assert (status.event_id, status.step_id, status.status) == (1, 1, 4)
        assert (artifact.artifact_id, artifact.step_id, artifact.name) == (1, 1, "report.zip")
        store.add_artifact(StepId(1), "second.zip")
        store.set_status(StepId(1), Status.FAILED)
        store.freeze(Status.FAILED)
        async with asyncio.timeout(10):
            assert [event.artifact_id async for event in _rest(artifacts)] == [2]
            assert [event.status async for event in _rest(statuses)] == [6]


async def _rest(call: Any) -> Any:
    while (message := await call.read()) is not grpc.aio.EOF:
        yield message


async def drain(call: Any) -> None:
    async with asyncio.timeout(20):
        async for _ in _rest(call):
            pass


async def test_get_build_tells_names_times_results_and_what_is_missing(tmp_path: Path) -> None:
    store = begin_build(tmp_path, steps=2)
    write_lines(store, 1, 5)
    store.set_status(StepId(1), Status.RUNNING, at_ns=START_NS)
    async with serving(store) as address, stub_of(address) as stub:
        running = await stub.GetBuild(pb.GetBuildRequest(), timeout=5)
        assert wire.liveness_from_wire(running) is Liveness.RUNNING
        assert (running.build_id, running.uid, running.epoch) == (42, store.info.uid, store.info.epoch)
        first, second = running.steps
        assert (first.stage, first.name, first.type, first.log_id) == ("build", "step1", "container", 5)
        assert (first.status, second.status) == (pb.STATUS_RUNNING, pb.STATUS_PENDING)
        assert wire.build_from_wire(running).result is None
        store.set_status(StepId(1), Status.FAILED, "exit code 3", 3, START_NS + 1)
        store.freeze(Status.FAILED, "a problem", START_NS + 2)
        async for _ in stub.StreamStatusEvents(pb.StreamStatusEventsRequest()):
            pass
        frozen = wire.build_from_wire(await stub.GetBuild(pb.GetBuildRequest(), timeout=5))
        assert frozen == store.info


async def test_a_folder_of_wharf_cmds_gets_a_name_of_its_own_and_no_proof_that_it_ended(
    tmp_path: Path,
) -> None:
    path = wharf_cmd_folder(tmp_path, {1: b"2024-02-03T10:00:01.5Z one\nhalf a li"})
    epochs = []
    for _ in range(2):
        async with serving(path) as address, stub_of(address) as stub:
            build = await stub.GetBuild(pb.GetBuildRequest(), timeout=5)
            assert (build.build_id, build.state, len(build.uid)) == (7, pb.GetBuildResponse.STATE_UNKNOWN, 16)
            epochs.append((build.uid, build.epoch))
            request = pb.StreamLogsRequest(mark_caught_up=True, chunks=True)
            messages = [message async for message in stub.StreamLogs(request)]
            assert messages[-1].end.reason == pb.End.REASON_UNFINISHED
            assert b"".join(chunk.data for message in messages for chunk in message.chunks).endswith(
                b"half a li\n"
            )
    assert epochs[0][0] == epochs[1][0]
    assert epochs[0][1] != epochs[1][1]


async def test_open_streams_of_a_quiet_build_cost_nothing(tmp_path: Path) -> None:
    store = begin_build(tmp_path)
    write_lines(store, 1, 1)
    async with serving(store) as address, grpc.aio.insecure_channel(address) as channel:
        calls = [theirs.call(channel, "StreamLogs") for _ in range(20)]
        for call in calls:
            await call.read()
        await asyncio.sleep(0.1)
        before = time.process_time()
        await asyncio.sleep(0.5)
        assert time.process_time() - before < 0.2
        store.freeze(Status.SUCCESS)
        for call in calls:
            assert await call.read() is grpc.aio.EOF


async def test_only_streams_of_lines_slow_the_looks_down(tmp_path: Path) -> None:
    """Each attach has streams of events beside that of its lines; these are small, and must not make lines late."""
    store = begin_build(tmp_path)
    write_lines(store, 1, 1)
    reader = BuildReader.open(store.path)
    hub = BuildHub(reader, lambda: asyncio.sleep(3600))
    service, context = WorkerService(hub), mock.AsyncMock()
    tasks = [
        asyncio.create_task(stream)
        for stream in (
            service.StreamLogs(pb.StreamLogsRequest(), context),
            service.StreamStatusEvents(pb.StreamStatusEventsRequest(), context),
            service.StreamArtifactEvents(pb.StreamArtifactEventsRequest(), context),
        )
    ]
    while len(hub._waiters) < 3:
        await asyncio.sleep(0)
    assert hub.subscribers == 1
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert hub.subscribers == 0
    reader.close()
    store.close()


async def test_a_client_that_reads_nothing_is_let_go_with_a_reason_and_holds_up_nobody(
    tmp_path: Path,
) -> None:
    path, _ = finished_build(tmp_path, {1: 300_000})
    async with serving(path, stall_seconds=0.5) as address, stub_of(address) as stub:
        stalled = stub.StreamLogs(pb.StreamLogsRequest(mark_caught_up=True, chunks=True))
        first = await stalled.read()
        assert first.plan.steps[0].high_water == 300_000
        count = 0
        async for message in stub.StreamLogs(pb.StreamLogsRequest(chunks=True)):
            count += sum(chunk.count for chunk in message.chunks)
        assert count == 300_000
        await asyncio.sleep(0.6)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await drain(stalled)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "connect again to go on where you stopped" in (caught.value.details() or "")


async def test_a_bad_position_and_an_unreadable_store_end_in_their_own_status(tmp_path: Path) -> None:
    store = begin_build(tmp_path)
    write_lines(store, 1, 3)
    async with serving(store) as address, stub_of(address) as stub:
        position = pb.LogPosition(step_id=1, log_id=4)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.StreamLogs(pb.StreamLogsRequest(after=[position])).read()
        assert caught.value.code() is grpc.StatusCode.OUT_OF_RANGE
        call = stub.StreamLogs(pb.StreamLogsRequest())
        await call.read()
        (store.path / "steps/1/logs.log").write_bytes(b"")
        store.changes.notify()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await drain(call)
        assert caught.value.code() is grpc.StatusCode.DATA_LOSS


async def test_stopping_the_worker_lets_waiting_clients_go_at_once(tmp_path: Path) -> None:
    store = begin_build(tmp_path)
    write_lines(store, 1, 1)
    async with contextlib.AsyncExitStack() as served:
        address = await served.enter_async_context(serving(store))
        async with grpc.aio.insecure_channel(address) as channel:
            call = theirs.call(channel, "StreamLogs")
            await call.read()
            began = time.monotonic()
            await served.aclose()
            assert time.monotonic() - began < 2.0
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call.read()
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
            assert "being stopped" in (caught.value.details() or "")
