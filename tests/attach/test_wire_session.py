"""An attach to a real worker: the copy is the original, over any number of connections, restarts and attaches."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from tests.fakes import scripted_worker as scripted
from tests.fakes.scripted_worker import ScriptedWorker, a_build, end_message, lines_message
from tests.fakes.served_builds import (
    START_NS,
    begin_build,
    finished_build,
    serving,
    stub_of,
    wharf_cmd_folder,
    write_lines,
)
from wharf_tui.attach import marked_stream
from wharf_tui.attach import mirror as mirror_module
from wharf_tui.attach.connection import Endpoint
from wharf_tui.attach.progress import Phase
from wharf_tui.attach.sequencer import AheadBudget
from wharf_tui.attach.session import AttachSession
from wharf_tui.model.build import Liveness
from wharf_tui.model.errors import InputError, StoreError, UnreachableError
from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.lines import Gap, GapKind
from wharf_tui.model.status import ArtifactEvent, Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.worker import hub as hub_module
from wharf_tui.worker.auth import ListenSettings


def logs_of(path: Path) -> dict[str, bytes]:
    return {log.parent.name: log.read_bytes() for log in sorted(path.glob("steps/*/logs.log"))}


async def attach(address: str, folder: Path) -> AttachSession:
    """One attach from its beginning to the build's end."""
    session = AttachSession(Endpoint(address), folder, give_up_seconds=20)
    await session.open(patience=5)
    async with asyncio.timeout(30):
        await session.run()
    return session


@asynccontextmanager
async def attached(address: str, folder: Path) -> AsyncIterator[AttachSession]:
    """An attach that is cut short at the end, if it has not ended before."""
    session = AttachSession(Endpoint(address), folder)
    await session.open(patience=5)
    copying = asyncio.create_task(session.run())
    try:
        async with asyncio.timeout(30):
            yield session
        if copying.done():
            copying.result()
    finally:
        copying.cancel()
        await asyncio.gather(copying, return_exceptions=True)


async def has_lines(session: AttachSession, count: int) -> None:
    while session.mirror.lines < count:
        await asyncio.sleep(0.01)


async def ended(session: AttachSession) -> None:
    while session.progress.phase is not Phase.ENDED:
        await asyncio.sleep(0.01)


async def test_the_copy_of_a_finished_build_is_the_build(tmp_path: Path) -> None:
    path, _ = finished_build(tmp_path, {1: 30_000, 2: 0, 3: 7}, Status.FAILED)
    async with serving(path) as address:
        session = await attach(address, tmp_path / "copies")
        assert session.progress.complete
        assert (session.progress.expected, session.progress.received) == (30_007, 30_007)
        original, copy = BuildReader.open(path), BuildReader.open(session.path)
        assert {**logs_of(path), **logs_of(session.path)} == logs_of(path)
        assert copy.info == original.info
        assert copy.liveness is Liveness.FROZEN
        assert [copy.statuses(StepId(1)), copy.artifacts(StepId(1))] == [original.statuses(StepId(1)), ()]
        again = await attach(address, tmp_path / "copies")
        assert (again.is_copying, again.progress.complete, again.path) == (False, True, session.path)


async def test_a_running_build_is_followed_to_its_end(tmp_path: Path) -> None:
    store = begin_build(tmp_path, steps=2)
    write_lines(store, 1, 1000)
    async with serving(store) as address, attached(address, tmp_path / "copies") as session:
        await session.wait_caught_up()
        assert session.progress.phase is Phase.LIVE
        assert (session.mirror.lines, session.progress.inferred) == (1000, False)
        write_lines(store, 2, 500)
        store.set_status(StepId(2), Status.RUNNING, at_ns=START_NS)
        await has_lines(session, 1500)
        async with asyncio.timeout(5):
            while session.mirror.store.step(StepId(2)).status is not Status.RUNNING:
                await asyncio.sleep(0.01)
        store.set_status(StepId(2), Status.FAILED, "exit code 9", 9)
        store.freeze(Status.FAILED, "a problem")
        await ended(session)
        assert session.progress.complete
        assert BuildReader.open(session.path).info == store.info


async def test_artifacts_are_copied_while_the_build_runs_and_none_is_missing_at_its_end(
    tmp_path: Path,
) -> None:
    store = begin_build(tmp_path, steps=2)
    store.add_artifact(StepId(2), "early.zip")
    async with serving(store) as address:
        async with attached(address, tmp_path / "copies") as first:
            copy = BuildReader.open(first.path)
            async with asyncio.timeout(5):
                while copy.artifacts(StepId(2)) != (ArtifactEvent(1, "early.zip"),):
                    await asyncio.sleep(0.01)
        store.add_artifact(StepId(2), "late.zip")
        store.add_artifact(StepId(1), "other.zip")
        store.freeze(Status.SUCCESS)
        second = await attach(address, tmp_path / "copies")
    assert second.progress.complete
    assert copy.artifacts(StepId(1)) == (ArtifactEvent(1, "other.zip"),)
    assert copy.artifacts(StepId(2)) == (ArtifactEvent(1, "early.zip"), ArtifactEvent(2, "late.zip"))


async def test_a_build_without_steps_is_copied_to_its_end(tmp_path: Path) -> None:
    path, _ = finished_build(tmp_path, {})
    async with serving(path) as address:
        finished = await attach(address, tmp_path / "copies")
    assert (finished.progress.complete, finished.progress.caught_up) == (True, True)
    store = begin_build(tmp_path, steps=0)
    async with serving(store) as address, attached(address, tmp_path / "copies") as session:
        await session.wait_caught_up()
        store.freeze(Status.FAILED, "no stages")
        await ended(session)
    copied = BuildReader.open(session.path).info
    assert (session.progress.complete, copied.result, copied.problem) == (True, Status.FAILED, "no stages")


async def test_a_second_attach_goes_on_where_the_first_was_killed(tmp_path: Path) -> None:
    store = begin_build(tmp_path)
    write_lines(store, 1, 1000)
    async with serving(store) as address:
        async with attached(address, tmp_path / "copies") as first:
            await first.wait_caught_up()
        with (first.path / "steps/1/logs.log").open("ab") as log:
            log.write(b"2024-02-03T10:00:00Z torn by a ki")
        write_lines(store, 1, 500, 1001)
        store.freeze(Status.SUCCESS)
        second = await attach(address, tmp_path / "copies")
    assert (second.mirror.lines, second.progress.complete) == (500, True)
    assert second.path == first.path
    assert logs_of(second.path) == logs_of(store.path)


async def test_half_a_line_that_the_worker_has_lost_does_not_stay_in_a_finished_copy(tmp_path: Path) -> None:
    """The client was killed in the middle of a line; the worker's machine went down and forgot that line."""
    store = begin_build(tmp_path)
    write_lines(store, 1, 10)
    store.close_log(StepId(1))
    async with serving(store) as address:
        async with attached(address, tmp_path / "copies") as first:
            await first.wait_caught_up()
        with (first.path / "steps/1/logs.log").open("ab") as log:
            log.write(b"2024-02-03T10:00:00Z torn by a ki")
        store.freeze(Status.SUCCESS)
        second = await attach(address, tmp_path / "copies")
    assert second.progress.complete
    assert logs_of(second.path) == logs_of(store.path)


async def test_two_attaches_at_once_share_one_copy(tmp_path: Path) -> None:
    store = begin_build(tmp_path)
    async with serving(store) as address, attached(address, tmp_path / "copies") as first:
        await first.wait_caught_up()
        second = await attach(address, tmp_path / "copies")
        assert (second.copied_by_another, second.path) == (True, first.path)


async def test_a_worker_that_comes_back_under_a_new_epoch_is_compared_and_gone_on_with(
    tmp_path: Path,
) -> None:
    store = begin_build(tmp_path)
    write_lines(store, 1, 5000)
    async with contextlib.AsyncExitStack() as first_worker:
        address = await first_worker.enter_async_context(serving(store))
        port = int(address.rpartition(":")[2])
        async with attached(address, tmp_path / "copies") as session:
            await session.wait_caught_up()
            await first_worker.aclose()
            store.close()
            again = BuildWriter.reopen(store.path)
            assert again.info.epoch != store.info.epoch
            write_lines(again, 1, 500, 5001)
            async with serving(again, ListenSettings(port=port)):
                await has_lines(session, 5500)
                again.freeze(Status.SUCCESS)
                await ended(session)
            assert session.progress.complete
            assert "500 lines recovered" in session.progress.note
            assert logs_of(session.path) == logs_of(store.path)
            assert BuildReader.open(session.path).info.epoch == again.info.epoch


@pytest.mark.parametrize("damage", ["other text", "fewer lines", "far fewer lines"])
async def test_a_worker_that_lost_what_was_copied_is_not_trusted(tmp_path: Path, damage: str) -> None:
    store = begin_build(tmp_path)
    write_lines(store, 1, 3000)
    async with serving(store) as address, attached(address, tmp_path / "copies") as session:
        await session.wait_caught_up()
    store.close()
    log = store.path / "steps/1/logs.log"
    content = log.read_bytes()
    damaged = {"other text": content[:-9] + b"X" + content[-8:], "fewer lines": content[:-20]}
    log.write_bytes(damaged.get(damage, content[:100]))
    again = BuildWriter.reopen(store.path)
    write_lines(again, 1, 10, 3001)
    again.freeze(Status.SUCCESS)
    async with serving(again.path) as address:
        second = await attach(address, tmp_path / "copies")
    assert second.path != session.path
    assert logs_of(second.path) == logs_of(store.path)
    assert logs_of(session.path) == {"1": content}


async def test_a_running_session_ends_with_an_error_when_the_worker_has_lost_lines(tmp_path: Path) -> None:
    store = begin_build(tmp_path)
    write_lines(store, 1, 100)
    session = AttachSession(Endpoint(""), tmp_path / "copies")
    async with serving(store) as address:
        session = AttachSession(Endpoint(address), tmp_path / "copies")
        await session.open()
        copying = asyncio.create_task(session.run())
        await session.wait_caught_up()
    store.close()
    log = store.path / "steps/1/logs.log"
    log.write_bytes(log.read_bytes().replace(b"100 of step", b"l00 of step"))
    again = BuildWriter.reopen(store.path)
    async with serving(again, ListenSettings(port=int(address.rpartition(":")[2]))):
        with pytest.raises(StoreError, match="has lost lines that were copied from it"):
            await copying
    again.close()


async def test_another_build_at_the_address_is_not_mixed_into_the_copy(tmp_path: Path) -> None:
    store = begin_build(tmp_path)
    write_lines(store, 1, 10)
    async with serving(store) as address:
        session = AttachSession(Endpoint(address), tmp_path / "copies")
        await session.open()
        copying = asyncio.create_task(session.run())
        await session.wait_caught_up()
    other, _ = finished_build(tmp_path, {1: 99})
    async with serving(other, ListenSettings(port=int(address.rpartition(":")[2]))):
        with pytest.raises(StoreError, match="another build runs at"):
            await copying
    assert logs_of(session.path) == logs_of(store.path)
    assert BuildReader.open(session.path).info.uid == store.info.uid


async def test_what_the_worker_lacks_is_missing_from_the_copy_in_the_same_places(tmp_path: Path) -> None:
    store = begin_build(tmp_path, steps=2)
    log = store.log(StepId(1))
    for hole in range(400):
        log.append(START_NS, b"line %d" % hole)
        log.add_gap(GapKind.HOLE, "rotated away", missing=hole % 3 + 1)
    log.add_gap(GapKind.LOST_BEFORE_US, "the network was down", from_ns=START_NS, to_ns=START_NS + 5)
    log.append(None, b"last")
    write_lines(store, 2, 3)
    store.freeze(Status.SUCCESS)
    async with serving(store.path) as address:
        session = await attach(address, tmp_path / "copies")
    assert not session.progress.complete
    copy, original = BuildReader.open(session.path), BuildReader.open(store.path)
    for reader in (copy, original):
        reader.log(StepId(1)).refresh()
    assert copy.liveness is Liveness.FROZEN, "nothing more will come"
    assert copy.log(StepId(1)).gaps == original.log(StepId(1)).gaps
    assert len(copy.log(StepId(1)).gaps) == 401
    assert logs_of(session.path) == logs_of(store.path)
    async with serving(store.path) as address:
        assert not (await attach(address, tmp_path / "copies")).progress.complete


async def test_a_build_whose_worker_died_is_copied_as_far_as_it_goes_and_not_called_complete(
    tmp_path: Path,
) -> None:
    store = begin_build(tmp_path)
    write_lines(store, 1, 10)
    store.close()
    async with serving(store.path) as address:
        session = await attach(address, tmp_path / "copies")
    assert (session.progress.phase, session.progress.complete) == (Phase.ENDED, False)
    assert logs_of(session.path) == logs_of(store.path)
    assert BuildReader.open(session.path).liveness is Liveness.UNFINISHED


async def test_a_folder_of_wharf_cmds_is_copied_twice_only_if_it_changed(tmp_path: Path) -> None:
    path = wharf_cmd_folder(tmp_path, {1: b"2024-02-03T10:00:01.5Z one\n", 3: b"bare\n"})
    copies = []
    for addition in (b"", b"2024-02-03T10:00:02.5Z two\n"):
        with (path / "steps/1/logs.log").open("ab") as log:
            log.write(addition)
        async with serving(path) as address:
            session = await attach(address, tmp_path / "copies")
        assert not session.progress.complete
        assert logs_of(session.path) == logs_of(path)
        copies.append(session.path)
    assert copies[0] == copies[1]


async def test_who_comes_later_gets_what_wharf_cmd_has_written_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "_LONGEST_BREATH", 0.02)
    path = wharf_cmd_folder(tmp_path, {1: b"2024-02-03T10:00:01.5Z one\n2024-02-03T10:00:02Z half a li"})
    async with serving(path) as address:
        first = await attach(address, tmp_path / "copies")
        assert logs_of(first.path) == {"1": logs_of(path)["1"] + b"\n"}
        for addition in (b"ne\n", b"2024-02-03T10:00:03Z three\n"):
            before = await get_build(address)
            with (path / "steps/1/logs.log").open("ab") as log:
                log.write(addition)
            async with asyncio.timeout(10):
                while (await get_build(address)).epoch == before.epoch:
                    await asyncio.sleep(0.01)
            later = await attach(address, tmp_path / "copies")
            assert logs_of(later.path) == logs_of(path)
            assert not later.progress.complete


async def get_build(address: str) -> pb.GetBuildResponse:
    async with stub_of(address) as stub:
        build: pb.GetBuildResponse = await stub.GetBuild(pb.GetBuildRequest(), timeout=5)
        return build


async def test_what_had_to_be_let_go_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror_module, "AheadBudget", lambda: AheadBudget(2_000))
    store = begin_build(tmp_path, steps=2)
    for step in (1, 2):
        write_lines(store, step, 60_000)
    async with serving(store) as address, attached(address, tmp_path / "copies") as session:
        for turn in range(40):
            for step in (1, 2):
                write_lines(store, step, 100, 60_001 + 100 * turn)
            await asyncio.sleep(0.005)
        await has_lines(session, 128_000)
        store.freeze(Status.SUCCESS)
        await ended(session)
        assert session.progress.complete
    assert logs_of(session.path) == logs_of(store.path)


@pytest.mark.parametrize("uid", ["../../../../../outside", "/etc", "a\0b", "x" * 5000, "."])
async def test_what_a_worker_calls_its_build_never_leads_out_of_the_folder(tmp_path: Path, uid: str) -> None:
    build = a_build(uid=uid, epoch="../" * 5)

    async def script(request: pb.StreamLogsRequest) -> scripted.Messages:
        yield pb.StreamLogsResponse(plan=pb.Plan(epoch=build.epoch))
        yield lines_message(1, 3)
        yield end_message(build, 3)

    async with scripted.served(ScriptedWorker(script, build)) as address:
        session = await attach(address, tmp_path / "copies")
    assert session.path.parent == tmp_path / "copies"
    assert [each.name for each in tmp_path.iterdir()] == ["copies"]
    assert logs_of(session.path) == {"1": b"1\n2\n3\n"}


async def test_a_worker_that_does_not_tell_which_build_it_has_is_refused(tmp_path: Path) -> None:
    async def script(request: pb.StreamLogsRequest) -> scripted.Messages:
        yield lines_message(1, 1)

    async with scripted.served(ScriptedWorker(script, a_build(uid=""))) as address:
        with pytest.raises(InputError, match="does not tell which build it serves"):
            await attach(address, tmp_path / "copies")


async def test_an_end_before_the_last_line_is_no_end(tmp_path: Path) -> None:
    """Twice the stream ends too early, once without a word; then it brings the rest."""
    build, streams = a_build(), 0

    async def script(request: pb.StreamLogsRequest) -> scripted.Messages:
        nonlocal streams
        streams += 1
        after = request.after[0].log_id if request.after else 0
        yield pb.StreamLogsResponse(plan=pb.Plan(epoch="one"))
        if streams < 3:
            yield lines_message(after + 1, after + 5)
        if streams == 1:
            yield lines_message(after + 9, after + 9)
            yield end_message(build, 20)
        elif streams == 3:
            yield lines_message(after + 1, 20)
            yield end_message(build, 20)

    worker = ScriptedWorker(script, build)
    async with scripted.served(worker) as address:
        session = await attach(address, tmp_path / "copies")
    assert session.progress.complete
    assert [[each.log_id for each in request.after] for request in worker.requests] == [[], [5], [10]]
    assert logs_of(session.path)["1"] == b"".join(b"%d\n" % number for number in range(1, 21))


async def test_a_stream_that_ends_in_the_same_place_each_time_is_incomplete(tmp_path: Path) -> None:
    build = a_build()

    async def script(request: pb.StreamLogsRequest) -> scripted.Messages:
        yield pb.StreamLogsResponse(plan=pb.Plan(epoch="one"))
        yield lines_message(1, 5)
        yield end_message(build, 6)

    async with scripted.served(ScriptedWorker(script, build)) as address:
        session = await attach(address, tmp_path / "copies")
    assert (session.progress.phase, session.progress.complete) == (Phase.ENDED, False)
    assert BuildReader.open(session.path).liveness is Liveness.UNFINISHED


async def test_another_epoch_in_the_plan_is_compared_before_a_line_is_taken(tmp_path: Path) -> None:
    async def script(request: pb.StreamLogsRequest) -> scripted.Messages:
        if request.no_follow:
            yield lines_message(1, 3)
            return
        if len(worker.requests) == 1:
            yield pb.StreamLogsResponse(plan=pb.Plan(epoch="one"))
            yield lines_message(1, 3)
            return
        worker.build.epoch = "two"
        worker.build.steps[0].log_id = 3
        yield pb.StreamLogsResponse(plan=pb.Plan(epoch="two"))
        yield lines_message(4, 5)
        yield end_message(worker.build, 5)

    worker = ScriptedWorker(script)
    async with scripted.served(worker) as address:
        session = await attach(address, tmp_path / "copies")
    assert session.progress.complete
    kinds = [request.no_follow for request in worker.requests]
    assert kinds == [False, False, True, False], "one, its end, the comparison, two"


async def test_a_status_stream_that_fails_is_tried_again_and_the_logs_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marked_stream, "RETRY_SECONDS", 0.05)
    build = a_build()

    async def script(request: pb.StreamLogsRequest) -> scripted.Messages:
        yield pb.StreamLogsResponse(plan=pb.Plan(epoch="one"))
        yield lines_message(1, 1)
        while worker.status_requests < 3:
            await asyncio.sleep(0.01)
        yield lines_message(2, 2)
        yield end_message(build, 2)

    worker = ScriptedWorker(script, build)
    worker.status_error = grpc.StatusCode.RESOURCE_EXHAUSTED
    async with scripted.served(worker) as address:
        session = await attach(address, tmp_path / "copies")
    assert session.progress.complete
    assert len(worker.requests) == 1


async def test_a_copy_that_cannot_be_written_ends_the_session_with_an_error(tmp_path: Path) -> None:
    build = a_build()

    async def script(request: pb.StreamLogsRequest) -> scripted.Messages:
        yield pb.StreamLogsResponse(plan=pb.Plan(epoch="one"))
        await asyncio.sleep(30)

    async with scripted.served(ScriptedWorker(script, build)) as address:
        session = AttachSession(Endpoint(address), tmp_path / "copies")
        await session.open()
        shutil.rmtree(session.path)
        session.path.write_text("in the way")
        with pytest.raises(StoreError, match=str(session.path)):
            async with asyncio.timeout(10):
                await session.run()


async def test_nobody_there_is_told_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1 does not answer: .*[Rr]efused"):
        await AttachSession(Endpoint("127.0.0.1:1"), tmp_path / "copies").open(patience=0.3)
    assert not (tmp_path / "copies").exists()


async def test_a_worker_that_stays_away_is_given_up(tmp_path: Path) -> None:
    store = begin_build(tmp_path)
    write_lines(store, 1, 10)
    async with serving(store) as address:
        session = AttachSession(Endpoint(address), tmp_path / "copies", give_up_seconds=0.5)
        await session.open()
        copying = asyncio.create_task(session.run())
        await session.wait_caught_up()
    with pytest.raises(UnreachableError, match="does not answer") as caught:
        async with asyncio.timeout(10):
            await copying
    assert str(session.path) in caught.value.hint
    store.close()


def test_a_gap_that_comes_late_or_twice_is_recorded_once_and_in_its_place(tmp_path: Path) -> None:
    store = begin_build(tmp_path)
    mirror = mirror_module.Mirror(store)
    hole = Gap(GapKind.HOLE, LogId(2), 3, "gone")
    lost = Gap(GapKind.LOST_BEFORE_US, LogId(7), 0, "lost")
    mirror.take_gap(StepId(1), lost)
    mirror.feed(StepId(1), 6, b"6\n7\n8\n")
    mirror.take_gap(StepId(1), hole)
    mirror.feed(StepId(1), 1, b"1\n2\n")
    for gap in (hole, lost, replace(hole, reason="told otherwise")):
        mirror.take_gap(StepId(1), gap)
    log = BuildReader.open(store.path).log(StepId(1))
    log.refresh()
    assert log.gaps == (hole, lost)
    assert (log.last_log_id, mirror.last_log_id(StepId(1))) == (8, 8)
    assert (store.path / "steps/1/logs.log").read_bytes() == b"1\n2\n6\n7\n8\n"
    store.close()


@pytest.mark.parametrize("method", ["GetBuild", "StreamLogs"])
async def test_an_answer_that_is_no_message_is_a_clear_error(
    tmp_path: Path, method: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async def garbage(
        request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]
    ) -> AsyncIterator[bytes]:
        yield b"\xff\xff\xff"

    async def answer(request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        return b"\xff\xff\xff" if method == "GetBuild" else a_build().SerializeToString()

    server = grpc.aio.server()
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "StreamLogs": grpc.unary_stream_rpc_method_handler(garbage),
        "GetBuild": grpc.unary_unary_rpc_method_handler(answer),
    }
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("wharf.worker.v1.Worker", handlers),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    with pytest.raises(InputError, match="no message of a wharf worker"):
        await attach(f"127.0.0.1:{port}", tmp_path / "copies")
    await server.stop(None)
    assert "Traceback" not in capfd.readouterr().err
