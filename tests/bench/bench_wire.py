"""How fast the wire is: chunks against one message a line, a thousand subscribers, and how late a live line comes.

Each figure is taken from processes of their own, the ratio from the same two programs in the same run:

    python tests/bench/bench_wire.py [--lines 10000000] [--subscribers 1000] [--seconds 30] [--only copy many latency]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.fakes.served_builds import stub_of  # noqa: E402 - the path comes first
from tests.fakes.worker_process import steady_writer, worker_process  # noqa: E402
from wharf_tui.attach.connection import Endpoint, connect  # noqa: E402
from wharf_tui.attach.mirror import Mirror  # noqa: E402
from wharf_tui.attach.plain_stream import PlainStream  # noqa: E402
from wharf_tui.attach.progress import Progress  # noqa: E402
from wharf_tui.attach.session import AttachSession  # noqa: E402
from wharf_tui.model.build import BuildInfo, StepInfo, StepState  # noqa: E402
from wharf_tui.model.ids import BuildId, StepId  # noqa: E402
from wharf_tui.model.lines import split_stamp  # noqa: E402
from wharf_tui.model.status import Status  # noqa: E402
from wharf_tui.model.timestamps import now_ns  # noqa: E402
from wharf_tui.results import layout  # noqa: E402
from wharf_tui.results.build_writer import BuildWriter  # noqa: E402
from wharf_tui.results.log_cursor import LogCursor  # noqa: E402
from wharf_tui.results.log_reader import LogReader  # noqa: E402
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2 as pb  # noqa: E402

STEPS = 4
CHANNELS_EACH = 250
"""Subscribers that share one client process."""
MEGABYTE = 1024 * 1024


def write_build(folder: Path, lines: int) -> Path:
    """A finished build of four steps with lines of about 100 bytes."""
    states = tuple(StepState(StepInfo(StepId(n), "build", f"step{n}")) for n in range(1, STEPS + 1))
    store = BuildWriter.create(folder, BuildInfo(BuildId(1), states))
    for state in states:
        log = store.log(state.info.step_id)
        for first in range(0, lines // STEPS, 10_000):
            numbers = range(first, min(first + 10_000, lines // STEPS))
            log.append_stored(
                b"".join(
                    b"2024-02-03T22:50:00.%09dZ compiling module %08d of a large build: no warnings, no errors at all\n"
                    % (number, number)
                    for number in numbers
                )
            )
    store.freeze(Status.SUCCESS)
    return store.path


async def copy_chunks(address: str, folder: Path) -> int:
    session = AttachSession(Endpoint(address), folder)
    await session.open()
    await session.run()
    assert session.progress.complete
    return session.mirror.lines


async def copy_lines(address: str, folder: Path) -> int:
    """The same worker, asked as wharf-cmd's client asks; the same store at the other end."""
    mirror = Mirror(BuildWriter.create(folder, BuildInfo(BuildId(1))))
    async with connect(Endpoint(address)) as stub:
        await PlainStream(stub, mirror, Progress(), (), {}).run()
    mirror.close()
    return mirror.lines


async def subscribe(address: str, seconds: float) -> dict[str, float]:
    """Many subscribers, a connection each; every one must get each line once."""

    async def one() -> tuple[int, int]:
        count = total = 0
        async with stub_of(address) as stub:
            async for message in stub.StreamLogs(pb.StreamLogsRequest(chunks=True)):
                for chunk in message.chunks:
                    count += chunk.count
                    total += sum(range(chunk.first_log_id, chunk.first_log_id + chunk.count))
        return count, total

    results = await asyncio.gather(*(one() for _ in range(CHANNELS_EACH)))
    assert len(set(results)) == 1, "one of them got something else"
    return {"lines": results[0][0], "sum": results[0][1]}


async def measure_lateness(address: str, folder: Path) -> dict[str, float]:
    """From the write in the step to a line that can be read from the copy, as the viewer reads it."""
    session = AttachSession(Endpoint(address), folder)
    await session.open()
    changes = session.mirror.store.changes
    logs = [LogReader(layout.step_dir(session.path, StepId(n))) for n in range(1, STEPS + 1)]
    cursors = [LogCursor(log) for log in logs]
    late: list[int] = []
    seen = 0
    copying = asyncio.create_task(session.run())
    while not copying.done():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                seen = await changes.wait(seen)
        for log, cursor in zip(logs, cursors, strict=True):
            log.refresh()
            while block := cursor.read(MEGABYTE):
                arrived = now_ns()
                late += [arrived - (split_stamp(line)[0] or 0) for line in block.data.splitlines()]
    await copying
    assert session.progress.complete
    late = sorted(late[len(late) // 10 :])  # without the first moment, which is backfill
    return {
        "p50": late[len(late) // 2] / 1e6,
        "p99": late[len(late) * 99 // 100] / 1e6,
        "max": late[-1] / 1e6,
        "lines": len(late),
    }


def child(role: str, address: str, folder: str = "-") -> subprocess.Popen[str]:
    """This program once more, in one of its roles; it tells its result as JSON."""
    return subprocess.Popen(
        [sys.executable, __file__, "--role", role, address, folder], stdout=subprocess.PIPE, text=True
    )


def result_of(process: subprocess.Popen[str]) -> dict[str, float]:
    said, _ = process.communicate()
    assert process.returncode == 0, f"{process.args!r} failed"
    found: dict[str, float] = json.loads(said.splitlines()[-1])
    return found


def play(role: str, address: str, folder: str) -> None:
    began = time.monotonic()
    result: dict[str, float]
    if role == "chunks":
        result = {"lines": asyncio.run(copy_chunks(address, Path(folder)))}
    elif role == "lines":
        result = {"lines": asyncio.run(copy_lines(address, Path(folder)))}
    elif role == "subscribe":
        result = asyncio.run(subscribe(address, 0))
    else:
        result = asyncio.run(measure_lateness(address, Path(folder)))
    result["seconds"] = time.monotonic() - began
    result["rss"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(result))


def bench_copy(folder: Path, lines: int) -> None:
    few = max(STEPS * 25_000, lines // 50)
    rates = {}
    for role, count in (("chunks", lines), ("lines", few)):
        path = write_build(folder / role, count)
        with worker_process(path) as worker:
            result = result_of(child(role, worker.address, str(folder / "copies")))
            assert result["lines"] == count // STEPS * STEPS
            rates[role] = result["lines"] / result["seconds"]
            print(
                f"{role:>7}: {result['lines']:>12,.0f} lines in {result['seconds']:6.2f} s = {rates[role]:>11,.0f} lines/s, "
                f"client {result['rss']:.0f} MB, worker {worker.resident_bytes / MEGABYTE:.0f} MB"
            )
    print(
        f"  ratio: {rates['chunks'] / rates['lines']:.0f}x  (wanted: chunks >= 1,500,000 lines/s, >= 50x, client < 250 MB)"
    )


def bench_many(folder: Path, subscribers: int, seconds: float) -> None:
    with (
        steady_writer(folder, steps=STEPS, lines_per_second=2_000, seconds=seconds) as (path, writer),
        worker_process(path) as worker,
    ):
        clients = [child("subscribe", worker.address) for _ in range(max(subscribers // CHANNELS_EACH, 1))]
        most = 0
        while any(client.poll() is None for client in clients):
            most = max(most, worker.resident_bytes)
            time.sleep(0.5)
        results = [result_of(client) for client in clients]
        assert writer.stdout is not None
        took, longest = map(float, writer.stdout.read().split())
        expected = int(2_000 * seconds)
        per_step = expected // STEPS
        assert {(result["lines"], result["sum"]) for result in results} == {
            (expected, STEPS * per_step * (per_step + 1) // 2)
        }
        print(
            f"   many: {len(clients) * CHANNELS_EACH:,} subscribers, {expected:,} lines each, each once; writer took {took:.1f} s for {seconds:.0f} s, "
            f"longest write {longest * 1000:.0f} ms; worker at most {most / MEGABYTE:.0f} MB, "
            f"{worker.processor_seconds:.1f} s of processor  (wanted: < 500 MB, the writer keeps its pace)"
        )


def bench_latency(folder: Path, seconds: float) -> None:
    with (
        steady_writer(folder, steps=STEPS, lines_per_second=10_000, seconds=seconds) as (path, _),
        worker_process(path) as worker,
    ):
        late = result_of(child("latency", worker.address, str(folder / "copies")))
        spent = worker.processor_seconds
    print(
        f"latency: {late['lines']:,.0f} live lines at 10,000 a second: p50 {late['p50']:.1f} ms, p99 {late['p99']:.1f} ms, "
        f"max {late['max']:.1f} ms; worker {spent:.1f} s of processor in {seconds:.0f} s  (wanted: p99 < 50 ms)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--subscribers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument(
        "--only", nargs="+", choices=("copy", "many", "latency"), default=("copy", "many", "latency")
    )
    parser.add_argument("--role", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role:
        play(*options.role)
        return
    with tempfile.TemporaryDirectory(prefix="bench-wire-") as name:
        folder = Path(name)
        if "copy" in options.only:
            bench_copy(folder / "copy", options.lines)
        if "latency" in options.only:
            bench_latency(folder / "latency", min(options.seconds, 10))
        if "many" in options.only:
            bench_many(folder / "many", options.subscribers, options.seconds)


if __name__ == "__main__":
    main()
