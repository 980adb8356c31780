"""Whether a worker is gone: dead, dead and not yet noticed, or another process under its number."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wharf_tui.runtimes.worker_process import is_gone, this_worker

pytestmark = pytest.mark.skipif(os.name != "posix", reason="elsewhere there is no harmless way to ask")
HOST = this_worker().partition("/")[0]


def test_we_are_alive() -> None:
    assert this_worker().startswith(f"{HOST}/{os.getpid()}")
    assert not is_gone(this_worker())
    assert not is_gone(f"{HOST}/{os.getpid()}")


def test_the_dead_are_gone() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert is_gone(f"{HOST}/{process.pid}")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells")
def test_the_dead_whose_parent_has_not_noticed_are_gone() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        worker = f"{HOST}/{process.pid}"
        assert not is_gone(worker)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone(worker)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells")
def test_another_process_under_the_same_number_is_not_the_worker() -> None:
    assert is_gone(f"{HOST}/{os.getpid()}/1")


@pytest.mark.parametrize("worker", ["elsewhere/1", "", HOST, f"{HOST}/x", f"{HOST}/1", f"{HOST}/{2**80}"])
def test_what_is_not_known_to_be_gone_counts_as_alive(worker: str) -> None:
    assert not is_gone(worker)
