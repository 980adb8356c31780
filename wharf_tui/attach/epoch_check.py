"""After a worker has died, its last lines may be others than the ones that we copied: compare before trusting.

Lines are announced before they are on the device. When only the process died, all of them are still there; when the
machine went down, some may be gone, and their IDs taken by others. The last lines of each copy are compared.
"""

from __future__ import annotations

from wharf_tui.attach.connection import Metadata
from wharf_tui.attach.mirror import Mirror
from wharf_tui.model.ids import StepId
from wharf_tui.results import layout
from wharf_tui.results.log_cursor import LogCursor
from wharf_tui.results.log_reader import LogReader
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2_grpc

COMPARED_LINES = 2000
"""Lines at the end of each step that are compared: more than a second's syncs leave open in most builds."""


async def is_still_the_same(
    stub: worker_pb2_grpc.WorkerStub, mirror: Mirror, build: pb.GetBuildResponse, metadata: Metadata
) -> bool:
    """Whether the worker still has the lines that the mirror ends with."""
    remote = {step.step_id: step for step in build.steps}
    for step_id in mirror.step_ids:
        last = mirror.last_log_id(step_id)
        if not last:
            continue
        if step_id not in remote or remote[step_id].log_id < last:
            return False
        if not await _same_tail(stub, mirror, step_id, metadata):
            return False
    return True


async def _same_tail(
    stub: worker_pb2_grpc.WorkerStub, mirror: Mirror, step_id: StepId, metadata: Metadata
) -> bool:
    log = LogReader(layout.step_dir(mirror.path, step_id))
    log.refresh()
    first = max(log.log_id_of(max(1, log.line_count - COMPARED_LINES + 1)), 1)
    cursor = LogCursor(log, first - 1)
    request = pb.StreamLogsRequest(
        chunks=True,
        no_follow=True,
        step_ids=[step_id],
        after=[pb.LogPosition(step_id=step_id, log_id=first - 1)],
    )
    ours, theirs = b"", b""
    while block := cursor.read(1024 * 1024):
        ours += block.data
    log.close()
    call = stub.StreamLogs(request, metadata=metadata)
    async for message in call:
        for chunk in message.chunks:
            theirs += chunk.data
        if len(theirs) >= len(ours):
            call.cancel()
            break
    return theirs[: len(ours)] == ours
