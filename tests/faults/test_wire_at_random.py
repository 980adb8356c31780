"""Everything that may happen to a worker, at random: two clients that come and go must end with exact copies.

Lines, halves of lines, holes, artifacts, steps that appear late; the server stops and comes back; the writer dies in the
middle of a line and another one takes over under a new epoch; a client is killed in the middle of a line.
WHARF_TUI_SEEDS sets how many such lives are lived, WHARF_TUI_FIRST_SEED which comes first.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.served_builds import begin_build
from wharf_tui.attach import session as session_module
from wharf_tui.attach.connection import Endpoint
from wharf_tui.attach.session import AttachSession
from wharf_tui.model.build import Liveness, StepInfo, StepState
from wharf_tui.model.errors import UnreachableError
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.follow import poll_often, waiter_for
from wharf_tui.worker.auth import ListenSettings
from wharf_tui.worker.server import serve_build

# asyncio forgets a connection that it accepts in the very moment in which its server is closed (CPython, Server._attach).
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
SEEDS = int(os.environ.get("WHARF_TUI_SEEDS", "8"))
FIRST_SEED = int(os.environ.get("WHARF_TUI_FIRST_SEED", "1"))
START_NS = 1_700_000_000_000_000_000


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "_SHORTEST_PAUSE", 0.02)
    monkeypatch.setattr(session_module, "_LONGEST_PAUSE", 0.1)


class Life:
    """A build's worker, and the hand of chance over it."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self._chance = chance
        self._steps = chance.randrange(4)
        self._ended: set[StepId] = set()
        self._number = 0
        self.store = begin_build(folder, self._steps)
        self.path = self.store.path
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._server: contextlib.AsyncExitStack | None = None

    async def come_up(self) -> None:
        reader = BuildReader.open(self.path)
        wait = (
            waiter_for(self.store.changes.wait, breath=0)
            if self._chance.random() < 0.5
            else poll_often(reader)
        )
        self._server = contextlib.AsyncExitStack()
        self._server.callback(reader.close)
        await self._server.enter_async_context(serve_build(reader, wait, ListenSettings(port=self.port)))

    async def go_down(self) -> None:
        assert self._server is not None
        await self._server.aclose()

    async def live(self) -> None:
        """Some moments, and then the end of the build."""
        happenings: list[tuple[int, Callable[[StepId], Any]]] = [
            (10, self._lines), (2, self._half_a_line), (1, self._gap), (2, self._status), (1, self._artifact),
            (1, self._last_words), (1, self._new_step), (1, self._restart), (1, self._die),
        ]  # fmt: skip
        weights = [weight for weight, _ in happenings]
        for _ in range(self._chance.randrange(5, 60)):
            (happening,) = self._chance.choices([each for _, each in happenings], weights)
            going_on = [step for step in map(StepId, range(1, self._steps + 1)) if step not in self._ended]
            if going_on or happening in (self._new_step, self._restart, self._die):
                result = happening(self._chance.choice(going_on or [StepId(0)]))
                if result is not None:
                    await result
            await asyncio.sleep(self._chance.choice([0, 0, 0.005, 0.03]))
        self.store.freeze(Status.SUCCESS)

    def _lines(self, step: StepId) -> None:
        count = self._chance.choice([1, 1, 5, 200, 5000])
        numbers = range(self._number, self._number + count)
        self.store.log(step).append_many((START_NS + number, b"line %d" % number) for number in numbers)
        self._number += count

    def _half_a_line(self, step: StepId) -> None:
        self.store.log(step).append_stored_part(b"2024-02-03T10:00:00Z half of %d " % self._number)

    def _gap(self, step: StepId) -> None:
        self._number += 1
        kind = self._chance.choice([GapKind.HOLE, GapKind.LOST_BEFORE_US])
        self.store.log(step).add_gap(kind, f"gap {self._number}", missing=self._chance.randrange(1, 5))

    def _status(self, step: StepId) -> None:
        self.store.set_status(step, self._chance.choice([Status.SCHEDULING, Status.RUNNING]))

    def _artifact(self, step: StepId) -> None:
        self._number += 1
        self.store.add_artifact(step, f"{self._number}.zip")

    def _last_words(self, step: StepId) -> None:
        self._ended.add(step)
        self.store.close_log(step)

    def _new_step(self, _: StepId) -> None:
        self._steps += 1
        self.store.add_steps((StepState(StepInfo(StepId(self._steps), "later", f"step{self._steps}")),))

    async def _restart(self, _: StepId) -> None:
        await self.go_down()
        await asyncio.sleep(self._chance.random() / 10)
        await self.come_up()

    async def _die(self, _: StepId) -> None:
        """The writer's process ends with all that it had open, perhaps in the middle of a line."""
        await self.go_down()
        _kill(self.store)
        self.store = BuildWriter.reopen(self.path)
        await self.come_up()


def _kill(store: BuildWriter) -> None:
    store._stop_syncing.set()
    store._syncer.join()
    for log in store._logs.values():
        os.close(log._file)
        log._index_file.close()
        log._lock.release()
        log._closed = True
    store._logs.clear()
    store._lock.release()
    store._closed = True


async def copy(address: str, folder: Path, chance: random.Random) -> Path:
    """Attach until the whole build is here; now and then the client is killed, sometimes in the middle of a line."""
    while True:
        session = AttachSession(Endpoint(address), folder)
        with contextlib.suppress(UnreachableError):
            await session.open(20)
            running = asyncio.create_task(session.run())
            patience = chance.random() * 0.4 if chance.random() < 0.5 else None
            await asyncio.wait({running}, timeout=patience)
            if not running.done():
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                _tear_a_line(session.path, chance)
                continue
            running.result()
            if BuildReader.open(session.path).liveness is Liveness.FROZEN:
                return session.path
        await asyncio.sleep(0.02)


def _tear_a_line(path: Path, chance: random.Random) -> None:
    logs = sorted(path.glob("steps/*/logs.log"))
    if logs and chance.random() < 0.5 and BuildReader.open(path).liveness is Liveness.UNFINISHED:
        with chance.choice(logs).open("ab") as log:
            log.write(b"2024-02-03T10:00:00Z torn by a ki")


def all_of(path: Path) -> Iterator[tuple[object, ...]]:
    """What must be the same in a copy."""
    reader = BuildReader.open(path)
    yield (reader.info.result, reader.info.uid)
    for step in reader.info.steps:
        step_id = step.info.step_id
        log = reader.log(step_id)
        log.refresh()
        text = log.path.read_bytes() if log.path.exists() else b""
        yield (step.info, log.gaps, reader.statuses(step_id), reader.artifacts(step_id), text)
    reader.close()


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + SEEDS))
async def test_whatever_happens_every_copy_is_exact(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    life = Life(tmp_path / "builds", chance)
    await life.come_up()
    address = f"127.0.0.1:{life.port}"
    copies = [
        asyncio.create_task(copy(address, tmp_path / f"copies{n}", random.Random(f"{seed} {n}")))
        for n in range(2)
    ]
    try:
        async with asyncio.timeout(60):
            await life.live()
            paths = await asyncio.gather(*copies)
    finally:
        for each in copies:
            each.cancel()
        await asyncio.gather(*copies, return_exceptions=True)
        await life.go_down()
        life.store.close()
    for path in paths:
        assert list(all_of(path)) == list(all_of(life.path))
