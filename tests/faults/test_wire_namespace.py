"""A worker behind a network that goes away and comes back, in a network namespace of its own."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.served_builds import finished_build
from tests.fakes.worker_process import steady_writer, worker_process
from wharf_tui.attach.connection import Endpoint
from wharf_tui.attach.progress import Phase
from wharf_tui.attach.session import AttachSession

CUT_SECONDS = float(os.environ.get("WHARF_TUI_CUT_SECONDS", "4"))
"""How long the network is away; the figure to prove is 20."""


_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Namespace:
    """A network namespace with one cable to this one."""

    name: str
    cable: str
    """This side's end of it."""
    address: str

    def set_cable(self, state: str) -> None:
        """Plug it in (``up``) or out (``down``)."""
        run("ip", "link", "set", self.cable, state)


def run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    if shutil.which("ip") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("network namespaces need iproute2 and root")
    number = os.getpid() % 250 + 1
    each = f"{os.getpid()}-{next(_NUMBERS)}"  # the end of a deleted one's cable stays for a moment
    made = Namespace(f"wharf-tui-{each}", f"wt{each}", f"10.213.{number}.2")
    try:
        run("ip", "netns", "add", made.name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespace can be made here: {error.stderr.decode().strip()}")
    try:
        inside = ("ip", "-n", made.name)
        run("ip", "link", "add", made.cable, "type", "veth", "peer", "name", "eth0", "netns", made.name)
        run("ip", "address", "add", f"10.213.{number}.1/24", "dev", made.cable)
        run(*inside, "address", "add", f"{made.address}/24", "dev", "eth0")
        run(*inside, "link", "set", "eth0", "up")
        run(*inside, "link", "set", "lo", "up")
        made.set_cable("up")
        yield made
    finally:
        run("ip", "netns", "delete", made.name)


async def test_a_slow_line_brings_everything(tmp_path: Path, namespace: Namespace) -> None:
    if shutil.which("tc") is None:
        pytest.skip("there is no tc to slow a line down with")
    path, _ = finished_build(tmp_path / "builds", {1: 2_000})
    inside = ["ip", "netns", "exec", namespace.name]
    try:
        run(
            *inside,
            *[
                "tc",
                "qdisc",
                "add",
                "dev",
                "eth0",
                "root",
                "tbf",
                "rate",
                "256kbit",
                "burst",
                "5kb",
                "latency",
                "400ms",
            ],
        )
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no line can be slowed down here: {error.stderr.decode().strip()}")
    with worker_process(path, f"{namespace.address}:0", ["--insecure"], inside) as worker:
        session = AttachSession(Endpoint(worker.address), tmp_path / "copies")
        await session.open()
        async with asyncio.timeout(60):
            await session.run()
    assert session.progress.complete
    assert session.progress.note == "", "it never broke"
    assert (session.path / "steps/1/logs.log").read_bytes() == (path / "steps/1/logs.log").read_bytes()


async def test_a_network_that_goes_and_comes_loses_and_doubles_nothing(
    tmp_path: Path, namespace: Namespace
) -> None:
    seconds = CUT_SECONDS + 3
    with (
        steady_writer(tmp_path / "builds", steps=2, lines_per_second=5_000, seconds=seconds) as (path, _),
        worker_process(
            path, f"{namespace.address}:0", ["--insecure"], ["ip", "netns", "exec", namespace.name]
        ) as worker,
    ):
        endpoint = Endpoint(worker.address, keepalive_seconds=1, keepalive_timeout_seconds=1)
        session = AttachSession(endpoint, tmp_path / "copies")
        await session.open()
        copying = asyncio.create_task(session.run())
        async with asyncio.timeout(CUT_SECONDS + 60):
            await session.wait_caught_up()
            namespace.set_cable("down")
            await asyncio.sleep(CUT_SECONDS)
            assert session.progress.phase is Phase.RECONNECTING, "it was noticed"
            namespace.set_cable("up")
            await copying
    assert session.progress.complete
    assert "reconnected after" in session.progress.note
    assert {log.parent.name: log.read_bytes() for log in session.path.glob("steps/*/logs.log")} == {
        log.parent.name: log.read_bytes() for log in path.glob("steps/*/logs.log")
    }
