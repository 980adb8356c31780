"""A thread with a loop of its own: called, ended and waited for from another one."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

import pytest

from wharf_tui.worker.loop_thread import LoopThread


async def test_it_goes_on_while_the_other_loop_stands_still():
    ticks = threading.Semaphore(0)

    async def tick():
        for _ in range(3):
            await asyncio.sleep(0)
            ticks.release()
        return threading.current_thread().name

    thread: LoopThread[str] = LoopThread("ticking")
    thread.start(tick)
    for _ in range(3):
        assert ticks.acquire(timeout=10)  # this loop cannot do anything meanwhile
    assert (await thread.result()).startswith("ticking")
    assert not thread.running


async def test_it_is_called_while_it_runs_and_not_after():
    called = asyncio.Event()

    async def wait():
        await called.wait()

    thread: LoopThread[None] = LoopThread("called")
    thread.call(called.set)  # it has not begun: nobody is there
    thread.start(wait)
    assert thread.running
    assert not called.is_set()
    thread.call(called.set)
    await thread.result()
    called.clear()
    thread.call(called.set)
    assert not called.is_set()


async def test_what_it_raises_is_raised_to_who_waits():
    async def fail():
        raise ValueError("no")

    thread: LoopThread[None] = LoopThread("failing")
    thread.start(fail)
    with pytest.raises(ValueError, match="no"):
        await thread.result()


async def test_it_is_cancelled():
    cleaned = []

    async def wait():
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(True)

    thread: LoopThread[None] = LoopThread("cancelled")
    thread.cancel()  # nothing happens before it has begun
    thread.start(wait)
    thread.cancel()
    with pytest.raises(asyncio.CancelledError):
        await thread.result()
    assert cleaned
    thread.cancel()


async def test_it_hands_something_out_while_it_runs():
    handed: Future[int] = Future()
    end = asyncio.Event()

    async def hand_out():
        handed.set_result(7)
        await end.wait()

    thread: LoopThread[None] = LoopThread("handing")
    thread.start(hand_out)
    assert await thread.receive(handed) == 7
    assert thread.running
    thread.call(end.set)
    await thread.result()
    assert await thread.receive(handed) == 7


async def test_where_it_fails_before_it_hands_something_out_that_is_raised():
    async def fail():
        await asyncio.sleep(0)
        raise ValueError("no")

    thread: LoopThread[None] = LoopThread("failing")
    thread.start(fail)
    with pytest.raises(ValueError, match="no"):
        await thread.receive(Future[int]())
