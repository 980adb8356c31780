"""How fast a large log is searched, filtered and merged, beside ``rg`` on the same file: ratios, side by side in one run.

Run it as ``python tests/bench/bench_insight.py [millions of lines] [folder of a step to use instead]``. With 10 the log
is a gigabyte. What was asked for: the first hit in 0.15 s, the count of a literal in 5 times what ``rg -c`` takes or in
1 s, a merged view of 8 steps in 2 s, any row of it in 50 ms. Nothing is asserted: machines differ.
"""

from __future__ import annotations

import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from wharf_tui.insight.causes import find_causes
from wharf_tui.insight.fast_merge import FastMerge
from wharf_tui.insight.level_index import LevelIndex
from wharf_tui.insight.levels import Level
from wharf_tui.insight.line_filter import FilterRules, LineFilter
from wharf_tui.insight.pattern import Pattern, compile_pattern
from wharf_tui.insight.search import Search
from wharf_tui.insight.sections import FoldIndex
from wharf_tui.insight.silences import Silences
from wharf_tui.insight.slices import SlicedWork
from wharf_tui.insight.time_map import TimeMap
from wharf_tui.model.build import StepInfo, StepState
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS, format_rfc3339
from wharf_tui.results import layout
from wharf_tui.results.log_reader import LogReader

T0 = 1706954401 * NS
SLICE = 512 * 1024
ROUNDS = 3
STEP = StepId(1)


def write_log(path: Path, lines: int, seed: int = 0) -> None:
    """Lines of about 100 bytes; one in a hundred says ``needle``, one in 100,000 is an error."""
    dice = random.Random(seed)
    path.parent.mkdir(parents=True)
    at_ns = T0 + seed
    with path.open("wb") as file:
        for first in range(0, lines, 1000):
            block = []
            for number in range(first, first + 1000):
                at_ns += dice.randrange(2_000_000)
                what = b"needle" if number % 100 == 0 else b"module"
                error = b"error: " if number % 100_000 == 99_999 else b""
                block.append(
                    b"%s %scompiling %s %07d of the thing, with flags enough to fill an ordinary line\n"
                    % (format_rfc3339(at_ns), error, what, number)
                )
            file.write(b"".join(block))


def best(do: Callable[[], object]) -> float:
    """Seconds of the quickest of some rounds."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        do()
        times.append(time.perf_counter() - began)
    return min(times)


def work_off(work: SlicedWork) -> float:
    """Do all of it; seconds of the longest slice."""
    longest = 0.0
    while True:
        began = time.perf_counter()
        progress = work.step(SLICE)
        longest = max(longest, time.perf_counter() - began)
        if progress.is_done:
            return longest


def rg(path: Path, *options: str) -> float:
    command = ["rg", "-c", *options, str(path)]
    return best(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=False))


def pattern(text: str) -> Pattern:
    compiled = compile_pattern(text, is_regex=True)
    assert isinstance(compiled, Pattern)
    return compiled


def bench_search(log: LogReader, path: Path) -> None:
    texts = (
        "Zebra",
        "zebra",
        "needle",
        "compiling",
        "Compiling needle 0000[0-9]",
        "ordinary line$",
        "error|fatal",
        "404",
    )
    for text in texts:
        searches: list[Search] = []

        def look(text: str = text, searches: list[Search] = searches) -> None:
            searches.append(Search(pattern(text), {STEP: log}))
            work_off(searches[-1])

        ours = best(look)
        beside = ""
        if shutil.which("rg"):
            theirs = rg(path, "-i" if searches[0].pattern.ignore_case else "-s", text)
            beside = f"  rg -c {theirs:5.2f} s, ratio {ours / theirs:4.1f}"
        print(f"search {text:28} {searches[0].count:>9,} hits  {ours:5.2f} s{beside}")
    for backwards in (False, True):
        longest = 0.0
        for place in range(1, 10):
            began = time.perf_counter()
            search = Search(pattern("needle"), {STEP: log})
            line = log.line_count * place // 10
            search.aim(STEP, line, backwards=backwards)
            while search.next(STEP, line, backwards=backwards) is None and not search.progress.is_done:
                search.step(SLICE // 4)
            longest = max(longest, time.perf_counter() - began)
        print(f"first hit {'backwards' if backwards else 'forwards':12} {longest * 1000:6.1f} ms at worst")


def bench_rest(log: LogReader) -> None:
    index = LevelIndex(log)
    works: list[tuple[str, Callable[[], SlicedWork]]] = [
        ("levels", lambda: index),
        (
            "filter, keep with context",
            lambda: LineFilter(log, FilterRules(keep=(pattern("needle"),), before=3, after=3)),
        ),
        ("filter, drop", lambda: LineFilter(log, FilterRules(drop=(pattern("needle"),)))),
        ("filter, level", lambda: LineFilter(log, FilterRules(min_level=Level.ERROR))),
        ("samples of times", lambda: TimeMap(log)),
        ("silences of 10 s", lambda: Silences(TimeMap(log), 10 * NS)),
        ("folds", lambda: FoldIndex(log)),
    ]
    for name, make in works:
        work = make()
        began = time.perf_counter()
        longest = work_off(work)
        took = time.perf_counter() - began
        print(f"{name:28} {took:5.2f} s, longest slice {longest * 1000:5.1f} ms")
    step = StepState(StepInfo(STEP, "stage", "step"), Status.FAILED)
    causes = best(lambda: find_causes([step], {STEP: log}, {STEP: index.errors}))
    print(f"{'causes':28} {causes * 1000:6.1f} ms")


def bench_merge(folder: Path, lines: int) -> None:
    logs: dict[StepId, LogReader] = {}
    for number in range(1, 9):
        write_log(folder / str(number) / layout.LOG, lines, number)
        logs[StepId(number)] = LogReader(folder / str(number))
        logs[StepId(number)].refresh()
    took = best(lambda: work_off(FastMerge(logs)))
    merge = FastMerge(logs)
    work_off(merge)
    times = []
    dice = random.Random(1)
    for _ in range(200):
        row = dice.randrange(merge.row_count)
        began = time.perf_counter()
        merge.rows(row, 60)
        times.append(time.perf_counter() - began)
    times.sort()
    print(
        f"merge of 8 x {lines:,} lines: {took:.2f} s; any 60 rows: {times[100] * 1000:.1f} ms, at worst {times[-1] * 1000:.1f} ms"
    )


def main() -> None:
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        step_dir = Path(sys.argv[2]) if len(sys.argv) > 2 else folder / "one"
        if len(sys.argv) <= 2:
            write_log(step_dir / layout.LOG, int(millions * 1_000_000))
        log = LogReader(step_dir)
        began = time.perf_counter()
        log.refresh()
        print(
            f"{log.line_count:,} lines, {log.size / 1e6:,.0f} MB, counted in {time.perf_counter() - began:.2f} s"
        )
        bench_search(log, step_dir / layout.LOG)
        bench_rest(log)
        bench_merge(folder, int(millions * 100_000))
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
