"""What a pod's container prints is in the log: all of it, once, in order, whatever it is and however short it lives."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest

from tests.live.docker_builds import Recorder
from tests.live.kubernetes_builds import Start, all_at_once, run_pod, with_pod
from wharf_tui.model.status import Status

pytest_plugins = ("tests.live.kubernetes_fixtures",)
pytestmark = pytest.mark.kubernetes


def numbers(recorder: Recorder) -> list[int]:
    return [int(line) for line in recorder.messages()]


async def both_streams_times_and_statuses(start_pods: Start) -> None:
    outcome, recorder = await run_pod(start_pods, "echo hello", "echo oops >&2", "echo bye")
    assert (outcome.status, outcome.exit_code, outcome.reason) == (Status.SUCCESS, 0, "")
    lines = recorder.read()
    assert sorted(line.message for line in lines) == [b"bye", b"hello", b"oops"]
    assert all(abs((line.at_ns or 0) - time.time_ns()) < 120e9 for line in lines)
    assert any((line.at_ns or 0) % 1000 for line in lines)
    statuses = [status for status, _ in recorder.statuses]
    assert statuses[0] is Status.SCHEDULING
    assert Status.INITIALIZING in statuses
    assert statuses[-1] is Status.RUNNING
    assert not recorder.gaps


async def whatever_is_printed(start_pods: Start) -> None:
    printed = {
        "nothing": ("true", []),
        "errors-only": ("echo 1 >&2; echo 2 >&2", [b"1", b"2"]),
        "last-words": ("echo first; printf last", [b"first", b"last"]),
        "progress": (r"printf '1%%\r2%%\rdone\n'; printf 'a\r\n\n'", [b"1%\r2%\rdone", b"a", b""]),
        "nul": (r"printf 'a\000b\n'", [b"a\0b"]),
        # The node's Docker has replaced each byte that is no UTF-8 before we can see it.
        "no-text": (r"printf 'caf\303\251 \377(\n'", ["café \ufffd(".encode()]),
        "empty-lines": (r"printf '\n\n\n'", [b"", b"", b""]),
        "times": ("echo 2024-01-01T00:00:00.5Z x; echo ' y'", [b"2024-01-01T00:00:00.5Z x", b" y"]),
    }
    build = await start_pods({name: [command] for name, (command, _) in printed.items()})
    outcomes = await asyncio.gather(*map(build.run, printed))
    assert {outcome.status for outcome in outcomes} == {Status.SUCCESS}
    for name, (_, expected) in printed.items():
        assert build.recorder(name).messages() == expected
        assert not build.recorder(name).gaps


async def long_lines_are_whole_and_without_times_inside(start_pods: Start) -> None:
    sizes = [
        16_383,
        16_384,
        16_385,
        32_768,
        40_000,
        9_000_000,
    ]  # the node rotates at 10 MB, even inside of a line
    text = {str(size): [f"head -c {size} /dev/zero | tr '\\000' x; echo; echo next"] for size in sizes}
    torn = ["yes 'aé€ ' | tr -d '\\n' | head -c 50001"]  # characters that are cut where a part ends
    build = await start_pods({**text, "torn": torn})
    await asyncio.gather(*map(build.run, [*text, "torn"]))
    for size in sizes:
        messages = build.recorder(str(size)).messages()
        assert [len(message) for message in messages] == [size, 4]
        assert messages == [b"x" * size, b"next"]
    (line,) = build.recorder("torn").messages()
    assert line.replace("\ufffd".encode(), b"").startswith("aé€ aé€ ".encode())
    assert b"Z" not in line


async def a_terminal_as_output(start_pods: Start) -> None:
    settings = with_pod(containers=[{"name": "step", "tty": True}])
    _, recorder = await run_pod(start_pods, "echo one; printf '10%%\\r20%%\\r'; echo; tty", settings=settings)
    assert recorder.messages() == [b"one", b"10%\r20%\r", b"/dev/pts/0"]


async def many_pods_that_live_for_a_moment(start_pods: Start) -> None:
    names = [f"step{number}" for number in range(12)]
    build = await start_pods({name: [f"seq 1 200; echo {name}"] for name in names})
    outcomes = await asyncio.gather(*map(build.run, names))
    assert {outcome.status for outcome in outcomes} == {Status.SUCCESS}
    for name in names:
        expected = [str(number).encode() for number in range(1, 201)] + [name.encode()]
        assert build.recorder(name).messages() == expected
        assert not build.recorder(name).gaps


async def a_log_that_is_not_rotated_is_whole(start_pods: Start) -> None:
    outcome, recorder = await run_pod(start_pods, "seq 1 100000")
    assert outcome.status is Status.SUCCESS
    assert numbers(recorder) == list(range(1, 100_001))
    assert not recorder.gaps


async def test_all_that_is_printed_is_in_the_log(start_pods) -> None:
    await all_at_once(
        both_streams_times_and_statuses(start_pods),
        whatever_is_printed(start_pods),
        long_lines_are_whole_and_without_times_inside(start_pods),
        a_terminal_as_output(start_pods),
        many_pods_that_live_for_a_moment(start_pods),
        a_log_that_is_not_rotated_is_whole(start_pods),
    )


async def test_lines_that_rotation_took_away_are_told(start_pods) -> None:
    """The node rotates at 10 MB, and its log API reads the current file only: what it loses is shown as a gap."""
    outcome, recorder = await run_pod(start_pods, "seq 1 1000000")
    assert outcome.status is Status.SUCCESS
    found = numbers(recorder)
    assert found == sorted(set(found))
    assert found[-1] == 1_000_000
    holes = sum(after - before > 1 for before, after in itertools.pairwise([0, *found]))
    assert holes <= len(recorder.gaps)
    assert len(found) == 1_000_000 or recorder.gaps
