"""A worker of our kind that says what a test wants it to say, and nothing that a real one would have checked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import grpc

from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2_grpc

Messages = AsyncIterator[pb.StreamLogsResponse]
Script = Callable[[pb.StreamLogsRequest], Messages]


class ScriptedWorker(worker_pb2_grpc.WorkerServicer):
    """Answers each log stream with ``script``; its statuses never end unless ``status_error`` is set."""

    def __init__(self, script: Script, build: pb.GetBuildResponse | None = None) -> None:
        self.script = script
        self.build = build or a_build()
        self.status_error: grpc.StatusCode | None = None
        self.status_requests = 0
        self.requests: list[pb.StreamLogsRequest] = []

    async def StreamLogs(self, request, context) -> Messages:  # noqa: N802 - the protocol's name
        self.requests.append(request)
        async for message in self.script(request):
            yield message

    async def StreamStatusEvents(self, request, context) -> AsyncIterator[pb.StreamStatusEventsResponse]:  # noqa: N802
        self.status_requests += 1
        yield pb.StreamStatusEventsResponse(event_id=1, step_id=1, status=pb.STATUS_RUNNING)
        if self.status_error is not None:
            await context.abort(self.status_error, "scripted")

    async def GetBuild(self, request, context) -> pb.GetBuildResponse:  # noqa: N802
        return self.build


def a_build(**changes: object) -> pb.GetBuildResponse:
    """A running build with one step."""
    build = pb.GetBuildResponse(
        build_id=5, uid="0123456789abcdef", epoch="one", state=pb.GetBuildResponse.STATE_RUNNING
    )
    build.steps.add(step_id=1, stage="s", name="n")
    for name, value in changes.items():
        setattr(build, name, value)
    return build


def lines_message(first: int, last: int, step_id: int = 1) -> pb.StreamLogsResponse:
    """A message with one chunk of numbered lines."""
    message = pb.StreamLogsResponse()
    data = b"".join(b"%d\n" % number for number in range(first, last + 1))
    message.chunks.add(step_id=step_id, first_log_id=first, count=last - first + 1, data=data)
    return message


def end_message(build: pb.GetBuildResponse, last: int, step_id: int = 1) -> pb.StreamLogsResponse:
    """The end of a frozen build."""
    frozen = pb.GetBuildResponse()
    frozen.CopyFrom(build)
    frozen.state, frozen.status = pb.GetBuildResponse.STATE_FROZEN, pb.STATUS_SUCCESS
    end = pb.End(
        reason=pb.End.REASON_FROZEN, last=[pb.LogPosition(step_id=step_id, log_id=last)], build=frozen
    )
    return pb.StreamLogsResponse(end=end)


@asynccontextmanager
async def served(worker: worker_pb2_grpc.WorkerServicer) -> AsyncIterator[str]:
    """Serve it; gives ``host:port``."""
    server = grpc.aio.server()
    worker_pb2_grpc.add_WorkerServicer_to_server(worker, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
