"""Writes a build at a pace: ``steady_writer.py FOLDER STEPS LINES_PER_SECOND SECONDS FREEZE``.

Each line is ``number crc payload``. Prints the build's folder at once, and at the end how many seconds it took and how
long the longest write took: a reader that holds up the writer would show there.
"""

import sys
import time
import zlib
from pathlib import Path

from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import now_ns
from wharf_tui.results.build_writer import BuildWriter

WRITES_PER_SECOND = 100


def line(number: int) -> bytes:
    payload = b"module %d compiled without warnings, at last" % (number * 7919 % 1_000_003)
    return b"%d %08x %s" % (number, zlib.crc32(payload), payload)


def main(folder: Path, steps: int, lines_per_second: int, seconds: float, freeze: bool) -> None:
    states = tuple(StepState(StepInfo(StepId(n), "build", f"step{n}")) for n in range(1, steps + 1))
    store = BuildWriter.create(folder, BuildInfo(BuildId(1), states))
    print(store.path, flush=True)
    logs = [store.log(StepId(n)) for n in range(1, steps + 1)]
    total = int(lines_per_second * seconds)
    written, longest = 0, 0.0
    began = time.monotonic()
    while written < total:
        due = min(total, int((time.monotonic() - began) * lines_per_second) + 1)
        for index, log in enumerate(logs):
            at_ns = now_ns()
            before = time.monotonic()
            batch = [(at_ns, line(number)) for number in range(written, due) if number % steps == index]
            if batch:
                log.append_many(batch)
            longest = max(longest, time.monotonic() - before)
        written = due
        time.sleep(1 / WRITES_PER_SECOND)
    took = time.monotonic() - began
    if freeze:
        store.freeze(Status.SUCCESS)
    print(f"{took:.3f} {longest:.3f}", flush=True)
    if not freeze:
        time.sleep(600)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), sys.argv[5] == "1")
