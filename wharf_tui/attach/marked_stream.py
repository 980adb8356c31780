"""One call to a worker of our kind: it sends chunks and says when we have caught up, what is missing, and how it ended."""

from __future__ import annotations

import asyncio
from enum import Enum

from wharf_tui.attach.connection import Metadata
from wharf_tui.attach.mirror import Mirror
from wharf_tui.attach.progress import Progress
from wharf_tui.model.ids import StepId
from wharf_tui.rpc import wire
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2_grpc

CALL_SECONDS = 15.0
"""Deadline of calls that answer at once."""


class StreamEnd(Enum):
    """How a call ended."""

    FROZEN = "frozen"
    UNFINISHED = "unfinished"
    """The build's worker died; what it had stored is here."""
    AGAIN = "again"
    """Some of it must be asked for again."""


class MarkedStream:
    """Copies one build from one worker into a mirror, for as long as one connection holds."""

    def __init__(
        self, stub: worker_pb2_grpc.WorkerStub, mirror: Mirror, progress: Progress, metadata: Metadata
    ) -> None:
        self._stub = stub
        self._mirror = mirror
        self._progress = progress
        self._metadata = metadata

    async def run(self) -> StreamEnd:
        """Copy until the build ends.

        Raises:
            grpc.aio.AioRpcError: the connection broke.
            StoreError: a line cannot be stored.
        """
        watching = asyncio.create_task(self._watch_statuses(), name="attach-statuses")
        try:
            end = await self._take_logs()
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        if end is not StreamEnd.AGAIN:
            await self.take_build()
        return end

    async def take_build(self) -> pb.GetBuildResponse:
        """Ask for the build as it stands, and take it over."""
        message: pb.GetBuildResponse = await self._stub.GetBuild(
            pb.GetBuildRequest(), metadata=self._metadata, timeout=CALL_SECONDS
        )
        events = {StepId(step.step_id): wire.events_from_wire(step) for step in message.steps}
        self._mirror.take_build(wire.build_from_wire(message), events)
        return message

    async def _watch_statuses(self) -> None:
        """Each status event is a reason to ask for the whole build again; events that come together are one reason."""
        call = self._stub.StreamStatusEvents(pb.StreamStatusEventsRequest(), metadata=self._metadata)
        due = asyncio.Event()

        async def ask() -> None:
            while True:
                await due.wait()
                await asyncio.sleep(0.05)
                due.clear()
                await self.take_build()

        asking = asyncio.create_task(ask(), name="attach-get-build")
        try:
            async for _ in call:
                due.set()
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _take_logs(self) -> StreamEnd:
        after = [
            pb.LogPosition(step_id=step_id, log_id=last)
            for step_id in self._mirror.step_ids
            if (last := self._mirror.last_log_id(step_id))
        ]
        request = pb.StreamLogsRequest(mark_caught_up=True, chunks=True, after=after)
        for step_id in self._mirror.step_ids:
            self._mirror.sequencer(step_id).forget_parts()
        lines_before = self._mirror.lines
        call = self._stub.StreamLogs(request, metadata=self._metadata)
        async for message in call:
            for chunk in message.chunks:
                self._mirror.feed(StepId(chunk.step_id), chunk.first_log_id, chunk.data)
            self._progress.received = self._mirror.lines - lines_before
            if message.HasField("end"):
                return _END[int(message.end.reason)]
            self._take_marker(message)
            if self._must_ask_again():
                call.cancel()
                return StreamEnd.AGAIN
        return StreamEnd.AGAIN

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

    def _must_ask_again(self) -> bool:
        """Whether a buffer overflowed, and all that was kept has been used."""
        for step_id in self._mirror.step_ids:
            sequencer = self._mirror.sequencer(step_id)
            if sequencer.let_go and sequencer.first_hole() is None:
                sequencer.asked_again()
                return True
        return False


_END = {
    int(pb.End.REASON_UNSPECIFIED): StreamEnd.AGAIN,
    int(pb.End.REASON_FROZEN): StreamEnd.FROZEN,
    int(pb.End.REASON_NO_FOLLOW): StreamEnd.AGAIN,
    int(pb.End.REASON_UNFINISHED): StreamEnd.UNFINISHED,
}
