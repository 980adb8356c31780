"""How fast a container's output is stored, against ``docker start -a`` into a file. Run it by hand: it needs Docker.

The target is half of that speed or better, with a time for every line. Last measured on two cores with Docker Engine
20.10.24: 915,917 lines/s against 958,772 (ratio 0.96); with four busy processes beside: 624,418 against 740,692 (0.84).
That nothing is missing is proven by the last lines of the engine's log alone: all of it is read again only where a
connection broke, which takes some 7 s for a million lines.
"""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from wharf_tui.definition.load import load_pipeline
from wharf_tui.definition.options import LoadOptions
from wharf_tui.model.build import BuildInfo
from wharf_tui.model.ids import BuildId
from wharf_tui.model.status import Status
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.runtimes.docker.runtime import DockerRuntime, probe
from wharf_tui.runtimes.port import BuildContext, Cancellation
from wharf_tui.worker.recorder import StoreRecorder

IMAGE = "busybox:local"
LINES = 1_000_000
ROUNDS = 3
TARGET = 0.5


def docker_start(folder: Path) -> float:
    """Seconds from start to end with the ``docker`` command."""
    name = f"wharf-bench-{secrets.token_hex(4)}"
    create = ["docker", "create", "--name", name, "--log-opt", "max-size=1t", IMAGE, "seq", "1", str(LINES)]
    subprocess.run(create, check=True, stdout=subprocess.DEVNULL)
    with (folder / "out").open("wb") as out:
        began = time.perf_counter()
        subprocess.run(["docker", "start", "-a", name], check=True, stdout=out)
        took = time.perf_counter() - began
    subprocess.run(["docker", "rm", "-v", name], check=True, stdout=subprocess.DEVNULL)
    return took


async def our_step(folder: Path) -> float:
    """Seconds of the same as a step: its creation, its removal and the sync of its log are counted too."""
    (folder / ".wharf-ci.yml").write_text(
        f"stage: {{step: {{container: {{image: '{IMAGE}', cmds: ['seq 1 {LINES}']}}}}}}"
    )
    pipeline = load_pipeline(folder, LoadOptions(build_id=1, environ={}, user_config_dir=folder))
    store = BuildWriter.create(folder, BuildInfo(BuildId(1)))
    (step,) = pipeline.steps
    runtime = DockerRuntime()
    await runtime.start(BuildContext(BuildId(1), f"bench-{secrets.token_hex(4)}", pipeline, folder))
    began = time.perf_counter()
    outcome = await runtime.run_step(step, StoreRecorder(store, step.step_id), Cancellation())
    store.close_log(step.step_id)
    took = time.perf_counter() - began
    await runtime.stop()
    assert outcome.status is Status.SUCCESS
    assert store.step(step.step_id).last_log_id == LINES
    store.close()
    return took


def main() -> int:
    """Measure in turns, so that both sides see the same machine."""
    why_not = probe()
    if why_not is not None:
        print(f"skipped: {why_not}")
        return 0
    theirs, ours = [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as scratch:
            theirs.append(docker_start(Path(scratch)))
            ours.append(asyncio.run(our_step(Path(scratch))))
    ratio = min(theirs) / min(ours)
    print(f"docker start -a   {LINES / min(theirs):>10,.0f} lines/s")
    print(f"wharf-tui step    {LINES / min(ours):>10,.0f} lines/s, stored with times")
    print(f"ratio             {ratio:>10.2f}  (target {TARGET})")
    return 0 if ratio >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
