"""One call to a worker of wharf-cmd's kind: one message a line, no markers, no resume, everything from the start each time.

"Caught up" can only be inferred there: every step is contiguous up to the highest ID seen, and it has been quiet for a
moment, or nothing came out of order for a longer while. Whoever shows it says that it is inferred.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping

import grpc

from wharf_tui.attach.beside import run_beside
from wharf_tui.attach.connection import Metadata, understood
from wharf_tui.attach.marked_stream import RETRY_SECONDS, StreamEnd
from wharf_tui.attach.mirror import Mirror
from wharf_tui.attach.progress import Progress
from wharf_tui.model.build import StepInfo, StepState
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import encode_line
from wharf_tui.model.status import StatusEvent
from wharf_tui.model.timestamps import NS, now_ns
from wharf_tui.rpc import wire
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2_grpc

QUIET_SECONDS = 1.0
ORDERLY_SECONDS = 5.0
"""Lines in order for this long are live ones, if their own times say so, too."""
LONG_ORDERLY_SECONDS = 30.0
"""The same where their times say otherwise: the worker's clock may be wrong."""
_RECENT_NS = 30 * NS
_JUDGE_SECONDS = 0.1
_LAST_STATUSES_SECONDS = 5.0
"""How long the status stream may take to end behind the log stream."""


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
        self._lines_before = mirror.lines
        self._known: set[StepId] = set()
        self._last_line = self._last_disorder = time.monotonic()
        self._last_line_at_ns: int | None = None
        self._is_subscribed = asyncio.Event()
        self._statuses_ended = asyncio.Event()

    async def run(self) -> StreamEnd:
        """Copy until the worker ends the stream cleanly (FROZEN), or must be asked for some of it AGAIN.

        Raises:
            grpc.aio.AioRpcError: the connection broke, or there is no step yet.
            StoreError: a line cannot be stored.
        """
        self._mirror.start_over()
        return await run_beside(self._copy(), self._watch_statuses())

    async def _copy(self) -> StreamEnd:
        """Take lines, and judge now and then how far we are."""
        taking = asyncio.create_task(self._take_logs(), name="attach-lines")
        caught_up = False
        try:
            while not taking.done():
                await asyncio.wait({taking}, timeout=_JUDGE_SECONDS)
                if not self._is_subscribed.is_set() or not self._looks_live():
                    continue
                if self._mirror.must_ask_again:
                    return StreamEnd.AGAIN
                if not caught_up and self._is_contiguous():
                    caught_up = True
                    self._progress.caught_up_now(inferred=True)
                    self._mirror.store.changes.notify()
            taking.result()
        finally:
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)
        await self._wait_for_last_statuses()
        return StreamEnd.AGAIN if self._mirror.must_ask_again else StreamEnd.FROZEN

    async def _take_logs(self) -> None:
        call = self._stub.StreamLogs(pb.StreamLogsRequest(), metadata=self._metadata)
        async for message in understood(call):
            if not self._is_subscribed.is_set():
                self._subscribed()
            self._take(message)
            self._progress.received = self._mirror.lines - self._lines_before
        self._subscribed()

    async def _wait_for_last_statuses(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_STATUSES_SECONDS):
                await self._statuses_ended.wait()

    def _subscribed(self) -> None:
        self._is_subscribed.set()
        self._progress.connected()
        self._progress.begin_stream(0)

    def _step(self, step_id: StepId) -> StepState:
        """The step before anything is known of it, with its names where a definition was given."""
        return StepState(self._names.get(step_id, StepInfo(step_id, "", "")))

    def _take(self, message: pb.StreamLogsResponse) -> None:
        step_id = StepId(message.step_id)
        if step_id not in self._known:
            self._known.add(step_id)
            self._mirror.add_step(self._step(step_id))
        sequencer = self._mirror.sequencer(step_id)
        self._last_line = time.monotonic()
        self._last_line_at_ns = wire.time_from_wire(message.timestamp)
        if message.log_id != sequencer.next_log_id and not sequencer.must_ask_again:
            self._last_disorder = self._last_line
        line = encode_line(self._last_line_at_ns, message.message.encode())
        self._mirror.feed(step_id, message.log_id, line)

    async def _watch_statuses(self) -> None:
        """These events carry no time: the time of their coming stands for it.

        Not before the log stream stands: wharf-cmd fails all of them until the first step has its folder, and one of
        these that failed stays registered there for ever and stops the build when a hundred events have piled up.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUIET_SECONDS):
                await self._is_subscribed.wait()
        if not self._is_subscribed.is_set():  # it would have failed by now
            self._subscribed()
        while True:
            with contextlib.suppress(grpc.aio.AioRpcError):  # a broken connection is the log stream's to tell
                call = self._stub.StreamStatusEvents(pb.StreamStatusEventsRequest(), metadata=self._metadata)
                async for message in understood(call):
                    event = StatusEvent(message.event_id, wire.status_from_wire(message.status), now_ns())
                    self._mirror.add_status(self._step(StepId(message.step_id)), event)
                self._statuses_ended.set()
                return
            await asyncio.sleep(RETRY_SECONDS)

    def _is_contiguous(self) -> bool:
        return all(self._mirror.sequencer(step_id).first_hole() is None for step_id in self._mirror.step_ids)

    def _looks_live(self) -> bool:
        now = time.monotonic()
        orderly = now - self._last_disorder
        is_recent = self._last_line_at_ns is None or now_ns() - self._last_line_at_ns < _RECENT_NS
        return (
            now - self._last_line >= QUIET_SECONDS
            or orderly >= LONG_ORDERLY_SECONDS
            or (orderly >= ORDERLY_SECONDS and is_recent)
        )
