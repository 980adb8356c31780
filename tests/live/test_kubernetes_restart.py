"""A kubelet or an API server that goes away in the middle of a step: the step goes on, and all its lines come once.

These tests stop parts of the cluster that `live/kubernetes-up` has started, so they run only where nobody else uses it:
WHARF_LIVE_DISRUPT=1, and WHARF_LIVE_KUBERNETES naming that script where it does not lie beside the project.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.live.docker_builds import IMAGE, Recorder
from tests.live.kubernetes_builds import NAMESPACE, Build, Namespace
from wharf_tui.model.status import Status
from wharf_tui.runtimes.docker.settings import Limits
from wharf_tui.runtimes.kubernetes.container_source import ContainerSource, Match
from wharf_tui.runtimes.port import Cancellation

SCRIPT = Path(
    os.environ.get("WHARF_LIVE_KUBERNETES") or Path(__file__).parents[3] / "shared/live/kubernetes-up"
)
RUN = Path(os.environ.get("WHARF_LIVE_DIR") or Path.home() / ".cache/wharf-live") / "run"

pytest_plugins = ("tests.live.kubernetes_fixtures",)
pytestmark = [
    pytest.mark.kubernetes,
    pytest.mark.timeout(240),
    pytest.mark.skipif(
        os.environ.get("WHARF_LIVE_DISRUPT") != "1" or not SCRIPT.exists(),
        reason="stops parts of the live cluster: set WHARF_LIVE_DISRUPT=1, and WHARF_LIVE_KUBERNETES=<kubernetes-up>",
    ),
]
LINES = 200
PRINTS = [f"i=0; while [ $i -lt {LINES} ]; do i=$((i+1)); echo $i; sleep 0.1; done", "printf last"]
STEPS: dict[str, object] = {
    "prints": PRINTS,
    "quiet": ["sleep 20; echo done"],
    "ends": ["seq 1 1000; sleep 4; seq 1001 2000; exit 5"],
}
"""One prints all the time, one prints nothing meanwhile, and one ends while nobody can tell."""


def process(name: str) -> int:
    return int((RUN / f"{name}.pid").read_text())


def kill(name: str) -> None:
    number = process(name)
    os.kill(number, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        while True:
            os.kill(number, 0)
            time.sleep(0.01)


def put_right() -> None:
    subprocess.run([str(SCRIPT)], check=True, stdout=subprocess.DEVNULL, timeout=200)


@pytest.fixture(autouse=True)
def _always_put_right() -> Iterator[None]:
    yield
    put_right()


def kubelet() -> None:
    kill("kubelet")


def api_server() -> None:
    kill("apiserver")


def both() -> None:
    kill("apiserver")
    kill("kubelet")


def press_for_memory() -> None:
    """Start a kubelet that finds too little memory on its node, whatever there is, and evicts all pods."""
    own = Path(f"/proc/{process('kubelet')}")
    command, folder = own.joinpath("cmdline").read_text().split("\0")[:-1], own.joinpath("cwd").readlink()
    kill("kubelet")
    script = f'echo $$ >{RUN}/kubelet.pid; exec "$@" >{RUN}/kubelet.log 2>&1 </dev/null'
    subprocess.run(
        ["setsid", "-f", "sh", "-c", script, "sh", *command, "--eviction-hard=memory.available<99%"],
        cwd=folder,
        check=True,
    )


def all_is_there(build: Build) -> None:
    expected = {
        "prints": [*range(1, LINES + 1), "last"],
        "quiet": ["done"],
        "ends": [*range(1, 2001)],
    }
    for name, lines in expected.items():
        recorder = build.recorder(name)
        assert recorder.messages() == [str(line).encode() for line in lines]
        assert not recorder.gaps


@contextlib.asynccontextmanager
async def followed(namespace: Namespace, folder: Path) -> AsyncIterator[asyncio.Task[Recorder]]:
    """A pod of somebody else's that prints the same, and is followed meanwhile. The task gives its log, once it has ended."""
    source = ContainerSource(Match(("foreign",), namespace=NAMESPACE))

    async def take() -> Recorder:
        recorder = Recorder(folder / "followed")
        (found,) = await source.start() or await source.next()
        await source.take(found, recorder, Cancellation())
        return recorder

    script = "\n".join(PRINTS)
    container = {"name": "c", "image": IMAGE, "imagePullPolicy": "IfNotPresent"}
    spec = {"restartPolicy": "Never", "containers": [container | {"command": ["sh", "-c", script]}]}
    namespace.create("pods", {"metadata": {"name": "foreign"}, "spec": spec})
    taking = asyncio.create_task(take())
    try:
        yield taking
    finally:
        taking.cancel()
        await asyncio.wait({taking})
        await source.stop()
        namespace.cluster.delete_pod("foreign")


@pytest.mark.parametrize("break_down", [kubelet, api_server, both])
async def test_a_part_of_the_cluster_is_restarted_in_the_middle_of_steps(
    start_pods, namespace: Namespace, break_down: Callable[[], None], tmp_path: Path
) -> None:
    build = await start_pods(STEPS)
    async with followed(namespace, tmp_path) as foreign:
        running = {name: asyncio.create_task(build.run(name)) for name in STEPS}
        await build.recorder("ends").wait_for_lines(1000)
        prints = build.recorder("prints")
        for outage_s in (6, 1):
            await prints.wait_for_lines(prints.writer.last_log_id + 15)
            break_down()
            await asyncio.sleep(outage_s)
            await asyncio.to_thread(put_right)
        outcomes = {name: await task for name, task in running.items()}
        assert {name: outcome.exit_code for name, outcome in outcomes.items()} == {
            "prints": 0,
            "quiet": 0,
            "ends": 5,
        }
        all_is_there(build)
        told = "\n".join(reason for _, reason in build.recorder("prints").statuses)
        assert "the cluster is away: " in told or "its log cannot be read at the moment: " in told
        recorder = await foreign
        assert recorder.messages() == build.recorder("prints").messages()
        assert not recorder.gaps


async def test_a_kubelet_that_hangs_for_a_while(start_pods) -> None:
    build = await start_pods(STEPS)
    running = {name: asyncio.create_task(build.run(name)) for name in STEPS}
    await build.recorder("ends").wait_for_lines(1000)
    await build.recorder("prints").wait_for_lines(1)
    number = process("kubelet")
    os.kill(number, signal.SIGSTOP)
    try:
        await asyncio.sleep(10)
        assert not any(task.done() for task in running.values())
    finally:
        os.kill(number, signal.SIGCONT)
    assert (await running["ends"]).exit_code == 5
    assert (await running["prints"]).status is (await running["quiet"]).status is Status.SUCCESS
    all_is_there(build)


async def test_an_api_server_that_is_away_while_steps_begin_and_for_longer_than_we_wait(start_pods) -> None:
    patient = await start_pods({f"s{number}": [f"echo {number}; sleep 3; echo bye"] for number in range(4)})
    hasty = await start_pods({"step": ["echo ready; sleep 60"]}, limits=Limits(away_s=3))
    given_up = asyncio.create_task(hasty.run("step"))
    await hasty.recorder("step").wait_for_lines(1)
    running = asyncio.gather(*map(patient.run, ("s0", "s1", "s2", "s3")))
    await patient.recorder("s3").wait_for_status(Status.INITIALIZING)
    api_server()
    try:
        await asyncio.sleep(6)
    finally:
        await asyncio.to_thread(put_right)
    outcome = await given_up
    assert outcome.status is Status.FAILED
    assert "the cluster is away" in outcome.reason
    assert hasty.recorder("step").gaps
    assert {outcome.status for outcome in await running} == {Status.SUCCESS}
    for number in range(4):
        assert patient.recorder(f"s{number}").messages() == [str(number).encode(), b"bye"]


async def test_a_pod_that_is_evicted(start_pods, namespace: Namespace) -> None:
    build = await start_pods({"step": ["echo ready; sleep 100"]})
    running = asyncio.create_task(build.run("step"))
    await build.recorder("step").wait_for_lines(1)
    press_for_memory()
    try:
        outcome = await running
    finally:
        kill("kubelet")
        await asyncio.to_thread(put_right)
        while namespace.is_tainted():
            await asyncio.sleep(0.2)
    assert outcome.status is Status.FAILED
    assert outcome.reason.startswith("Evicted: ")
    assert build.recorder("step").messages() == [b"ready"]
