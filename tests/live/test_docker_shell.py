"""A shell in a step's container: one that runs, one that has failed and was kept, one that is gone."""

from __future__ import annotations

import asyncio
import subprocess

import pytest

from wharf_tui.model.build import StepInfo
from wharf_tui.model.errors import UsageError
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status
from wharf_tui.runtimes.docker.settings import Limits
from wharf_tui.runtimes.docker.shell import docker_shell
from wharf_tui.runtimes.port import Cancellation
from wharf_tui.runtimes.step_shell import open_step_shell

pytestmark = pytest.mark.docker


def in_shell(command: tuple[str, ...], script: str) -> str:
    """What a script prints that is typed into the shell; without a terminal, which a test has not."""
    words = [word if word != "-it" else "-i" for word in command]
    done = subprocess.run(words, input=script, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_what_a_failed_step_has_left_can_be_looked_at(start, engine):
    build = await start({"bad": ["echo evidence > found", "exit 3"]}, limits=Limits(keep_failed=True))
    assert (await build.run("bad")).status is Status.FAILED
    shell = docker_shell(build.context.build_name, StepInfo(StepId(1), "stage", "bad"))
    image = shell.command[-1]
    assert "a copy of what" in shell.note
    assert in_shell(shell.command, "cat found; pwd").startswith("evidence\n/")
    shell.close()
    assert engine.image(image) is None
    name = next(iter(engine.containers({"wharf-tui.build": build.context.build_name})))["Names"][0]
    engine.remove(name.lstrip("/"))


async def test_a_running_step_can_be_entered(start):
    build = await start({"long": ["echo here > found", "echo ready", "sleep 600"]})
    cancellation = Cancellation()
    running = asyncio.create_task(build.run("long", cancellation))
    await build.recorder("long").wait_for_lines(1)
    step = StepInfo(StepId(1), "stage", "long")
    shell = await asyncio.to_thread(docker_shell, build.context.build_name, step)
    assert shell.command[:2] == ("docker", "exec")
    told = await asyncio.to_thread(in_shell, shell.command, "cat /proc/1/cmdline")
    assert told
    cancellation.force("the test is over")
    assert (await running).status is Status.CANCELLED


async def test_a_container_that_is_gone_cannot_be_entered(start):
    build = await start({"bad": ["exit 3"]})
    await build.run("bad")
    with pytest.raises(UsageError, match="stage/bad is gone") as caught:
        docker_shell(build.context.build_name, StepInfo(StepId(1), "stage", "bad"))
    assert "--keep failed" in caught.value.hint


def test_a_step_that_runs_in_no_container_cannot_be_entered():
    with pytest.raises(UsageError, match="runs in no container"):
        open_step_shell("process", "wharf-cmd-build-00001-abcd", StepInfo(StepId(1), "stage", "step"))
