"""Containers are followed whatever their logs are shown on, and from the start on one can stop."""

from __future__ import annotations

import asyncio
import gc
import threading
from dataclasses import dataclass

import pytest

from wharf_tui.cli import plain
from wharf_tui.cli.follow_containers import follow_containers
from wharf_tui.model.build import Liveness
from wharf_tui.model.errors import RuntimeUnavailableError
from wharf_tui.model.status import Status
from wharf_tui.results.catalogue import list_builds
from wharf_tui.runtimes.port import Cancellation, StepOutcome, StepRecorder

LINES = 20


@dataclass(frozen=True)
class Container:
    """One that prints its lines and ends well."""

    name: str = "web"
    group: str = ""


class Source:
    """A source of one container."""

    name = "docker"
    description = "docker web"
    may_grow = False

    def __init__(self) -> None:
        self.has_stopped = threading.Event()

    async def start(self) -> list[Container]:
        return [Container()]

    async def next(self) -> list[Container]:
        await asyncio.Event().wait()
        raise AssertionError

    async def take(self, found: Container, recorder: StepRecorder, cancellation: Cancellation) -> StepOutcome:
        del found, cancellation
        recorder.status(Status.RUNNING)
        for number in range(1, LINES + 1):
            recorder.lines([(number, b"line %d" % number)])
            await asyncio.sleep(0)
        return StepOutcome(Status.SUCCESS, 0)

    async def stop(self) -> None:
        self.has_stopped.set()


@pytest.fixture(autouse=True)
def builds(tmp_path, monkeypatch):
    monkeypatch.setenv("WHARF_TUI_BUILDS", str(tmp_path / "builds"))
    return tmp_path / "builds"


async def test_all_is_kept_while_the_terminal_takes_nothing(builds, monkeypatch):
    source = Source()

    async def block(*_arguments, **_more):
        assert source.has_stopped.wait(30)  # this loop stands still meanwhile

    monkeypatch.setattr(plain, "print_as_it_comes", block)
    assert await follow_containers(source, None, interactive=False) == 0
    assert source.has_stopped.is_set()
    (build,) = list_builds(builds)
    assert (build.status, build.liveness) == (Status.SUCCESS, Liveness.FROZEN)


async def test_lines_are_printed(capfd):
    assert await follow_containers(Source(), None, interactive=False) == 0
    assert capfd.readouterr().out.splitlines() == [f"web | line {number}" for number in range(1, LINES + 1)]


async def test_where_there_is_nothing_to_follow_nothing_is_kept(builds):
    class Unreachable(Source):
        async def start(self):
            raise RuntimeUnavailableError("Docker cannot be reached", "Start it.")

    source = Unreachable()
    with pytest.raises(RuntimeUnavailableError):
        await follow_containers(source, None, interactive=False)
    assert source.has_stopped.is_set()
    assert not builds.exists()


async def test_one_need_not_wait_for_the_start(builds, caplog):
    loop = asyncio.get_running_loop()
    is_starting = asyncio.Event()

    class Slow(Source):
        async def start(self):
            loop.call_soon_threadsafe(is_starting.set)
            await asyncio.Event().wait()
            raise AssertionError

    source = Slow()
    following = asyncio.create_task(follow_containers(source, None, interactive=False))
    await asyncio.wait_for(is_starting.wait(), 10)
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(following, 10)
    assert source.has_stopped.is_set()
    assert not builds.exists()
    del following
    gc.collect()
    assert not caplog.records  # such as that nobody wanted to know of the cancellation
