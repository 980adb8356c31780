"""One subscriber's stream against a model: any interleaving of lines, looks, subscribers and slow sends."""

from __future__ import annotations

import asyncio
import tempfile
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes import wharf_cmd_protocol as theirs
from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.errors import StoreError, UnreachableError, UsageError
from wharf_tui.model.ids import BuildId, LogId, StepId
from wharf_tui.model.lines import Gap, GapKind, split_stamp
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.log_cursor import LogBlock
from wharf_tui.rpc import wire
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.worker import hub as hub_module
from wharf_tui.worker.hub import BuildHub
from wharf_tui.worker.line_messages import LONGEST_MESSAGE, LineMessages
from wharf_tui.worker.log_stream import LogStream

GO_ZERO_SECONDS = -62_135_596_800
STAMP = b"2024-02-03T10:00:00.000000001Z "


@pytest.fixture(autouse=True, scope="module")
def _no_breath():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hub_module, "_SHORTEST_BREATH", 0.0)
        patch.setattr(hub_module, "_BREATH_PER_SUBSCRIBER", 0.0)
        yield


@dataclass
class Truth:
    """What one step's log holds."""

    lines: dict[int, bytes] = field(default_factory=dict)
    last: int = 0
    unfinished: bytes = b""
    gaps: list[Gap] = field(default_factory=list)

    def write(self, data: bytes) -> None:
        *whole, self.unfinished = (self.unfinished + data).split(b"\n")
        for line in whole:
            self.last += 1
            self.lines[self.last] = line

    def end(self) -> None:
        if self.unfinished:
            self.write(b"\n")


class World:
    """A store that grows, and a hub over it that looks when it is told to."""

    def __init__(self, folder: Path, step_count: int) -> None:
        self.truth: dict[int, Truth] = {}
        self.writer = BuildWriter.create(folder, BuildInfo(BuildId(1)))
        for _ in range(step_count):
            self.add_step()
        self.reader = BuildReader.open(self.writer.path)
        self._look_is_due = asyncio.Event()
        self.hub = BuildHub(self.reader, self._wait)

    async def _wait(self) -> None:
        await self._look_is_due.wait()
        self._look_is_due.clear()

    def add_step(self) -> None:
        step_id = StepId(len(self.truth) + 1)
        self.truth[step_id] = Truth()
        self.writer.add_steps((StepState(StepInfo(step_id, "stage", f"step{step_id}")),))

    def write(self, step_id: int, data: bytes) -> None:
        self.writer.log(StepId(step_id)).append_stored_part(data)
        self.truth[step_id].write(data)

    def put_gap(self, step_id: int, kind: GapKind, missing: int) -> None:
        truth = self.truth[step_id]
        log = self.writer.log(StepId(step_id))
        log.end_line()
        truth.end()
        gap = Gap(kind, LogId(truth.last), missing if kind is GapKind.HOLE else 0, f"gap {len(truth.gaps)}")
        log.put_gap(gap)
        truth.gaps.append(gap)
        truth.last += gap.missing

    async def look(self) -> None:
        seen = self.hub.version
        self._look_is_due.set()
        await self.hub.wait(seen)

    async def end(self, *, frozen: bool) -> None:
        for truth in self.truth.values():
            truth.end()
        if frozen:
            self.writer.freeze(Status.SUCCESS)
        else:
            self.writer.close()
        await self.look()


@asynccontextmanager
async def world(step_count: int = 1) -> AsyncIterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        made = World(Path(folder), step_count)
        looking = asyncio.create_task(made.hub.run())
        try:
            yield made
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            made.writer.close()
            made.reader.close()


class Subscriber:
    """Takes messages only when it is let."""

    def __init__(self, world: World, request: pb.StreamLogsRequest, round_bytes: int) -> None:
        self.request = request
        self.messages: list[pb.StreamLogsResponse] = []
        self._may_take = asyncio.Semaphore(0)
        self._takes_all = False
        self.high_water = {
            step.info.step_id: world.reader.log(step.info.step_id).last_log_id
            for step in world.reader.info.steps
        }
        stream = LogStream(world.hub, request, self._send, round_bytes)
        self.task = asyncio.create_task(stream.run())

    async def _send(self, message: pb.StreamLogsResponse) -> None:
        if not self._takes_all:
            await self._may_take.acquire()
        self.messages.append(message)
        await asyncio.sleep(0)

    async def take(self, count: int) -> None:
        for _ in range(count):
            self._may_take.release()
            for _ in range(3):
                await asyncio.sleep(0)

    async def finish(self) -> None:
        self._takes_all = True
        self._may_take.release()
        async with asyncio.timeout(20):
            await self.task


def run_of_lines(subscriber: Subscriber) -> list[tuple[int, int, bytes]]:
    """Step, ID and bytes of each line in the order in which its end came; proves that messages keep the form that was asked for."""
    request, found = subscriber.request, []
    parts: dict[tuple[int, int], bytes] = {}
    for message in subscriber.messages:
        if request.chunks:
            assert not message.log_id
            for chunk in message.chunks:
                *whole, rest = chunk.data.split(b"\n")
                assert len(whole) == chunk.count
                for log_id, line in enumerate(whole, chunk.first_log_id):
                    found.append((chunk.step_id, log_id, parts.pop((chunk.step_id, log_id), b"") + line))
                if rest:
                    key = (chunk.step_id, chunk.first_log_id + chunk.count)
                    parts[key] = parts.get(key, b"") + rest
        elif message.log_id:
            assert not message.chunks
            found.append((message.step_id, message.log_id, message.SerializeToString()))
    assert not parts
    return found


def as_wharf_cmd_sends(step_id: int, log_id: int, line: bytes) -> bytes:
    at_ns, skip = split_stamp(line)
    message = theirs.MESSAGES["StreamLogsResponse"](
        log_id=log_id, step_id=step_id, message=line[skip:].decode("utf-8", "replace")
    )
    message.timestamp.seconds, message.timestamp.nanos = (
        divmod(at_ns, 10**9) if at_ns is not None else (GO_ZERO_SECONDS, 0)
    )
    serialized: bytes = message.SerializeToString()
    return serialized


def check(world: World, subscriber: Subscriber, *, frozen: bool) -> None:
    request = subscriber.request
    after = {position.step_id: position.log_id for position in request.after}
    wanted = [step for step in world.truth if not request.step_ids or step in request.step_ids]
    if request.no_follow:
        wanted = [step for step in wanted if step in subscriber.high_water]
    expected = {}
    for step in wanted:
        last = subscriber.high_water[StepId(step)] if request.no_follow else world.truth[step].last
        for log_id, line in world.truth[step].lines.items():
            if after.get(step, 0) < log_id <= last:
                as_sent = line if request.chunks else as_wharf_cmd_sends(step, log_id, line)
                expected[step, log_id] = as_sent
    got = run_of_lines(subscriber)
    assert {(step, log_id): line for step, log_id, line in got} == expected
    assert len(got) == len(expected), "a line came twice"
    for step, stored in subscriber.high_water.items():
        ids = [log_id for of_step, log_id, _ in got if of_step == step]
        for part in ([each for each in ids if each <= stored], [each for each in ids if each > stored]):
            assert part == sorted(part)
    if request.mark_caught_up:
        check_markers(world, subscriber, wanted, frozen=frozen)
    else:
        marks = ("plan", "step_caught_up", "caught_up", "gap", "end")
        assert not any(message.HasField(mark) for message in subscriber.messages for mark in marks)


def check_markers(world: World, subscriber: Subscriber, wanted: list[int], *, frozen: bool) -> None:
    request, messages = subscriber.request, subscriber.messages
    after = {position.step_id: position.log_id for position in request.after}
    assert [message.HasField("plan") for message in messages] == [True] + [False] * (len(messages) - 1)
    plan = {step.step_id: (step.high_water, step.first_log_id) for step in messages[0].plan.steps}
    assert plan == {
        step: (subscriber.high_water[StepId(step)], after.get(step, 0) + 1)
        for step in wanted
        if step in subscriber.high_water
    }
    come: dict[int, int] = dict.fromkeys(wanted, 0)
    marked: list[int] = []
    gaps: dict[int, list[Gap]] = {step: [] for step in wanted}
    caught_up = 0
    for message in messages:
        for chunk in message.chunks:
            come[chunk.step_id] += chunk.count
            for gap in world.truth[chunk.step_id].gaps:
                assert chunk.first_log_id <= gap.after or gap in gaps[chunk.step_id], "a line overtook a gap"
        if message.log_id:
            come[message.step_id] += 1
        if message.HasField("gap"):
            gaps[message.gap.step_id].append(wire.gap_from_wire(message.gap))
        if message.HasField("step_caught_up"):
            marker = message.step_caught_up
            first = after.get(marker.step_id, 0) + 1
            due = [each for each in world.truth[marker.step_id].lines if first <= each <= marker.high_water]
            assert come[marker.step_id] >= len(due), "a marker overtook its lines"
            marked.append(marker.step_id)
        if message.HasField("caught_up"):
            caught_up += 1
            assert set(plan) <= set(marked)
    assert sorted(marked) == sorted(wanted)
    assert caught_up == 1
    if not request.no_follow:
        assert gaps == {step: world.truth[step].gaps for step in wanted}
    assert [message.HasField("end") for message in messages] == [False] * (len(messages) - 1) + [True]
    end = messages[-1].end
    ended_as = pb.End.REASON_FROZEN if frozen else pb.End.REASON_UNFINISHED
    assert end.reason == (pb.End.REASON_NO_FOLLOW if request.no_follow else ended_as)
    last = subscriber.high_water if request.no_follow else {step: world.truth[step].last for step in wanted}
    assert {each.step_id: each.log_id for each in end.last} == {step: last[StepId(step)] for step in wanted}


pieces = st.lists(
    st.sampled_from(
        [b"", b"a", b"\xff\xfe", b"\n", b"\n\n", STAMP, STAMP + b"line\n", b"word " * 9, b"\x00\r"]
    ),
    min_size=1,
    max_size=6,
).map(b"".join)


@st.composite
def requests(draw: st.DrawFn, known: dict[int, int]) -> pb.StreamLogsRequest:
    steps = sorted(known)
    return pb.StreamLogsRequest(
        mark_caught_up=draw(st.booleans()),
        chunks=draw(st.booleans()),
        no_follow=draw(st.sampled_from([False, False, True])),
        step_ids=draw(st.lists(st.sampled_from([*steps, 2, 9]), max_size=2, unique=True)),
        after=[
            pb.LogPosition(step_id=step, log_id=draw(st.integers(0, known[step])))
            for step in draw(st.lists(st.sampled_from(steps), unique=True) if steps else st.just([]))
        ],
    )


async def live_through(data: st.DataObject) -> None:
    async with world(data.draw(st.integers(0, 2))) as made:
        subscribers: list[Subscriber] = []
        moves = data.draw(
            st.lists(
                st.sampled_from(["write", "write", "look", "take", "take", "subscribe", "gap", "step"]),
                min_size=4,
                max_size=25,
            )
        )
        for move in moves:
            steps = sorted(made.truth)
            if move == "write" and steps:
                made.write(data.draw(st.sampled_from(steps)), data.draw(pieces))
            elif move == "look":
                await made.look()
            elif move == "take" and subscribers:
                await data.draw(st.sampled_from(subscribers)).take(data.draw(st.integers(1, 4)))
            elif move == "subscribe" and len(subscribers) < 4:
                known = {
                    int(step.info.step_id): int(made.reader.log(step.info.step_id).last_log_id)
                    for step in made.reader.info.steps
                }
                request = data.draw(requests(known))
                subscribers.append(Subscriber(made, request, data.draw(st.sampled_from([256, 1024, 32768]))))
                await asyncio.sleep(0)
            elif move == "gap" and steps:
                kind = data.draw(st.sampled_from([GapKind.HOLE, GapKind.LOST_BEFORE_US]))
                made.put_gap(data.draw(st.sampled_from(steps)), kind, data.draw(st.integers(1, 3)))
            elif move == "step" and len(steps) < 4:
                made.add_step()
        frozen = data.draw(st.booleans())
        await made.end(frozen=frozen)
        for subscriber in subscribers:
            await subscriber.finish()
            check(made, subscriber, frozen=frozen)


@settings(max_examples=120)
@given(data=st.data())
def test_every_stream_brings_each_line_once_and_its_markers_in_their_place(data: st.DataObject) -> None:
    asyncio.run(live_through(data))


MARKED = pb.StreamLogsRequest(mark_caught_up=True, chunks=True)


def lines(count: int, first: int = 1) -> bytes:
    return b"".join(b"%sline %d\n" % (STAMP, number) for number in range(first, first + count))


async def test_backfill_ends_where_live_begins_however_late_it_is_read() -> None:
    async with world() as made:
        made.write(1, lines(20))
        await made.look()
        subscriber = Subscriber(made, MARKED, 32768)
        await asyncio.sleep(0)  # the plan waits to be taken; nothing has been read
        made.write(1, lines(20, 21))
        await made.look()
        await made.end(frozen=True)
        await subscriber.finish()
        check(made, subscriber, frozen=True)


async def test_live_lines_do_not_wait_for_history() -> None:
    async with world() as made:
        made.write(1, lines(200))
        await made.look()
        subscriber = Subscriber(made, MARKED, 512)
        await subscriber.take(3)
        made.write(1, lines(1, 201))
        await made.look()
        await subscriber.take(2)
        ids = [chunk.first_log_id for message in subscriber.messages for chunk in message.chunks]
        assert 201 in ids
        assert max(each for each in ids if each < 201) < 10
        await made.end(frozen=True)
        await subscriber.finish()


async def test_quiet_empty_and_later_steps_get_their_markers_at_once() -> None:
    async with world(0) as made:
        subscriber = Subscriber(made, MARKED, 32768)
        await subscriber.take(3)
        assert subscriber.messages == [
            pb.StreamLogsResponse(plan=pb.Plan(epoch=made.writer.info.epoch)),
            pb.StreamLogsResponse(caught_up=pb.CaughtUp()),
        ]
        made.add_step()
        await made.look()
        await subscriber.take(3)
        assert subscriber.messages[2:] == [
            pb.StreamLogsResponse(step_caught_up=pb.StepCaughtUp(step_id=1, high_water=0))
        ]
        await made.end(frozen=False)
        await subscriber.finish()


async def test_who_wants_no_more_is_let_go_though_the_step_goes_on_printing() -> None:
    async with world() as made:
        made.write(1, lines(20))
        await made.look()
        subscriber = Subscriber(made, pb.StreamLogsRequest(no_follow=True), 512)
        number = 20
        while not subscriber.task.done():
            number += 1
            made.write(1, lines(1, number))
            await made.look()
            await subscriber.take(1)
            assert number < 100
        assert [message.log_id for message in subscriber.messages] == list(range(1, 21))
        made.truth[1].end()


async def test_a_client_that_has_more_than_there_is_is_told_so() -> None:
    async with world() as made:
        made.write(1, lines(3))
        await made.look()
        for step_id, log_id in ((1, 4), (2, 1)):
            position = pb.LogPosition(step_id=step_id, log_id=log_id)
            subscriber = Subscriber(made, pb.StreamLogsRequest(after=[position]), 4096)
            with pytest.raises(UsageError, match=f"nothing behind line {log_id}"):
                await subscriber.finish()


async def test_a_client_that_knows_more_than_the_last_look_is_believed_after_another_look() -> None:
    """It had its lines from another worker that serves the same build."""
    async with world() as made:
        made.write(1, lines(3))
        await made.look()
        made.write(1, lines(4, 4))
        made.add_step()
        made.write(2, lines(2))
        positions = [pb.LogPosition(step_id=1, log_id=6), pb.LogPosition(step_id=2, log_id=1)]
        subscriber = Subscriber(made, pb.StreamLogsRequest(after=positions), 4096)
        await subscriber.take(2)
        assert sorted((message.step_id, message.log_id) for message in subscriber.messages) == [
            (1, 7),
            (2, 2),
        ]
        await made.end(frozen=True)
        await subscriber.finish()


async def test_a_log_that_is_cut_or_replaced_ends_the_stream_with_an_error() -> None:
    async with world() as made:
        log = made.writer.path / "steps/1/logs.log"
        made.write(1, lines(50))
        await made.look()
        in_backfill = Subscriber(made, MARKED, 512)
        waiting = Subscriber(made, MARKED, 32768)
        await in_backfill.take(3)
        await waiting.take(9)
        log.write_bytes(lines(1))
        with pytest.raises(StoreError, match=r"steps/1/logs\.log was cut or replaced"):
            await in_backfill.finish()
        await made.look()
        with pytest.raises(StoreError, match=r"steps/1/logs\.log was cut or replaced"):
            await waiting.finish()


async def test_a_store_that_cannot_be_read_any_more_ends_all_streams_with_an_error() -> None:
    async with world() as made:
        subscriber = Subscriber(made, MARKED, 32768)
        await subscriber.take(3)
        log = made.writer.path / "steps/1/logs.log"
        log.parent.mkdir(parents=True)
        log.symlink_to("/etc/passwd")
        with pytest.raises(StoreError):
            await made.look()
        with pytest.raises(StoreError, match=r"logs\.log"):
            await subscriber.finish()
        with pytest.raises(StoreError, match=r"logs\.log"):
            await made.hub.wait(made.hub.version)


async def test_when_the_worker_stops_subscribers_get_what_is_there_and_are_let_go() -> None:
    async with world() as made:
        made.write(1, lines(50))
        await made.look()
        subscriber = Subscriber(made, MARKED, 512)
        made.hub.stop()
        with pytest.raises(UnreachableError, match="being stopped"):
            await subscriber.finish()
        assert len(run_of_lines(subscriber)) == 50


async def test_a_build_that_ends_right_before_the_worker_stops_has_ended_for_its_subscribers_too() -> None:
    async with world() as made:
        made.write(1, lines(5))
        await made.look()
        waiting = Subscriber(made, MARKED, 512)
        await waiting.take(4)
        made.write(1, lines(3))
        made.writer.freeze(Status.SUCCESS)
        made.hub.stop()
        await waiting.finish()
        assert waiting.messages[-1].end.reason == pb.End.REASON_FROZEN
        assert len(run_of_lines(waiting)) == 8


def test_a_line_of_any_length_costs_no_more_than_what_is_sent_of_it() -> None:
    block = b"x" * 65536
    messages = LineMessages(StepId(1))
    tracemalloc.start()
    try:
        assert not list(messages.feed(LogBlock(LogId(7), 0, STAMP + block)))
        for _ in range(500):
            assert not list(messages.feed(LogBlock(LogId(7), 0, block)))
        end = LogBlock(LogId(7), 2, b"end\n" + STAMP + b"next\n")
        long, short = messages.feed(end)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * LONGEST_MESSAGE
    note = f" [cut: the line has {501 * 65536 + 3} bytes]"
    assert (long.log_id, long.message) == (7, "x" * LONGEST_MESSAGE + note)
    assert (short.log_id, short.message) == (8, "next")
    assert messages.feed(LogBlock(LogId(9), 1, b"bare\n")).__next__().message == "bare"
