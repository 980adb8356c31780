"""A worker as wharf-cmd's is: everything from the start for each client, steps interleaved, live before old, no markers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc

from tests.aggregator.conftest import T0
from tests.fakes import wharf_cmd_protocol as theirs

SUCCESS, FAILED, RUNNING = 5, 6, 4


class OldWorker:
    """What it has, and how it behaves."""

    def __init__(self, steps: int = 2, lines: int = 300) -> None:
        self.lines = {
            step: [(T0 + number * 1000 + step, f"line {number} of {step}") for number in range(1, lines + 1)]
            for step in range(1, steps + 1)
        }
        self.final = SUCCESS
        self.cut_after: int | None = None
        """Cut the stream after so many lines."""
        self.ended = asyncio.Event()
        """The build has ended: streams end cleanly."""
        self.connections = 0

    def rows(self) -> list[tuple[tuple[int, int], tuple[int, bytes]]]:
        """What a database should hold of it: (step, log ID), (time, message)."""
        return [
            ((step, log_id), (at_ns, text.encode()))
            for step, lines in self.lines.items()
            for log_id, (at_ns, text) in enumerate(lines, 1)
        ]

    async def logs(self, _request: Any, context: Any) -> AsyncIterator[Any]:
        self.connections += 1
        for sent, (step, log_id, (at_ns, text)) in enumerate(self._order()):
            if sent == self.cut_after:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "the worker went away")
            message = theirs.MESSAGES["StreamLogsResponse"](step_id=step, log_id=log_id, message=text)
            message.timestamp.seconds, message.timestamp.nanos = divmod(at_ns, 10**9)
            yield message
        await self.ended.wait()

    def _order(self) -> list[tuple[int, int, tuple[int, str]]]:
        """The newest third of each step comes first, as if it were live, and a line of each comes twice."""
        found = []
        for step, lines in self.lines.items():
            numbered = [(step, log_id, line) for log_id, line in enumerate(lines, 1)]
            live_from = len(numbered) * 2 // 3
            found.append([*numbered[live_from:], *numbered[: live_from + 1]])
        longest = max(map(len, found), default=0)
        return [lines[at] for at in range(longest) for lines in found if at < len(lines)]

    async def statuses(self, _request: Any, _context: Any) -> AsyncIterator[Any]:
        for step in self.lines:
            yield theirs.MESSAGES["StreamStatusEventsResponse"](step_id=step, event_id=1, status=RUNNING)
        await self.ended.wait()
        for step in self.lines:
            yield theirs.MESSAGES["StreamStatusEventsResponse"](step_id=step, event_id=2, status=self.final)

    async def artifacts(self, _request: Any, _context: Any) -> AsyncIterator[Any]:
        raise AssertionError("nobody should ask a worker of this kind for artifacts")
        yield

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[str]:
        """Serve; gives ``host:port``."""
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        handlers = theirs.handlers(
            StreamLogs=self.logs, StreamStatusEvents=self.statuses, StreamArtifactEvents=self.artifacts
        )
        server.add_generic_rpc_handlers((handlers,))
        number = server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        try:
            yield f"127.0.0.1:{number}"
        finally:
            await server.stop(None)
