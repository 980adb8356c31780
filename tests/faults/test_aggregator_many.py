"""Many workers at once: all of their builds are copied, and the aggregator stays small.

WHARF_WORKERS says how many: 200 for the run that counts.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.aggregator.oracle import query
from tests.fakes.served_builds import finished_build, serving

WORKERS = int(os.environ.get("WHARF_WORKERS", "60"))
LINES = 50
MOST_BYTES = 300 * 1024 * 1024


def peak_memory(pid: int) -> int:
    """Bytes that the process had at most so far."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    return [finished_build(tmp_path / "builds" / str(n), {1: LINES, 2: LINES})[0] for n in range(WORKERS)]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.timeout(600)
async def test_all_are_done_and_memory_is_bounded(paths: list[Path], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    async with AsyncExitStack() as stack:
        arguments = ["aggregate", "--to", url, "--spool", str(tmp_path / "spool")]
        for path in paths:
            arguments += ["--from", await stack.enter_async_context(serving(path))]
        with (tmp_path / "said").open("wb") as said:
            began = time.monotonic()
            process = subprocess.Popen([sys.executable, "-m", "wharf_tui", *arguments], stderr=said)
        peak = 0
        while process.poll() is None:
            peak = max(peak, peak_memory(process.pid))
            await asyncio.sleep(0.05)
    print(f"{WORKERS} workers in {time.monotonic() - began:.1f} s, at most {peak / 1e6:.0f} MB")
    assert process.returncode == 0, (tmp_path / "said").read_text()
    assert query(url, "SELECT count(*), sum(lines) FROM build_overview WHERE state = 'complete'") == [
        (WORKERS, WORKERS * 2 * LINES)
    ]
    assert 0 < peak < MOST_BYTES
