"""An engine that restarts in mid-step: with live-restore the step goes on, and what may be missing is said.

This needs an engine of our own, which only root may start.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.live.docker_builds import IMAGE
from tests.live.docker_following import Followed, Foreign
from wharf_tui.model.status import Status
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.runtime import probe
from wharf_tui.runtimes.docker.settings import Limits

pytestmark = [
    pytest.mark.docker,
    # The SDK leaves a socket open that it could not connect, as happens in the moment of an engine's death.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
PATIENCE_S = 30
Follow = Callable[..., Awaitable[Followed]]


class OwnEngine:
    """A second engine, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.address = f"unix://{folder}/s"
        self._folder = folder
        self._log = (folder / "log").open("wb")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["dockerd", "--live-restore", "--bridge=none", "--iptables=false", "--ip6tables=false"]
        places = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
        command += [f"--{option}={self._folder}/{place}" for option, place in places.items()]
        command += ["--host", self.address]
        self._process = subprocess.Popen(
            command, stdout=self._log, stderr=self._log, stdin=subprocess.DEVNULL
        )

    def wait(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + PATIENCE_S
        while (why_not := probe()) is not None:
            if time.monotonic() > deadline:
                pytest.skip(f"cannot start an engine of our own: {why_not}")
            time.sleep(0.1)

    def end(self, how: signal.Signals) -> None:
        assert self._process is not None
        containerd = int((self._folder / "exec/containerd/containerd.pid").read_text())
        self._process.send_signal(how)
        self._process.wait(PATIENCE_S)
        deadline = time.monotonic() + PATIENCE_S
        while Path(f"/proc/{containerd}").exists() and time.monotonic() < deadline:
            time.sleep(0.02)  # the next engine would wait for one that is about to go

    def close(self) -> None:
        """End it, and what lives on without it."""
        if self._process is not None and self._process.poll() is None:
            self.end(signal.SIGTERM)
        self._log.close()
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if str(self._folder).encode() in (process / "cmdline").read_bytes():
                    os.kill(int(process.name), signal.SIGKILL)
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in sorted(
            (mount for mount in mounts if mount.startswith(f"{self._folder}/")), reverse=True
        ):
            subprocess.run(["umount", "--lazy", mount], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self._folder, ignore_errors=True)


@pytest.fixture
def own_engine(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnEngine]:
    """An engine that has the image; whoever asks for Docker gets this one."""
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        pytest.skip("only root can start a dockerd, where there is one")
    image = b"".join(engine.client.get_image(IMAGE))
    # Sockets must have short paths, so this is no folder of pytest's.
    folder = Path(tempfile.mkdtemp(prefix="wt-"))
    own = OwnEngine(folder)
    monkeypatch.setenv("DOCKER_HOST", own.address)
    try:
        own.start()
        own.wait()
        client = Engine()
        client.client.load_image(image)
        client.close()
        yield own
    finally:
        own.close()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_a_step_outlives_its_engine(own_engine: OwnEngine, start, how: signal.Signals) -> None:
    build = await start({"step": ["for i in $(seq 1 100); do echo line $i; sleep 0.05; done"]})
    recorder = build.recorder("step")
    run = asyncio.ensure_future(build.run("step"))
    await recorder.wait_for_lines(20)
    await asyncio.to_thread(own_engine.end, how)
    own_engine.start()
    outcome = await run
    assert outcome.status is Status.SUCCESS
    numbers = [int(message.removeprefix(b"line ")) for message in recorder.messages()]
    assert numbers == sorted(set(numbers)), "repeated or out of order"
    assert numbers[:20] == list(range(1, 21))
    assert numbers[-1] == 100
    assert recorder.gaps == [
        "the Docker engine restarted: what the step printed in that moment may be missing"
    ]


@pytest.mark.parametrize("rotation", [None, ("10m", 3)], ids=["never rotates", "may rotate"])
async def test_following_outlives_the_engine(own_engine: OwnEngine, follow: Follow, rotation) -> None:
    client = Engine()
    foreign = Foreign(client)
    name = foreign.run(
        "i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo line $i; sleep 0.05; done", rotation=rotation
    )
    followed = await follow(name)
    await followed.wait_for_lines(name, 20)
    await asyncio.to_thread(own_engine.end, signal.SIGKILL)
    own_engine.start()
    assert await followed.end() is Status.SUCCESS
    numbers = [int(message.removeprefix(b"line ")) for message in followed.messages(name)]
    assert numbers == sorted(set(numbers)), "repeated or out of order"
    assert numbers[-1] == 200
    assert followed.gaps(name) == [
        "the Docker engine restarted: what the container printed in that moment may be missing"
    ]
    client.close()


async def test_an_engine_that_stays_away_fails_the_step(own_engine: OwnEngine, start) -> None:
    build = await start({"step": ["echo ready; sleep 600"]}, limits=Limits(away_s=0.5))
    recorder = build.recorder("step")
    run = asyncio.ensure_future(build.run("step"))
    await recorder.wait_for_lines(1)
    await asyncio.to_thread(own_engine.end, signal.SIGTERM)
    outcome = await run
    assert outcome.status is Status.FAILED
    assert "Docker cannot be reached" in outcome.reason
    assert "is left behind" in outcome.reason
    own_engine.start()
    own_engine.wait()
