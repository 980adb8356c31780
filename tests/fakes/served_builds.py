"""Builds that are really stored, and really served on a port of this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import grpc

from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.lines import encode_line
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.follow import poll_often, waiter_for
from wharf_tui.rpc.generated.wharf.worker.v1 import worker_pb2_grpc
from wharf_tui.worker.auth import ListenSettings
from wharf_tui.worker.server import serve_build

START_NS = 1_706_954_401_000_000_000
LOOPBACK = ListenSettings(port=0)


def begin_build(folder: Path, steps: int = 1, build_id: int = 42) -> BuildWriter:
    """A running build with named steps."""
    states = tuple(
        StepState(StepInfo(StepId(n), "build", f"step{n}", "container")) for n in range(1, steps + 1)
    )
    return BuildWriter.create(folder, BuildInfo(BuildId(build_id), states, source="here"))


def write_lines(store: BuildWriter, step_id: int, count: int, first: int = 1) -> list[bytes]:
    """Append numbered lines in one write, and give them as they stand in the file."""
    lines = [
        encode_line(START_NS + number, b"%d of step %d" % (number, step_id))
        for number in range(first, first + count)
    ]
    store.log(StepId(step_id)).append_stored(b"".join(lines))
    return lines


def finished_build(
    folder: Path, lines: Mapping[int, int], result: Status = Status.SUCCESS
) -> tuple[Path, dict[int, list[bytes]]]:
    """A frozen build with so many lines in each step; its folder, and the lines as they stand in the files."""
    store = begin_build(folder, len(lines))
    written = {}
    for step_id, count in lines.items():
        store.set_status(StepId(step_id), Status.RUNNING, at_ns=START_NS)
        written[step_id] = write_lines(store, step_id, count)
        store.set_status(StepId(step_id), result, at_ns=START_NS + 10**9, exit_code=0)
    store.freeze(result, finished_ns=START_NS + 2 * 10**9)
    return store.path, written


def wharf_cmd_folder(folder: Path, logs: Mapping[int, bytes]) -> Path:
    """A build as wharf-cmd leaves it: no names, no end."""
    path = folder / "wharf-cmd-build-00007-1837465920"
    for step_id, log in logs.items():
        step = path / "steps" / str(step_id)
        step.mkdir(parents=True)
        (step / "logs.log").write_bytes(log)
        (step / "status.json").write_text(
            '{"lastId":1,"statusUpdates":[{"updateId":1,"timestamp":"2024-02-03T10:00:00.5+01:00","status":"Running"}]}\n'
        )
    return path


@asynccontextmanager
async def serving(
    build: BuildWriter | Path,
    settings: ListenSettings = LOOPBACK,
    stall_seconds: float = 300.0,
) -> AsyncIterator[str]:
    """Serve a build that this process writes, or one that lies in a folder; gives ``host:port``."""
    reader = BuildReader.open(build if isinstance(build, Path) else build.path)
    wait = poll_often(reader) if isinstance(build, Path) else waiter_for(build.changes.wait, breath=0)
    try:
        async with serve_build(reader, wait, settings, stall_seconds) as port:
            yield f"{settings.host}:{port}"
    finally:
        reader.close()


@asynccontextmanager
async def stub_of(address: str) -> AsyncIterator[worker_pb2_grpc.WorkerStub]:
    """Our own client's view of a worker, over a connection that nobody else uses."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        yield worker_pb2_grpc.WorkerStub(channel)
