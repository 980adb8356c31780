"""The life of a container step: how it ends, how it is ended, and that nothing of it is left behind."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.live.docker_builds import containers_of
from wharf_tui.model.errors import StorageFullError
from wharf_tui.model.status import Status
from wharf_tui.runtimes.docker.leftovers import find_leftovers, remove_leftovers
from wharf_tui.runtimes.docker.settings import DockerSettings, Limits, PullPolicy
from wharf_tui.runtimes.docker.spec import OWNER_LABEL, container_config, container_name
from wharf_tui.runtimes.port import Cancellation, StepOutcome

pytestmark = pytest.mark.docker

SLEEPY = "echo ready; sleep 600"
DEAF = "trap '' TERM; echo ready; while true; do sleep 0.1; done"


@pytest.mark.parametrize(
    ("commands", "exit_code", "reason"),
    [
        (["echo a", "exit 3", "echo never"], 3, "exit code 3"),
        (["echo a", "false", "echo never"], 1, "exit code 1"),
        (["echo a", "kill -9 $$"], 137, "killed by signal 9 (SIGKILL)"),
        (["echo a", "kill -TERM $$"], 143, "killed by signal 15 (SIGTERM)"),
        (["echo a", "exit 200"], 200, "exit code 200"),
        (["echo a", "no-such-command"], 127, "exit code 127"),
    ],
)
async def test_how_a_step_fails(run_one, commands: list[str], exit_code: int, reason: str) -> None:
    outcome, recorder = await run_one(*commands)
    assert outcome == StepOutcome(Status.FAILED, exit_code, reason)
    assert b"a" in recorder.messages()
    assert b"never" not in recorder.messages()


async def test_out_of_memory_is_said(run_one) -> None:
    outcome, _ = await run_one(
        "head -c 200000000 /dev/zero | tail -c 190000000 >/dev/null",
        settings=DockerSettings(memory_bytes=32 * 1024**2),
    )
    assert outcome.status is Status.FAILED
    assert outcome.reason.startswith("out of memory (its limit is 32 MiB)")


async def test_an_image_that_cannot_be_had(start) -> None:
    image = "localhost:9/no/such-image:v1"
    build = await start({"step": {"container": {"image": image, "cmds": ["true"]}}})
    began = time.monotonic()
    outcome = await build.run("step")
    assert outcome.status is Status.FAILED
    assert outcome.exit_code is None
    assert outcome.reason.startswith(f"cannot pull image {image}: ")
    assert "connection refused" in outcome.reason  # the engine's own words
    assert time.monotonic() - began < 10
    assert (Status.INITIALIZING, f"pulling image {image}") in build.recorder("step").statuses


@pytest.fixture
def deaf_registry() -> Iterator[str]:
    """Takes connections, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"localhost:{listener.getsockname()[1]}"


async def test_cancel_while_a_registry_does_not_answer(start, deaf_registry: str) -> None:
    image = f"{deaf_registry}/image:v1"
    build = await start({"step": {"container": {"image": image, "cmds": ["true"]}}})
    cancellation = Cancellation()
    run = asyncio.ensure_future(build.run("step", cancellation))
    await build.recorder("step").wait_for(
        lambda it: (Status.INITIALIZING, f"pulling image {image}") in it.statuses
    )
    began = time.monotonic()
    cancellation.request("enough")
    outcome = await run
    assert (outcome.status, outcome.reason) == (Status.CANCELLED, "enough")
    assert time.monotonic() - began < 5


async def test_a_registry_that_does_not_answer_in_time(start, deaf_registry: str) -> None:
    image = f"{deaf_registry}/image:v1"
    spec = {"container": {"image": image, "cmds": ["true"]}}
    build = await start({"step": spec}, limits=Limits(start_s=0.5))
    outcome = await build.run("step")
    assert outcome.status is Status.FAILED
    assert outcome.reason == f"it did not start within 0.5 s: pulling image {image}"


async def test_an_image_that_is_never_pulled(start) -> None:
    build = await start(
        {"step": {"container": {"image": "no-such-image", "cmds": ["true"]}}},
        settings=DockerSettings(pull_policy=PullPolicy.NEVER),
    )
    outcome = await build.run("step")
    assert outcome.reason == "image no-such-image is not there, and is never pulled"


async def test_a_shell_that_the_image_does_not_have(start) -> None:
    spec = {"image": "busybox:local", "shell": "/bin/no-shell", "cmds": ["true"]}
    build = await start({"step": {"container": spec}})
    outcome = await build.run("step")
    assert (outcome.status, outcome.exit_code) == (Status.FAILED, 127)
    assert any(b"/bin/no-shell" in message for message in build.recorder("step").messages())


async def test_gentle_cancel(start, engine) -> None:
    build = await start({"polite": ["trap 'echo bye; exit 0' TERM", "echo ready", "sleep 600 & wait"]})
    cancellation = Cancellation()
    run = asyncio.ensure_future(build.run("polite", cancellation))
    await build.recorder("polite").wait_for_lines(1)
    assert len(containers_of(engine, build.context.build_name)) == 1
    cancellation.request("cancelled by the user")
    outcome = await run
    assert (outcome.status, outcome.reason) == (Status.CANCELLED, "cancelled by the user")
    assert build.recorder("polite").messages() == [b"ready", b"bye"]
    assert containers_of(engine, build.context.build_name) == []


async def test_an_ordinary_shell_ends_at_once_when_asked(start) -> None:
    build = await start({"step": [SLEEPY]})
    cancellation = Cancellation()
    run = asyncio.ensure_future(build.run("step", cancellation))
    await build.recorder("step").wait_for_lines(1)
    began = time.monotonic()
    cancellation.request("enough")
    assert (await run).status is Status.CANCELLED
    assert time.monotonic() - began < 5


async def test_who_does_not_listen_is_killed_after_the_grace(start) -> None:
    build = await start({"step": [DEAF]}, limits=Limits(grace_s=0.5))
    cancellation = Cancellation()
    run = asyncio.ensure_future(build.run("step", cancellation))
    await build.recorder("step").wait_for_lines(1)
    cancellation.request("enough")
    outcome = await run
    assert (outcome.status, outcome.exit_code) == (Status.CANCELLED, 137)


async def test_forced_cancel_does_not_wait(start) -> None:
    build = await start({"step": [DEAF]}, limits=Limits(grace_s=600))
    cancellation = Cancellation()
    run = asyncio.ensure_future(build.run("step", cancellation))
    await build.recorder("step").wait_for_lines(1)
    cancellation.request("enough")
    await asyncio.sleep(0)
    cancellation.force("now")
    outcome = await run
    assert (outcome.status, outcome.reason) == (Status.CANCELLED, "enough")


async def test_cancel_before_it_starts(start, engine) -> None:
    build = await start({"step": [SLEEPY]})
    cancellation = Cancellation()
    cancellation.request("not wanted")
    outcome = await build.run("step", cancellation)
    assert outcome.status is Status.CANCELLED
    assert containers_of(engine, build.context.build_name) == []


@pytest.mark.parametrize("pause", [0.0, 0.02, 0.05, 0.1, 0.2])
async def test_cancel_at_any_moment_leaves_nothing(start, engine, pause: float) -> None:
    names = [f"step{number}" for number in range(4)]
    build = await start({name: [SLEEPY] for name in names})
    cancellation = Cancellation()
    runs = asyncio.gather(*(build.run(name, cancellation) for name in names))
    await asyncio.sleep(pause)
    cancellation.request("enough")
    assert {outcome.status for outcome in await runs} == {Status.CANCELLED}
    assert containers_of(engine, build.context.build_name) == []


async def test_a_step_that_is_dropped_leaves_nothing(start, engine) -> None:
    build = await start({"step": [SLEEPY]})
    run = asyncio.ensure_future(build.run("step"))
    await build.recorder("step").wait_for_lines(1)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert containers_of(engine, build.context.build_name) == []


async def test_a_full_disk_ends_the_step(start, engine) -> None:
    build = await start({"step": ["echo ready; while true; do echo more; sleep 0.1; done"]})
    recorder = build.recorder("step")
    run = asyncio.ensure_future(build.run("step"))
    await recorder.wait_for_lines(1)
    recorder.failure = StorageFullError("the disk is full")
    with pytest.raises(StorageFullError):
        await run
    assert containers_of(engine, build.context.build_name) == []


async def test_a_container_removed_by_somebody_else(start, engine) -> None:
    build = await start({"step": [SLEEPY]})
    recorder = build.recorder("step")
    run = asyncio.ensure_future(build.run("step"))
    await recorder.wait_for_lines(1)
    engine.remove(containers_of(engine, build.context.build_name)[0].lstrip("/"))
    outcome = await run
    assert outcome.status is Status.FAILED
    assert outcome.reason


async def test_step_timeout(start) -> None:
    build = await start({"step": [SLEEPY]}, limits=Limits(step_s=0.5))
    outcome = await build.run("step")
    assert (outcome.status, outcome.reason) == (Status.FAILED, "it did not end within 0.5 s")
    assert build.recorder("step").messages() == [b"ready"]


async def test_start_timeout(start) -> None:
    build = await start({"step": ["true"]}, limits=Limits(start_s=0.001))
    outcome = await build.run("step")
    assert outcome.status is Status.FAILED
    assert outcome.reason.startswith("it did not start within 0.001 s")


async def test_failed_containers_can_be_kept(start, engine) -> None:
    build = await start({"bad": ["exit 3"], "good": ["true"]}, limits=Limits(keep_failed=True))
    await build.run("good")
    outcome = await build.run("bad")
    (kept,) = containers_of(engine, build.context.build_name)
    assert outcome.reason == f"exit code 3; container {kept.lstrip('/')} is kept"
    engine.remove(kept.lstrip("/"))


async def test_leftovers_of_a_dead_worker_are_found_and_removed(start, engine) -> None:
    build = await start({"step": [SLEEPY]})
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    own = next(iter(build.context.pipeline.steps))
    config = container_config(own, build.context, DockerSettings())
    name = container_name(own, build.context)
    engine.create(name, config)
    assert name not in [leftover.container for leftover in find_leftovers()]  # we are alive
    engine.remove(name)
    config["Labels"][OWNER_LABEL] = f"{socket.gethostname()}/{dead.pid}"
    config["Labels"]["io.kubernetes.pod.name"] = "pod"
    engine.create(name, config)
    assert name not in [leftover.container for leftover in find_leftovers()]  # its kubelet looks after it
    engine.remove(name)
    del config["Labels"]["io.kubernetes.pod.name"]
    engine.create(name, config)
    engine.start(name)
    leftovers = [leftover for leftover in find_leftovers() if leftover.container == name]
    assert [(one.build_name, one.step, one.state) for one in leftovers] == [
        (build.context.build_name, "stage/step", "running")
    ]
    assert remove_leftovers(leftovers) == []
    assert containers_of(engine, build.context.build_name) == []
