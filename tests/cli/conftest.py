"""The command as a user runs it: a process of its own, with folders of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
COMMAND = (sys.executable, "-m", "wharf_tui")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Nothing of the user's own is read or written."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith(("WHARF_", "XDG_"))},
        "WHARF_TUI_BUILDS": str(tmp_path / "builds"),
        "TMPDIR": str(temporary),
        "HOME": str(tmp_path / "home"),
    }


@pytest.fixture
def wharf_tui(environment: dict[str, str], tmp_path: Path) -> Run:
    """Run the command to its end; it must never show a traceback."""

    def run(
        *arguments: str, stdin: bytes = b"", cwd: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            [*COMMAND, *arguments],
            input=stdin,
            capture_output=True,
            env=environment,
            cwd=cwd or tmp_path,
            timeout=60,
            check=False,
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        return done

    return run


@pytest.fixture
def definition(tmp_path: Path) -> Callable[..., Path]:
    """Write a definition with one stage; each keyword is a step and its commands."""

    def write(**steps: str) -> Path:
        folder = tmp_path / "project"
        folder.mkdir(exist_ok=True)
        text = "build:\n"
        for name, commands in steps.items():
            text += f"  {name}:\n    container:\n      image: none\n      cmds:\n        - {commands!r}\n"
        (folder / ".wharf-ci.yml").write_text(text)
        return folder

    return write


@pytest.fixture
def served(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start a build that is served on a free port, and give its address."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> str:
        process = subprocess.Popen(
            [*COMMAND, *arguments], stderr=subprocess.PIPE, env=environment, cwd=tmp_path
        )
        started.append(process)
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(rb"on (127\.0\.0\.1:\d+)", line):
                return found[1].decode()
        raise AssertionError("it never served")

    yield start
    for process in started:
        process.terminate()
        process.wait(timeout=30)
        assert process.stderr is not None
        process.stderr.close()
