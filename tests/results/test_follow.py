"""Following a build to its end: each line once, in order, and the gaps and states with them."""

import asyncio
import threading

import pytest

from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.follow import follow_build, poll, poll_often, waiter_for
from wharf_tui.results.log_cursor import LineAssembler

ONE, TWO = StepId(1), StepId(2)
INFO = BuildInfo(
    BuildId(1), steps=(StepState(StepInfo(ONE, "s", "one")), StepState(StepInfo(TWO, "s", "two")))
)


@pytest.fixture
def store(tmp_path):
    writer = BuildWriter.create(tmp_path, INFO)
    yield writer
    writer.close()


async def collect(store, wait, **options):
    reader = BuildReader.open(store.path)
    lines: dict[int, list[tuple[int, bytes]]] = {}
    gaps: list[tuple[int, int]] = []
    states: list[tuple[int, Status]] = []
    assemblers: dict[int, LineAssembler] = {}
    async with asyncio.timeout(60):
        async for news in follow_build(reader, wait, **options):
            step_id = news.step.info.step_id
            if news.block is not None:
                for line in assemblers.setdefault(step_id, LineAssembler()).feed(news.block):
                    lines.setdefault(step_id, []).append((line.log_id, line.message))
            elif news.gap is not None:
                gaps.append((step_id, news.gap.after))
            else:
                states.append((step_id, news.step.status))
    reader.close()
    return lines, gaps, states


def run_build(store):
    for number in range(500):
        for step_id in (ONE, TWO):
            store.log(step_id).append(None, b"%d" % number)
        if number == 200:
            store.set_status(ONE, Status.RUNNING)
            store.log(TWO).add_gap(GapKind.HOLE, "lost", missing=3)
    store.log(ONE).append_output(1, b"no end")
    store.set_status(ONE, Status.SUCCESS)
    store.freeze(Status.SUCCESS)


@pytest.mark.parametrize("way", ["told", "polling", "polling often"])
async def test_a_build_is_followed_to_its_end(store, way):
    watched = BuildReader.open(store.path)
    wait = {"told": waiter_for(store.changes.wait), "polling": poll, "polling often": poll_often(watched)}[
        way
    ]
    thread = threading.Thread(target=run_build, args=(store,))
    thread.start()
    lines, gaps, states = await collect(store, wait)
    thread.join()
    assert lines[ONE] == [*((number + 1, b"%d" % number) for number in range(500)), (501, b"no end")]
    assert lines[TWO] == [
        *((number + 1, b"%d" % number) for number in range(201)),
        *((number + 4, b"%d" % number) for number in range(201, 500)),
    ]
    assert gaps == [(TWO, 201)]
    assert [status for step_id, status in states if step_id == ONE][-1] is Status.SUCCESS


async def test_only_what_is_wanted_from_where_it_is_wanted(store):
    run_build(store)
    lines, _, _ = await collect(store, poll, only=frozenset({TWO}), after={TWO: 202})
    assert list(lines) == [TWO]
    assert lines[TWO][0] == (205, b"201")
    assert len(lines[TWO]) == 299


async def test_a_build_that_nobody_writes_is_read_to_its_end(store):
    store.log(ONE).append_output(1, b"one\nno end")
    store.close()
    lines, _, states = await collect(store, poll)
    assert lines == {ONE: [(1, b"one"), (2, b"no end")]}
    assert len(states) == 2
