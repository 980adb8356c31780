"""How fast the aggregator copies, worker included, beside a plain insert of the same rows: ratios, side by side in one run.

Run it as ``python tests/bench/bench_aggregator.py [lines]``. What was asked for: 150,000 lines/s into SQLite, 100,000 into
PostgreSQL, in under 300 MB, on two cores. Nothing is asserted: machines differ.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # the suite's own fakes

from tests.fakes.postgres_server import PostgresServer, find_binaries
from wharf_tui.aggregator.rows import stamped_lines, to_text
from wharf_tui.aggregator.sinks.choice import database, sinks
from wharf_tui.aggregator.sinks.port import Run
from wharf_tui.aggregator.sinks.postgresql import _copy_text
from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import format_rfc3339
from wharf_tui.results.build_writer import BuildWriter

STEPS = 4
T0 = 1_706_954_401_000_000_000
PIECE = 20_000
PIECE_BYTES = 2 * 1024 * 1024


def make_build(folder: Path, lines: int) -> Path:
    infos = tuple(StepState(StepInfo(StepId(n), "build", f"step-{n}")) for n in range(1, STEPS + 1))
    store = BuildWriter.create(folder, BuildInfo(BuildId(42), infos))
    for step in range(1, STEPS + 1):
        store.set_status(StepId(step), Status.RUNNING)
        for first in range(0, lines // STEPS, 1000):
            store.log(StepId(step)).append_stored(
                b"".join(
                    b"%s compiling module %07d of the thing, with flags enough to fill an ordinary line\n"
                    % (format_rfc3339(T0 + number * 54_321), number)
                    for number in range(first, first + 1000)
                )
            )
        store.set_status(StepId(step), Status.SUCCESS)
    store.freeze(Status.SUCCESS)
    return store.path


def runs_of(build: Path) -> Iterator[Run]:
    """The build's lines in pieces."""
    for log in sorted(build.glob("steps/*/logs.log")):
        data, step = log.read_bytes(), StepId(int(log.parent.name))
        first, position = 1, 0
        while position < len(data):
            end = data.rfind(b"\n", position, position + PIECE_BYTES) + 1
            piece = data[position:end]
            count = piece.count(b"\n")
            yield Run(step, first - 1, first, count, piece)
            first, position = first + count, end


def plain_sqlite(build: Path, path: Path) -> float:
    """executemany of rows that are in memory already, into the same table."""
    connection = database(f"sqlite:///{path}")
    (sink,) = sinks(f"sqlite:///{path}")
    sink.open()
    sink.close()
    connection.open()
    raw = connection._connection  # type: ignore[attr-defined]  # the plain connection below ours
    rows = [
        [
            (1, int(run.step_id), log_id, at, *to_text(message))
            for log_id, (at, message) in enumerate(stamped_lines(run.data), run.first_log_id)
        ]
        for run in runs_of(build)
    ]
    began = time.perf_counter()
    for part in rows:
        raw.execute("BEGIN")
        raw.executemany("INSERT INTO log_lines VALUES (?, ?, ?, ?, ?, ?)", part)
        raw.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


def plain_postgresql(build: Path, url: str) -> float:
    """COPY of text that is in memory already, into the same table."""
    import psycopg

    (sink, *_) = sinks(url)
    sink.open()
    sink.close()
    parts = [_copy_text(1, run) for run in runs_of(build)]
    with psycopg.connect(url) as connection:
        began = time.perf_counter()
        for part in parts:
            with connection.cursor().copy("COPY log_lines FROM STDIN") as copy:
                copy.write(part)
            connection.commit()
        return time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class Measured:
    told: float
    """Seconds as the aggregator tells them."""
    whole: float
    """Seconds of the whole process."""
    cpu: float
    """Seconds of processor time that it took; other load on the machine does not count."""
    peak: float
    """MB of memory at most."""


def aggregate(address: str, url: str, spool: Path) -> Measured:
    began = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "wharf_tui",
                "aggregate",
                "--from",
                address,
                "--to",
                url,
                "--spool",
                str(spool),
            ],
            stderr=output,
        )
        peak = 0.0
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, peak_memory(process.pid))
            time.sleep(0.02)
        whole = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode()
    found = re.search(r"lines in ([\d.]+) s", said)
    if process.returncode != 0 or found is None:
        raise SystemExit(said)
    return Measured(float(found[1]), whole, usage.ru_utime + usage.ru_stime, peak)


def peak_memory(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1000 if found else 0.0


def report(name: str, lines: int, plain: float, ours: Measured) -> None:
    indent = " " * len(name)
    print(f"{name}: {lines / ours.told:,.0f} lines/s, {lines / ours.whole:,.0f} with the start of Python")
    print(
        f"{indent}  plain insert of rows that are in memory: {lines / plain:,.0f} lines/s; x{ours.told / plain:.2f} as long"
    )
    print(
        f"{indent}  {ours.cpu:.1f} s of processor time ({lines / ours.cpu:,.0f} lines/s of it), at most {ours.peak:.0f} MB"
    )


def serve(build: Path) -> tuple[subprocess.Popen[bytes], str]:
    worker = subprocess.Popen(
        [sys.executable, "-m", "wharf_tui", "worker", "serve", str(build), "--address", "127.0.0.1:0"],
        stderr=subprocess.PIPE,
    )
    assert worker.stderr is not None
    for line in worker.stderr:
        if found := re.search(rb"on (127\.0\.0\.1:\d+)", line):
            return worker, found[1].decode()
    raise SystemExit("the worker did not start")


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="wharf-bench-") as name:
        root = Path(name)
        build = make_build(root / "builds", lines)
        worker, address = serve(build)
        try:
            plain = plain_sqlite(build, root / "plain.db")
            report("SQLite", lines, plain, aggregate(address, f"sqlite:///{root}/x.db", root / "spool"))
            binaries = find_binaries()
            if binaries is None:
                print("PostgreSQL: its binaries are not here")
                return
            server = PostgresServer(binaries)
            try:
                server.start()
                plain = plain_postgresql(build, server.new_url())
                report("PostgreSQL", lines, plain, aggregate(address, server.new_url(), root / "spool"))
            finally:
                server.stop()
        finally:
            worker.terminate()
            worker.wait()


main()
