"""Containers become steps, those that join too; following ends when all have, or when nobody wants it any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from wharf_tui.model.build import BuildInfo, Liveness, StepState
from wharf_tui.model.errors import RunError, RuntimeUnavailableError, StorageFullError, WharfError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.runtimes.port import Cancellation, StepOutcome, StepRecorder
from wharf_tui.worker.following import STOPPED, Following


@dataclass(eq=False)
class Container:
    """One whose end a test decides on."""

    name: str
    group: str = ""
    end: asyncio.Future[StepOutcome] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def ends(self, status: Status = Status.SUCCESS, code: int = 0) -> None:
        self.end.set_result(StepOutcome(status, code))


class Source:
    """A source whose containers a test makes."""

    name = "docker"
    description = "docker -l a"

    def __init__(self, *, may_grow: bool) -> None:
        self.may_grow = may_grow
        self.joining: asyncio.Queue[list[Container] | WharfError] = asyncio.Queue()
        self.is_stopped = False

    async def start(self) -> list[Container]:
        return []

    async def next(self) -> list[Container]:
        found = await self.joining.get()
        if isinstance(found, WharfError):
            raise found
        return found

    async def take(self, found: Container, recorder: StepRecorder, cancellation: Cancellation) -> StepOutcome:
        recorder.status(Status.RUNNING)
        recorder.lines([(1, f"line of {found.name}".encode())])
        asked = asyncio.ensure_future(cancellation.wait_requested())
        first: set[asyncio.Future[Any]] = {asked, found.end}
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        return (
            found.end.result()
            if found.end.done()
            else StepOutcome(Status.CANCELLED, None, cancellation.reason)
        )

    async def stop(self) -> None:
        self.is_stopped = True


Begin = Callable[..., "tuple[Following[Container], asyncio.Task[Status]]"]


@pytest.fixture
def store(tmp_path: Path) -> BuildWriter:
    return BuildWriter.create(tmp_path, BuildInfo(BuildId(1)))


def begin(
    store: BuildWriter, source: Source, *found: Container
) -> tuple[Following[Container], asyncio.Task[Status]]:
    following = Following(store, source, list(found))
    return following, asyncio.create_task(following.run())


async def wait_for(store: BuildWriter, condition: Callable[[tuple[StepState, ...]], bool]) -> None:
    seen = 0
    while not condition(store.info.steps):
        seen = await asyncio.wait_for(store.changes.wait(seen), 10)


def states(store: BuildWriter) -> dict[str, tuple[Status, str]]:
    reader = BuildReader.open(store.path)
    assert reader.liveness is Liveness.FROZEN
    return {step.info.address: (step.status, step.reason) for step in reader.info.steps}


async def test_it_ends_when_all_that_were_named_have(store: BuildWriter) -> None:
    source, first, second = Source(may_grow=False), Container("web"), Container("db", group="shop")
    _, running = begin(store, source, first, second)
    first.ends()
    await wait_for(store, lambda steps: bool(steps) and steps[0].status is Status.SUCCESS)
    assert not running.done()
    second.ends()
    assert await running is Status.SUCCESS
    assert source.is_stopped
    assert states(store) == {"web": (Status.SUCCESS, ""), "shop/db": (Status.SUCCESS, "")}
    reader = BuildReader.open(store.path)
    assert [line.message for line in reader.log(StepId(2)).tail(9)] == [b"line of db"]
    assert [step.last_log_id for step in reader.info.steps] == [1, 1]


async def test_those_that_join_and_those_of_the_same_name(store: BuildWriter) -> None:
    source, first = Source(may_grow=True), Container("web")
    following, running = begin(store, source, first)
    first.ends(Status.FAILED, 3)
    await wait_for(store, lambda steps: bool(steps) and steps[0].status is Status.FAILED)
    source.joining.put_nowait([Container("web"), Container("web", group="other")])
    await wait_for(store, lambda steps: [step.status for step in steps].count(Status.RUNNING) == 2)
    source.joining.put_nowait([Container("web")])
    await wait_for(store, lambda steps: [step.status for step in steps].count(Status.RUNNING) == 3)
    following.stop()
    assert await running is Status.FAILED
    assert states(store) == {
        "web": (Status.FAILED, ""),
        "web (2)": (Status.CANCELLED, STOPPED),
        "other/web": (Status.CANCELLED, STOPPED),
        "web (3)": (Status.CANCELLED, STOPPED),
    }


async def test_nothing_has_matched_when_it_is_stopped(store: BuildWriter) -> None:
    following, running = begin(store, Source(may_grow=True))
    following.stop()
    assert await running is Status.SUCCESS
    assert states(store) == {}


async def test_the_place_goes_away(store: BuildWriter) -> None:
    source = Source(may_grow=True)
    following, running = begin(store, source, Container("web"))
    source.joining.put_nowait(RuntimeUnavailableError("the engine is away"))
    assert await running is Status.FAILED
    assert following.error is not None
    assert source.is_stopped
    assert states(store) == {"web": (Status.CANCELLED, STOPPED)}
    assert BuildReader.open(store.path).info.problem == "the engine is away"


async def test_one_that_cannot_be_read_does_not_end_the_others(store: BuildWriter) -> None:
    source, broken, fine = Source(may_grow=False), Container("broken"), Container("fine")
    following, running = begin(store, source, broken, fine)
    broken.end.set_exception(RunError("it keeps no log"))
    await wait_for(store, lambda steps: bool(steps) and steps[0].status is Status.FAILED)
    fine.ends()
    assert await running is Status.FAILED
    assert following.error is None
    assert states(store) == {"broken": (Status.FAILED, "it keeps no log"), "fine": (Status.SUCCESS, "")}


async def test_a_full_disk_ends_all(store: BuildWriter) -> None:
    source, full = Source(may_grow=True), Container("full")
    following, running = begin(store, source, full, Container("fine"))
    full.end.set_exception(StorageFullError("no space left"))
    assert await asyncio.wait_for(running, 10) is Status.FAILED
    assert isinstance(following.error, StorageFullError)
    assert source.is_stopped
