"""A PostgreSQL of the suite's own, databases to copy into, and builds to copy."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest

from tests.fakes.postgres_server import PostgresServer, find_binaries
from wharf_tui.aggregator.journal import Entry, Journal
from wharf_tui.aggregator.metrics import Metrics
from wharf_tui.aggregator.pump import Desk
from wharf_tui.aggregator.sink_pool import SinkPool
from wharf_tui.aggregator.sinks.choice import sinks
from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.results.build_writer import BuildWriter

T0 = 1_706_954_401_123_456_789
MESSAGES = (
    b"compiling module a",
    b"",
    b"\\n is not a line end, \\ is no escape, \t is a tab",
    b"caf\xc3\xa9 \xf0\x9f\x9a\xa2",
    b"not \xff utf-8",
    b"NUL \x00 inside",
    b"\x1b[31mred\x1b[0m\rover",
    b"ends with CR\r",
    b"2024-02-03T10:00:01Z looks like a time",
    b"\\N",
    b"\\.",
    b"\xed\xa0\x80 half a surrogate",
    b"  two spaces  ",
)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL's binaries (initdb, postgres) are not here: apt install postgresql")
    server = PostgresServer(binaries, durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/builds.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_url()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/builds.db"


MakeBuild = Callable[..., BuildWriter]


@pytest.fixture
def make_build(tmp_path: Path) -> MakeBuild:
    """Write a build with so many steps of so many lines, of every kind; frozen unless told otherwise."""

    def make(
        lines: int = 100,
        steps: int = 2,
        *,
        frozen: bool = True,
        seed: int = 1,
        folder: Path | None = None,
        build_id: int = 42,
    ) -> BuildWriter:
        chance = random.Random(seed)
        infos = tuple(
            StepState(StepInfo(StepId(number), "build", f"step-{number}", "container"))
            for number in range(1, steps + 1)
        )
        store = BuildWriter.create(
            folder or tmp_path / "builds", BuildInfo(BuildId(build_id), infos, source="ci.yml")
        )
        for number in range(1, steps + 1):
            step_id = StepId(number)
            store.set_status(step_id, Status.RUNNING)
            write_lines(store, step_id, lines, chance)
        if frozen:
            finish(store)
        return store

    return make


def write_lines(
    store: BuildWriter, step_id: StepId, count: int, chance: random.Random, start: int = 0
) -> None:
    """Lines of every kind: with and without a time, in every encoding, some long."""
    log = store.log(step_id)
    lines = []
    for number in range(start, start + count):
        at_ns = None if chance.random() < 0.1 else T0 + number * 1_000_003 + chance.randrange(5)
        message = (
            chance.choice(MESSAGES) if chance.random() < 0.3 else b"line %d of step %d" % (number, step_id)
        )
        lines.append((at_ns, message * (2000 if chance.random() < 0.002 else 1)))
    log.append_many(lines)


def finish(store: BuildWriter, result: Status = Status.SUCCESS) -> None:
    """End all steps and the build."""
    for step in store.info.steps:
        store.close_log(step.info.step_id)
        store.set_status(step.info.step_id, result, exit_code=0 if result is Status.SUCCESS else 1)
    store.freeze(result)


def add_gap(store: BuildWriter, step_id: StepId, kind: GapKind, missing: int = 0) -> None:
    store.log(step_id).add_gap(kind, "the log was rotated away", missing, T0, T0 + 5)


class Bench:
    """A desk with everything that was said at it."""

    def __init__(self, url: str, *, give_up: float | None = 20.0, waits_for_refused: bool = False) -> None:
        self.entries: list[Entry] = []
        self.metrics = Metrics()
        journal = Journal(self.entries.append)
        self.pool = SinkPool(sinks(url), journal, self.metrics, give_up)
        self.desk = Desk(self.pool, journal, self.metrics, waits_for_refused=waits_for_refused)

    async def __aenter__(self) -> Self:
        await self.pool.open(patiently=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pool.close()

    @property
    def said(self) -> str:
        return "\n".join(entry.message for entry in self.entries)
