"""Viewing, attaching and reading need nothing that only POSIX has: people on Windows attach and open, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.results.build_writer import BuildWriter

WITHOUT_POSIX = """
import os, sys
NOT_THERE = {"fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"}

class NotThere:
    def find_spec(self, name, path=None, target=None):
        if name in NOT_THERE:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotThere())
for name in NOT_THERE:
    sys.modules.pop(name, None)
for name in ("fork", "getpgid", "killpg", "mkfifo", "setsid", "statvfs", "tcgetpgrp"):
    delattr(os, name)
"""
READS = "from wharf_tui.cli.main import main; sys.argv = ['wharf-tui', *sys.argv[1:]]; sys.exit(main())"
SHOWS = """
import asyncio
from pathlib import Path
from wharf_tui.ui.app import WharfApp

async def show():
    path = Path(sys.argv[1])
    app = WharfApp(path, path.parent)
    async with app.run_test() as pilot:
        view = app.screen.pane.view
        while not any("hello" in view.render_line(row).text for row in range(5)):
            await pilot.pause(0.01)

asyncio.run(show())
"""


@pytest.fixture
def build(tmp_path: Path) -> Path:
    steps = (StepState(StepInfo(StepId(1), "stage", "step")),)
    writer = BuildWriter.create(tmp_path / "builds", BuildInfo(BuildId(1), steps))
    writer.set_status(StepId(1), Status.RUNNING)
    writer.log(StepId(1)).append(None, b"hello")
    writer.freeze(Status.SUCCESS)
    writer.close()
    return writer.path


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT_POSIX + program, *arguments]
    environ = os.environ | {"TEXTUAL_DRIVER": "textual.drivers.headless_driver:HeadlessDriver"}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environ)


def test_logs_are_read(build: Path) -> None:
    done = run(READS, "logs", str(build))
    assert (done.returncode, done.stdout) == (0, "hello\n"), done.stderr


@pytest.mark.parametrize("module", ["attach", "open", "viewer", "builds", "aggregate"])
def test_what_views_and_attaches_can_be_loaded(module: str) -> None:
    done = run(f"import wharf_tui.cli.{module}, wharf_tui.attach.session")
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there it is no pretence")
def test_builds_are_viewed(build: Path) -> None:
    done = run(SHOWS, str(build))
    assert done.returncode == 0, done.stderr[-2000:]
