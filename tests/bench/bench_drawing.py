"""How long one screen of 200x50 takes to be drawn: one of 8 merged steps with labels, four highlights and a search.

Run it by hand; the target is a few milliseconds. Last measured on two busy cores: rows of new pages 5.5 ms, the same rows
again, as a log view that keeps nothing, 3.0 ms.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.style import Style

from wharf_tui.insight.pattern import BadPattern, compile_pattern
from wharf_tui.insight.pattern_matcher import matcher_for
from wharf_tui.model.build import StepInfo, StepState
from wharf_tui.model.ids import StepId
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter
from wharf_tui.ui.log_document import LogDocument
from wharf_tui.ui.log_look import LogLook, TimeColumn
from wharf_tui.ui.log_strips import draw_row
from wharf_tui.ui.merged_document import MergedDocument
from wharf_tui.ui.merged_labels import step_labels
from wharf_tui.ui.themes import DARK

STEPS, LINES = 8, 20_000
HIGHLIGHTS = ("hay", "number", "n=[0-9]+", "https?://")
WIDTH, HEIGHT = 200, 50
ROUNDS = 50


def merged(folder: Path) -> MergedDocument:
    """All steps of a build that ended long ago, counted and merged."""
    documents = {}
    for step in range(1, STEPS + 1):
        writer = LogWriter(folder / str(step))
        writer.append_many(
            [
                (
                    10**18 + number * 10**8 + step,
                    b'level=info msg="hay number" n=%d https://a.test/%d' % (number, step),
                )
                for number in range(LINES)
            ]
        )
        writer.close()
        documents[StepId(step)] = LogDocument(LogReader(writer.step_dir), StepId(step))
    document = MergedDocument(documents)
    document.refresh(1 << 30)
    while document.is_behind:
        document.refresh(1 << 30)
    return document


def look(document: MergedDocument) -> LogLook:
    """Everything that makes drawing slow at once."""
    plain = Style(color="#c0caf5", bgcolor="#1a1b26")
    finders = []
    for text in (*HIGHLIGHTS, "msg"):
        pattern = compile_pattern(text, is_regex=True)
        assert not isinstance(pattern, BadPattern)
        finders.append(matcher_for(pattern).spans)
    steps = [StepState(StepInfo(step_id, "build", f"step-{step_id}")) for step_id in document.steps]
    return LogLook(
        width=WIDTH,
        column=0,
        wrap=False,
        id_width=6,
        times=TimeColumn.CLOCK,
        started_ns=10**18,
        zone=None,
        dark=True,
        text=plain,
        gutter=plain,
        mark=plain,
        gap=plain,
        hit=Style(bgcolor="#e0af68"),
        find=finders[-1],
        highlights=tuple((finder, Style(bgcolor="#1f6feb")) for finder in finders[:-1]),
        labels=step_labels(steps, DARK),
    )


def milliseconds(work: Callable[[int], None]) -> float:
    """Median of some rounds."""
    times = []
    for number in range(ROUNDS):
        began = time.perf_counter()
        work(number)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def main() -> None:
    """Measure."""
    with tempfile.TemporaryDirectory() as folder:
        document = merged(Path(folder))
        how = look(document)

        def draw(first: int) -> None:
            for number in range(first, first + HEIGHT):
                row = document.row(number)
                assert row is not None
                draw_row(row, how, extra=document.extra_of(number))

        print(f"new rows: {milliseconds(lambda number: draw(number * 1000)):.2f} ms a screen")
        print(f"the same rows again: {milliseconds(lambda _: draw(0)):.2f} ms a screen")


if __name__ == "__main__":
    main()
