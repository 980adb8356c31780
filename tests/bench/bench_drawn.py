"""How late a live line stands on the screen: from the write in the step to its row on the terminal of an attached viewer.

A worker runs a step that prints 10,000 lines a second, each with its time; the viewer attaches in a terminal of the size that is
asked for, and what it draws is read as the terminal would. Asked for were 50 ms for 99 of 100 lines. Beside it stands how old
the newest line is when it is drawn: the difference is what the pace of drawing costs.

    python tests/bench/bench_drawn.py [COLUMNSxROWS ...]
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from itertools import pairwise
from pathlib import Path

LINES_A_SECOND = 10_000
SECONDS, WARM_UP = 25.0, 8.0
STEP = f"""
import sys, time
out, began, printed = sys.stdout.buffer, time.time(), 0
while time.time() < began + {SECONDS + 10}:
    due = int((time.time() - began) * {LINES_A_SECOND})
    out.write(b"".join(b"T=%.4f words of a line\\n" % time.time() for _ in range(due - printed)))
    out.flush()
    printed = due
    time.sleep(0.001)
"""
WHARF = [sys.executable, "-m", "wharf_tui"]
_CODES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
_TIME = re.compile(rb"T=(\d+\.\d{4})")


def start_worker(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A worker that runs the step, and its address."""
    (folder / "step.py").write_text(STEP)
    command = f"exec {sys.executable} {folder / 'step.py'}"
    (folder / ".wharf-ci.yml").write_text(
        f"live:\n  step:\n    container:\n      image: none\n      cmds: ['{command}']\n"
    )
    worker = subprocess.Popen(
        [*WHARF, "worker", "run", str(folder), "--runtime", "process", "--address", "127.0.0.1:0"],
        env={**os.environ, "WHARF_TUI_BUILDS": str(folder / "worker")},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert worker.stderr is not None
    for line in worker.stderr:
        found = re.search(rb"on (127\.0\.0\.1:\d+)", line)
        if found:
            return worker, found[1].decode()
    raise SystemExit("the worker did not start")


def drawn_lines(address: str, folder: Path, columns: int, rows: int) -> list[tuple[float, float]]:
    """When something newer was drawn, and the time of the newest line on the screen then."""
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {**os.environ, "WHARF_TUI_BUILDS": str(folder / "client"), "TERM": "xterm-256color"}
        os.execve(sys.executable, [*WHARF, "attach", address], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    began, held, found = time.time(), b"", [(0.0, 0.0)]
    while time.time() < began + SECONDS:
        if not select.select([terminal], [], [], 0.01)[0]:
            continue
        held = (held + os.read(terminal, 1 << 16))[-(1 << 16) :]
        now = time.time()
        newest = max(map(float, _TIME.findall(_CODES.sub(b"", held))), default=0.0)
        if newest > found[-1][1] and now > began + WARM_UP:
            found.append((now, newest))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)
    return found[1:]


def percentiles(seconds: list[float]) -> str:
    """In milliseconds."""
    ordered = sorted(seconds)
    shares = (0.5, 0.9, 0.99)
    return ", ".join(f"{share:.0%} {1000 * ordered[int(len(ordered) * share)]:.0f} ms" for share in shares)


def main() -> None:
    """Measure at each size."""
    for size in sys.argv[1:] or ["80x24", "200x50"]:
        columns, rows = map(int, size.split("x"))
        with tempfile.TemporaryDirectory() as scratch:
            worker, address = start_worker(Path(scratch))
            try:
                drawn = drawn_lines(address, Path(scratch), columns, rows)
            finally:
                worker.send_signal(signal.SIGINT)
                worker.communicate(timeout=30)
        lines = [
            at - (before + step / LINES_A_SECOND)
            for (_, before), (at, newest) in pairwise(drawn)
            for step in range(int((newest - before) * LINES_A_SECOND))
        ]
        print(f"{size}: a line is drawn after {percentiles(lines)} (asked: 99% 50 ms)")
        print(f"{size}: the newest line is then {percentiles([at - newest for at, newest in drawn])} old")


if __name__ == "__main__":
    main()
