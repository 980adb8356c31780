"""One subscriber's log stream: what is stored and what is new, at the same time, each line exactly once.

Per step there are two cursors over the same file: backfill over 1..H, where H is the step's last line when the
subscriber came, and live over H+1.. . They take turns, so that live lines do not wait for history. The markers are sent
from the same place as the lines, so none can overtake a line. Nothing is queued: the next block is read when the
client has taken the one before, so a slow client costs two integers a step.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from wharf_tui.model.build import Liveness
from wharf_tui.model.errors import StoreError, UsageError
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import Gap
from wharf_tui.results.log_cursor import LogBlock, LogCursor
from wharf_tui.results.log_reader import LogReader
from wharf_tui.rpc import wire
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.worker.build_message import build_message
from wharf_tui.worker.hub import BuildHub
from wharf_tui.worker.line_messages import LineMessages

ROUND_BYTES = 512 * 1024
"""Bytes of log in one message of chunks at most (a little more with many steps)."""
_ALL_BYTES = 32 * 1024 * 1024
"""The same for the messages of all subscribers together: with many of them, messages are smaller."""
_FIRST_SHARE = 8
"""The first message is smaller by this; as long as messages go out at once, they grow."""
_SLOW_SECONDS = 0.5
"""A message that takes longer is followed by a smaller one: on a slow line a large one holds up live lines, and is
lost as a whole where the line breaks."""
_SMALLEST_SHARE = 32
"""With many steps a block is smaller, but no smaller than this part of a round."""
_LINE_SHARE = 8
"""Blocks that are sent line by line are smaller by this, so that all steps have their turn soon."""

Send = Callable[[pb.StreamLogsResponse], Awaitable[None]]


class _StepStream:
    """What one subscriber has had of one step."""

    def __init__(self, step_id: StepId, log: LogReader, after: int) -> None:
        self.step_id = step_id
        self.log = log
        self.high_water = log.last_log_id
        self.first_log_id = after + 1
        self.marker_sent = False
        self._backfill = LogCursor(log, after)
        self._live = LogCursor(log, max(after, self.high_water))
        self._restarts = log.restarts
        self._gaps: tuple[Gap, ...] = ()
        self._messages = (LineMessages(step_id), LineMessages(step_id))

    def blocks(self, max_bytes: int, *, live: bool) -> list[tuple[LogBlock, LineMessages]]:
        """At most one block of each cursor, the live one first, and who makes messages of it.

        Raises:
            StoreError: the log is not the one any more that this stream began with.
        """
        if self._restarts != self.log.restarts:
            raise self._replaced()
        found = []
        if live and (block := self._live.read(max_bytes)):
            found.append((block, self._messages[0]))
        if not self.backfill_is_done and (block := self._backfill.read(max_bytes, self.high_water)):
            found.append((block, self._messages[1]))
        if not found and (not self.backfill_is_done or (live and self._live.is_behind)):
            raise self._replaced()
        return found

    def new_gaps(self) -> list[Gap]:
        """Gaps that have become known since the last call."""
        if self.log.gaps is self._gaps:
            return []
        known = set(self._gaps)
        self._gaps = self.log.gaps
        return [gap for gap in self._gaps if gap not in known]

    @property
    def backfill_is_done(self) -> bool:
        """Whether all of 1..H has been sent."""
        return self._backfill.next_log_id > self.high_water

    def _replaced(self) -> StoreError:
        return StoreError(
            f"{self.log.path} was cut or replaced while it was being sent",
            "Attach again to copy what is there now.",
        )


class LogStream:
    """Streams one build to one subscriber.

    Args:
        hub: the build.
        request: what the subscriber asked for.
        send: hands one message on; returns when the subscriber can take the next.
        round_bytes: bytes of log in one message of chunks at most.
    """

    def __init__(
        self, hub: BuildHub, request: pb.StreamLogsRequest, send: Send, round_bytes: int = ROUND_BYTES
    ) -> None:
        self._hub = hub
        self._send = send
        self._most_bytes = round_bytes
        self._round_bytes = round_bytes // _FIRST_SHARE
        self._marks = request.mark_caught_up
        self._chunks = request.chunks
        self._follows = not request.no_follow
        self._only = frozenset(request.step_ids)
        self._after = {position.step_id: position.log_id for position in request.after}
        self._steps: dict[StepId, _StepStream] = {}
        self._caught_up = False

    async def run(self) -> None:
        """Send until the build ends, or until all is sent where the client wants no more.

        Raises:
            UsageError: the client claims to have lines that are not here.
            StoreError: the store cannot be read any more.
            UnreachableError: the worker is being stopped.
        """
        self._take_up_new_steps()
        if self._first_unknown_position() is not None:
            self._hub.look_ahead()
            self._steps.clear()
            self._take_up_new_steps()
        self._refuse_unknown_positions()
        if self._marks:
            await self._send_plan()
        while True:
            seen, ended = self._hub.version, self._hub.ended
            if self._follows:
                self._take_up_new_steps()
            sent = await self._send_round()
            await self._send_markers()
            if self._caught_up and not self._follows:
                break
            if sent:
                continue
            if ended:
                break
            await self._hub.wait(seen)
        if self._marks:
            await self._send_end()

    def _take_up_new_steps(self) -> None:
        for step in self._hub.reader.info.steps:
            step_id = step.info.step_id
            if step_id not in self._steps and (not self._only or step_id in self._only):
                log = self._hub.reader.log(step_id)
                self._steps[step_id] = _StepStream(step_id, log, self._after.get(step_id, 0))

    def _refuse_unknown_positions(self) -> None:
        unknown = self._first_unknown_position()
        if unknown is not None:
            step_id, log_id, last = unknown
            raise UsageError(
                f"step {step_id} has {last} lines here, so there is nothing behind line {log_id}"
            )

    def _first_unknown_position(self) -> tuple[int, int, int] | None:
        """A step's ID, the line that the client claims to have, and the last line that is here."""
        for step_id, log_id in self._after.items():
            if self._only and step_id not in self._only:
                continue
            step = self._steps.get(StepId(step_id))
            last = step.high_water if step else 0
            if log_id > last:
                return step_id, log_id, last
        return None

    async def _send_plan(self) -> None:
        plan = pb.Plan(
            epoch=self._hub.info.epoch,
            steps=[
                pb.StepPlan(step_id=step.step_id, high_water=step.high_water, first_log_id=step.first_log_id)
                for step in self._steps.values()
            ],
        )
        await self._send(pb.StreamLogsResponse(plan=plan))

    async def _send_round(self) -> bool:
        """One turn for each step; whether there was anything to send."""
        if self._chunks:
            return await self._send_chunks()
        sent = False
        for step in self._steps.values():
            for block, messages in await self._next_blocks(step, self._most_bytes // _LINE_SHARE):
                sent = True
                for message in messages.feed(block):
                    await self._send(message)
        return sent

    async def _send_chunks(self) -> bool:
        cursors = sum(self._follows + (not step.backfill_is_done) for step in self._steps.values())
        share = self._round_bytes // max(1, min(_SMALLEST_SHARE, cursors))
        message, size, sent = pb.StreamLogsResponse(), 0, False
        for step in self._steps.values():
            for block, _ in await self._next_blocks(step, share):
                size += len(block.data)
                message.chunks.add(
                    step_id=step.step_id,
                    first_log_id=block.first_log_id,
                    count=block.line_ends,
                    data=block.data,
                )
            if size >= self._round_bytes:
                await self._send_at_pace(message)
                message, size, sent = pb.StreamLogsResponse(), 0, True
        if size:
            await self._send_at_pace(message)
        return sent or size > 0

    async def _send_at_pace(self, message: pb.StreamLogsResponse) -> None:
        began = time.monotonic()
        await self._send(message)
        took = time.monotonic() - began
        size = self._round_bytes
        if took > _SLOW_SECONDS:
            size //= 2
        elif took < _SLOW_SECONDS / 4:
            size *= 2
        most = min(self._most_bytes, _ALL_BYTES // max(1, self._hub.subscribers))
        self._round_bytes = max(self._most_bytes // _SMALLEST_SHARE, min(size, most))

    async def _next_blocks(self, step: _StepStream, max_bytes: int) -> list[tuple[LogBlock, LineMessages]]:
        """A step's next blocks. Both are read before any of it is sent, so a gap comes before what follows it."""
        gaps = step.new_gaps() if self._marks else []
        blocks = step.blocks(max_bytes, live=self._follows)
        for gap in gaps:
            await self._send(pb.StreamLogsResponse(gap=wire.gap_to_wire(step.step_id, gap)))
        return blocks

    async def _send_markers(self) -> None:
        for step in self._steps.values():
            if not step.marker_sent and step.backfill_is_done:
                step.marker_sent = True
                if self._marks:
                    marker = pb.StepCaughtUp(step_id=step.step_id, high_water=step.high_water)
                    await self._send(pb.StreamLogsResponse(step_caught_up=marker))
        if not self._caught_up and all(step.marker_sent for step in self._steps.values()):
            self._caught_up = True
            if self._marks:
                await self._send(pb.StreamLogsResponse(caught_up=pb.CaughtUp()))

    async def _send_end(self) -> None:
        end = pb.End(
            reason=self._reason(),
            last=[
                pb.LogPosition(
                    step_id=step.step_id, log_id=step.log.last_log_id if self._follows else step.high_water
                )
                for step in self._steps.values()
            ],
            build=build_message(self._hub),
        )
        await self._send(pb.StreamLogsResponse(end=end))

    def _reason(self) -> pb.End.Reason:
        if not self._follows:
            return pb.End.REASON_NO_FOLLOW
        is_frozen = self._hub.reader.liveness is Liveness.FROZEN
        return pb.End.REASON_FROZEN if is_frozen else pb.End.REASON_UNFINISHED
