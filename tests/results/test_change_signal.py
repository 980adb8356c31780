"""Nobody sleeps through a change, whichever thread tells of it."""

import asyncio
import threading

import pytest

from wharf_tui.results.change_signal import ChangeSignal


async def test_a_change_in_the_past_is_heard_at_once():
    signal = ChangeSignal()
    signal.notify()
    signal.notify()
    assert await asyncio.wait_for(signal.wait(0), 5) == 2


async def test_all_who_wait_are_woken():
    signal = ChangeSignal()
    waiters = [asyncio.create_task(signal.wait(0)) for _ in range(50)]
    await asyncio.sleep(0)
    signal.notify()
    assert await asyncio.wait_for(asyncio.gather(*waiters), 5) == [1] * 50


async def test_nobody_is_woken_without_a_change():
    signal = ChangeSignal()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(signal.wait(0), 0.02)
    signal.notify()
    assert await asyncio.wait_for(signal.wait(0), 5) == 1


async def test_whoever_gives_up_is_forgotten():
    signal = ChangeSignal()
    waiters = [asyncio.create_task(signal.wait(0)) for _ in range(3)]
    await asyncio.sleep(0)
    waiters[1].cancel()
    await asyncio.gather(waiters[1], return_exceptions=True)
    assert sum(map(len, signal._waiters.values())) == 2
    signal.notify()
    await asyncio.wait_for(asyncio.gather(waiters[0], waiters[2]), 5)
    assert not signal._waiters


async def test_no_wake_up_is_lost_between_threads():
    """Each side goes on only when the other was heard: one lost wake-up, and this would stand still."""
    signal = ChangeSignal()
    rounds, tellers = 500, 3
    turn = threading.Semaphore(0)

    def tell():
        for _ in range(rounds):
            turn.acquire()
            signal.notify()

    threads = [threading.Thread(target=tell) for _ in range(tellers)]
    for thread in threads:
        thread.start()
    seen = 0
    async with asyncio.timeout(60):
        while seen < rounds * tellers:
            turn.release()
            newer = await signal.wait(seen)
            assert newer > seen
            seen = newer
    for thread in threads:
        thread.join()


async def test_a_storm_of_changes_is_heard_to_its_end():
    signal = ChangeSignal()

    def storm():
        for _ in range(5000):
            signal.notify()

    threads = [threading.Thread(target=storm) for _ in range(4)]
    for thread in threads:
        thread.start()
    seen = heard = 0
    async with asyncio.timeout(60):
        while seen < 20_000:
            seen = await signal.wait(seen)
            heard += 1
    for thread in threads:
        thread.join()
    assert heard <= 20_000
    assert signal.version == 20_000


def test_the_next_loop_hears_too():
    signal = ChangeSignal()

    async def listen(seen):
        loop = asyncio.get_running_loop()
        loop.call_later(0.001, signal.notify)
        return await asyncio.wait_for(signal.wait(seen), 5)

    assert asyncio.run(listen(0)) == 1
    signal.notify()
    assert asyncio.run(listen(2)) == 3


async def test_each_loop_hears_every_change():
    """Both sides go on only when all loops have heard: one that were forgotten would let this stand still."""
    signal = ChangeSignal()
    rounds, heard = 200, threading.Barrier(3)

    def hear_all():
        async def hear():
            seen = 0
            while seen < rounds:
                seen = await asyncio.wait_for(signal.wait(seen), 30)
                await asyncio.get_running_loop().run_in_executor(None, heard.wait, 30)

        asyncio.run(hear())

    threads = [threading.Thread(target=hear_all) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(rounds):
        signal.notify()
        await asyncio.get_running_loop().run_in_executor(None, heard.wait, 30)
    for thread in threads:
        thread.join()
    assert not signal._waiters


async def test_a_loop_that_has_gone_keeps_no_other_from_hearing():
    signal = ChangeSignal()
    waiters: list[asyncio.Task[int]] = []

    def leave():
        async def give_up():
            waiters.append(asyncio.create_task(signal.wait(0)))
            await asyncio.sleep(0)

        loop = asyncio.new_event_loop()
        loop.run_until_complete(give_up())
        loop.close()

    await asyncio.get_running_loop().run_in_executor(None, leave)
    hearing = asyncio.create_task(signal.wait(0))
    await asyncio.sleep(0)
    signal.notify()
    assert await asyncio.wait_for(hearing, 5) == 1
    assert not signal._waiters
    waiters[0]._log_destroy_pending = False  # type: ignore[attr-defined]  # it can never end now, and need not say so


def test_a_loop_that_has_gone_is_no_error():
    signal = ChangeSignal()

    async def give_up():
        waiter = asyncio.create_task(signal.wait(0))
        await asyncio.sleep(0)
        return waiter

    loop = asyncio.new_event_loop()
    waiter = loop.run_until_complete(give_up())
    loop.close()
    signal.notify()
    signal.notify()
    assert signal.version == 2
    waiter._log_destroy_pending = False  # it can never end now, and need not say so
