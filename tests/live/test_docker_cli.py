"""The command on a real engine: what a user sees of leftovers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND
from tests.live.docker_builds import IMAGE
from wharf_tui.runtimes.docker.spec import BUILD_LABEL, OWNER_LABEL

pytestmark = pytest.mark.docker
BUILD = "wharf-cmd-build-00001-test"


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "WHARF_TUI_BUILDS": str(cwd / "builds")}
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, cwd=cwd, env=environment, timeout=60, check=False
    )


def test_the_next_run_tells_of_what_a_killed_one_has_left(engine, tmp_path: Path) -> None:
    (tmp_path / ".wharf-ci.yml").write_text(
        f"s: {{t: {{container: {{image: '{IMAGE}', cmds: ['sleep 1']}}}}}}"
    )
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    labels = {BUILD_LABEL: BUILD, OWNER_LABEL: f"{socket.gethostname()}/{dead.pid}"}
    name = f"{BUILD}-{os.getpid()}"
    engine.create(name, {"Image": IMAGE, "Entrypoint": ["true"], "Labels": labels})
    try:
        told = run("run", "--runtime", "docker", cwd=tmp_path)
        quiet = run("run", "--runtime", "process", cwd=tmp_path)
        shown = run("cleanup", "--runtime", "docker", "--dry-run", cwd=tmp_path)
    finally:
        engine.remove(name)
    assert told.returncode == quiet.returncode == 0
    assert b" behind (wharf-tui cleanup)\n" in told.stderr
    assert b"cleanup" not in quiet.stderr
    assert name.encode() in shown.stdout
