"""The served build as it stands, as the answer to GetBuild and as the last word of a stream."""

from __future__ import annotations

from wharf_tui.rpc import wire
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.worker.hub import BuildHub


def build_message(hub: BuildHub) -> pb.GetBuildResponse:
    """The hub's build as of its last look."""
    reader = hub.reader
    steps = []
    for step in hub.info.steps:
        log = reader.log(step.info.step_id)
        events = reader.statuses(step.info.step_id)
        steps.append(wire.step_to_wire(step, events, log.gaps, log.last_log_id, log.complete_end))
    return wire.build_to_wire(hub.info, reader.liveness, reader.status, steps)
