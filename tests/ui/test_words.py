"""Sizes, ages, counts and states in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from wharf_tui.model.build import BuildInfo, Liveness, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter
from wharf_tui.ui import status_look, step_story, words
from wharf_tui.ui.log_document import LogDocument

STEP = StepState(StepInfo(StepId(2), "build", "compile"))


@pytest.mark.parametrize(
    ("bytes_", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KB"),
        (99_949, "99.9 KB"),
        (99_950, "100 KB"),
        (999_600, "1.0 MB"),
        (1_234_567_890, "1.2 GB"),
        (5 * 10**15, "5000.0 TB"),
    ],
)
def test_sizes(bytes_: int, text: str) -> None:
    assert words.size(bytes_) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "now"),
        (59, "now"),
        (60, "1m"),
        (7199, "1h"),
        (86400, "1d"),
        (8 * 86400, "1w"),
        (800 * 86400, "2y"),
    ],
)
def test_ages(seconds: int, text: str) -> None:
    assert words.age(seconds * NS) == text


def test_paths_are_short_and_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert words.place(Path("/home/someone/builds")) == "~/builds"
    assert words.place(Path("/home/someone-else/\x1b]0;x\x07")) == "/home/someone-else/␛]0;x␇"


def test_durations() -> None:
    assert step_story.duration(STEP, 5 * NS, live=True) == ""
    started = replace(STEP, started_ns=0)
    assert step_story.duration(started, 5 * NS + 900_000_000, live=True) == "5s"
    assert step_story.duration(started, 65 * NS, live=True) == "1m05s"
    assert step_story.duration(started, 65 * NS, live=False) == ""
    assert step_story.duration(replace(started, finished_ns=2 * NS), 65 * NS, live=True) == "2.0s"


@pytest.mark.parametrize(
    ("liveness", "step", "grows"),
    [
        (Liveness.RUNNING, STEP, True),
        (Liveness.RUNNING, replace(STEP, status=Status.SUCCESS, last_log_id=3), False),
        (Liveness.RUNNING, replace(STEP, status=Status.SUCCESS, last_log_id=4), True),
        (Liveness.RUNNING, replace(STEP, status=Status.SUCCESS), True),
        (Liveness.RUNNING, replace(STEP, skipped=True), False),
        (Liveness.UNKNOWN, STEP, True),
        (Liveness.UNKNOWN, replace(STEP, status=Status.FAILED), False),
        (Liveness.FROZEN, STEP, False),
        (Liveness.UNFINISHED, STEP, False),
    ],
)
def test_whether_a_log_may_grow(tmp_path: Path, liveness: Liveness, step: StepState, grows: bool) -> None:
    writer = LogWriter(tmp_path / "step")
    writer.append_many([(NS, b"x")] * 3)
    document = LogDocument(LogReader(writer.step_dir))
    document.refresh(1 << 30, follow=True)
    assert step_story.may_grow(step, document, liveness) is grows


def test_completeness_never_claims_more_than_is_known(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path / "step")
    writer.append_many([(NS, b"x")] * 4213)
    document = LogDocument(LogReader(writer.step_dir))
    document.refresh(1 << 30, follow=True)

    def says(step: StepState, liveness: Liveness) -> tuple[str, bool]:
        return step_story.completeness(step, document, liveness)

    ended = replace(STEP, status=Status.SUCCESS)
    assert says(replace(ended, last_log_id=4213), Liveness.FROZEN) == ("1-4,213 complete", False)
    assert says(replace(ended, last_log_id=4215), Liveness.FROZEN) == (
        "4,213 of 4,215 lines: the rest is missing",
        True,
    )
    assert says(replace(ended, last_log_id=9), Liveness.FROZEN) == (
        "4,213 lines where the build recorded 9",
        True,
    )
    assert says(STEP, Liveness.RUNNING) == ("4,213 lines so far", False)
    assert says(replace(ended, last_log_id=9000), Liveness.RUNNING) == ("4,213 of 9,000 lines so far", False)
    assert says(ended, Liveness.UNKNOWN) == ("4,213 lines", False)
    gone = replace(STEP, status=Status.UNKNOWN)
    assert says(gone, Liveness.UNFINISHED) == ("4,213 lines, then the worker was gone", True)
    writer.add_gap(GapKind.TORN, "the writer was killed")
    writer.add_gap(GapKind.HOLE, "lost\x1b[2J", missing=2)
    document.refresh(1 << 30, follow=True)
    assert says(replace(ended, last_log_id=4215), Liveness.FROZEN) == (
        "lines 4214-4215 missing: lost␛[2J (and 1 more)",
        True,
    )


def test_why_a_step_did_not_run() -> None:
    build = BuildInfo(BuildId(1), (STEP,))
    assert step_story.why_empty(STEP, build, Liveness.FROZEN, 0) == (
        "This step did not run",
        "The build ended before it.",
    )
    waiting = replace(STEP, status=Status.SCHEDULING, started_ns=0, reason="pulling the image")
    assert step_story.why_empty(waiting, build, Liveness.RUNNING, 9 * NS) == (
        "Waiting for a place to run",
        "pulling the image for 9s",
    )
    ready = replace(waiting, status=Status.INITIALIZING, reason="")
    assert step_story.why_empty(ready, build, Liveness.RUNNING, 9 * NS) == ("Getting ready", "for 9s")


def test_outcomes() -> None:
    assert step_story.outcome(STEP) == ""
    assert step_story.outcome(replace(STEP, exit_code=2)) == "exit code 2"
    assert step_story.outcome(replace(STEP, exit_code=2, reason="exit code 2")) == "exit code 2"
    assert step_story.outcome(replace(STEP, exit_code=0, reason="cancelled by you")) == "cancelled by you"


def test_every_state_has_a_sign_of_one_cell_and_a_color() -> None:
    from rich.cells import cell_len

    for status in Status:
        assert cell_len(status_look.glyph(status)) == 1
        assert status_look.color(status).startswith("$")
    turning = {status_look.glyph(Status.RUNNING, at_ns=turn * status_look.TURN_NS) for turn in range(8)}
    assert len(turning) == 4
