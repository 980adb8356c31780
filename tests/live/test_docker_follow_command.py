"""``follow docker`` as a user runs it: printed, served, attached to, and in the viewer."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND
from tests.live.docker_following import Foreign
from wharf_tui.model.build import Liveness
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader

pytestmark = pytest.mark.docker


_started: list[subprocess.Popen[bytes]] = []


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "WHARF_TUI_BUILDS": str(folder)}
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    _started.append(process)
    return process


@pytest.fixture(autouse=True)
def _nothing_goes_on_behind_a_test() -> Iterator[None]:
    yield
    while _started:
        process = _started.pop()
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def test_the_command_prints_names_and_lines_and_leaves_the_container_alone(
    foreign: Foreign, engine, tmp_path
) -> None:
    name = foreign.run("seq 1 3 | sed 's/^/line /'; sleep 600")
    environment = {**os.environ, "WHARF_TUI_BUILDS": str(tmp_path)}
    process = subprocess.Popen(
        [*COMMAND, "follow", "docker", "-l", foreign.label],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert process.stdout is not None
    printed = [process.stdout.readline() for _ in range(3)]
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert printed == [f"{name} | line {number}\n".encode() for number in (1, 2, 3)]
    assert process.returncode == 0, errors
    assert re.search(rb"Followed 1 container\.\nLogs: ", errors), errors
    assert b"Traceback" not in errors
    assert engine.inspect(name)["State"]["Running"]
    logs = subprocess.run([*COMMAND, "logs", "latest"], capture_output=True, env=environment, check=True)
    assert logs.stdout == b"line 1\nline 2\nline 3\n"


def test_who_attaches_sees_what_is_followed_and_what_joins(foreign: Foreign, tmp_path: Path) -> None:
    first = foreign.run("seq 1 3; sleep 600")
    following = start(tmp_path / "here", "follow", "docker", "-l", foreign.label, "--serve", "127.0.0.1:0")
    assert following.stderr is not None
    address = re.search(rb"on (127[0-9.:]+)", following.stderr.readline())
    assert address is not None
    attached = start(tmp_path / "there", "attach", address[1].decode(), "--plain")
    assert attached.stdout is not None
    assert [attached.stdout.readline() for _ in range(3)] == [
        f"{first} | {number}\n".encode() for number in (1, 2, 3)
    ]
    second = foreign.run("echo joined; sleep 600")
    assert attached.stdout.readline() == f"{second} | joined\n".encode()
    following.send_signal(signal.SIGINT)
    _, errors = following.communicate(timeout=30)
    assert following.returncode == 0, errors
    _, errors = attached.communicate(timeout=30)
    assert attached.returncode == 0, errors
    for folder in ("here", "there"):
        (path,) = (tmp_path / folder).glob("wharf-cmd-build-*")
        reader = BuildReader.open(path)
        assert reader.liveness is Liveness.FROZEN
        assert [(step.info.name, step.status) for step in reader.info.steps] == [
            (first, Status.CANCELLED),
            (second, Status.CANCELLED),
        ]


def test_a_reader_that_goes_away_ends_it(foreign: Foreign, tmp_path: Path) -> None:
    name = foreign.run("while true; do echo line; sleep 0.02; done")
    following = start(tmp_path, "follow", "docker", name)
    assert following.stdout is not None
    assert following.stderr is not None
    following.stdout.readline()
    following.stdout.close()
    assert following.wait(30) == 0
    with following.stderr as errors:
        assert b"Followed 1 container." in errors.read()


def test_the_viewer_shows_it_and_what_joins_and_leaves_the_containers_alone(
    foreign: Foreign, engine, tmp_path: Path
) -> None:
    name = foreign.run("seq 1 3 | sed 's/^/shown /'; sleep 600")
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {**os.environ, "WHARF_TUI_BUILDS": str(tmp_path), "TERM": "xterm"}
        os.execve(sys.executable, [*COMMAND, "follow", "docker", "-l", foreign.label], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    seen = b""
    while b"shown 3" not in seen:
        seen += os.read(terminal, 65536)
    joins = foreign.run("sleep 600", name=f"joins-{os.getpid()}")
    while joins.encode() not in seen:
        seen += os.read(terminal, 65536)
    os.write(terminal, b"\x03")
    try:
        while data := os.read(terminal, 65536):
            seen += data
    except OSError:  # the other end is closed
        pass
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert b"Followed 2 containers." in seen
    for one in (name, joins):
        assert engine.inspect(one)["State"]["Running"]
