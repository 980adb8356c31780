"""Turns lines and statuses into what wharf-api understands."""

from __future__ import annotations

from wharf_tui.model.glyphs import shown
from wharf_tui.model.status import Status
from wharf_tui.rpc.generated.wharf.api.v5 import builds_pb2 as pb
from wharf_tui.rpc.wire import time_to_wire

LONGEST_MESSAGE = 1024 * 1024
"""Bytes of one message: wharf-api takes 4 MiB, and bytes that are no UTF-8 grow threefold."""

_STATUS_WORDS = {
    Status.PENDING: "Scheduling",
    Status.SCHEDULING: "Scheduling",
    Status.SUCCESS: "Completed",
    Status.FAILED: "Failed",
    Status.CANCELLED: "Failed",
}


def status_word(status: Status) -> str:
    """The word that wharf-api has for a build's state."""
    return _STATUS_WORDS.get(status, "Running")


def message_text(message: bytes) -> str:
    """A message as a string field and wharf-api's database take it; what they do not take is replaced."""
    if len(message) > LONGEST_MESSAGE:
        message = message[:LONGEST_MESSAGE] + b" [cut: the line has %d bytes]" % len(message)
    return message.decode("utf-8", "replace").replace("\0", shown("\0"))


def log_request(build_id: int, step_id: int, log_id: int, at_ns: int, text: str) -> pb.CreateLogStreamRequest:
    """One line. It needs a time: wharf-api passes over lines without one, and says nothing."""
    return pb.CreateLogStreamRequest(
        build_id=build_id,
        worker_log_id=log_id,
        worker_step_id=step_id,
        timestamp=time_to_wire(at_ns),
        message=text,
    )
