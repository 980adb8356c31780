"""After a worker has died, its last lines may be others than the ones that we copied: compare before trusting.

Lines are announced before they are on the device. When only the process died, all of them are still there; when the
machine went down, some may be gone, and their IDs taken by others. The last lines of each copy are compared.
"""

from __future__ import annotations

import hashlib

from wharf_tui.attach.connection import Metadata, understood
from wharf_tui.attach.mirror import Mirror
from wharf_tui.model.ids import StepId
from wharf_tui.results import layout
from wharf_tui.results.log_cursor import LogCursor
from wharf_tui.results.log_reader import LogReader
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2_grpc

COMPARED_LINES = 2000
COMPARED_BYTES = 8 * 1024 * 1024
"""How much at the end of each step is compared: more than a second's syncs leave open in most builds."""
_BLOCK_BYTES = 1024 * 1024


async def is_still_the_same(
    stub: worker_pb2_grpc.WorkerStub, mirror: Mirror, build: pb.GetBuildResponse, metadata: Metadata
) -> bool:
    """Whether the worker still has the lines that the mirror ends with."""
    remote = {step.step_id: step.log_id for step in build.steps}
    for step_id in mirror.step_ids:
        last = mirror.last_log_id(step_id)
        if last > remote.get(step_id, 0):
            return False
        if last and not await _same_tail(stub, mirror, step_id, metadata):
            return False
    return True


async def _same_tail(
    stub: worker_pb2_grpc.WorkerStub, mirror: Mirror, step_id: StepId, metadata: Metadata
) -> bool:
    after, size, digest = _tail(mirror, step_id)
    request = pb.StreamLogsRequest(
        chunks=True,
        no_follow=True,
        step_ids=[step_id],
        after=[pb.LogPosition(step_id=step_id, log_id=after)],
    )
    theirs, left = hashlib.sha256(), size
    call = stub.StreamLogs(request, metadata=metadata)
    async for message in understood(call):
        for chunk in message.chunks:
            theirs.update(chunk.data[:left])
            left -= min(left, len(chunk.data))
        if not left:
            call.cancel()
            break
    return left == 0 and theirs.digest() == digest


def _tail(mirror: Mirror, step_id: StepId) -> tuple[int, int, bytes]:
    """ID before the last lines of a copy, and size and hash of these lines."""
    log = LogReader(layout.step_dir(mirror.path, step_id))
    log.refresh()
    first = max(1, log.line_count - COMPARED_LINES + 1)
    while first < log.line_count and log.complete_end - log.offset_of(first) > COMPARED_BYTES:
        first += (log.line_count - first + 1) // 2
    after = log.log_id_of(first) - 1 if log.line_count else 0
    cursor, size, digest = LogCursor(log, after), 0, hashlib.sha256()
    while block := cursor.read(_BLOCK_BYTES):
        size += len(block.data)
        digest.update(block.data)
    log.close()
    return after, size, digest.digest()
