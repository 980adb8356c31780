"""An attach to a worker of wharf-cmd's kind: what it does not say is inferred, and what it sends twice is dropped."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.fault_proxy import fault_proxy
from tests.fakes.wharf_cmd_worker import FAILED, RUNNING, SUCCESS, WharfCmdWorker, wharf_cmd
from wharf_tui.attach import mirror as mirror_module
from wharf_tui.attach import plain_stream
from wharf_tui.attach import session as session_module
from wharf_tui.attach.connection import Endpoint
from wharf_tui.attach.marked_stream import StreamEnd
from wharf_tui.attach.mirror import Mirror
from wharf_tui.attach.plain_stream import PlainStream
from wharf_tui.attach.progress import Phase, Progress
from wharf_tui.attach.sequencer import AheadBudget
from wharf_tui.attach.session import AttachSession
from wharf_tui.model.build import BuildInfo, Liveness, StepInfo
from wharf_tui.model.errors import InputError, StoreError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.rpc import wire
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb

AT_NS = 1_706_954_401_000_000_000
STAMP = b"2024-02-03T10:00:01.000000000Z "


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_stream, "QUIET_SECONDS", 0.2)
    monkeypatch.setattr(plain_stream, "_JUDGE_SECONDS", 0.02)
    monkeypatch.setattr(session_module, "ABRUPT_END_SECONDS", 0.5)
    monkeypatch.setattr(session_module, "_SHORTEST_PAUSE", 0.05)


@asynccontextmanager
async def attached(
    address: str, folder: Path, names: dict[StepId, StepInfo] | None = None, **endpoint: Any
) -> AsyncIterator[tuple[AttachSession, asyncio.Task[None]]]:
    session = AttachSession(Endpoint(address, **endpoint), folder, names)
    await session.open(patience=5)
    assert session.is_legacy
    copying = asyncio.create_task(session.run())
    try:
        async with asyncio.timeout(30):
            yield session, copying
    finally:
        copying.cancel()
        await asyncio.gather(copying, return_exceptions=True)


def stored(path: Path) -> dict[int, list[bytes]]:
    return {int(log.parent.name): log.read_bytes().splitlines() for log in path.glob("steps/*/logs.log")}


def expected(worker: WharfCmdWorker) -> dict[int, list[bytes]]:
    return {
        step_id: [(STAMP if at_ns else b"") + text.encode() for at_ns, text in lines]
        for step_id, lines in worker.lines.items()
        if lines
    }


async def test_interleaved_doubled_and_timeless_lines_end_in_an_exact_copy(tmp_path: Path) -> None:
    worker = WharfCmdWorker(seam=5)
    for number in range(600):
        await worker.publish(1, f"{number} of one", None if number % 7 == 0 else AT_NS)
        await worker.publish(2, f"{number} of two \ufffd\u2028\x85")
    await worker.set_status(1, RUNNING)
    async with wharf_cmd(worker) as address, attached(address, tmp_path) as (session, copying):
        live = asyncio.create_task(_print(worker, 300))
        await session.wait_caught_up()
        assert (session.progress.inferred, session.progress.phase) == (True, Phase.LIVE)
        await live
        for step in (1, 2):
            await worker.set_status(step, SUCCESS)
        await worker.freeze()
        await copying
        assert session.progress.complete
        assert stored(session.path) == expected(worker)
        copy = BuildReader.open(session.path)
        assert (copy.liveness, copy.status) == (Liveness.FROZEN, Status.SUCCESS)
        assert [event.status for event in copy.statuses(StepId(1))] == [Status.RUNNING, Status.SUCCESS]
        assert session.mirror.sequencer(StepId(1)).duplicates == 5


async def _print(worker: WharfCmdWorker, count: int) -> None:
    for number in range(count):
        await worker.publish(number % 3 + 1, f"live {number}")


async def test_before_the_first_step_it_is_asked_again_and_its_statuses_are_left_alone(
    tmp_path: Path,
) -> None:
    worker = WharfCmdWorker()
    async with wharf_cmd(worker) as address, attached(address, tmp_path) as (session, copying):
        while worker.log_calls < 3:
            await asyncio.sleep(0.01)
        assert "no such file" in session.progress.problem
        await worker.set_status(1, RUNNING)
        await worker.publish(1, "first")
        await session.wait_caught_up()
        assert session.progress.problem == ""
        await worker.set_status(1, SUCCESS)
        await worker.freeze()
        await copying
        assert worker.doomed_status_calls == 0
        assert session.progress.complete
        assert stored(session.path) == expected(worker)


async def test_a_step_that_prints_nothing_still_shows_its_status(tmp_path: Path) -> None:
    worker = WharfCmdWorker()
    await worker.set_status(4, RUNNING)
    names = {
        StepId(4): StepInfo(StepId(4), "build", "quiet"),
        StepId(5): StepInfo(StepId(5), "build", "next"),
    }
    async with wharf_cmd(worker) as address, attached(address, tmp_path, names) as (session, copying):
        await session.wait_caught_up()
        while session.mirror.store.step(StepId(4)).status is not Status.RUNNING:
            await asyncio.sleep(0.01)
        assert [step.info.address for step in session.mirror.store.info.steps] == [
            "build/quiet",
            "build/next",
        ]
        await worker.set_status(4, SUCCESS)
        await worker.freeze()
        await copying
        assert BuildReader.open(session.path).info.result is Status.SUCCESS


async def test_statuses_count_by_their_ids_in_whatever_order_they_come(tmp_path: Path) -> None:
    worker = WharfCmdWorker()
    await worker.publish(1, "line")
    for status in (2, 3, RUNNING):
        await worker.set_status(1, status)  # the double sends the newest one first, and once more
    async with wharf_cmd(worker) as address, attached(address, tmp_path) as (session, _):
        while len(BuildReader.open(session.path).statuses(StepId(1))) < 3:
            await asyncio.sleep(0.01)
        assert session.mirror.store.step(StepId(1)).status is Status.RUNNING


async def test_a_failed_build_cuts_its_streams_and_the_end_is_marked_as_unproved(tmp_path: Path) -> None:
    worker = WharfCmdWorker()
    for step, status in ((1, SUCCESS), (2, FAILED), (3, RUNNING)):
        await worker.publish(step, "line")
        await worker.set_status(step, status)
    async with wharf_cmd(worker) as address, attached(address, tmp_path) as (session, copying):
        await session.wait_caught_up()
        while (
            len(session.mirror.store.info.steps) < 3
            or session.mirror.store.step(StepId(3)).status is Status.PENDING
        ):
            await asyncio.sleep(0.01)
        await worker.die()
        await copying
        assert (session.progress.phase, session.progress.complete) == (Phase.ENDED, False)
    copy = BuildReader.open(session.path)
    gaps = {}
    for step_id in (1, 2, 3):
        copy.log(StepId(step_id)).refresh()
        gaps[step_id] = [(gap.kind, gap.after) for gap in copy.log(StepId(step_id)).gaps]
    lost = [(GapKind.LOST_BEFORE_US, 1)]
    assert gaps == {1: [], 2: lost, 3: lost}
    assert (copy.liveness, stored(session.path)) == (Liveness.FROZEN, expected(worker))


async def test_cut_off_before_we_had_caught_up_no_step_is_proved(tmp_path: Path) -> None:
    worker = WharfCmdWorker()
    worker.replay_pause = 0.01
    for number in range(1000):
        await worker.publish(1, f"{number}")
    await worker.set_status(1, SUCCESS)
    await worker.publish(2, "line")
    await worker.set_status(2, FAILED)
    async with wharf_cmd(worker) as address, attached(address, tmp_path) as (session, copying):
        while not any(step.status is Status.FAILED for step in session.mirror.store.info.steps):
            await asyncio.sleep(0.01)
        await worker.die()
        await copying
    copy = BuildReader.open(session.path)
    copy.log(StepId(1)).refresh()
    assert copy.log(StepId(1)).gaps[-1].kind is GapKind.LOST_BEFORE_US
    assert not session.progress.complete


async def test_a_broken_connection_brings_everything_again_and_nothing_twice(tmp_path: Path) -> None:
    worker = WharfCmdWorker()
    for number in range(400):
        await worker.publish(1, f"{number}")
    async with (
        wharf_cmd(worker) as address,
        fault_proxy(address) as proxy,
        attached(proxy.address, tmp_path) as (session, copying),
    ):
        await session.wait_caught_up()
        for turn in range(3):
            proxy.cut_all()
            await worker.publish(1, f"after cut {turn}")
            while session.mirror.lines < 401 + turn:
                await asyncio.sleep(0.01)
        await worker.freeze()
        await copying
        assert session.progress.complete
        assert stored(session.path) == expected(worker)
        assert worker.log_calls >= 4


async def test_lines_that_never_came_are_a_hole_in_the_copy(tmp_path: Path) -> None:
    worker = WharfCmdWorker(seam=0)
    for number in range(10):
        await worker.publish(1, f"{number}")
    worker.never_sent = {(1, 4), (1, 5), (1, 8)}
    await worker.freeze()
    async with wharf_cmd(worker) as address, attached(address, tmp_path) as (session, copying):
        await copying
        assert not session.progress.complete
    log = BuildReader.open(session.path).log(StepId(1))
    log.refresh()
    assert [(gap.kind, gap.after, gap.missing) for gap in log.gaps] == [
        (GapKind.HOLE, 3, 2),
        (GapKind.HOLE, 7, 1),
    ]
    assert [line.log_id for line in log.read(1, 99)] == [1, 2, 3, 6, 7, 9, 10]


async def test_a_worker_that_breaks_at_the_same_line_each_time_is_not_asked_for_ever(tmp_path: Path) -> None:
    worker = WharfCmdWorker(seam=0)
    for number in range(10):
        await worker.publish(1, f"{number}")
    worker.breaks_at = (1, 6)
    async with wharf_cmd(worker) as address, attached(address, tmp_path) as (session, copying):
        with pytest.raises(StoreError, match="breaks off at the same place each time"):
            await copying
        assert session.mirror.lines == 5
        assert worker.log_calls == 4


async def test_what_had_to_be_let_go_comes_again_once_its_replay_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror_module, "AheadBudget", lambda: AheadBudget(1000))
    worker = WharfCmdWorker()
    worker.replay_pause = 0.001
    for number in range(200):
        await worker.publish(1, f"{number}")
    async with wharf_cmd(worker) as address, attached(address, tmp_path) as (session, copying):
        while not session.mirror.lines:
            await asyncio.sleep(0)
        for number in range(100):
            await worker.publish(1, f"live {number}")
        await session.wait_caught_up()
        assert session.mirror.lines == 300
        await worker.freeze()
        await copying
        assert session.progress.complete
        assert stored(session.path) == expected(worker)
        assert worker.log_calls > 1


async def test_a_clean_end_after_something_was_let_go_is_no_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror_module, "AheadBudget", lambda: AheadBudget(1000))
    worker = WharfCmdWorker()
    worker.replay_pause = 0.001
    for number in range(200):
        await worker.publish(1, f"{number}")
    async with wharf_cmd(worker) as address, attached(address, tmp_path) as (session, copying):
        while not session.mirror.lines:
            await asyncio.sleep(0)
        for number in range(100):
            await worker.publish(1, f"live {number}")
        while session.mirror.lines < 200:
            await asyncio.sleep(0)
        await worker.freeze()
        await copying
        assert session.progress.complete
        assert stored(session.path) == expected(worker)


async def test_it_is_not_asked_too_often_whether_it_is_there(tmp_path: Path) -> None:
    """As gRPC for Go does, the double hangs up on who pings more often than every five minutes."""
    worker = WharfCmdWorker()
    await worker.publish(1, "line")
    async with (
        wharf_cmd(worker) as address,
        attached(address, tmp_path, keepalive_seconds=0.1) as (session, _),
    ):
        await session.wait_caught_up()
        await asyncio.sleep(5.0)  # a client that pinged each second would have been sent away by now
        assert (worker.log_calls, session.progress.problem) == (1, "")


async def test_what_answers_but_is_no_worker_is_named(tmp_path: Path) -> None:
    server = grpc.aio.server()
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with attached(f"127.0.0.1:{port}", tmp_path) as (_, copying):
        with pytest.raises(InputError, match="is no wharf worker"):
            await copying
    await server.stop(None)


def message(step_id: int, log_id: int) -> pb.StreamLogsResponse:
    return wire.line_message(step_id, log_id, AT_NS, b"%d of %d" % (log_id, step_id))


@settings(max_examples=50)
@given(data=st.data())
def test_any_interleaving_doubling_and_cutting_ends_in_the_whole_log(data: st.DataObject) -> None:
    """Each stream brings all of each step, replay and live by turns, and may break anywhere."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_copy_from_streams(data, Path(folder)))


async def _copy_from_streams(data: st.DataObject, folder: Path) -> None:
    counts = data.draw(st.dictionaries(st.integers(1, 3), st.integers(1, 15), min_size=1))
    mirror = Mirror(BuildWriter.create(folder, BuildInfo(BuildId(1))))
    lengths = data.draw(st.lists(st.integers(0, 30), max_size=4))
    for length in [*lengths, None]:
        feeds = []
        for step_id, count in counts.items():
            seam, back = data.draw(st.integers(0, count)), data.draw(st.integers(0, 3))
            feeds.append([(step_id, log_id) for log_id in range(1, seam + 1)])
            feeds.append([(step_id, log_id) for log_id in range(max(1, seam + 1 - back), count + 1)])
        order = []
        while feeds := [feed for feed in feeds if feed]:
            order.append(data.draw(st.sampled_from(feeds)).pop(0))
        stub: Any = SimpleNamespace(
            StreamLogs=lambda *_, messages=order[:length], **__: _each(messages),
            StreamStatusEvents=lambda *_, **__: _each([]),
        )
        end = await PlainStream(stub, mirror, Progress(), (), {}).run()
        assert end is StreamEnd.FROZEN
    assert {step_id: mirror.last_log_id(StepId(step_id)) for step_id in counts} == counts
    mirror.close()
    for step_id, count in counts.items():
        assert stored(mirror.path)[step_id] == [
            STAMP + b"%d of %d" % (n, step_id) for n in range(1, count + 1)
        ]


async def _each(places: list[tuple[int, int]]) -> AsyncIterator[pb.StreamLogsResponse]:
    for place in places:
        yield message(*place)
