"""Who may read: nobody without the token, nobody in the clear from elsewhere, and a refusal tells nothing."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.fakes import wharf_cmd_protocol as theirs
from tests.fakes.served_builds import LOOPBACK, finished_build, serving
from wharf_tui.attach.connection import Endpoint
from wharf_tui.attach.session import AttachSession
from wharf_tui.model.errors import AccessDeniedError, InputError, UnreachableError, UsageError
from wharf_tui.worker.auth import ListenSettings, Token, parse_address

SECRET = "correct-horse-battery-staple"
GUARDED = replace(LOOPBACK, token=Token(SECRET.encode()))


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        (f"Bearer {SECRET}", True),
        (f"bearer {SECRET}", True),
        (f"Bearer  {SECRET} ", True),
        (SECRET, False),
        (f"Basic {SECRET}", False),
        (f"Bearer {SECRET}x", False),
        (f"Bearer {SECRET[:-1]}", False),
        ("Bearer ", False),
        ("Bearer \udcff\u00e9", False),
        ("", False),
        (None, False),
        (f"Bearer {SECRET}".encode(), True),
    ],
)
def test_a_header_is_accepted_only_with_the_whole_token(header: str | bytes | None, accepted: bool) -> None:
    assert Token(SECRET.encode()).accepts(header) is accepted


def test_a_token_is_compared_in_constant_time_and_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return False

    monkeypatch.setattr("hmac.compare_digest", compare)
    assert not Token(SECRET.encode()).accepts("Bearer wrong")
    assert compared == [(b"wrong", SECRET.encode())]
    assert SECRET not in repr(GUARDED)


@pytest.mark.parametrize(
    "content", [b"", b"short", b"fifteen-letters", b"sixteen\xffletters!!", b"two lines of\nit are none"]
)
def test_a_token_file_that_cannot_be_one_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(InputError, match=str(file)):
        Token.from_file(file)
    file.write_bytes(f" {SECRET}\n".encode())
    assert Token.from_file(file).accepts(f"Bearer {SECRET}")


async def test_without_the_token_grpc_tells_nothing_whatever_is_asked(tmp_path: Path) -> None:
    path, _ = finished_build(tmp_path, {1: 1})
    async with serving(path, GUARDED) as address, grpc.aio.insecure_channel(address) as channel:

        def raw(method: str, metadata: Any) -> Any:
            call: Any = channel.unary_unary(method)
            return call(b"\xff", metadata=metadata)

        health: Any = health_pb2_grpc.HealthStub(channel)
        reflection: Any = reflection_pb2_grpc.ServerReflectionStub(channel)  # type: ignore[arg-type]  # its types know no asyncio
        for token in (None, "wrong", SECRET[:-1]):
            metadata = (("authorization", f"Bearer {token}"),) if token else ()
            refusals = [
                raw(f"/{theirs.SERVICE}/StreamLogs", metadata),
                raw(f"/{theirs.SERVICE}/GetBuild", metadata),
                raw(f"/{theirs.SERVICE}/NoSuchMethod", metadata),
                raw("/no.such.Service/Method", metadata),
                health.Check(health_pb2.HealthCheckRequest(), metadata=metadata),
                reflection.ServerReflectionInfo(
                    iter([reflection_pb2.ServerReflectionRequest(list_services="")]), metadata=metadata
                ).read(),
                reflection.ServerReflectionInfo(iter([]), metadata=metadata).read(),
            ]
            for refusal in refusals:
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await refusal
                error = caught.value
                assert (error.code(), error.details()) == (
                    grpc.StatusCode.UNAUTHENTICATED,
                    "a token is needed",
                )
                assert not list(error.trailing_metadata() or ())
        metadata = (("authorization", f"Bearer {SECRET}"),)
        assert (await health.Check(health_pb2.HealthCheckRequest(), metadata=metadata)).status == 1


async def test_without_the_token_rest_tells_nothing_whatever_is_asked(tmp_path: Path) -> None:
    path, _ = finished_build(tmp_path, {1: 1})
    async with serving(path, GUARDED) as address, aiohttp.ClientSession() as http:
        refusals = set()
        for method, place in (
            ("GET", "/"),
            ("GET", "/api/build"),
            ("GET", "/nothing"),
            ("POST", "/"),
            ("GET", "/api/artifact/x/download"),
        ):
            async with http.request(method, f"http://{address}{place}") as response:
                body = (await response.read()).replace(place.encode(), b"<place>") if place != "/" else b""
                refusals.add(
                    (response.status, response.headers["Server"], response.headers["WWW-Authenticate"])
                )
                assert b"uid" not in body
                assert b"step" not in body
        assert refusals == {(401, "", "Bearer")}
        async with http.get(f"http://{address}/", headers={"Authorization": f"Bearer {SECRET}"}) as response:
            assert response.status == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_needs_neither_tls_nor_token(host: str) -> None:
    ListenSettings(host=host).check()


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.0.2.1", "worker.example", "127.example", "127.1", "0"]
)
def test_elsewhere_needs_both_or_the_explicit_word(host: str, tmp_path: Path) -> None:
    both = ListenSettings(host=host, tls_certificate=tmp_path, tls_key=tmp_path, token=Token(SECRET.encode()))
    both.check()
    ListenSettings(host=host, insecure=True).check()
    for less in (
        replace(both, token=None),
        replace(both, tls_certificate=None, tls_key=None),
        replace(both, token=None, tls_client_ca=tmp_path),
        replace(both, tls_key=None),
        ListenSettings(host=host, tls_client_ca=tmp_path, insecure=True),
    ):
        with pytest.raises(UsageError):
            less.check()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        (":80", ("127.0.0.1", 80)),
        ("worker", ("worker", 5010)),
        ("[::1]:80", ("::1", 80)),
        ("[::1]", ("::1", 5010)),
        ("::1", ("::1", 5010)),
        ("0.0.0.0:0", ("0.0.0.0", 0)),
    ],
)
def test_addresses_are_read(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text", ["host:", "host:x", "host:65536", "host:-1", "host:\u0665", "host:999999999999"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no address"):
        parse_address(text)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A server's and a client's certificate, each its own authority, and their keys."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("certificates")
    made: dict[str, Path] = {}
    for name in ("server", "client"):
        key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
        command = (
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 "
            f"-subj /CN={name} -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
        )
        subprocess.run(
            [*command.split(), "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True
        )
        made |= {f"{name}_key": key, name: certificate}
    return made


async def copied_lines(endpoint: Endpoint, folder: Path) -> int:
    session = AttachSession(endpoint, folder)
    await session.open(patience=0.5)
    await session.run()
    assert session.progress.complete
    return session.mirror.lines


async def test_with_tls_and_token_both_sides_of_the_port_work(
    tmp_path: Path, certificates: dict[str, Path]
) -> None:
    path, _ = finished_build(tmp_path, {1: 20_000, 2: 3})
    settings = replace(GUARDED, tls_certificate=certificates["server"], tls_key=certificates["server_key"])
    async with serving(path, settings) as address:
        endpoint = Endpoint(address, SECRET, tls=True, ca_file=certificates["server"])
        assert await copied_lines(endpoint, tmp_path / "copies") == 20_003
        trusting = ssl.create_default_context(cafile=str(certificates["server"]))
        async with (
            aiohttp.ClientSession() as http,
            http.get(
                f"https://{address}/", ssl=trusting, headers={"Authorization": f"Bearer {SECRET}"}
            ) as response,
        ):
            assert await response.json() == {"message": "pong"}
        with pytest.raises(AccessDeniedError, match="does not let us in"):
            await copied_lines(replace(endpoint, token="wrong"), tmp_path / "none")
        for stranger in (replace(endpoint, tls=False), replace(endpoint, ca_file=certificates["client"])):
            with pytest.raises(UnreachableError, match="does not answer"):
                await copied_lines(stranger, tmp_path / "none")
    assert not (tmp_path / "none").exists()


async def test_with_a_client_authority_only_certified_clients_get_in(
    tmp_path: Path, certificates: dict[str, Path]
) -> None:
    path, _ = finished_build(tmp_path, {1: 3})
    settings = replace(
        GUARDED,
        tls_certificate=certificates["server"],
        tls_key=certificates["server_key"],
        tls_client_ca=certificates["client"],
    )
    async with serving(path, settings) as address:
        stranger = Endpoint(address, SECRET, tls=True, ca_file=certificates["server"])
        certified = replace(
            stranger, client_certificate=certificates["client"], client_key=certificates["client_key"]
        )
        assert await copied_lines(certified, tmp_path / "copies") == 3
        with pytest.raises(UnreachableError):
            await copied_lines(stranger, tmp_path / "none")


async def test_certificates_that_cannot_be_used_are_named(
    tmp_path: Path, certificates: dict[str, Path]
) -> None:
    path, _ = finished_build(tmp_path, {1: 1})
    good = replace(GUARDED, tls_certificate=certificates["server"], tls_key=certificates["server_key"])
    for bad, named in (
        (replace(good, tls_key=certificates["client_key"]), "client.key"),
        (replace(good, tls_certificate=tmp_path / "none.pem"), "none.pem"),
        (replace(good, tls_client_ca=certificates["client_key"]), "client.key"),
    ):
        with pytest.raises(InputError, match=named):
            await serving(path, bad).__aenter__()
