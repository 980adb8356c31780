"""The gRPC service ``wharf.worker.v1.Worker`` over a build hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

import grpc

from wharf_tui.model.errors import UnreachableError, UsageError, WharfError
from wharf_tui.model.ids import StepId
from wharf_tui.rpc import wire
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2_grpc
from wharf_tui.worker.build_message import build_message
from wharf_tui.worker.hub import BuildHub
from wharf_tui.worker.log_stream import LogStream

STALL_SECONDS = 300.0
"""How long a client may take nothing before its stream is ended."""

Context = grpc.aio.ServicerContext[Any, Any]
Send = Callable[[Any], Awaitable[None]]
Event = TypeVar("Event")


class WorkerService(worker_pb2_grpc.WorkerServicer):
    """Serves one build. Each call has its own cursors; no call waits for another."""

    def __init__(self, hub: BuildHub, stall_seconds: float = STALL_SECONDS) -> None:
        self._hub = hub
        self._stall_seconds = stall_seconds

    async def StreamLogs(self, request: pb.StreamLogsRequest, context: Context) -> None:
        """Lines of all steps, stored and new at the same time."""

        async def stream(send: Send) -> None:
            with self._hub.subscribed():
                await LogStream(self._hub, request, send).run()

        await self._serve(context, stream)

    async def StreamStatusEvents(self, request: pb.StreamStatusEventsRequest, context: Context) -> None:  # noqa: ARG002 - the protocol's signature
        """Status events: the past ones in one go, then new ones until the build ends."""

        async def stream(send: Send) -> None:
            events = self._events(self._hub.reader.statuses, lambda event: event.event_id)
            async for step_id, event in events:
                status = wire.status_to_wire(event.status)
                await send(
                    pb.StreamStatusEventsResponse(event_id=event.event_id, step_id=step_id, status=status)
                )

        await self._serve(context, stream)

    async def StreamArtifactEvents(self, request: pb.StreamArtifactEventsRequest, context: Context) -> None:  # noqa: ARG002 - the protocol's signature
        """Artifact events: the past ones, then new ones until the build ends."""

        async def stream(send: Send) -> None:
            events = self._events(self._hub.artifacts, lambda event: event.artifact_id)
            async for step_id, event in events:
                await send(
                    pb.StreamArtifactEventsResponse(
                        artifact_id=event.artifact_id, step_id=step_id, name=event.name
                    )
                )

        await self._serve(context, stream)

    async def GetBuild(self, request: pb.GetBuildRequest, context: Context) -> pb.GetBuildResponse:  # noqa: ARG002 - the protocol's signature
        """The build as it stands."""
        return build_message(self._hub)

    async def _events(
        self, events_of: Callable[[StepId], Sequence[Event]], id_of: Callable[[Event], int]
    ) -> AsyncIterator[tuple[StepId, Event]]:
        """Each event once, in each step's order, until the build ends."""
        told: dict[StepId, set[int]] = {}
        while True:
            seen, ended = self._hub.version, self._hub.ended
            for step in self._hub.reader.info.steps:
                step_id = step.info.step_id
                of_step = told.setdefault(step_id, set())
                for event in events_of(step_id):
                    if id_of(event) not in of_step:
                        of_step.add(id_of(event))
                        yield step_id, event
            if ended:
                return
            await self._hub.wait(seen)

    async def _serve(self, context: Context, stream: Callable[[Send], Awaitable[None]]) -> None:
        """Run one stream. One that cannot go on ends with a status that tells the client what to do."""

        async def send(message: Any) -> None:
            async with asyncio.timeout(self._stall_seconds):
                await context.write(message)

        try:
            await stream(send)
        except TimeoutError:
            await context.abort(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                f"nothing was read for {self._stall_seconds:.0f} s; connect again to go on where you stopped",
            )
        except UsageError as error:
            await context.abort(grpc.StatusCode.OUT_OF_RANGE, error.message)
        except UnreachableError as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, error.message)
        except WharfError as error:
            await context.abort(grpc.StatusCode.DATA_LOSS, error.message)
