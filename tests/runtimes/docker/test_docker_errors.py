"""Whatever the libraries below raise becomes one of ours, with the engine's own words."""

from __future__ import annotations

import http.client
import inspect
import socket

import docker.errors
import pytest
import requests.exceptions
import urllib3.exceptions

from wharf_tui.model.errors import RunError, RuntimeUnavailableError
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.errors import engine_errors, from_docker
from wharf_tui.runtimes.docker.runtime import probe


def classes_of(module: object, base: type[BaseException]) -> list[type[BaseException]]:
    found = [kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, base)]
    assert found
    return found


FOREIGN = [
    *classes_of(docker.errors, docker.errors.DockerException),
    docker.errors.StreamParseError,
    *classes_of(requests.exceptions, requests.exceptions.RequestException),
    *classes_of(urllib3.exceptions, urllib3.exceptions.HTTPError),
    *classes_of(http.client, http.client.HTTPException),
    ConnectionResetError,
    TimeoutError,
    OSError,
]


class _Answer:
    """As much of an answer as an error wants to know."""

    def tell(self) -> int:
        return 1

    length_remaining = 2


ARGUMENTS: dict[type[BaseException], tuple[object, ...]] = {
    requests.exceptions.JSONDecodeError: ("said", "{", 0),
    urllib3.exceptions.IncompleteRead: (1, 2),
    urllib3.exceptions.InvalidChunkLength: (_Answer(), b"x"),
}


def make(kind: type[BaseException]) -> BaseException:
    """An error with as many arguments as it must have."""
    if kind in ARGUMENTS:
        return kind(*ARGUMENTS[kind])
    try:
        parameters = inspect.signature(kind).parameters.values()
    except ValueError:  # written in C
        return kind("said")
    wanted = [
        each for each in parameters if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD
    ]
    return kind(*["said"] * len(wanted))


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
def test_every_foreign_error_is_mapped(kind: type[BaseException]) -> None:
    foreign = make(kind)
    with pytest.raises(RunError, match="cannot do it") as caught, engine_errors("do it"):
        raise foreign
    assert caught.value.__cause__ is foreign


def test_what_is_ours_passes() -> None:
    with pytest.raises(RunError, match=r"^as it is$"), engine_errors("do it"):
        raise RunError("as it is")


def test_a_refusal_keeps_the_engines_words() -> None:
    refusal = docker.errors.APIError("409 Client Error", explanation="the name is taken")
    error = from_docker("create container x", refusal)
    assert type(error) is RunError
    assert error.message == "cannot create container x: the name is taken"


@pytest.mark.parametrize(
    ("root", "hint"),
    [(PermissionError(13, "Permission denied"), "group"), (FileNotFoundError(2, "No"), "Start")],
)
def test_the_innermost_reason_is_told(root: OSError, hint: str) -> None:
    wrapped = urllib3.exceptions.ProtocolError("Connection aborted.", root)
    error = from_docker("use Docker", requests.exceptions.ConnectionError(wrapped))
    assert type(error) is RuntimeUnavailableError
    assert error.message == f"cannot use Docker: Docker cannot be reached: {root.strerror}"
    assert hint in error.hint


def test_no_engine(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    assert (
        probe()
        == f"cannot use Docker at unix://{tmp_path}/nobody.sock: Docker cannot be reached: No such file or directory"
    )
    with socket.socket(socket.AF_UNIX) as nobody:
        nobody.bind(str(tmp_path / "deaf.sock"))
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/deaf.sock")
        with pytest.raises(RuntimeUnavailableError, match="Connection refused"):
            Engine()


@pytest.mark.parametrize("address", ["nonsense://x", "tcp://", "unix"])
def test_an_address_that_makes_no_sense(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    assert probe()


def test_a_context_that_is_not_there(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONTEXT", "nowhere")
    assert probe() == "there is no Docker context nowhere"
