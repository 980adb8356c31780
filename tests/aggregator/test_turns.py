import asyncio

from wharf_tui.aggregator.turns import Turns


async def test_no_more_than_the_limit_at_once_and_first_come_first_served() -> None:
    turns, inside, order = Turns(3), 0, []

    async def take(number: int) -> None:
        nonlocal inside
        async with turns.one():
            inside += 1
            order.append(number)
            assert inside <= 3
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(take(number) for number in range(30)))
    assert order == list(range(30))


async def test_a_turn_is_over_only_when_others_wait_and_it_has_lasted() -> None:
    turns = Turns(1, slice_seconds=0.02)
    async with turns.one() as turn:
        await asyncio.sleep(0.03)
        assert not turn.is_over
        waiting = asyncio.create_task(turns.one().__aenter__())
        await asyncio.sleep(0)
        assert turn.is_over
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert not turn.is_over
    async with turns.one() as turn:
        assert not turn.is_over
