"""A terminal or a pipe that takes nothing holds up nobody but itself: the build goes on, and is served."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.cli.conftest import COMMAND

LINES = 20_000
"""More than any pipe or terminal takes by itself."""


@pytest.fixture
def folder(definition):
    """It takes long enough for the viewer to draw more than can wait to be written."""
    return definition(
        only=f"for i in $(seq 100); do seq {LINES // 100}; sleep 0.02; done", more="sleep 0.2; seq 1 5"
    )


@pytest.fixture
def run_and_take_nothing(environment, tmp_path, folder) -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait(timeout=30)


def address_in(text: bytes) -> str | None:
    found = re.search(rb"on (127\.0\.0\.1:\d+)", text)
    return None if found is None else found[1].decode()


def assert_all_of_it_comes(address: str, environment, wharf_tui, tmp_path) -> None:
    environment["WHARF_TUI_BUILDS"] = str(tmp_path / "copies")
    attached = wharf_tui("attach", address, "--plain")
    assert attached.returncode == 0
    lines = attached.stdout.splitlines()
    assert sum(b"only" in line for line in lines) == LINES
    assert [line for line in lines if b"more" in line] == [b"build/more | %d" % i for i in range(1, 6)]


def test_a_build_is_served_to_its_end_while_its_own_output_is_not_read(
    run_and_take_nothing, folder, environment, wharf_tui, tmp_path
):
    process = subprocess.Popen(
        [*COMMAND, "run", str(folder), "--runtime", "process", "--plain", "--serve", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=tmp_path,
    )
    run_and_take_nothing.append(process)
    assert process.stderr is not None
    assert process.stdout is not None
    address = address_in(process.stderr.readline())
    assert address is not None
    assert_all_of_it_comes(address, environment, wharf_tui, tmp_path)
    assert process.poll() is None
    process.stdout.close()
    process.stderr.close()


def test_a_build_is_served_to_its_end_while_the_viewers_terminal_takes_nothing(
    run_and_take_nothing, folder, environment, wharf_tui, tmp_path
):
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "run", str(folder), "--runtime", "process", "--serve", "127.0.0.1:0"],
        stdin=its,
        stdout=its,
        stderr=its,
        env={**environment, "TERM": "xterm-256color"},
        cwd=tmp_path,
    )
    run_and_take_nothing.append(process)
    os.close(its)
    shown = b""
    while address_in(shown) is None:
        shown += os.read(ours, 64)
    while b"\x1b[?1049h" not in shown:  # the viewer is there
        shown += os.read(ours, 64)
    try:
        assert_all_of_it_comes(address_in(shown) or "", environment, wharf_tui, tmp_path)
        assert process.poll() is None
    finally:
        os.close(ours)
