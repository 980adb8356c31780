"""Containers that somebody else has started: each line once, in order, with what was printed before and what comes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from tests.live.docker_following import Followed, Foreign
from wharf_tui.model.errors import RunError
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import now_ns
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.runtimes.docker.container_taker import TakingLimits
from wharf_tui.runtimes.sources import History
from wharf_tui.worker.following import STOPPED

pytestmark = pytest.mark.docker

Follow = Callable[..., Awaitable[Followed]]
COUNTING = "i=0; while true; do i=$((i+1)); echo line $i; sleep 0.02; done"


def numbered(count: int, word: str = "line") -> list[bytes]:
    return [b"%s %d" % (word.encode(), number) for number in range(1, count + 1)]


def has_end(reader: BuildReader, name: str) -> bool:
    step = next(step for step in reader.info.steps if step.info.name == name)
    return [line.message for line in reader.log(step.info.step_id).tail(1)] == [b"end"]


@pytest.mark.parametrize("rotation", [None, ("10m", 3)], ids=["never rotates", "may rotate"])
async def test_what_was_printed_before_and_what_comes(foreign: Foreign, follow: Follow, rotation) -> None:
    script = "seq 1 500 | sed 's/^/line /'; for i in $(seq 501 600); do echo line $i; sleep 0.01; done; echo e >&2; exit 3"
    name = foreign.run(script, rotation=rotation)
    followed = await follow(name)
    assert await followed.end() is Status.FAILED
    step = followed.step(name)
    assert (step.status, step.exit_code, step.reason) == (Status.FAILED, 3, "exit code 3")
    messages = followed.messages(name)
    assert [message for message in messages if message != b"e"] == numbered(600)
    assert messages.count(b"e") == 1
    times = [line.at_ns or 0 for line in followed.read(name)[0]]
    assert all(times)
    assert times == sorted(times)
    assert followed.gaps(name) == []


@pytest.mark.parametrize("rotation", [None, ("10m", 3)], ids=["never rotates", "may rotate"])
async def test_every_kind_of_output(foreign: Foreign, follow: Follow, rotation) -> None:
    name = foreign.run(
        r"""printf '1%%\r2%%\rdone\n\n'; head -c 100000 /dev/zero | tr '\000' x; echo; echo err >&2
        sleep 0.3; head -c 10000000 /dev/zero | tr '\000' y; echo; printf 'last words'""",
        rotation=rotation,
    )
    followed = await follow(name)
    assert await followed.end() is Status.SUCCESS
    out = [message for message in followed.messages(name) if message != b"err"]
    assert [len(message) for message in out] == [10, 0, 100_000, 10_000_000, 10]
    assert out[0] == b"1%\r2%\rdone"
    assert (out[2], out[3]) == (b"x" * 100_000, b"y" * 10_000_000)
    assert out[4] == b"last words"
    assert followed.gaps(name) == []


async def test_a_container_with_a_terminal(foreign: Foreign, follow: Follow) -> None:
    name = foreign.run(
        "for i in 1 2 3; do echo line $i; done; head -c 40000 /dev/zero | tr '\\000' z; echo; printf end",
        tty=True,
    )
    followed = await follow(name)
    assert await followed.end() is Status.SUCCESS
    assert followed.messages(name) == [*numbered(3), b"z" * 40_000, b"end"]
    assert followed.gaps(name) == []


async def test_one_joins_one_ends_and_nobody_is_touched(foreign: Foreign, follow: Follow, engine) -> None:
    first = foreign.run(
        "trap 'exit 0' TERM; for i in 1 2 3; do echo line $i; done; while true; do sleep 0.05; done"
    )
    stays = foreign.run(COUNTING)
    followed = await follow(label=foreign.label)
    await followed.wait_for_lines(stays, 5)
    await followed.wait_for_lines(first, 3)
    engine.signal(first, "SIGTERM")
    joins = foreign.run("echo line 1; sleep 0.2; echo line 2")
    await followed.wait_for(lambda reader: sum(step.status.is_final for step in reader.info.steps) == 2)
    assert await followed.stop() is Status.CANCELLED
    assert followed.names() == [first, stays, joins]
    assert followed.messages(first) == numbered(3)
    assert followed.messages(joins) == numbered(2)
    assert followed.messages(stays) == numbered(len(followed.messages(stays)))
    assert [followed.step(name).status for name in (first, stays, joins)] == [
        Status.SUCCESS,
        Status.CANCELLED,
        Status.SUCCESS,
    ]
    assert followed.step(stays).reason == STOPPED
    assert engine.inspect(stays)["State"]["Running"]


async def test_one_that_lives_for_a_moment_and_is_removed_at_once(foreign: Foreign, follow: Follow) -> None:
    """Where the log was gone before it could be read, that is said; nothing else is missing."""
    followed = await follow(label=foreign.label)
    name = foreign.run("sleep 0.3; seq 1 3000 | sed 's/^/line /'; exit 4", remove=True)
    await followed.wait_for(lambda reader: any(step.status.is_final for step in reader.info.steps))
    step = followed.step(name)
    assert (step.status, step.exit_code) == (Status.FAILED, 4)
    messages = followed.messages(name)
    assert messages == numbered(len(messages))
    assert len(messages) == 3000 or followed.gaps(name) == [
        "the container was removed: its last lines may be missing"
    ]


@pytest.mark.parametrize("tty", [False, True], ids=["framed", "terminal"])
async def test_a_restart_goes_on_in_the_same_step(foreign: Foreign, follow: Follow, engine, tty) -> None:
    script = "n=$(cat /n 2>/dev/null || echo 1); echo $((n+1)) >/n; echo run $n; printf 'no end'; [ $n -lt 3 ] || exit 0; sleep 600"
    name = foreign.run(script, tty=tty)
    followed = await follow(name, limits=TakingLimits(restart_s=8))
    for run in (1, 2):
        await followed.wait_for_lines(name, 2 * run - 1)
        engine.client.restart(name, timeout=0)
    assert await followed.end() is Status.SUCCESS
    assert followed.messages(name) == [b"run 1", b"no end", b"run 2", b"no end", b"run 3", b"no end"]
    assert followed.gaps(name) == []
    assert followed.names() == [name]


async def test_one_that_is_started_later_again_is_a_step_of_its_own(
    foreign: Foreign, follow: Follow, engine
) -> None:
    stays = foreign.run(COUNTING)
    script = "n=$(cat /n 2>/dev/null || echo 1); echo $((n+1)) >/n; echo line $n"
    name = foreign.run(script, rotation=("10m", 3))
    followed = await follow(name, stays, limits=TakingLimits(restart_s=0.1))
    await followed.wait_for(lambda reader: any(step.status.is_final for step in reader.info.steps))
    engine.start(name)
    await followed.wait_for(lambda reader: sum(step.status.is_final for step in reader.info.steps) == 2)
    await followed.stop()
    assert followed.names() == [name, stays, f"{name} (2)"]
    assert followed.messages(name) + followed.messages(f"{name} (2)") == numbered(2)
    assert followed.gaps(f"{name} (2)") == []


@pytest.mark.parametrize("rotation", [None, ("10m", 3)], ids=["never rotates", "may rotate"])
async def test_the_first_lines_are_left_out_on_purpose(foreign: Foreign, follow: Follow, rotation) -> None:
    name = foreign.run("seq 1 300 | sed 's/^/line /'; sleep 0.5; echo line 301; sleep 600", rotation=rotation)
    every = await follow(name)
    await every.wait_for_lines(name, 301)
    since = (every.read(name)[0][-1].at_ns or 0) - 1
    for history, expected in (
        (History(tail=2), numbered(301)[-2:]),
        (History(since_ns=since), numbered(301)[-1:]),
        (History(tail=0), []),
        (History(since_ns=now_ns()), []),
    ):
        followed = await follow(name, history=history)
        await followed.wait_for(lambda reader: reader.info.steps[0].status is Status.RUNNING)
        if expected:
            await followed.wait_for_lines(name, len(expected))
        assert followed.step(name).reason == history.describe()
        await followed.stop()
        assert followed.messages(name) == expected
        assert followed.gaps(name) == []


async def test_a_log_that_rotates_faster_than_it_can_be_read(foreign: Foreign, follow: Follow) -> None:
    """Never twice, never out of order, and what is missing is said."""
    lines = 20_000
    script = f"sleep 0.5; seq 1 {lines} | sed 's/$/ {'x' * 60}/'; sleep 0.2; echo end"
    name = foreign.run(script, rotation=("100k", 3))
    followed = await follow(name)
    assert await followed.end() is Status.SUCCESS
    *messages, end = followed.messages(name)
    assert end == b"end"
    numbers = [int(message.split()[0]) for message in messages]
    assert numbers == sorted(set(numbers)), "repeated or out of order"
    read, gaps = followed.read(name)
    places = {gap.after for gap in gaps}
    holes = {index for index in range(1, len(numbers)) if numbers[index] != numbers[index - 1] + 1}
    assert holes <= places, "lines are missing where no gap is recorded"
    assert numbers[0] == 1 or 0 in places
    assert numbers[-1] == lines or len(numbers) in places
    assert len(read) == len(numbers) + 1


def last_of_log(engine, name: str) -> bytes:
    with engine.logs(name, tail=1) as answer:
        return bytes(answer.read())


async def test_history_of_a_log_that_has_rotated_is_not_called_whole(
    foreign: Foreign, follow: Follow, engine
) -> None:
    rotated = foreign.run("seq 1 20000; echo end; sleep 600", rotation=("100k", 3))
    short = foreign.run("seq 1 500; echo end; sleep 600", rotation=("100k", 3))
    for name in (rotated, short):
        while not last_of_log(engine, name).endswith(b" end\n"):
            await asyncio.sleep(0.02)
    followed = await follow(rotated, short)
    for name in (rotated, short):
        await followed.wait_for(partial(has_end, name=name))
    await followed.stop()
    assert followed.gaps(short) == []
    assert followed.gaps(rotated) == [
        "what the container printed at first may be missing: Docker rotates its log (json-file, 100 KiB x 3)"
    ]
    assert followed.read(rotated)[1][0].after == 0


async def test_a_log_that_is_cut_under_us(foreign: Foreign, follow: Follow, engine) -> None:
    name = foreign.run(COUNTING)
    path = Path(engine.inspect(name)["LogPath"])
    if not os.access(path, os.W_OK):
        pytest.skip("the engine's files are not ours to cut")
    followed = await follow(name, limits=TakingLimits(silence_s=0.5))
    await followed.wait_for_lines(name, 20)
    os.truncate(path, 0)
    await followed.wait_for(lambda reader: bool(reader.log(reader.info.steps[0].info.step_id).gaps))
    before = len(followed.messages(name))
    await followed.wait_for_lines(name, before + 10)
    await followed.stop()
    numbers = [int(message.split()[1]) for message in followed.messages(name)]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("rotation", [None, ("10m", 3)], ids=["never rotates", "may rotate"])
async def test_a_log_that_a_crash_has_damaged(foreign: Foreign, follow: Follow, engine, rotation) -> None:
    name = foreign.run(COUNTING, rotation=rotation)
    path = Path(engine.inspect(name)["LogPath"])
    if not os.access(path, os.W_OK):
        pytest.skip("the engine's files are not ours to damage")
    followed = await follow(name, limits=TakingLimits(silence_s=0.5))
    await followed.wait_for_lines(name, 20)
    with path.open("ab") as log:
        log.write(b'{"log":"half of a li' + bytes(100))
    await followed.wait_for(lambda reader: bool(reader.log(reader.info.steps[0].info.step_id).gaps))
    await followed.wait_for_lines(name, len(followed.messages(name)) + 10)
    await followed.stop()
    numbers = [int(message.split()[1]) for message in followed.messages(name)]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("rotation", [None, ("10m", 3)], ids=["never rotates", "may rotate"])
async def test_history_that_a_crash_has_damaged(foreign: Foreign, follow: Follow, engine, rotation) -> None:
    name = foreign.run("for i in $(seq 1 200); do echo line $i; sleep 0.005; done", rotation=rotation)
    path = Path(engine.inspect(name)["LogPath"])
    if not os.access(path, os.W_OK):
        pytest.skip("the engine's files are not ours to damage")
    while path.read_bytes().count(b"\n") < 20:
        await asyncio.sleep(0.01)
    with path.open("ab") as log:
        log.write(b'{"log":"half of a li' + bytes(100))
    engine.client.wait(name)
    followed = await follow(name)
    assert await followed.end() is Status.SUCCESS
    numbers = [int(message.split()[1]) for message in followed.messages(name)]
    assert numbers == sorted(set(numbers))
    assert (numbers[0], numbers[-1]) == (1, 200)  # what the engine leaves out without a word, nobody can tell


async def test_a_mode_that_may_drop_lines_is_told(foreign: Foreign, follow: Follow) -> None:
    log = {"Type": "json-file", "Config": {"max-size": "1t", "mode": "non-blocking"}}
    followed = await follow(foreign.run("echo line 1", log=log))
    await followed.end()
    (name,) = followed.names()
    assert followed.messages(name) == numbered(1)
    assert "non-blocking" in followed.gaps(name)[0]


async def test_one_that_has_ended_long_ago(foreign: Foreign, follow: Follow, engine) -> None:
    name = foreign.run("echo line 1; exit 5")
    engine.client.wait(name)
    followed = await follow(name, limits=TakingLimits(restart_s=600))
    assert await followed.end() is Status.FAILED
    assert followed.step(name).exit_code == 5
    assert followed.messages(name) == numbered(1)
    assert followed.gaps(name) == []


async def test_a_log_that_cannot_be_read(foreign: Foreign, follow: Follow) -> None:
    name = foreign.run("echo lost; sleep 600", log={"Type": "none", "Config": {}})
    followed = await follow(name)
    assert await followed.end() is Status.FAILED
    assert "does not support reading" in followed.step(name).reason


async def test_a_name_that_is_not_there(engine, follow: Follow) -> None:
    with pytest.raises(RunError, match="no container wharf-not-there"):
        await follow("wharf-not-there")
