"""A sink that fails is tried again; everybody waits, nothing is lost, and it is said in clear words."""

import asyncio
import threading

import pytest

from wharf_tui.aggregator import sink_pool
from wharf_tui.aggregator.journal import Entry, Journal, Level
from wharf_tui.aggregator.metrics import Metrics
from wharf_tui.aggregator.sink_pool import SinkPool
from wharf_tui.model.errors import (
    AccessDeniedError,
    StorageFullError,
    StoreBusyError,
    StoreError,
    UnreachableError,
)


class Sink:
    """Raises these, one a call, and then works."""

    name = "sqlite:///x"

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0
        self.closed = False
        self.may_end = threading.Event()

    def open(self) -> None:
        self.work()

    def work(self) -> int:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.calls

    def close(self) -> None:
        self.closed = True

    def interrupt(self) -> None:
        self.may_end.set()


@pytest.fixture
def pool_of(monkeypatch):
    monkeypatch.setattr(sink_pool, "_LONGEST_PAUSE", 0.02)
    said: list[Entry] = []

    def make(*sinks, give_up=None):
        return SinkPool(sinks, Journal(said.append), Metrics(), give_up), said

    return make


async def test_a_sink_that_is_down_busy_or_full_is_tried_until_it_works(pool_of) -> None:
    sink = Sink(UnreachableError("down", "look"), StoreBusyError("busy"), StorageFullError("full"))
    pool, said = pool_of(sink)
    await pool.open(patiently=True)
    assert sink.calls == 4
    assert [entry.level for entry in said] == [Level.WARNING, Level.INFO]
    assert said[0].message == "down; trying again"
    assert dict(said[0].fields) == {"hint": "look"}
    assert "takes lines again after" in said[1].message
    assert pool._metrics.retries == 3
    assert pool._metrics.sink_problem == ""
    await pool.close()
    assert sink.closed


@pytest.mark.parametrize("error", [StoreError("no such table"), AccessDeniedError("wrong password")])
async def test_what_trying_again_does_not_help_is_raised(pool_of, error) -> None:
    pool, _ = pool_of(Sink(error))
    with pytest.raises(type(error)):
        await pool.open(patiently=True)
    await pool.close()


async def test_it_gives_up_in_the_end_where_that_is_wanted(pool_of) -> None:
    pool, _ = pool_of(Sink(*[UnreachableError("down")] * 10_000), give_up=0.1)
    with pytest.raises(UnreachableError):
        await pool.open(patiently=True)
    assert pool._metrics.sink_problem == "down"
    await pool.close()


async def test_a_sink_that_is_wrong_at_the_start_is_told_at_once(pool_of) -> None:
    sink = Sink(UnreachableError("down"))
    pool, said = pool_of(sink)
    with pytest.raises(UnreachableError):
        await pool.open(patiently=False)
    assert (sink.calls, said) == (1, [])
    await pool.close()


async def test_each_sink_is_used_by_one_at_a_time_first_come_first_served(pool_of) -> None:
    pool, _ = pool_of(Sink(), Sink())
    await pool.open(patiently=False)
    using, order = set(), []
    lock = threading.Lock()

    def use(number):
        def work(sink):
            with lock:
                assert sink not in using
                using.add(sink)
                order.append(number)
            threading.Event().wait(0.005)
            with lock:
                using.discard(sink)

        return work

    tasks = []
    for number in range(20):
        tasks.append(asyncio.create_task(pool.run(use(number))))
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert [abs(at - number) <= 1 for at, number in enumerate(order)] == [True] * 20
    await pool.close()


async def test_who_comes_again_at_once_waits_behind_those_who_wait(pool_of) -> None:
    pool, _ = pool_of(Sink())
    await pool.open(patiently=False)
    order = []

    async def keep_coming(name: str) -> None:
        for _ in range(10):
            await pool.run(lambda _sink: order.append(name))

    await asyncio.gather(keep_coming("a"), keep_coming("b"), keep_coming("c"))
    assert "".join(order) == "abc" * 10
    await pool.close()


async def test_work_that_has_begun_is_waited_for_when_we_are_stopped(pool_of) -> None:
    pool, _ = pool_of(Sink())
    await pool.open(patiently=False)
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work(_sink):
        begun.set()
        may_end.wait(5)
        ended.set()

    task = asyncio.create_task(pool.run(work))
    while not begun.is_set():
        await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.sleep(0.01)
    assert not task.done()
    may_end.set()
    await asyncio.gather(task, return_exceptions=True)
    assert ended.is_set()
    assert task.cancelled()
    await pool.close()


async def test_work_that_hangs_when_we_are_stopped_is_cut_off(pool_of, monkeypatch) -> None:
    monkeypatch.setattr(sink_pool, "GRACE_SECONDS", 0.05)
    sink = Sink()
    pool, _ = pool_of(sink)
    await pool.open(patiently=False)
    task = asyncio.create_task(pool.run(lambda sink: sink.may_end.wait(30)))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    await pool.close()
