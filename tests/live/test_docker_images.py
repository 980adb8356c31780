"""``docker`` steps: the engine builds an image from the tree, tags it, and pushes it where it is told to."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.docker_builds import IMAGE, cat, remove_image
from wharf_tui.model.errors import InputError, RunError
from wharf_tui.model.status import Status
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.settings import DockerSettings
from wharf_tui.runtimes.port import Cancellation

pytestmark = pytest.mark.docker


@pytest.fixture
def destination(engine: Engine) -> Iterator[str]:
    name = f"localhost:9/wharf-test-{secrets.token_hex(4)}/app"
    yield name
    for tag in ("v1", "latest"):
        remove_image(engine, f"{name}:{tag}")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo0"
    folder.mkdir()
    return folder


def step(destination: str, **fields: object) -> dict[str, object]:
    return {
        "docker": {
            "file": "Dockerfile",
            "tag": "v1,latest",
            "destination": destination,
            "push": False,
            **fields,
        }
    }


async def test_build_with_context_arguments_and_tags(
    start, engine: Engine, repo: Path, destination: str
) -> None:
    write(
        repo / "docker/Dockerfile", f"FROM {IMAGE}\nARG WHO\nCOPY . /app\nRUN echo hello $WHO && ls -a /app\n"
    )
    write(repo / "src/kept", "kept")
    write(repo / "src/ignored.log", "ignored")
    write(repo / "src/.dockerignore", "# comment\n*.log\n")
    write(repo / "beside", "beside")
    build = await start(
        {"image": step(destination, file="docker/Dockerfile", context="src", args=["WHO=world"])}
    )
    outcome = await build.run("image")
    messages = build.recorder("image").messages()
    assert outcome.status is Status.SUCCESS, (outcome, messages)
    assert b"hello world" in messages
    assert b"ignored.log" not in messages
    assert b"beside" not in messages
    assert cat(engine, f"{destination}:v1", "/app/kept") == b"kept"
    assert cat(engine, f"{destination}:latest", "/app/kept") == b"kept"


async def test_certificates_are_appended(
    start, engine: Engine, repo: Path, tmp_path: Path, destination: str
) -> None:
    write(repo / "Dockerfile", f"FROM {IMAGE}")
    write(tmp_path / "ca.pem", "root certificates")
    build = await start(
        {"image": step(destination, **{"append-cert": True})},
        settings=DockerSettings(certificates=tmp_path / "ca.pem"),
    )
    assert (await build.run("image")).status is Status.SUCCESS
    assert cat(engine, f"{destination}:v1", "/etc/ssl/certs/ca-certificates.crt") == b"root certificates"


async def test_a_build_that_fails(start, repo: Path, destination: str) -> None:
    write(repo / "Dockerfile", f"FROM {IMAGE}\nRUN echo working; exit 3\n")
    build = await start({"image": step(destination)})
    outcome = await build.run("image")
    assert outcome.status is Status.FAILED
    assert "returned a non-zero code: 3" in outcome.reason
    messages = build.recorder("image").messages()
    assert b"working" in messages
    assert b"returned a non-zero code: 3" in messages[-1]


async def test_a_push_that_fails(start, repo: Path, destination: str) -> None:
    write(repo / "Dockerfile", f"FROM {IMAGE}\n")
    build = await start({"image": step(destination, push=True)})
    outcome = await build.run("image")
    assert outcome.status is Status.FAILED
    assert outcome.reason.startswith(f"cannot push image {destination}:v1: ")
    assert "connection refused" in outcome.reason


async def test_cancel_in_the_middle(start, repo: Path, engine: Engine, destination: str) -> None:
    mark = secrets.token_hex(8)
    write(repo / "Dockerfile", f"FROM {IMAGE}\nRUN echo {mark}; sleep 600\n")
    build = await start({"image": step(destination)})
    cancellation = Cancellation()
    recorder = build.recorder("image")
    run = asyncio.ensure_future(build.run("image", cancellation))
    await recorder.wait_for_lines(4)
    cancellation.request("enough")
    outcome = await run
    assert (outcome.status, outcome.reason) == (Status.CANCELLED, "enough")

    def builders() -> list[str]:
        return [one["Id"] for one in engine.client.containers(all=True) if mark in one["Command"]]

    for _ in range(100):
        if not builders():
            break
        await asyncio.sleep(0.1)
    assert builders() == []


async def test_what_cannot_be_built_is_refused_before_anything_runs(
    start, repo: Path, destination: str
) -> None:
    with pytest.raises(
        InputError, match="Dockerfile Dockerfile of step stage/image is not in the source tree"
    ):
        await start({"image": step(destination)})


async def test_what_needs_a_cluster_is_refused(start, repo: Path, destination: str) -> None:
    write(repo / "Dockerfile", f"FROM {IMAGE}\n")
    with pytest.raises(RunError, match="append-cert needs the cluster's certificates"):
        await start({"image": step(destination, **{"append-cert": True})})
