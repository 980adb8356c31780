"""Writes a build for as long as somebody kills those who copy it; run by test_aggregator_kills.py.

Arguments: folder, lines, lines a second. Prints the build's folder, writes at that pace, and ends the build when so many
lines are there and standard input has ended.
"""

import random
import sys
import threading
import time
from pathlib import Path

from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.results.build_writer import BuildWriter

STEPS = 4
PIECE = 0.02
ODD = (b"", b"caf\xc3\xa9", b"no \xff text", b"NUL \0", b"tab\tand \\ backslash", b"x" * 3000)


def main() -> None:
    folder, wanted, pace = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    infos = tuple(StepState(StepInfo(StepId(n), "build", f"step-{n}")) for n in range(1, STEPS + 1))
    store = BuildWriter.create(folder, BuildInfo(BuildId(42), infos))
    for step in range(1, STEPS + 1):
        store.set_status(StepId(step), Status.RUNNING)
    print(store.path, flush=True)
    may_end = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        may_end.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    chance, written = random.Random(1), 0
    while written < wanted or not may_end.is_set():
        step = chance.randint(1, STEPS)
        count = max(1, int(pace * PIECE))
        now = time.time_ns()
        lines = [
            (
                None if number % 97 == 0 else now + number,
                chance.choice(ODD) if number % 11 == 0 else b"line %d" % number,
            )
            for number in range(written, written + count)
        ]
        store.log(StepId(step)).append_many(lines)
        written += count
        time.sleep(PIECE)
    for step in range(1, STEPS + 1):
        store.close_log(StepId(step))
        store.set_status(StepId(step), Status.SUCCESS)
    store.freeze(Status.SUCCESS)


main()
