"""What a container prints is in the log: all of it, once, in order, whatever it is and however short it lives."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.live.docker_builds import containers_of
from wharf_tui.model.status import Status

pytestmark = pytest.mark.docker


async def test_both_streams_and_statuses(run_one) -> None:
    outcome, recorder = await run_one("echo hello", "echo oops >&2", "echo bye")
    assert (outcome.status, outcome.exit_code, outcome.reason) == (Status.SUCCESS, 0, "")
    lines = recorder.read()
    assert sorted(line.message for line in lines) == [b"bye", b"hello", b"oops"]
    times = [line.at_ns for line in lines]
    assert times == sorted(times)
    statuses = [status for status, _ in recorder.statuses]
    assert statuses[0] is Status.INITIALIZING
    assert statuses[-1] is Status.RUNNING
    assert not recorder.gaps


async def test_no_output_at_all(run_one) -> None:
    outcome, recorder = await run_one("true")
    assert outcome.status is Status.SUCCESS
    assert recorder.messages() == []


async def test_only_stderr(run_one) -> None:
    _, recorder = await run_one("echo 1 >&2; echo 2 >&2")
    assert recorder.messages() == [b"1", b"2"]


async def test_last_words_without_a_newline(run_one) -> None:
    _, recorder = await run_one("echo first", "printf last")
    assert recorder.messages() == [b"first", b"last"]


async def test_progress_bars_and_bytes_that_are_no_text(run_one) -> None:
    _, recorder = await run_one(
        r"""printf '1%%\r2%%\rdone\n'""",
        r"""printf 'a\000b\377\303(\n'""",
        r"""printf 'caf\303\251\r\n\n'""",
    )
    assert recorder.messages() == [b"1%\r2%\rdone", b"a\0b\xff\xc3(", "café".encode(), b""]


async def test_every_byte_there_is(run_one) -> None:
    octal = "".join(f"\\{number:03o}" for number in range(256) if number != 10)
    outcome, recorder = await run_one(f"printf %b '{octal}'")
    assert outcome.status is Status.SUCCESS
    assert recorder.messages() == [bytes(number for number in range(256) if number != 10)]


async def test_a_line_of_ten_megabytes_is_one_line(run_one) -> None:
    _, recorder = await run_one("head -c 10000000 /dev/zero | tr '\\000' x; echo; echo next; echo err >&2")
    messages = recorder.messages()
    assert sorted(map(len, messages)) == [3, 4, 10_000_000]
    assert messages.index(b"next") > messages.index(b"x" * 10_000_000)


async def test_lines_of_two_streams_are_not_glued(run_one) -> None:
    _, recorder = await run_one(
        "for i in 1 2 3 4 5; do printf out-; echo err-$i >&2; sleep 0.02; echo $i; done"
    )
    expected = {f"{stream}-{number}".encode() for stream in ("out", "err") for number in range(1, 6)}
    assert set(recorder.messages()) == expected


async def test_a_million_lines_on_an_engine_that_rotates_logs(run_one) -> None:
    outcome, recorder = await run_one("seq 1 1000000")
    assert outcome.status is Status.SUCCESS
    lines = recorder.read()
    assert [line.message for line in lines] == [str(number).encode() for number in range(1, 1_000_001)]
    assert all(line.at_ns for line in lines)
    assert not recorder.gaps


async def test_fifty_containers_that_live_for_a_moment(start) -> None:
    names = [f"step{number}" for number in range(50)]
    build = await start({name: [f"seq 1 200; echo {name}"] for name in names})
    outcomes = await asyncio.gather(*map(build.run, names))
    assert {outcome.status for outcome in outcomes} == {Status.SUCCESS}
    for name in names:
        expected = [str(number).encode() for number in range(1, 201)] + [name.encode()]
        assert build.recorder(name).messages() == expected
        assert not build.recorder(name).gaps


async def test_a_log_that_somebody_cuts_is_not_what_output_comes_from(start, engine) -> None:
    build = await start({"step": ["for i in $(seq 1 100); do echo $i; sleep 0.02; done"]})
    recorder = build.recorder("step")
    run = asyncio.ensure_future(build.run("step"))
    await recorder.wait_for_lines(30)
    (name,) = containers_of(engine, build.context.build_name)
    path = Path(engine.inspect(name)["LogPath"])
    if not os.access(path, os.W_OK):
        pytest.skip("the engine's files are not ours to cut")
    os.truncate(path, 0)
    outcome = await run
    assert outcome.status is Status.SUCCESS
    assert recorder.messages() == [b"%d" % number for number in range(1, 101)]
    assert not recorder.gaps
