"""What the store costs, beside what the same work costs without it: ratios, side by side in one run.

Run it as ``python tests/bench/bench_store.py [millions of lines]``. Nothing is asserted: machines differ.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from wharf_tui.model.timestamps import NS
from wharf_tui.results.log_cursor import LogCursor
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter

T0 = 1706954401 * NS
LINE = b"compiling module %07d of the thing, with flags enough to fill an ordinary line\n"
PAGE = 50


def timed(work: Callable[[], object], rounds: int = 3) -> float:
    """Seconds of the fastest of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def report(name: str, ours: float, plain: float, unit: str = "") -> None:
    print(f"{name:<44} {ours * 1e3:10.2f} ms  against {plain * 1e3:10.2f} ms: x{ours / plain:.2f} {unit}")


def write_plain(path: Path, blocks: list[bytes]) -> None:
    with path.open("wb", buffering=0) as file:
        for block in blocks:
            file.write(block)
        os.fsync(file.fileno())


def write_store(folder: Path, blocks: list[bytes]) -> None:
    writer = LogWriter(folder)
    for number, block in enumerate(blocks):
        writer.append_output(T0 + number, block)
    writer.close()


def bench_writing(root: Path, name: str, block: bytes, count: int) -> None:
    folders = (root / f"{name} {number}" for number in range(9))
    ours = timed(lambda: write_store(next(folders), [block] * count))
    plain = timed(lambda: write_plain(root / "plain", [block] * count))
    speed = f"({count * len(block) / ours / 1e6:.0f} MB/s, {count * block.count(10) / ours:,.0f} lines/s)"
    report(f"write, {name}", ours, plain, speed)


def make_log(folder: Path, millions: int) -> LogWriter:
    writer = LogWriter(folder)
    for start in range(0, millions * 1_000_000, 10_000):
        writer.append_output(T0 + start, b"".join([LINE % number for number in range(start, start + 10_000)]))
    writer.close()
    return writer


def count_all(folder: Path) -> LogReader:
    reader = LogReader(folder)
    reader.refresh()
    return reader


def drain(reader: LogReader) -> None:
    cursor = LogCursor(reader)
    while cursor.read(256 * 1024):
        pass


def bench_reading(root: Path, millions: int) -> None:
    folder = root / "steps" / str(millions)
    log = make_log(folder, millions)
    print(f"-- {millions} million lines, {log.size / 1e6:.0f} MB")
    reader = count_all(folder)
    assert reader.line_count == millions * 1_000_000
    wc = timed(lambda: subprocess.run(["wc", "-l", log.path], check=True, capture_output=True))
    report("open with its index, against wc -l", timed(lambda: count_all(folder).close()), wc)
    (folder / "logs.index").unlink()
    report("count without an index, against wc -l", timed(lambda: count_all(folder).close(), 1), wc)
    cat = timed(lambda: subprocess.run(["cat", log.path], check=True, stdout=subprocess.DEVNULL))
    report("a cursor over all of it, against cat", timed(lambda: drain(reader), 1), cat)
    for name, share in (("the start", 0.0), ("the middle", 0.5), ("the end", 1.0)):
        bench_page(reader, name, 1 + int(share * (reader.line_count - PAGE)))
    reader.close()


def bench_page(reader: LogReader, name: str, first: int) -> None:
    offset = reader.offset_of(first)
    with reader.path.open("rb", buffering=0) as file:
        handle = file.fileno()
        plain = timed(lambda: os.pread(handle, PAGE * 110, offset).split(b"\n"), 20)
    page = timed(lambda: reader.read(first, PAGE), 20)
    report(f"a page of {PAGE} lines at {name}, against pread", page, plain)


def main() -> None:
    millions = [int(argument) for argument in sys.argv[1:]] or [1, 10]
    with tempfile.TemporaryDirectory(prefix="bench-store-") as root:
        output = b"".join([LINE % number for number in range(64 * 1024 // 80)])
        bench_writing(Path(root), "64 KiB of output at once", output, 800)
        bench_writing(Path(root), "one line at a time", LINE % 1, 20_000)
        for count in millions:
            bench_reading(Path(root), count)


if __name__ == "__main__":
    main()
