"""Turns protobuf messages into model values and back; nobody else looks into a message's times, statuses and gaps."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from wharf_tui.model.build import BuildInfo, Liveness, StepInfo, StepState
from wharf_tui.model.ids import BuildId, LogId, StepId
from wharf_tui.model.lines import Gap, GapKind
from wharf_tui.model.status import Status, StatusEvent
from wharf_tui.model.timestamps import EARLIEST_NS, LATEST_NS, NS
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb

ZERO_TIME_SECONDS = -62135596800
"""Go's zero time: how "no time" goes over the wire."""
_MAX_UINT64 = 2**64 - 1

_STATUS_TO_WIRE = {
    Status.UNKNOWN: pb.STATUS_UNSPECIFIED,
    Status.PENDING: pb.STATUS_PENDING,
    Status.SCHEDULING: pb.STATUS_SCHEDULING,
    Status.INITIALIZING: pb.STATUS_INITIALIZING,
    Status.RUNNING: pb.STATUS_RUNNING,
    Status.SUCCESS: pb.STATUS_SUCCESS,
    Status.FAILED: pb.STATUS_FAILED,
    Status.CANCELLED: pb.STATUS_CANCELLED,
}
_STATUS_FROM_WIRE = {int(number): status for status, number in _STATUS_TO_WIRE.items()}
_STATE_TO_WIRE = {
    Liveness.RUNNING: pb.GetBuildResponse.STATE_RUNNING,
    Liveness.FROZEN: pb.GetBuildResponse.STATE_FROZEN,
    Liveness.UNFINISHED: pb.GetBuildResponse.STATE_UNFINISHED,
    Liveness.UNKNOWN: pb.GetBuildResponse.STATE_UNKNOWN,
}
_STATE_FROM_WIRE = {int(number): state for state, number in _STATE_TO_WIRE.items()}
_GAP_TO_WIRE = {
    GapKind.HOLE: pb.Gap.KIND_HOLE,
    GapKind.LOST_BEFORE_US: pb.Gap.KIND_LOST,
    GapKind.TORN: pb.Gap.KIND_TORN,
}
_GAP_FROM_WIRE = {int(number): kind for kind, number in _GAP_TO_WIRE.items()}


def time_to_wire(at_ns: int | None) -> Timestamp:
    """Nanoseconds since the epoch as a Timestamp. None, and what no calendar has, is Go's zero time."""
    if at_ns is None or not EARLIEST_NS <= at_ns <= LATEST_NS:
        return Timestamp(seconds=ZERO_TIME_SECONDS)
    seconds, nanos = divmod(at_ns, NS)
    return Timestamp(seconds=seconds, nanos=nanos)


def time_from_wire(message: Timestamp) -> int | None:
    """A Timestamp as nanoseconds since the epoch; what no calendar has, and Go's zero time, is no time."""
    at_ns = message.seconds * NS + message.nanos
    return at_ns if EARLIEST_NS <= at_ns <= LATEST_NS and 0 <= message.nanos < NS else None


def status_to_wire(status: Status) -> pb.Status:
    """A status as its number in the enum."""
    return _STATUS_TO_WIRE[status]


def status_from_wire(number: int) -> Status:
    """A number of the enum as a status; what is not known is UNKNOWN."""
    return _STATUS_FROM_WIRE.get(number, Status.UNKNOWN)


def line_message(step_id: int, log_id: int, at_ns: int | None, message: bytes) -> pb.StreamLogsResponse:
    """One line as wharf-cmd sends it. Bytes that are no UTF-8 are replaced: a string field carries nothing else."""
    text = message.decode("utf-8", "replace")
    return pb.StreamLogsResponse(log_id=log_id, step_id=step_id, timestamp=time_to_wire(at_ns), message=text)


def gap_to_wire(step_id: int, gap: Gap) -> pb.Gap:
    """A gap; unknown times are left out."""
    message = pb.Gap(
        step_id=step_id, kind=_GAP_TO_WIRE[gap.kind], after=gap.after, missing=gap.missing, reason=gap.reason
    )
    if gap.from_ns is not None:
        message.since.CopyFrom(time_to_wire(gap.from_ns))
    if gap.to_ns is not None:
        message.until.CopyFrom(time_to_wire(gap.to_ns))
    return message


def gap_from_wire(message: pb.Gap) -> Gap:
    """A gap; a kind that is not known is taken for lines lost before they had IDs."""
    kind = _GAP_FROM_WIRE.get(int(message.kind), GapKind.LOST_BEFORE_US)
    return Gap(
        kind=kind,
        after=LogId(message.after),
        missing=min(message.missing, _MAX_UINT64 - message.after) if kind is GapKind.HOLE else 0,
        reason=message.reason,
        from_ns=time_from_wire(message.since) if message.HasField("since") else None,
        to_ns=time_from_wire(message.until) if message.HasField("until") else None,
    )


def step_to_wire(
    step: StepState, events: tuple[StatusEvent, ...], gaps: tuple[Gap, ...], log_id: int, log_bytes: int
) -> pb.Step:
    """A step with its events and gaps, and how far its log has come."""
    message = pb.Step(
        step_id=step.info.step_id,
        stage=step.info.stage,
        name=step.info.name,
        type=step.info.type,
        status=status_to_wire(step.status),
        exit_code=step.exit_code,
        reason=step.reason,
        skipped=step.skipped,
        log_id=log_id,
        last_log_id=step.last_log_id,
        log_bytes=log_bytes,
        events=[
            pb.StatusEvent(
                event_id=event.event_id, status=status_to_wire(event.status), at=time_to_wire(event.at_ns)
            )
            for event in events
        ],
        gaps=[gap_to_wire(step.info.step_id, gap) for gap in gaps],
    )
    if step.started_ns is not None:
        message.started.CopyFrom(time_to_wire(step.started_ns))
    if step.finished_ns is not None:
        message.finished.CopyFrom(time_to_wire(step.finished_ns))
    return message


def step_from_wire(message: pb.Step) -> StepState:
    """A step's state; its events and gaps are read on their own."""
    return StepState(
        info=StepInfo(StepId(message.step_id), message.stage, message.name, message.type),
        status=status_from_wire(message.status),
        started_ns=time_from_wire(message.started) if message.HasField("started") else None,
        finished_ns=time_from_wire(message.finished) if message.HasField("finished") else None,
        exit_code=message.exit_code if message.HasField("exit_code") else None,
        reason=message.reason,
        skipped=message.skipped,
        last_log_id=message.last_log_id if message.HasField("last_log_id") else None,
    )


def events_from_wire(message: pb.GetBuildResponse) -> dict[StepId, tuple[StatusEvent, ...]]:
    """Each step's status events in order."""
    return {
        StepId(step.step_id): tuple(
            StatusEvent(event.event_id, status_from_wire(event.status), time_from_wire(event.at))
            for event in step.events
        )
        for step in message.steps
    }


def build_to_wire(
    info: BuildInfo, liveness: Liveness, status: Status, steps: list[pb.Step]
) -> pb.GetBuildResponse:
    """The build as it stands."""
    message = pb.GetBuildResponse(
        build_id=info.build_id,
        uid=info.uid,
        epoch=info.epoch,
        state=_STATE_TO_WIRE[liveness],
        status=status_to_wire(status),
        source=info.source,
        runtime=info.runtime,
        environment=info.environment,
        problem=info.problem,
        steps=steps,
    )
    if info.started_ns is not None:
        message.started.CopyFrom(time_to_wire(info.started_ns))
    if info.finished_ns is not None:
        message.finished.CopyFrom(time_to_wire(info.finished_ns))
    return message


def build_from_wire(message: pb.GetBuildResponse) -> BuildInfo:
    """The build; ``result`` is set where it is frozen."""
    frozen = message.state == pb.GetBuildResponse.STATE_FROZEN
    return BuildInfo(
        build_id=BuildId(message.build_id),
        steps=tuple(step_from_wire(step) for step in message.steps),
        source=message.source,
        runtime=message.runtime,
        environment=message.environment,
        started_ns=time_from_wire(message.started) if message.HasField("started") else None,
        finished_ns=time_from_wire(message.finished) if message.HasField("finished") else None,
        result=status_from_wire(message.status) if frozen else None,
        uid=message.uid,
        epoch=message.epoch,
        problem=message.problem,
    )


def liveness_from_wire(message: pb.GetBuildResponse) -> Liveness:
    """Whether the build may still grow."""
    return _STATE_FROM_WIRE.get(int(message.state), Liveness.UNKNOWN)
