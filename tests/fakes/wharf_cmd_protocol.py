"""The worker's protocol as wharf-cmd has it, written out by hand from the contract, in a descriptor pool of its own."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2

PACKAGE = "wharf.worker.v1"
SERVICE = f"{PACKAGE}.Worker"
UINT64, STRING, MESSAGE, ENUM = 4, 9, 11, 14
STATUSES = (
    "UNSPECIFIED",
    "PENDING",
    "SCHEDULING",
    "INITIALIZING",
    "RUNNING",
    "SUCCESS",
    "FAILED",
    "CANCELLED",
)
TIMESTAMP = ".google.protobuf.Timestamp"
FIELDS: dict[str, tuple[tuple[int, str, int, str], ...]] = {
    "StreamLogsRequest": (),
    "StreamLogsResponse": (
        (1, "log_id", UINT64, ""),
        (2, "step_id", UINT64, ""),
        (3, "timestamp", MESSAGE, TIMESTAMP),
        (4, "message", STRING, ""),
    ),
    "StreamStatusEventsRequest": (),
    "StreamStatusEventsResponse": (
        (1, "event_id", UINT64, ""),
        (2, "step_id", UINT64, ""),
        (3, "status", ENUM, f".{PACKAGE}.Status"),
    ),
    "StreamArtifactEventsRequest": (),
    "StreamArtifactEventsResponse": (
        (1, "artifact_id", UINT64, ""),
        (2, "step_id", UINT64, ""),
        (3, "name", STRING, ""),
    ),
}
"""Number, name, type and type name of each field."""
METHODS = ("StreamLogs", "StreamStatusEvents", "StreamArtifactEvents")
"""Each takes ``<name>Request`` and streams ``<name>Response``."""


def file_descriptor() -> descriptor_pb2.FileDescriptorProto:
    """wharf-cmd's file."""
    file = descriptor_pb2.FileDescriptorProto(
        name="wharf-cmd/worker.proto",
        package=PACKAGE,
        syntax="proto3",
        dependency=["google/protobuf/timestamp.proto"],
    )
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        for number, field, kind, type_name in fields:
            message.field.add(name=field, number=number, type=kind, type_name=type_name or None, label=1)
    status = file.enum_type.add(name="Status")
    for number, word in enumerate(STATUSES):
        status.value.add(name=f"STATUS_{word}", number=number)
    service = file.service.add(name="Worker")
    for name in METHODS:
        service.method.add(
            name=name,
            input_type=f".{PACKAGE}.{name}Request",
            output_type=f".{PACKAGE}.{name}Response",
            server_streaming=True,
        )
    return file


def _messages() -> dict[str, Any]:
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file_descriptor())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
        for name in FIELDS
    }


MESSAGES = _messages()
"""A class for each message, by its name."""


def call(channel: grpc.aio.Channel, method: str) -> Any:
    """Call a method as wharf-cmd's own client does: an empty request, a stream of answers."""
    multi_callable: Any = channel.unary_stream(
        f"/{SERVICE}/{method}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=MESSAGES[f"{method}Response"].FromString,
    )
    return multi_callable(MESSAGES[f"{method}Request"]())


def handlers(**streams: Any) -> grpc.GenericRpcHandler:
    """Serve methods, each an async generator function ``(request, context)`` of messages."""
    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            method: grpc.unary_stream_rpc_method_handler(
                stream,
                request_deserializer=MESSAGES[f"{method}Request"].FromString,
                response_serializer=lambda message: message.SerializeToString(),
            )
            for method, stream in streams.items()
        },
    )
