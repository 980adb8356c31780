"""The gRPC service ``wharf.worker.v1.Worker`` over a build hub."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from wharf_tui.model.errors import WharfError
from wharf_tui.model.ids import StepId
from wharf_tui.rpc import wire
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2_grpc
from wharf_tui.worker.hub import BuildHub
from wharf_tui.worker.log_stream import LogStream

STALL_SECONDS = 300.0
"""How long a client may take nothing before its stream is ended."""

Context = grpc.aio.ServicerContext[Any, Any]


class WorkerService(worker_pb2_grpc.WorkerServicer):
    """Serves one build. Each call has its own cursors; no call waits for another."""

    def __init__(self, hub: BuildHub, stall_seconds: float = STALL_SECONDS) -> None:
        self._hub = hub
        self._stall_seconds = stall_seconds

    async def StreamLogs(self, request: pb.StreamLogsRequest, context: Context) -> None:
        """Lines of all steps, stored and new at the same time."""
        await self._serve(context, lambda send: LogStream(self._hub, request, send).run())

    async def StreamStatusEvents(self, request: pb.StreamStatusEventsRequest, context: Context) -> None:  # noqa: ARG002
        """Status events: the past ones in one go, then new ones until the build ends."""

        async def stream(send: Callable[[Any], Awaitable[None]]) -> None:
            reader = self._hub.reader
            async for step_id, position in self._new_events(lambda step_id: len(reader.statuses(step_id))):
                event = reader.statuses(step_id)[position]
                status = wire.status_to_wire(event.status)
                await send(
                    pb.StreamStatusEventsResponse(event_id=event.event_id, step_id=step_id, status=status)
                )

        await self._serve(context, stream)

    async def StreamArtifactEvents(self, request: pb.StreamArtifactEventsRequest, context: Context) -> None:  # noqa: ARG002
        """Artifact events: the past ones, then new ones until the build ends."""

        async def stream(send: Callable[[Any], Awaitable[None]]) -> None:
            reader = self._hub.reader
            async for step_id, position in self._new_events(lambda step_id: len(reader.artifacts(step_id))):
                event = reader.artifacts(step_id)[position]
                await send(
                    pb.StreamArtifactEventsResponse(
                        artifact_id=event.artifact_id, step_id=step_id, name=event.name
                    )
                )

        await self._serve(context, stream)

    async def GetBuild(self, request: pb.GetBuildRequest, context: Context) -> pb.GetBuildResponse:  # noqa: ARG002
        """The build as it stands."""
        return build_message(self._hub)

    async def _new_events(self, count: Callable[[StepId], int]) -> Any:
        """(step, position) of each event once, in each step's order, until the build ends."""
        told: dict[StepId, int] = {}
        while True:
            seen, ended = self._hub.version, self._hub.ended
            for step in self._hub.reader.info.steps:
                step_id = step.info.step_id
                for position in range(told.get(step_id, 0), count(step_id)):
                    told[step_id] = position + 1
                    yield step_id, position
            if ended:
                return
            await self._hub.wait(seen)

    async def _serve(
        self, context: Context, stream: Callable[[Callable[[Any], Awaitable[None]]], Awaitable[None]]
    ) -> None:
        """Run one stream; a client that takes nothing for too long is told so and let go."""

        async def send(message: Any) -> None:
            async with asyncio.timeout(self._stall_seconds):
                await context.write(message)

        try:
            with self._hub.subscribed():
                await stream(send)
        except TimeoutError:
            await context.abort(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                f"nothing was read for {self._stall_seconds:.0f} s; connect again to go on where you stopped",
            )
        except WharfError as error:
            await context.abort(grpc.StatusCode.DATA_LOSS, error.message)


def build_message(hub: BuildHub) -> pb.GetBuildResponse:
    """The hub's build as a message."""
    reader = hub.reader
    steps = []
    for step in reader.info.steps:
        log = reader.log(step.info.step_id)
        events = reader.statuses(step.info.step_id)
        steps.append(wire.step_to_wire(step, events, log.gaps, log.last_log_id, log.complete_end))
    return wire.build_to_wire(reader.info, reader.liveness, reader.status, steps)
