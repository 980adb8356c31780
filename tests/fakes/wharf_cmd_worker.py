"""A worker as wharf-cmd's source makes one, with all that its clients have to bear; written from the contract.

One message a line, no markers, no GetBuild. A new subscriber gets everything from disk, each step in a task of its own,
while live lines go through the same buffer; lines at the seam come twice. Publishing waits for every subscriber. Streams
fail before the first step exists, and a failed build ends them with a broken connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc

from tests.fakes import wharf_cmd_protocol as protocol

GO_ZERO_SECONDS = -62_135_596_800
RUNNING, SUCCESS, FAILED = 4, 5, 6
_BUFFER = 100


class WharfCmdWorker:
    """The build and its subscribers.

    Args:
        seam: how many lines before a subscription come live as well.
    """

    def __init__(self, seam: int = 2) -> None:
        self.lines: dict[int, list[tuple[int | None, str]]] = {}
        self.statuses: list[tuple[int, int, int]] = []
        """Step, event ID, status."""
        self.never_sent: set[tuple[int, int]] = set()
        """Step and ID of lines that are lost."""
        self.breaks_at: tuple[int, int] | None = None
        """Step and ID of a line that is no UTF-8."""
        self.replay_pause = 0.0
        self.log_calls = 0
        self.doomed_status_calls = 0
        """Status subscriptions that failed: each stays registered, and stops the build in the end."""
        self.server: grpc.aio.Server | None = None
        self._seam = seam
        self._subscribers: set[asyncio.Queue[Any]] = set()
        self._status_subscribers: set[asyncio.Queue[Any]] = set()
        self._frozen = False

    async def publish(
        self, step_id: int, message: str, at_ns: int | None = 1_706_954_401_000_000_000
    ) -> None:
        """Print a line."""
        self.lines.setdefault(step_id, []).append((at_ns, message))
        for subscriber in tuple(self._subscribers):
            await subscriber.put((step_id, len(self.lines[step_id])))

    async def set_status(self, step_id: int, status: int) -> None:
        """Add a status event."""
        self.lines.setdefault(step_id, [])
        event_id = sum(1 for each in self.statuses if each[0] == step_id) + 1
        self.statuses.append((step_id, event_id, status))
        for subscriber in tuple(self._status_subscribers):
            await subscriber.put((step_id, event_id, status))

    async def freeze(self) -> None:
        """The build has succeeded: all streams end cleanly."""
        self._frozen = True
        for subscriber in (*self._subscribers, *self._status_subscribers):
            await subscriber.put(None)

    async def die(self) -> None:
        """The build has failed: the server goes, and its streams break."""
        assert self.server is not None
        await self.server.stop(None)

    async def StreamLogs(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802 - the protocol's name
        self.log_calls += 1
        if not self.lines:
            await context.abort(grpc.StatusCode.UNKNOWN, "open steps: no such file or directory")
        queue: asyncio.Queue[Any] = asyncio.Queue(_BUFFER)
        stored = {step_id: len(lines) for step_id, lines in self.lines.items()}
        replays = [
            asyncio.create_task(self._replay(queue, step_id, last)) for step_id, last in stored.items()
        ]
        live = asyncio.create_task(self._seam_lines(queue, stored))
        self._subscribers.add(queue)
        ending = asyncio.create_task(self._end_when_frozen(queue, [*replays, live]))
        try:
            while (place := await queue.get()) is not None:
                if place == self.breaks_at:
                    await context.abort(grpc.StatusCode.INTERNAL, "string field contains invalid UTF-8")
                if place not in self.never_sent:
                    yield self._message(*place)
        finally:
            self._subscribers.discard(queue)
            for task in (*replays, live, ending):
                task.cancel()
            await asyncio.gather(*replays, live, ending, return_exceptions=True)
            while not queue.empty():  # here wharf-cmd would hold up its build for ever
                queue.get_nowait()

    async def StreamStatusEvents(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802
        queue: asyncio.Queue[Any] = asyncio.Queue(_BUFFER)
        self._status_subscribers.add(queue)
        if not self.lines:
            self.doomed_status_calls += 1
            await context.abort(grpc.StatusCode.UNKNOWN, "open steps: no such file or directory")
        newest_first = [*reversed(self.statuses[-1:]), *self.statuses]
        try:
            for event in newest_first:
                yield self._status(*event)
            while not (self._frozen and queue.empty()) and (event := await queue.get()) is not None:
                yield self._status(*event)
        finally:
            self._status_subscribers.discard(queue)

    async def _replay(self, queue: asyncio.Queue[Any], step_id: int, last: int) -> None:
        for log_id in range(1, last + 1):
            await queue.put((step_id, log_id))
            await asyncio.sleep(self.replay_pause)

    async def _seam_lines(self, queue: asyncio.Queue[Any], stored: dict[int, int]) -> None:
        for step_id, last in stored.items():
            for log_id in range(max(1, last - self._seam + 1), last + 1):
                await queue.put((step_id, log_id))

    async def _end_when_frozen(self, queue: asyncio.Queue[Any], feeds: list[asyncio.Task[None]]) -> None:
        """A stream that begins after the freeze is ended here; one that was there before by ``freeze``."""
        if self._frozen:
            await asyncio.gather(*feeds)
            await queue.put(None)

    def _message(self, step_id: int, log_id: int) -> Any:
        at_ns, text = self.lines[step_id][log_id - 1]
        message = protocol.MESSAGES["StreamLogsResponse"](log_id=log_id, step_id=step_id, message=text)
        message.timestamp.seconds, message.timestamp.nanos = (
            (GO_ZERO_SECONDS, 0) if at_ns is None else divmod(at_ns, 10**9)
        )
        return message

    def _status(self, step_id: int, event_id: int, status: int) -> Any:
        return protocol.MESSAGES["StreamStatusEventsResponse"](
            step_id=step_id, event_id=event_id, status=status
        )


@asynccontextmanager
async def wharf_cmd(worker: WharfCmdWorker, port: int = 0) -> AsyncIterator[str]:
    """Serve it; gives ``host:port``."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers(
        (protocol.handlers(StreamLogs=worker.StreamLogs, StreamStatusEvents=worker.StreamStatusEvents),)
    )
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    worker.server = server
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
