"""The merged order against its definition: by running maximum of time, then step, never against a step's own order."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.insight.merge import StepLine, merge_steps, step_lines
from wharf_tui.model.build import StepInfo
from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.lines import Gap, GapKind, LogLine
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter

times = st.lists(st.none() | st.integers(0, 20), max_size=30)


def lines_of(step: StepInfo, stamps: list[int | None]) -> list[StepLine]:
    return [StepLine(step, LogLine(LogId(number), stamp, b"", 0)) for number, stamp in enumerate(stamps, 1)]


@given(st.lists(times, max_size=5))
def test_the_order_is_the_one_that_is_promised(steps: list[list[int | None]]) -> None:
    infos = [StepInfo(StepId(index), "s", str(index)) for index in range(1, len(steps) + 1)]
    streams = [(info, lines_of(info, stamps)) for info, stamps in zip(infos, steps, strict=True)]
    expected = []
    for info, lines in streams:
        latest = 0
        for item in lines:
            assert item.line is not None
            latest = max(latest, item.line.at_ns or 0)
            expected.append((latest, info.step_id, item.line.log_id, item))
    expected.sort(key=lambda row: row[:3])
    assert list(merge_steps(streams)) == [row[3] for row in expected]


def test_gaps_stand_behind_the_line_that_they_follow(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path)
    writer.append_many([(1, b"one"), (2, b"two")])
    writer.add_gap(GapKind.HOLE, "lost on the way", missing=3)
    writer.append(3, b"six")
    writer.close()
    log = LogReader(tmp_path)
    log.refresh()
    rows = list(step_lines(StepInfo(StepId(1), "s", "p"), log, 100))
    log.close()
    assert [row.line.log_id if row.line else row.gap for row in rows] == [
        1,
        2,
        Gap(GapKind.HOLE, LogId(2), 3, "lost on the way"),
        6,
    ]
