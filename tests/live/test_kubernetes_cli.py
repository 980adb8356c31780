"""``wharf-tui run --runtime kubernetes`` as a user runs it: what is left in the cluster after any way of ending."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import yaml

from tests.live.docker_builds import IMAGE
from tests.live.kubernetes_builds import NAMESPACE, PATIENCE, SETTINGS, Namespace, all_at_once
from wharf_tui.runtimes.kubernetes.leftovers import find_leftovers

pytest_plugins = ("tests.live.kubernetes_fixtures",)
pytestmark = pytest.mark.kubernetes
Run = Callable[..., Awaitable[Process]]


@pytest.fixture
async def wharf_tui(tmp_path: Path, namespace: Namespace) -> AsyncIterator[Run]:
    """Starts the command in a folder of its own, with steps in the tests' namespace."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("WHARF_", "XDG_"))},
        "HOME": str(tmp_path),
        "WHARF_TUI_BUILDS": str(tmp_path / "builds"),
        "WHARF_K8S_NAMESPACE": NAMESPACE,
        "WHARF_WORKER_STEPS_INITCONTAINER_IMAGE": IMAGE,
        "WHARF_WORKER_STEPS_CONTAINER_IMAGEPULLPOLICY": "IfNotPresent",
    }
    started: list[Process] = []
    numbers = itertools.count()

    async def run(*arguments: str, **steps: str) -> Process:
        folder = tmp_path / f"repo{next(numbers)}"
        folder.mkdir()
        stage = {name: {"container": {"image": IMAGE, "cmds": [script]}} for name, script in steps.items()}
        (folder / ".wharf-ci.yml").write_text(yaml.safe_dump({"stage": stage}))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "wharf_tui", *arguments),
            cwd=folder,
            env=environment,
            stdout=PIPE,
            stderr=PIPE,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.wait()
    for name in namespace.pods():
        namespace.cluster.delete_pod(name)


async def ended(process: Process) -> tuple[int | None, str, str]:
    """Exit status, output and errors."""
    output, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert b"Traceback" not in errors, errors.decode()
    return process.returncode, output.decode(), errors.decode()


async def until_printed(process: Process, text: str) -> None:
    assert process.stdout is not None
    while text.encode() not in (line := await asyncio.wait_for(process.stdout.readline(), PATIENCE)):
        assert line, "it ended too early"


async def a_failed_step_ends_its_siblings(wharf_tui: Run) -> None:
    process = await wharf_tui(
        "run", "--runtime", "kubernetes", "--plain", fails="sleep 2; exit 3", sibling="echo ready; sleep 100"
    )
    status, output, errors = await ended(process)
    assert status == 1
    assert "stage/sibling | ready" in output
    assert "exit code 3" in output + errors


async def an_interrupted_build(wharf_tui: Run) -> None:
    process = await wharf_tui("run", "--runtime", "kubernetes", "--plain", step="echo ready; sleep 100")
    await until_printed(process, "stage/step | ready")
    process.send_signal(signal.SIGINT)
    assert (await ended(process))[0] == 130


async def test_nothing_is_left_behind(wharf_tui: Run, namespace: Namespace) -> None:
    await all_at_once(a_failed_step_ends_its_siblings(wharf_tui), an_interrupted_build(wharf_tui))
    namespace.wait_until_empty()


async def test_what_was_kept_or_lost_its_worker_is_cleaned_up(wharf_tui: Run, namespace: Namespace) -> None:
    keeping, killed = await asyncio.gather(
        wharf_tui("run", "--runtime", "kubernetes", "--plain", "--keep", "failed", bad="exit 4"),
        wharf_tui("run", "--runtime", "kubernetes", "--plain", lost="echo ready; sleep 300"),
    )
    await until_printed(killed, "stage/lost | ready")
    assert (await ended(keeping))[0] == 1
    names = namespace.pods()
    assert len(names) == 2
    assert len(find_leftovers(SETTINGS)) == 1
    killed.kill()
    await killed.wait()
    status, shown, _ = await ended(await wharf_tui("cleanup", "--runtime", "kubernetes", "--dry-run"))
    assert status == 0
    assert sorted(line.split()[0] for line in shown.splitlines()) == sorted(
        f"{NAMESPACE}/{name}" for name in names
    )
    assert sorted(line.split()[2:] for line in shown.splitlines()) == [
        ["stage/bad", "Failed"],
        ["stage/lost", "Running"],
    ]
    assert sorted(namespace.pods()) == sorted(names)
    assert (await ended(await wharf_tui("cleanup", "-y")))[0] == 0
    namespace.wait_until_empty()
