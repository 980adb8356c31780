import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateLogStreamRequest(_message.Message):
    __slots__ = ("build_id", "worker_log_id", "worker_step_id", "timestamp", "message")
    BUILD_ID_FIELD_NUMBER: _ClassVar[int]
    WORKER_LOG_ID_FIELD_NUMBER: _ClassVar[int]
    WORKER_STEP_ID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    build_id: int
    worker_log_id: int
    worker_step_id: int
    timestamp: _timestamp_pb2.Timestamp
    message: str
    def __init__(self, build_id: _Optional[int] = ..., worker_log_id: _Optional[int] = ..., worker_step_id: _Optional[int] = ..., timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., message: _Optional[str] = ...) -> None: ...

class CreateLogStreamResponse(_message.Message):
    __slots__ = ("lines_inserted",)
    LINES_INSERTED_FIELD_NUMBER: _ClassVar[int]
    lines_inserted: int
    def __init__(self, lines_inserted: _Optional[int] = ...) -> None: ...
