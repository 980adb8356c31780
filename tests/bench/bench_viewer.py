"""The viewer itself, headless: opening, keys, searching and merging at size, as ratios to the same on a small log.

Run it as ``python tests/bench/bench_viewer.py [millions of lines]``. What was asked for: a gigabyte (10 million lines) opens in 1.5
times what 1,000 lines take, in under 200 MB; any move takes less than 50 ms; a literal is counted in 5 times what ``rg -c``
takes or in 1 s; 8 steps of a million lines are merged in 2 s; a key shows in 50 ms while 50,000 lines a second come. Nothing is
asserted: machines differ.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS, now_ns
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.ui.app import WharfApp
from wharf_tui.ui.screens.build import BuildScreen
from wharf_tui.ui.search_control import SearchControl

T0 = 1706954401 * NS
SIZE = (200, 50)
PATIENCE = 120.0


def begin_build(folder: Path, steps: int) -> BuildWriter:
    """A build whose steps run."""
    states = tuple(
        StepState(StepInfo(StepId(number), "bench", f"step{number}")) for number in range(1, steps + 1)
    )
    writer = BuildWriter.create(folder, BuildInfo(BuildId(1), states, started_ns=T0))
    for number in range(1, steps + 1):
        writer.set_status(StepId(number), Status.RUNNING, at_ns=T0)
    return writer


def make_build(folder: Path, steps: int, lines: int) -> Path:
    """An ended build; each step has ``lines`` lines of about 90 bytes, one in 50,000 says ``needle``."""
    writer = begin_build(folder, steps)
    for number in range(1, steps + 1):
        log = writer.log(StepId(number))
        for first in range(0, lines, 10_000):
            log.append_many(
                (
                    T0 + (line * steps + number) * 100_000,
                    b"compiling %s %07d of the thing with flags enough for a line"
                    % (b"needle" if line % 50_000 == 7 else b"module", line),
                )
                for line in range(first, min(first + 10_000, lines))
            )
        writer.set_status(StepId(number), Status.SUCCESS, at_ns=T0 + lines * 100_000 * steps)
        writer.close_log(StepId(number))
    writer.freeze(Status.SUCCESS)
    writer.close()
    return writer.path


async def until(condition: Callable[[], bool]) -> float:
    """Seconds until it holds."""
    started = time.perf_counter()
    while not condition():
        assert time.perf_counter() - started < PATIENCE, "it did not come"
        await asyncio.sleep(0.001)
    return time.perf_counter() - started


def screen_of(app: WharfApp) -> BuildScreen:
    """The build's screen."""
    screen = app.screen
    assert isinstance(screen, BuildScreen)
    return screen


async def open_seconds(path: Path) -> float:
    """From nothing to the last line on the screen."""
    started = time.perf_counter()
    app = WharfApp(path, path.parent)
    async with app.run_test(size=SIZE):
        view = screen_of(app).view
        await until(lambda: view.document is not None and view.render_line(0).text.strip() != "")
        return time.perf_counter() - started


async def moves(path: Path) -> None:
    """The slowest of some moves in a large log."""
    app = WharfApp(path, path.parent)
    async with app.run_test(size=SIZE):
        screen = screen_of(app)
        await until(lambda: screen.view.document is not None and not screen.view.document.is_counting)
        goto = screen.command_named("goto")
        assert goto is not None
        slowest = 0.0
        for target in ("1", "50%", "-1", "77%", "123456", "3%"):
            started = time.perf_counter()
            await screen.execute(goto, target)
            for row in range(screen.view.size.height):
                screen.view.render_line(row)
            slowest = max(slowest, time.perf_counter() - started)
    print(f"slowest move to a line or a share {1000 * slowest:.0f} ms (asked: 50)")


async def search(path: Path, plain: float) -> None:
    """A literal, from Enter to the first hit and to the full count."""
    app = WharfApp(path, path.parent)
    async with app.run_test(size=SIZE):
        screen = screen_of(app)
        await until(lambda: screen.view.document is not None and not screen.view.document.is_counting)
        await asyncio.sleep(0.5)
        control = screen.control(SearchControl)
        control.open()
        started = time.perf_counter()
        control.prompt_changed("needle")
        await until(lambda: screen.view.spot is not None)
        first = time.perf_counter() - started
        await until(lambda: control.session is not None and control.session.progress.is_done)
        whole = time.perf_counter() - started
    print(
        f"search: first hit {first:.3f} s (asked: 0.15), all {whole:.2f} s, {whole / plain:.1f} x rg -c ({plain:.2f} s)"
    )


async def merge(path: Path) -> None:
    """All steps in one order."""
    app = WharfApp(path, path.parent)
    async with app.run_test(size=SIZE):
        screen = screen_of(app)
        await until(lambda: screen.view.document is not None and not screen.view.document.is_counting)
        started = time.perf_counter()
        screen.action_all_steps()
        await until(lambda: bool(screen.view.document is not None and screen.view.document.row_count))
    print(f"merged in {time.perf_counter() - started:.2f} s (asked: 2)")


async def keys_under_load(folder: Path, seconds: float = 8.0) -> None:
    """From a key to its effect, while 12 steps print 50,000 lines a second."""
    writer = begin_build(folder, 12)
    stop = threading.Event()

    def print_on() -> None:
        while not stop.wait(0.02):
            for number in range(1, 13):
                lines = [(now_ns(), b"step %d says something of ordinary length here" % number)] * 84
                writer.log(StepId(number)).append_many(lines)

    printing = threading.Thread(target=print_on)
    app = WharfApp(writer.path, writer.path.parent)
    gc.freeze()  # as the command does
    waits = []
    async with app.run_test(size=SIZE):
        screen = screen_of(app)
        printing.start()
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            before = screen.view.show_ids
            app.simulate_key("number_sign")
            waits.append(await until(lambda before=before: screen.view.show_ids is not before))  # type: ignore[misc]
            await asyncio.sleep(0.05)
        stop.set()
        printing.join()
    writer.close()
    waits.sort()
    print(
        f"a key at 50,000 lines/s: median {1000 * waits[len(waits) // 2]:.0f} ms, "
        f"99 of 100 {1000 * waits[int(len(waits) * 0.99)]:.0f} ms (asked: 50)"
    )


def main() -> None:
    """Make the builds, and measure."""
    lines = int(float(sys.argv[1] if len(sys.argv) > 1 else 10) * 1_000_000)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        small = make_build(root / "small", 1, 1000)
        large = make_build(root / "large", 1, lines)
        many = make_build(root / "many", 8, lines // 10)
        asyncio.run(open_seconds(small))  # imports and caches
        opened = {path: min(asyncio.run(open_seconds(path)) for _ in range(5)) for path in (small, large)}
        print(
            f"open {lines:,} lines in {opened[large]:.3f} s, 1,000 in {opened[small]:.3f} s: "
            f"{opened[large] / opened[small]:.2f} x (asked: 1.5)"
        )
        asyncio.run(moves(large))
        if shutil.which("rg"):
            log = next(large.glob("steps/1/logs.log"))
            started = time.perf_counter()
            subprocess.run(["rg", "-c", "needle", str(log)], check=True, stdout=subprocess.DEVNULL)
            asyncio.run(search(large, time.perf_counter() - started))
        else:
            print("search: rg is not installed, nothing to compare with")
        asyncio.run(merge(many))
        asyncio.run(keys_under_load(root / "live"))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
            1024 if sys.platform != "darwin" else 1024**2
        )
        print(f"memory of all this in one process: {peak:.0f} MB")


if __name__ == "__main__":
    main()
