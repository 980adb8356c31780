"""One subscriber's log stream: what is stored and what is new, at the same time, each line exactly once.

Per step there are two cursors over the same file: backfill over 1..H, where H is the step's last line when the
subscriber came, and live over H+1.. . They take turns, so that live lines do not wait for history. The markers are sent
from the same place as the lines, so none can overtake a line. Nothing is queued: the next block is read when the
client has taken the one before, so a slow client costs two integers a step.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from wharf_tui.model.build import Liveness
from wharf_tui.model.ids import StepId
from wharf_tui.results.log_cursor import LineAssembler, LogBlock, LogCursor
from wharf_tui.results.log_reader import LogReader
from wharf_tui.rpc import wire
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.worker.hub import BuildHub

ROUND_BYTES = 1024 * 1024
"""Bytes of log in one message of chunks at most (a little more with many steps)."""
_SMALLEST_BLOCK = 16 * 1024
_LINE_ROUND_BYTES = 64 * 1024
LONGEST_LINE_MESSAGE = 1024 * 1024
"""Bytes of one line that a client of wharf-cmd's kind gets: its messages may have 4 MiB, and bytes may grow threefold."""

Send = Callable[[pb.StreamLogsResponse], Awaitable[None]]


class _StepStream:
    """What one subscriber has had of one step."""

    def __init__(self, step_id: StepId, log: LogReader, after: int) -> None:
        self.step_id = step_id
        self.log = log
        self.high_water = log.last_log_id
        self.first_log_id = after + 1
        self.backfill = LogCursor(log, after)
        self.live = LogCursor(log, max(after, self.high_water))
        self.last_sent = after
        self.gaps_sent = 0
        self.marker_sent = False
        self._assemblers = (LineAssembler(), LineAssembler())

    def blocks(self, max_bytes: int) -> list[tuple[LogBlock, LineAssembler]]:
        """At most one block of each cursor, the live one first."""
        found = []
        for cursor, assembler, up_to in zip(
            (self.live, self.backfill), self._assemblers, (None, self.high_water), strict=True
        ):
            block = cursor.read(max_bytes, up_to)
            if block is not None:
                found.append((block, assembler))
                self.last_sent = max(self.last_sent, block.first_log_id + block.line_ends - 1)
        return found

    @property
    def backfill_is_done(self) -> bool:
        """Whether all of 1..H has been sent."""
        return self.backfill.next_log_id > self.high_water or not self.backfill.is_behind


class LogStream:
    """Streams one build to one subscriber."""

    def __init__(self, hub: BuildHub, request: pb.StreamLogsRequest, send: Send) -> None:
        self._hub = hub
        self._request = request
        self._send = send
        self._only = frozenset(request.step_ids)
        self._after = {position.step_id: position.log_id for position in request.after}
        self._steps: dict[StepId, _StepStream] = {}
        self._caught_up = False

    async def run(self) -> None:
        """Send until the build ends, or until all is sent where the client wants no more."""
        self._take_up_new_steps()
        if self._request.mark_caught_up:
            await self._send_plan()
        while True:
            seen, ended = self._hub.version, self._hub.ended
            self._take_up_new_steps()
            sent = await self._send_round()
            await self._send_markers()
            if sent:
                continue
            if self._caught_up and (ended or self._request.no_follow):
                break
            if seen == self._hub.version:
                await self._hub.wait(seen)
        if self._request.mark_caught_up:
            await self._send_end()

    def _take_up_new_steps(self) -> None:
        for step in self._hub.reader.info.steps:
            step_id = step.info.step_id
            if step_id not in self._steps and (not self._only or step_id in self._only):
                log = self._hub.reader.log(step_id)
                self._steps[step_id] = _StepStream(step_id, log, self._after.get(step_id, 0))

    async def _send_plan(self) -> None:
        plan = pb.Plan(
            epoch=self._hub.reader.info.epoch,
            steps=[
                pb.StepPlan(step_id=step.step_id, high_water=step.high_water, first_log_id=step.first_log_id)
                for step in self._steps.values()
            ],
        )
        await self._send(pb.StreamLogsResponse(plan=plan))

    async def _send_round(self) -> bool:
        """One turn for each step; whether there was anything to send."""
        if self._request.mark_caught_up:
            await self._send_new_gaps()
        if self._request.chunks:
            return await self._send_chunks()
        sent = False
        for step in tuple(self._steps.values()):
            for block, assembler in step.blocks(_LINE_ROUND_BYTES):
                sent = True
                await self._send_lines(step.step_id, block, assembler)
        return sent

    async def _send_chunks(self) -> bool:
        max_bytes = max(_SMALLEST_BLOCK, ROUND_BYTES // (2 * len(self._steps) or 1))
        chunks: list[pb.Chunk] = []
        size, sent = 0, False
        for step in tuple(self._steps.values()):
            for block, _ in step.blocks(max_bytes):
                size += len(block.data)
                chunks.append(_chunk(step.step_id, block))
            if size >= ROUND_BYTES:
                await self._send(pb.StreamLogsResponse(chunks=chunks))
                chunks, size, sent = [], 0, True
        if chunks:
            await self._send(pb.StreamLogsResponse(chunks=chunks))
        return sent or bool(chunks)

    async def _send_lines(self, step_id: StepId, block: LogBlock, assembler: LineAssembler) -> None:
        for line in assembler.feed(block):
            message = line.message
            if len(message) > LONGEST_LINE_MESSAGE:
                message = message[:LONGEST_LINE_MESSAGE] + b" [cut: the line has %d bytes]" % line.size
            await self._send(wire.line_message(step_id, line.log_id, line.at_ns, message))

    async def _send_new_gaps(self) -> None:
        for step in tuple(self._steps.values()):
            for gap in step.log.gaps[step.gaps_sent :]:
                await self._send(pb.StreamLogsResponse(gap=wire.gap_to_wire(step.step_id, gap)))
            step.gaps_sent = len(step.log.gaps)

    async def _send_markers(self) -> None:
        for step in self._steps.values():
            if not step.marker_sent and step.backfill_is_done:
                step.marker_sent = True
                if self._request.mark_caught_up:
                    marker = pb.StepCaughtUp(step_id=step.step_id, high_water=step.high_water)
                    await self._send(pb.StreamLogsResponse(step_caught_up=marker))
        if not self._caught_up and all(step.marker_sent for step in self._steps.values()):
            self._caught_up = True
            if self._request.mark_caught_up:
                await self._send(pb.StreamLogsResponse(caught_up=pb.CaughtUp()))

    async def _send_end(self) -> None:
        liveness = self._hub.reader.liveness
        if liveness is Liveness.RUNNING:
            reason = pb.End.REASON_NO_FOLLOW
        elif liveness is Liveness.UNFINISHED:
            reason = pb.End.REASON_UNFINISHED
        else:
            reason = pb.End.REASON_FROZEN
        await self._send(
            pb.StreamLogsResponse(end=pb.End(reason=reason, last=_last_of(self._steps.values())))
        )


def _chunk(step_id: StepId, block: LogBlock) -> pb.Chunk:
    return pb.Chunk(step_id=step_id, first_log_id=block.first_log_id, count=block.line_ends, data=block.data)


def _last_of(steps: Iterable[_StepStream]) -> list[pb.LogPosition]:
    return [pb.LogPosition(step_id=step.step_id, log_id=step.last_sent) for step in steps]
