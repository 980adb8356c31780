"""A connection to the engine that breaks, or dies without a word, costs no line and repeats none."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.engine_proxy import EngineProxy
from tests.runtimes.docker.test_docker_frames import encode
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS
from wharf_tui.runtimes.docker.container_taker import TakingLimits
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.engine_watch import EngineWatch
from wharf_tui.runtimes.docker.frames import FrameDecoder
from wharf_tui.runtimes.docker.settings import DockerSettings, Limits
from wharf_tui.runtimes.docker.streams import ByteStream

pytestmark = pytest.mark.docker


@pytest.fixture
def proxy(engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineProxy]:
    if not engine.address.startswith("unix://"):
        pytest.skip("the proxy needs an engine on a Unix socket")
    proxy = EngineProxy(engine.address.removeprefix("unix://"), tmp_path / "proxy.sock")
    monkeypatch.setenv("DOCKER_HOST", proxy.address)
    yield proxy
    proxy.close()


@pytest.fixture
def start_proxied(request: pytest.FixtureRequest) -> Callable[[], EngineProxy]:
    """Puts the proxy in between when a test wants it."""
    return lambda: request.getfixturevalue("proxy")


def numbered(count: int) -> list[bytes]:
    return [b"line %d" % number for number in range(1, count + 1)]


async def test_a_cut_in_the_middle_of_the_output(start, proxy: EngineProxy) -> None:
    build = await start({"step": ["for i in $(seq 1 150); do echo line $i; sleep 0.03; done"]})
    recorder = build.recorder("step")
    run = asyncio.ensure_future(build.run("step"))
    await recorder.wait_for_lines(10)
    assert proxy.cut(b"/attach?") == 1
    await recorder.wait_for_lines(90)
    assert proxy.cut(b"/logs?") == 1
    outcome = await run
    assert outcome.status is Status.SUCCESS
    assert recorder.messages() == numbered(150)
    assert not recorder.gaps


@pytest.mark.parametrize("size", [120, 1_000, 20_000, 65_000, 180_000])
async def test_a_cut_after_so_many_bytes(start, proxy: EngineProxy, size: int) -> None:
    """Cuts fall into headers, frames and lines; both streams, equal lines, long lines and wrong UTF-8 among them."""
    build = await start(
        {
            "step": [
                "for i in 1 2 3; do",
                "  seq 1 2000; yes same | head -n 1000; printf 'bad \\377\\303( byte\\n'",
                "  head -c 50000 /dev/zero | tr '\\000' x; echo",
                "  for j in 1 2 3; do echo err $i $j >&2; done",
                "done; printf 'no end \\344'",
            ]
        }
    )
    proxy.cut_after, proxy.cut_matching = size, (b"/attach?",)
    outcome = await build.run("step")
    recorder = build.recorder("step")
    block = [b"%d" % number for number in range(1, 2001)] + [b"same"] * 1000
    bad = {b"bad \xff\xc3( byte", "bad \ufffd\ufffd( byte".encode()}
    messages = recorder.messages()
    out = [message for message in messages if not message.startswith(b"err")]
    assert outcome.status is Status.SUCCESS
    assert proxy.cuts == 1
    assert [message for message in messages if message.startswith(b"err")] == [
        b"err %d %d" % (i, j) for i in (1, 2, 3) for j in (1, 2, 3)
    ]
    for index in range(3):
        part = out[index * 3002 : (index + 1) * 3002]
        assert part[:3000] == block
        assert part[3000] in bad
        assert part[3001] == b"x" * 50_000
    assert len(out) == 3 * 3002 + 1
    assert out[-1] in {b"no end \xe4", "no end \ufffd".encode()}
    assert not recorder.gaps


async def test_every_answer_is_cut_again_and_again(start, proxy: EngineProxy) -> None:
    build = await start({"step": ["for i in $(seq 1 3000); do echo line $i; done; sleep 1; echo end"]})
    proxy.cut_after, proxy.cut_matching = 20_000, (b"/attach?", b"/logs?")
    outcome = await build.run("step")
    recorder = build.recorder("step")
    assert outcome.status is Status.SUCCESS
    assert recorder.messages() == [*numbered(3000), b"end"]
    assert not recorder.gaps
    assert proxy.cuts > 3


async def test_lines_that_the_engine_leaves_out_of_a_later_reading_are_missed(
    start, proxy: EngineProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Times that go back while nobody looks: asked for what is later than some time, the engine gives less than it has."""
    logs = Engine.logs

    def logs_without_some(self: Engine, container: str, *, since: str = "", **query: Any) -> ByteStream:
        answer = logs(self, container, since=since, **query)
        if since:
            read, frames = answer.read, FrameDecoder()

            def read_some() -> bytes:
                kept = [
                    encode(stream, entry)
                    for stream, entry in frames.feed(read())
                    if not entry.endswith((b" line 2500\n", b" line 2600\n"))
                ]
                return b"".join(kept)

            monkeypatch.setattr(answer, "read", read_some)
        return answer

    monkeypatch.setattr(Engine, "logs", logs_without_some)
    build = await start({"step": ["for i in $(seq 1 3000); do echo line $i; done; sleep 1; echo end"]})
    proxy.cut_after, proxy.cut_matching = 20_000, (b"/attach?", b"timestamps=1&follow=1")
    outcome = await build.run("step")
    recorder = build.recorder("step")
    assert outcome.status is Status.SUCCESS
    assert recorder.messages() == [
        line for line in numbered(3000) if line not in {b"line 2500", b"line 2600"}
    ] + [b"end"]
    (gap,) = recorder.gaps
    assert "2 of the lines before this are missing" in gap


async def test_a_connection_that_dies_without_a_word(start, proxy: EngineProxy) -> None:
    build = await start(
        {"step": ["echo line 1; sleep 1; echo line 2; sleep 1.5; echo line 3"]}, limits=Limits(silence_s=0.2)
    )
    recorder = build.recorder("step")
    run = asyncio.ensure_future(build.run("step"))
    await recorder.wait_for_lines(1)
    assert proxy.freeze(b"/attach?") == 1
    outcome = await run
    assert outcome.status is Status.SUCCESS
    assert recorder.messages() == numbered(3)
    assert not recorder.gaps


async def test_output_that_ends_long_before_the_step_is_not_read_again(start, proxy: EngineProxy) -> None:
    """A proof takes the log's last lines, not all of them."""
    commands = ["for i in $(seq 1 3000); do echo line $i; done; exec >/dev/null 2>&1; sleep 4"]
    build = await start({"step": commands}, settings=DockerSettings(init=False))
    outcome = await build.run("step")
    recorder = build.recorder("step")
    assert outcome.status is Status.SUCCESS
    assert recorder.messages() == numbered(3000)
    assert not recorder.gaps
    read = proxy.requests(b"/logs?")
    assert read
    assert all(b"tail=100" in request for request in read)


async def test_the_same_engine_is_proven_by_a_connection_that_lives(proxy: EngineProxy) -> None:
    engine = Engine()
    watch = EngineWatch(engine)
    mark = watch.mark()
    assert watch.is_same_since(mark, "not-remembered", NS)
    assert proxy.cut(b"/events?") == 1
    for _ in range(100):
        if not watch.is_same_since(mark, "not-remembered", NS):
            break
        await asyncio.sleep(0.02)
    assert not watch.is_same_since(mark, "not-remembered", NS)
    assert watch.mark() > mark
    assert not watch.is_same_since(mark, "not-remembered", NS)
    assert watch.is_same_since(watch.mark(), "not-remembered", NS)
    watch.close()
    engine.close()


async def test_silence_ends_nothing(start, proxy: EngineProxy) -> None:
    build = await start({"step": ["echo line 1; sleep 2; echo line 2"]}, limits=Limits(silence_s=0.1))
    outcome = await build.run("step")
    assert outcome.status is Status.SUCCESS
    assert build.recorder("step").messages() == numbered(2)
    assert os.environ["DOCKER_HOST"] == proxy.address


@pytest.mark.parametrize("rotation", [None, ("10m", 3)], ids=["never rotates", "may rotate"])
async def test_following_outlives_cuts(start_proxied, foreign, follow, rotation) -> None:
    name = foreign.run("for i in $(seq 1 600); do echo line $i; sleep 0.01; done", rotation=rotation)
    proxy = start_proxied()
    followed = await follow(name)
    for count in (30, 120, 210):
        await followed.wait_for_lines(name, count)
        while not proxy.cut(b"follow=1"):
            await asyncio.sleep(0.01)
    assert await followed.end() is Status.SUCCESS
    assert followed.messages(name) == numbered(600)
    assert followed.gaps(name) == []


@pytest.mark.parametrize("rotation", [None, ("10m", 3)], ids=["never rotates", "may rotate"])
async def test_following_outlives_cuts_of_every_answer(start_proxied, foreign, follow, rotation) -> None:
    script = "for i in $(seq 1 3000); do echo line $i; done; sleep 1; echo line 3001"
    name = foreign.run(script, rotation=rotation)
    proxy = start_proxied()
    proxy.cut_after, proxy.cut_matching = 20_000, (b"/logs?",)
    followed = await follow(name)
    await followed.wait_for_lines(name, 300)
    proxy.cut_after = None
    assert await followed.end() is Status.SUCCESS
    assert proxy.cuts
    assert followed.messages(name) == numbered(3001)
    if rotation is None:
        assert followed.gaps(name) == []
    else:  # nobody could see how large the log was, so it may have been cut before
        assert [gap.after for gap in followed.read(name)[1]] == [0]


@pytest.mark.parametrize("rotation", [None, ("10m", 3)], ids=["never rotates", "may rotate"])
async def test_following_notices_a_connection_that_dies_without_a_word(
    start_proxied, foreign, follow, rotation
) -> None:
    name = foreign.run("echo line 1; sleep 1; echo line 2; sleep 600", rotation=rotation)
    proxy = start_proxied()
    followed = await follow(name, limits=TakingLimits(silence_s=0.3))
    await followed.wait_for_lines(name, 1)
    proxy.freeze(b"follow=1")
    await followed.wait_for_lines(name, 2)
    await followed.stop()
    assert followed.messages(name) == numbered(2)
    assert followed.gaps(name) == []


async def test_following_needs_no_follow_stream(start_proxied, foreign, follow) -> None:
    """As where the engine has no more inotify instances: then the log is looked at now and then."""
    name = foreign.run("for i in $(seq 1 20); do echo line $i; sleep 0.05; done; sleep 600")
    proxy = start_proxied()
    proxy.cut_after, proxy.cut_matching = 0, (b"follow=1",)
    followed = await follow(name)
    await followed.wait_for_lines(name, 20)
    await followed.stop()
    assert proxy.cuts
    assert followed.messages(name) == numbered(20)
    assert followed.gaps(name) == []


async def test_following_ends_though_the_engine_does_not_answer(start_proxied, foreign, follow) -> None:
    name = foreign.run("echo line 1; sleep 600", rotation=("10m", 3))
    proxy = start_proxied()
    followed = await follow(name, limits=TakingLimits(silence_s=0.1))
    await followed.wait_for_lines(name, 1)
    proxy.freeze(b"")
    proxy.freezes_new = True
    while not proxy.unanswered:
        await asyncio.sleep(0.01)
    assert await followed.stop() is Status.CANCELLED
    assert followed.messages(name) == numbered(1)
