"""A kubelet or an API server that goes away in the middle of a step: the step goes on, and all its lines come once.

These tests stop parts of the cluster that `live/kubernetes-up` has started, so they run only where nobody else uses it:
WHARF_LIVE_DISRUPT=1, with WHARF_LIVE_KUBERNETES naming that script.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from wharf_tui.model.status import Status
from wharf_tui.runtimes.docker.settings import Limits

pytest_plugins = ("tests.live.kubernetes_fixtures",)
pytestmark = [
    pytest.mark.kubernetes,
    pytest.mark.timeout(400),
    pytest.mark.skipif(
        os.environ.get("WHARF_LIVE_DISRUPT") != "1" or "WHARF_LIVE_KUBERNETES" not in os.environ,
        reason="stops parts of the live cluster: set WHARF_LIVE_DISRUPT=1 and WHARF_LIVE_KUBERNETES=<kubernetes-up>",
    ),
]
RUN = Path(os.environ.get("WHARF_LIVE_DIR") or Path.home() / ".cache/wharf-live") / "run"
LINES = 400
PRINTS = f"i=0; while [ $i -lt {LINES} ]; do i=$((i+1)); echo $i; sleep 0.1; done"


def stop(name: str) -> None:
    process = int((RUN / f"{name}.pid").read_text())
    os.kill(process, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        while True:
            os.kill(process, 0)
            time.sleep(0.01)


def put_right() -> None:
    subprocess.run([os.environ["WHARF_LIVE_KUBERNETES"]], check=True, stdout=subprocess.DEVNULL, timeout=300)


@pytest.fixture(autouse=True)
def _always_put_right() -> Iterator[None]:
    yield
    put_right()


@pytest.mark.parametrize("name", ["kubelet", "apiserver"])
@pytest.mark.parametrize("times", [1, 3])
async def test_a_part_of_the_cluster_is_restarted_in_the_middle_of_a_step(
    start_pods, name: str, times: int
) -> None:
    build = await start_pods({"step": [PRINTS, "printf last"], "quiet": ["sleep 30; echo done"]})
    running = asyncio.gather(build.run("step"), build.run("quiet"))
    recorder = build.recorder("step")
    for number in range(times):
        await recorder.wait_for_lines(20 + number * 80)
        stop(name)
        await asyncio.sleep(2)
        await asyncio.to_thread(put_right)
    outcomes = await running
    assert {outcome.status for outcome in outcomes} == {Status.SUCCESS}
    expected = [str(number).encode() for number in range(1, LINES + 1)] + [b"last"]
    assert recorder.messages() == expected
    assert not recorder.gaps
    assert build.recorder("quiet").messages() == [b"done"]


@pytest.mark.parametrize("name", ["kubelet", "apiserver"])
async def test_a_step_that_ends_while_nobody_can_tell(start_pods, name: str) -> None:
    build = await start_pods({"step": ["seq 1 1000; sleep 4; seq 1001 2000; exit 5"]})
    running = asyncio.create_task(build.run("step"))
    await build.recorder("step").wait_for_lines(1000)
    stop(name)
    await asyncio.sleep(8)
    await asyncio.to_thread(put_right)
    outcome = await running
    assert (outcome.status, outcome.exit_code) == (Status.FAILED, 5)
    assert build.recorder("step").messages() == [str(number).encode() for number in range(1, 2001)]
    assert not build.recorder("step").gaps


async def test_an_api_server_that_goes_away_while_steps_begin_and_end(start_pods) -> None:
    names = [f"s{number}" for number in range(4)]
    build = await start_pods({name: [f"echo {name}; sleep 3; echo bye"] for name in names})
    running = asyncio.gather(*map(build.run, names))
    await asyncio.sleep(1.5)
    stop("apiserver")
    await asyncio.sleep(3)
    await asyncio.to_thread(put_right)
    outcomes = await running
    assert {outcome.status for outcome in outcomes} == {Status.SUCCESS}
    for name in names:
        assert build.recorder(name).messages() == [name.encode(), b"bye"]


async def test_a_cluster_that_stays_away(start_pods) -> None:
    build = await start_pods({"step": ["echo ready; sleep 60"]}, limits=Limits(away_s=5))
    running = asyncio.create_task(build.run("step"))
    await build.recorder("step").wait_for_lines(1)
    stop("apiserver")
    try:
        await asyncio.sleep(10)
    finally:
        await asyncio.to_thread(put_right)
    outcome = await running
    assert outcome.status is Status.FAILED
    assert "the cluster is away" in outcome.reason
    assert build.recorder("step").gaps
