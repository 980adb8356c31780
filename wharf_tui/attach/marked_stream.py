"""One call to a worker of our kind: it sends chunks and says when we have caught up, what is missing, and how it ended."""

from __future__ import annotations

import asyncio
import contextlib
from enum import Enum

import grpc

from wharf_tui.attach.artifact_stream import ArtifactStream
from wharf_tui.attach.beside import run_beside
from wharf_tui.attach.connection import Metadata, not_understood, understood
from wharf_tui.attach.mirror import Mirror
from wharf_tui.attach.progress import Progress
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status
from wharf_tui.rpc import wire
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2_grpc

CALL_SECONDS = 15.0
"""Deadline of calls that answer at once."""
RETRY_SECONDS = 1.0
"""Until what goes beside the log stream, and failed while that stands, is tried again."""
_BREATH_SECONDS = 0.05
"""Status events that come together are one reason to ask how the build stands."""


class StreamEnd(Enum):
    """How a call ended."""

    FROZEN = "frozen"
    """The build has ended, and so has its copy."""
    UNFINISHED = "unfinished"
    """Nobody writes the build any more; what its worker had stored is here."""
    AGAIN = "again"
    """Some of it must be asked for again, or the worker is another one now."""


class MarkedStream:
    """Copies one build from one worker into a mirror, for as long as one connection holds.

    Args:
        stub: the worker.
        mirror: the copy. What it holds is the beginning of what the worker has.
        progress: told how far it is.
        metadata: goes with each call.
    """

    def __init__(
        self, stub: worker_pb2_grpc.WorkerStub, mirror: Mirror, progress: Progress, metadata: Metadata
    ) -> None:
        self._stub = stub
        self._mirror = mirror
        self._progress = progress
        self._metadata = metadata
        self._epoch = mirror.store.info.epoch
        self._named: set[StepId] = set()
        """Steps whose names were asked for."""

    async def run(self) -> StreamEnd:
        """Copy until the build ends.

        Raises:
            grpc.aio.AioRpcError: the connection broke.
            StoreError: a line cannot be stored.
        """
        due = asyncio.Event()
        artifacts = ArtifactStream(self._stub, self._mirror, self._metadata)
        end = await run_beside(
            self._take_logs_and(artifacts),
            self._watch_statuses(due),
            self._ask_when_due(due),
            artifacts.take(),
            artifacts.store_when_due(),
        )
        return StreamEnd.AGAIN if end is None else await self._take_end(end)

    async def _take_logs_and(self, artifacts: ArtifactStream) -> pb.End | None:
        """Take the log stream to its end, and then wait for the end of the artifact events: these come beside it."""
        end = await self._take_logs()
        is_told = end is not None and await artifacts.has_ended(CALL_SECONDS)
        return end if is_told else None

    async def _take_logs(self) -> pb.End | None:
        """Take lines and markers until the worker says that this was all; None where the stream must be begun again."""
        self._mirror.start_over()
        after = [
            pb.LogPosition(step_id=step_id, log_id=last)
            for step_id in self._mirror.step_ids
            if (last := self._mirror.last_log_id(step_id))
        ]
        request = pb.StreamLogsRequest(mark_caught_up=True, chunks=True, after=after)
        lines_before = self._mirror.lines
        call = self._stub.StreamLogs(request, metadata=self._metadata)
        async for message in understood(call):
            self._progress.connected()
            await self._ask_for_new_steps({StepId(chunk.step_id) for chunk in message.chunks})
            for chunk in message.chunks:
                self._mirror.feed(StepId(chunk.step_id), chunk.first_log_id, chunk.data)
            self._progress.received = self._mirror.lines - lines_before
            if message.HasField("end"):
                end: pb.End = message.end
                return end
            is_another = message.HasField("plan") and message.plan.epoch != self._epoch
            if is_another or self._mirror.must_ask_again:
                call.cancel()
                return None
            self._take_marker(message)
        return None

    def _take_marker(self, message: pb.StreamLogsResponse) -> None:
        if message.HasField("gap"):
            self._mirror.take_gap(StepId(message.gap.step_id), wire.gap_from_wire(message.gap))
        elif message.HasField("plan"):
            steps = message.plan.steps
            self._progress.begin_stream(
                sum(max(0, step.high_water - step.first_log_id + 1) for step in steps)
            )
        elif message.HasField("caught_up"):
            self._progress.caught_up_now(inferred=False)
            self._mirror.store.changes.notify()

    async def _take_end(self, end: pb.End) -> StreamEnd:
        """The worker's last word: what it has of each step is what must be here."""
        await self._take_build(end.build)
        if not self._mirror.is_complete({StepId(step.step_id): step.log_id for step in end.last}):
            return StreamEnd.AGAIN
        if end.reason == pb.End.REASON_UNFINISHED:
            return StreamEnd.UNFINISHED
        if end.reason != pb.End.REASON_FROZEN:
            return StreamEnd.AGAIN
        info = wire.build_from_wire(end.build)
        await asyncio.to_thread(
            self._mirror.finish, info.result or Status.UNKNOWN, info.finished_ns, info.problem
        )
        return StreamEnd.FROZEN

    async def _watch_statuses(self, due: asyncio.Event) -> None:
        """Each status event is a reason to ask how the whole build stands."""
        while True:
            with contextlib.suppress(grpc.aio.AioRpcError):  # a broken connection is the log stream's to tell
                async for _ in self._stub.StreamStatusEvents(
                    pb.StreamStatusEventsRequest(), metadata=self._metadata
                ):
                    due.set()
                return
            await asyncio.sleep(RETRY_SECONDS)

    async def _ask_when_due(self, due: asyncio.Event) -> None:
        while True:
            await due.wait()
            await asyncio.sleep(_BREATH_SECONDS)
            due.clear()
            try:
                await self._ask()
            except grpc.aio.AioRpcError:
                due.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _ask_for_new_steps(self, step_ids: set[StepId]) -> None:
        """Steps may join while the build runs: ask for their names before their first lines are stored."""
        if step_ids <= self._named:
            return
        if not step_ids <= {step.info.step_id for step in self._mirror.store.info.steps}:
            await self._ask()
        self._named |= step_ids

    async def _ask(self) -> None:
        """Ask how the build stands.

        Raises:
            grpc.aio.AioRpcError: the connection broke.
        """
        build = await self._stub.GetBuild(pb.GetBuildRequest(), metadata=self._metadata, timeout=CALL_SECONDS)
        if build is None:
            raise not_understood()
        await self._take_build(build)

    async def _take_build(self, message: pb.GetBuildResponse) -> None:
        """Take over how the build stands, unless another worker has begun to answer at the address."""
        info = self._mirror.store.info
        if (message.uid, message.epoch) != (info.uid, info.epoch):
            return
        self._mirror.take_build(wire.build_from_wire(message), wire.events_from_wire(message))
        for step_id in self._mirror.finished_logs():
            await asyncio.to_thread(self._mirror.store.close_log, step_id)
