import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Status(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STATUS_UNSPECIFIED: _ClassVar[Status]
    STATUS_PENDING: _ClassVar[Status]
    STATUS_SCHEDULING: _ClassVar[Status]
    STATUS_INITIALIZING: _ClassVar[Status]
    STATUS_RUNNING: _ClassVar[Status]
    STATUS_SUCCESS: _ClassVar[Status]
    STATUS_FAILED: _ClassVar[Status]
    STATUS_CANCELLED: _ClassVar[Status]
STATUS_UNSPECIFIED: Status
STATUS_PENDING: Status
STATUS_SCHEDULING: Status
STATUS_INITIALIZING: Status
STATUS_RUNNING: Status
STATUS_SUCCESS: Status
STATUS_FAILED: Status
STATUS_CANCELLED: Status

class StreamLogsRequest(_message.Message):
    __slots__ = ("mark_caught_up", "chunks", "after", "step_ids", "no_follow")
    MARK_CAUGHT_UP_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    STEP_IDS_FIELD_NUMBER: _ClassVar[int]
    NO_FOLLOW_FIELD_NUMBER: _ClassVar[int]
    mark_caught_up: bool
    chunks: bool
    after: _containers.RepeatedCompositeFieldContainer[LogPosition]
    step_ids: _containers.RepeatedScalarFieldContainer[int]
    no_follow: bool
    def __init__(self, mark_caught_up: bool = ..., chunks: bool = ..., after: _Optional[_Iterable[_Union[LogPosition, _Mapping]]] = ..., step_ids: _Optional[_Iterable[int]] = ..., no_follow: bool = ...) -> None: ...

class StreamLogsResponse(_message.Message):
    __slots__ = ("log_id", "step_id", "timestamp", "message", "plan", "chunks", "step_caught_up", "caught_up", "gap", "end")
    LOG_ID_FIELD_NUMBER: _ClassVar[int]
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_FIELD_NUMBER: _ClassVar[int]
    STEP_CAUGHT_UP_FIELD_NUMBER: _ClassVar[int]
    CAUGHT_UP_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    log_id: int
    step_id: int
    timestamp: _timestamp_pb2.Timestamp
    message: str
    plan: Plan
    chunks: _containers.RepeatedCompositeFieldContainer[Chunk]
    step_caught_up: StepCaughtUp
    caught_up: CaughtUp
    gap: Gap
    end: End
    def __init__(self, log_id: _Optional[int] = ..., step_id: _Optional[int] = ..., timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., message: _Optional[str] = ..., plan: _Optional[_Union[Plan, _Mapping]] = ..., chunks: _Optional[_Iterable[_Union[Chunk, _Mapping]]] = ..., step_caught_up: _Optional[_Union[StepCaughtUp, _Mapping]] = ..., caught_up: _Optional[_Union[CaughtUp, _Mapping]] = ..., gap: _Optional[_Union[Gap, _Mapping]] = ..., end: _Optional[_Union[End, _Mapping]] = ...) -> None: ...

class LogPosition(_message.Message):
    __slots__ = ("step_id", "log_id")
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    LOG_ID_FIELD_NUMBER: _ClassVar[int]
    step_id: int
    log_id: int
    def __init__(self, step_id: _Optional[int] = ..., log_id: _Optional[int] = ...) -> None: ...

class Plan(_message.Message):
    __slots__ = ("epoch", "steps")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    steps: _containers.RepeatedCompositeFieldContainer[StepPlan]
    def __init__(self, epoch: _Optional[str] = ..., steps: _Optional[_Iterable[_Union[StepPlan, _Mapping]]] = ...) -> None: ...

class StepPlan(_message.Message):
    __slots__ = ("step_id", "high_water", "first_log_id")
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    HIGH_WATER_FIELD_NUMBER: _ClassVar[int]
    FIRST_LOG_ID_FIELD_NUMBER: _ClassVar[int]
    step_id: int
    high_water: int
    first_log_id: int
    def __init__(self, step_id: _Optional[int] = ..., high_water: _Optional[int] = ..., first_log_id: _Optional[int] = ...) -> None: ...

class Chunk(_message.Message):
    __slots__ = ("step_id", "first_log_id", "count", "data")
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    FIRST_LOG_ID_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    step_id: int
    first_log_id: int
    count: int
    data: bytes
    def __init__(self, step_id: _Optional[int] = ..., first_log_id: _Optional[int] = ..., count: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class StepCaughtUp(_message.Message):
    __slots__ = ("step_id", "high_water")
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    HIGH_WATER_FIELD_NUMBER: _ClassVar[int]
    step_id: int
    high_water: int
    def __init__(self, step_id: _Optional[int] = ..., high_water: _Optional[int] = ...) -> None: ...

class CaughtUp(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Gap(_message.Message):
    __slots__ = ("step_id", "kind", "after", "missing", "reason", "since", "until")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Gap.Kind]
        KIND_HOLE: _ClassVar[Gap.Kind]
        KIND_LOST: _ClassVar[Gap.Kind]
        KIND_TORN: _ClassVar[Gap.Kind]
    KIND_UNSPECIFIED: Gap.Kind
    KIND_HOLE: Gap.Kind
    KIND_LOST: Gap.Kind
    KIND_TORN: Gap.Kind
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    step_id: int
    kind: Gap.Kind
    after: int
    missing: int
    reason: str
    since: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    def __init__(self, step_id: _Optional[int] = ..., kind: _Optional[_Union[Gap.Kind, str]] = ..., after: _Optional[int] = ..., missing: _Optional[int] = ..., reason: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class End(_message.Message):
    __slots__ = ("reason", "last", "build")
    class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        REASON_UNSPECIFIED: _ClassVar[End.Reason]
        REASON_FROZEN: _ClassVar[End.Reason]
        REASON_NO_FOLLOW: _ClassVar[End.Reason]
        REASON_UNFINISHED: _ClassVar[End.Reason]
    REASON_UNSPECIFIED: End.Reason
    REASON_FROZEN: End.Reason
    REASON_NO_FOLLOW: End.Reason
    REASON_UNFINISHED: End.Reason
    REASON_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    BUILD_FIELD_NUMBER: _ClassVar[int]
    reason: End.Reason
    last: _containers.RepeatedCompositeFieldContainer[LogPosition]
    build: GetBuildResponse
    def __init__(self, reason: _Optional[_Union[End.Reason, str]] = ..., last: _Optional[_Iterable[_Union[LogPosition, _Mapping]]] = ..., build: _Optional[_Union[GetBuildResponse, _Mapping]] = ...) -> None: ...

class StreamStatusEventsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StreamStatusEventsResponse(_message.Message):
    __slots__ = ("event_id", "step_id", "status")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    event_id: int
    step_id: int
    status: Status
    def __init__(self, event_id: _Optional[int] = ..., step_id: _Optional[int] = ..., status: _Optional[_Union[Status, str]] = ...) -> None: ...

class StreamArtifactEventsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StreamArtifactEventsResponse(_message.Message):
    __slots__ = ("artifact_id", "step_id", "name")
    ARTIFACT_ID_FIELD_NUMBER: _ClassVar[int]
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    artifact_id: int
    step_id: int
    name: str
    def __init__(self, artifact_id: _Optional[int] = ..., step_id: _Optional[int] = ..., name: _Optional[str] = ...) -> None: ...

class GetBuildRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetBuildResponse(_message.Message):
    __slots__ = ("build_id", "uid", "epoch", "state", "status", "source", "runtime", "environment", "started", "finished", "problem", "steps")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[GetBuildResponse.State]
        STATE_RUNNING: _ClassVar[GetBuildResponse.State]
        STATE_FROZEN: _ClassVar[GetBuildResponse.State]
        STATE_UNFINISHED: _ClassVar[GetBuildResponse.State]
        STATE_UNKNOWN: _ClassVar[GetBuildResponse.State]
    STATE_UNSPECIFIED: GetBuildResponse.State
    STATE_RUNNING: GetBuildResponse.State
    STATE_FROZEN: GetBuildResponse.State
    STATE_UNFINISHED: GetBuildResponse.State
    STATE_UNKNOWN: GetBuildResponse.State
    BUILD_ID_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    build_id: int
    uid: str
    epoch: str
    state: GetBuildResponse.State
    status: Status
    source: str
    runtime: str
    environment: str
    started: _timestamp_pb2.Timestamp
    finished: _timestamp_pb2.Timestamp
    problem: str
    steps: _containers.RepeatedCompositeFieldContainer[Step]
    def __init__(self, build_id: _Optional[int] = ..., uid: _Optional[str] = ..., epoch: _Optional[str] = ..., state: _Optional[_Union[GetBuildResponse.State, str]] = ..., status: _Optional[_Union[Status, str]] = ..., source: _Optional[str] = ..., runtime: _Optional[str] = ..., environment: _Optional[str] = ..., started: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., finished: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., problem: _Optional[str] = ..., steps: _Optional[_Iterable[_Union[Step, _Mapping]]] = ...) -> None: ...

class Step(_message.Message):
    __slots__ = ("step_id", "stage", "name", "type", "status", "started", "finished", "exit_code", "reason", "skipped", "log_id", "last_log_id", "log_bytes", "events", "gaps")
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    LOG_ID_FIELD_NUMBER: _ClassVar[int]
    LAST_LOG_ID_FIELD_NUMBER: _ClassVar[int]
    LOG_BYTES_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    GAPS_FIELD_NUMBER: _ClassVar[int]
    step_id: int
    stage: str
    name: str
    type: str
    status: Status
    started: _timestamp_pb2.Timestamp
    finished: _timestamp_pb2.Timestamp
    exit_code: int
    reason: str
    skipped: bool
    log_id: int
    last_log_id: int
    log_bytes: int
    events: _containers.RepeatedCompositeFieldContainer[StatusEvent]
    gaps: _containers.RepeatedCompositeFieldContainer[Gap]
    def __init__(self, step_id: _Optional[int] = ..., stage: _Optional[str] = ..., name: _Optional[str] = ..., type: _Optional[str] = ..., status: _Optional[_Union[Status, str]] = ..., started: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., finished: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., exit_code: _Optional[int] = ..., reason: _Optional[str] = ..., skipped: bool = ..., log_id: _Optional[int] = ..., last_log_id: _Optional[int] = ..., log_bytes: _Optional[int] = ..., events: _Optional[_Iterable[_Union[StatusEvent, _Mapping]]] = ..., gaps: _Optional[_Iterable[_Union[Gap, _Mapping]]] = ...) -> None: ...

class StatusEvent(_message.Message):
    __slots__ = ("event_id", "status", "at")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    event_id: int
    status: Status
    at: _timestamp_pb2.Timestamp
    def __init__(self, event_id: _Optional[int] = ..., status: _Optional[_Union[Status, str]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
