"""One call to a worker of wharf-cmd's kind: one message a line, no markers, no resume, everything from the start each time.

"Caught up" can only be inferred there: every step is contiguous up to the highest ID seen, and it has been quiet for a
moment, or nothing came out of order for a longer while. Whoever shows it says that it is inferred.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from wharf_tui.attach.connection import Metadata
from wharf_tui.attach.mirror import Mirror
from wharf_tui.attach.progress import Progress
from wharf_tui.model.build import StepInfo, StepState
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import encode_line
from wharf_tui.model.status import StatusEvent
from wharf_tui.model.timestamps import now_ns
from wharf_tui.rpc import wire
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2_grpc

QUIET_SECONDS = 1.0
ORDERLY_SECONDS = 5.0


class PlainStream:
    """Copies one build from a worker that sends no markers into a mirror, for as long as one connection holds."""

    def __init__(
        self,
        stub: worker_pb2_grpc.WorkerStub,
        mirror: Mirror,
        progress: Progress,
        metadata: Metadata,
        names: Mapping[StepId, StepInfo],
    ) -> None:
        self._stub = stub
        self._mirror = mirror
        self._progress = progress
        self._metadata = metadata
        self._names = names
        self._last_line = self._last_disorder = time.monotonic()

    async def run(self) -> None:
        """Copy until the worker ends the stream cleanly.

        Raises:
            grpc.aio.AioRpcError: the connection broke, or there is no step yet.
            StoreError: a line cannot be stored.
        """
        lines_before = self._mirror.lines
        self._progress.begin_stream(0)
        helpers = [
            asyncio.create_task(self._watch_statuses(), name="attach-statuses"),
            asyncio.create_task(self._infer(lines_before), name="attach-infer"),
        ]
        try:
            async for message in self._stub.StreamLogs(pb.StreamLogsRequest(), metadata=self._metadata):
                self._take(message)
                self._progress.received = self._mirror.lines - lines_before
            await asyncio.wait(helpers[:1], timeout=5.0)
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    def step_info(self, step_id: StepId) -> StepInfo:
        """The step's names where a definition was given."""
        return self._names.get(step_id, StepInfo(step_id, "", ""))

    def _take(self, message: pb.StreamLogsResponse) -> None:
        step_id = StepId(message.step_id)
        sequencer = self._mirror.sequencer(step_id)
        now = time.monotonic()
        self._last_line = now
        if message.log_id != sequencer.next_log_id:
            self._last_disorder = now
        self._mirror.store.add_steps((StepState(self.step_info(step_id)),))
        line = encode_line(wire.time_from_wire(message.timestamp), message.message.encode())
        self._mirror.feed(step_id, message.log_id, line)

    async def _watch_statuses(self) -> None:
        """These events carry no time: the time of their coming stands for it."""
        async for message in self._stub.StreamStatusEvents(
            pb.StreamStatusEventsRequest(), metadata=self._metadata
        ):
            event = StatusEvent(message.event_id, wire.status_from_wire(message.status), now_ns())
            self._mirror.add_status(StepState(self.step_info(StepId(message.step_id))), event)

    async def _infer(self, lines_before: int) -> None:
        while not self._looks_caught_up():  # noqa: ASYNC110 - time itself is what is waited for
            await asyncio.sleep(0.1)
        self._progress.received = self._mirror.lines - lines_before
        self._progress.caught_up_now(inferred=True)
        self._mirror.store.changes.notify()

    def _looks_caught_up(self) -> bool:
        contiguous = all(
            self._mirror.sequencer(step_id).first_hole() is None for step_id in self._mirror.step_ids
        )
        now = time.monotonic()
        return contiguous and (
            now - self._last_line >= QUIET_SECONDS or now - self._last_disorder >= ORDERLY_SECONDS
        )
