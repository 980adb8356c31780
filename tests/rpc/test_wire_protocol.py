"""What is compatible with wharf-cmd stays so, byte for byte; what is committed is what ``proto/`` says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2

from tests.fakes import wharf_cmd_protocol as theirs
from wharf_tui.rpc import wire
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb

REPOSITORY = Path(__file__).parents[2]
OURS = descriptor_pb2.FileDescriptorProto.FromString(pb.DESCRIPTOR.serialized_pb)
FIRST_OF_OURS = 1000


@pytest.mark.parametrize("name", theirs.FIELDS)
def test_messages_have_wharf_cmds_fields_and_below_1000_no_others(name: str) -> None:
    message = next(each for each in OURS.message_type if each.name == name)
    fields = {
        (field.number, field.name, field.type, field.type_name)
        for field in message.field
        if field.number < FIRST_OF_OURS
    }
    assert fields == set(theirs.FIELDS[name])
    assert all(field.label == 1 for field in message.field if field.number < FIRST_OF_OURS)


def test_the_enum_the_package_and_the_methods_are_wharf_cmds() -> None:
    assert OURS.package == theirs.PACKAGE
    status = next(enum for enum in OURS.enum_type if enum.name == "Status")
    assert [(value.name, value.number) for value in status.value] == [
        (f"STATUS_{word}", number) for number, word in enumerate(theirs.STATUSES)
    ]
    (service,) = OURS.service
    (expected,) = theirs.file_descriptor().service
    ours = {method.name: method for method in service.method}
    assert service.name == expected.name
    assert {method.name: method for method in expected.method} == {
        name: ours[name] for name in theirs.METHODS
    }


def varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(encoded) + bytes([number])


def test_a_line_on_the_wire_is_what_the_contract_says() -> None:
    at_ns = 1_706_954_401_123_456_789
    message = wire.line_message(7, 300, at_ns, b"caf\xe9 \xe2\x82\xac")
    text = "caf\ufffd €".encode()
    timestamp = b"\x08" + varint(1_706_954_401) + b"\x10" + varint(123_456_789)
    assert message.SerializeToString() == (
        b"\x08" + varint(300) + b"\x10" + varint(7)
        + b"\x1a" + varint(len(timestamp)) + timestamp
        + b"\x22" + varint(len(text)) + text
    )  # fmt: skip


def test_a_line_without_a_time_carries_gos_zero_time() -> None:
    message = wire.line_message(1, 1, None, b"")
    seconds = b"\x08" + varint(2**64 - 62_135_596_800)
    assert message.SerializeToString() == b"\x08\x01\x10\x01\x1a" + varint(len(seconds)) + seconds


def test_old_clients_pass_over_what_is_new() -> None:
    response = wire.line_message(1, 2, None, b"x")
    response.caught_up.SetInParent()
    response.chunks.add(step_id=1, data=b"y\n")
    old = theirs.MESSAGES["StreamLogsResponse"].FromString(response.SerializeToString())
    assert (old.log_id, old.step_id, old.message) == (2, 1, "x")
    request = pb.StreamLogsRequest(mark_caught_up=True, chunks=True, step_ids=[1])
    theirs.MESSAGES["StreamLogsRequest"].FromString(request.SerializeToString())


def check_generated(repository: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "tools/generate_rpc.sh", "--check"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_committed_code_is_what_proto_says() -> None:
    done = check_generated(REPOSITORY)
    assert done.returncode == 0, done.stderr


def test_the_check_fails_when_the_committed_code_is_stale(tmp_path: Path) -> None:
    for part in ("proto", "tools", "wharf_tui/rpc"):
        shutil.copytree(REPOSITORY / part, tmp_path / part)
    (tmp_path / ".venv").symlink_to(REPOSITORY / ".venv")
    proto = tmp_path / "proto/wharf/worker/v1/worker.proto"
    proto.write_text(
        proto.read_text().replace("message CaughtUp {}", "message CaughtUp { bool really = 1; }")
    )
    done = check_generated(tmp_path)
    assert done.returncode == 1
    assert "run tools/generate_rpc.sh" in done.stderr
