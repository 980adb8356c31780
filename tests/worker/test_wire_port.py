"""One port for gRPC and REST, whatever comes to it and however slowly."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.fakes import wharf_cmd_protocol as theirs
from tests.fakes.served_builds import begin_build, finished_build, serving, write_lines
from wharf_tui.model.errors import InputError, UnreachableError
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb
from wharf_tui.worker import port as port_module
from wharf_tui.worker import rest as rest_module
from wharf_tui.worker.auth import ListenSettings

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
EMPTY_SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    path, _ = finished_build(tmp_path, {1: 3})
    async with serving(path) as served:
        yield served


@asynccontextmanager
async def raw(address: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        async with asyncio.timeout(20):
            yield reader, writer
    finally:
        writer.close()


async def test_rest_and_grpc_answer_on_the_same_port(address: str) -> None:
    async with aiohttp.ClientSession() as http, grpc.aio.insecure_channel(address) as channel:
        call = theirs.call(channel, "StreamLogs")
        async with http.get(f"http://{address}/") as response:
            assert (response.status, await response.read()) == (200, b'{"message":"pong"}')
        assert [line.log_id async for line in call] == [1, 2, 3]


async def test_first_bytes_may_come_one_at_a_time(address: str) -> None:
    async with raw(address) as (reader, writer):
        for byte in PREFACE + EMPTY_SETTINGS:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        assert (await reader.readexactly(9))[3] == 4, "the gRPC server's SETTINGS frame"
    async with raw(address) as (reader, writer):
        for byte in b"GET / HTTP/1.1\r\nHost: h\r\n\r\n":
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\x02\x00\x01\x00", b"PRI * HTTP/2.1\r\n\r\n", b"\x00" * 100, b"hello\r\n\r\n"]
)
async def test_what_is_neither_gets_a_problem_and_learns_nothing(address: str, garbage: bytes) -> None:
    async with raw(address) as (reader, writer):
        writer.write(garbage)
        writer.write_eof()
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert b"python" not in head.lower() + body.lower()
    assert b"aiohttp" not in head.lower() + body.lower()
    if head:
        assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
        assert json.loads(body)["status"] == 400


async def test_who_connects_and_stays_silent_is_let_go(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_module, "FIRST_BYTES_SECONDS", 0.1)
    monkeypatch.setattr(rest_module, "FIRST_REQUEST_SECONDS", 0.1)
    for beginning in (b"", PREFACE[:10], b"GET / HTTP/1.1\r\nHos"):
        async with raw(address) as (reader, writer):
            writer.write(beginning)
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""


async def test_a_slow_but_living_client_is_not_let_go(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest_module, "FIRST_REQUEST_SECONDS", 0.1)
    async with raw(address) as (reader, writer):
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert (await reader.readuntil(b'pong"}')).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(0.2)


async def test_a_port_that_somebody_listens_on_is_refused(tmp_path: Path) -> None:
    path, _ = finished_build(tmp_path, {1: 1})
    async with serving(path) as address:
        settings = ListenSettings(port=int(address.rpartition(":")[2]))
        with pytest.raises(UnreachableError, match=f"cannot listen on {address}"):
            await serving(path, settings).__aenter__()


@pytest.mark.parametrize("host", ["192.0.2.1", "..", "x" * 100])
async def test_a_host_that_is_none_is_a_clear_error(tmp_path: Path, host: str) -> None:
    path, _ = finished_build(tmp_path, {1: 1})
    with pytest.raises(UnreachableError, match="cannot listen on"):
        await serving(path, ListenSettings(host=host, port=0, insecure=True)).__aenter__()


async def test_a_folder_for_temporary_files_with_a_long_name_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = finished_build(tmp_path, {1: 1})
    long = tmp_path / ("x" * 90)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with pytest.raises(InputError, match="too long a name"):
        await serving(path).__aenter__()


async def test_connections_that_come_and_go_leave_nothing_behind(address: str) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("this system does not tell which files are open")

    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = open_files()
    for beginning in (
        b"",
        b"G",
        PREFACE[:7],
        PREFACE,
        PREFACE + EMPTY_SETTINGS,
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    ):
        for aborts in (False, True):
            for _ in range(5):
                async with raw(address) as (_, writer):
                    writer.write(beginning)
                    await writer.drain()
                    if aborts:
                        writer.transport.abort()
    async with asyncio.timeout(10):
        while open_files() > before:
            await asyncio.sleep(0.02)


async def test_reflection_tells_enough_to_make_a_client_of(address: str) -> None:
    """As grpcurl does: list, describe, call."""
    async with grpc.aio.insecure_channel(address) as channel:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)  # type: ignore[arg-type]  # its types know no asyncio
        request = reflection_pb2.ServerReflectionRequest

        async def ask(question: Any) -> Any:
            return await stub.ServerReflectionInfo(iter([question])).read()

        listed = await ask(request(list_services=""))
        names = {service.name for service in listed.list_services_response.service}
        assert names == {theirs.SERVICE, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
        answer = await ask(request(file_containing_symbol=theirs.SERVICE))
        pool = descriptor_pool.DescriptorPool()
        pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
        for serialized in answer.file_descriptor_response.file_descriptor_proto:
            file = descriptor_pb2.FileDescriptorProto.FromString(serialized)
            if file.package == theirs.PACKAGE:
                pool.Add(file)
        method = pool.FindServiceByName(theirs.SERVICE).methods_by_name["GetBuild"]
        answer_type: Any = message_factory.GetMessageClass(method.output_type)
        call: Any = channel.unary_unary(
            f"/{theirs.SERVICE}/GetBuild", response_deserializer=answer_type.FromString
        )
        assert (await call(b"")).build_id == 42


async def test_health_says_that_it_serves(address: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        for service in ("", theirs.SERVICE):
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_requests_are_small_or_refused(address: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        call: Any = channel.unary_stream(
            f"/{theirs.SERVICE}/StreamLogs", request_serializer=pb.StreamLogsRequest.SerializeToString
        )
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(pb.StreamLogsRequest(step_ids=[2**63] * 200_000)).read()
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_client_that_looks_every_second_is_not_sent_away(tmp_path: Path) -> None:
    store = begin_build(tmp_path)
    write_lines(store, 1, 1)
    options = [
        ("grpc.keepalive_time_ms", 600),
        ("grpc.keepalive_timeout_ms", 5000),
        ("grpc.http2.max_pings_without_data", 0),
    ]
    async with serving(store) as address, grpc.aio.insecure_channel(address, options=options) as channel:
        call = theirs.call(channel, "StreamLogs")
        await call.read()
        reading = asyncio.ensure_future(call.read())
        done, _ = await asyncio.wait({reading}, timeout=4.0)
        assert not done, "three pings were too many for it"
        store.close()
        assert await reading is grpc.aio.EOF
