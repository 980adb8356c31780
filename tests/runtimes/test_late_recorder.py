"""What was printed before a time is left out; what follows the first wanted line is not, whatever its time."""

from __future__ import annotations

from pathlib import Path

from wharf_tui.model.build import BuildInfo
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.runtimes.late_recorder import LateRecorder
from wharf_tui.worker.recorder import StoreRecorder


def test_nothing_before_the_time_and_everything_behind(tmp_path: Path) -> None:
    store = BuildWriter.create(tmp_path, BuildInfo(BuildId(1)))
    recorder = LateRecorder(StoreRecorder(store, StepId(1)), 100)
    recorder.status(Status.RUNNING, "why")
    recorder.lines([(1, b"old"), (None, b"old, too")])
    recorder.output(99, b"old\n")
    recorder.end_line()
    recorder.lost("before", 1, 50)
    recorder.lost("perhaps")
    recorder.lines([(99, b"old"), (100, b"first"), (50, b"its clock went back")])
    recorder.lines([(None, b"no time")])
    recorder.output(60, b"raw")
    recorder.end_line()
    recorder.lost("behind", 1, 50)
    store.freeze(Status.SUCCESS)
    reader = BuildReader.open(store.path)
    log = reader.log(StepId(1))
    log.refresh()
    messages = [line.message for line in log.tail(9)]
    assert messages == [b"first", b"its clock went back", b"no time", b"raw"]
    assert [(gap.after, gap.reason) for gap in log.gaps] == [(0, "perhaps"), (4, "behind")]
    assert reader.info.steps[0].reason == "why"
