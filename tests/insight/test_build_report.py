"""What is told of a build at the end, and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.insight.build_report import BuildReport, TellingLine, outcome_of, report_on
from wharf_tui.insight.build_summary import build_summary
from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.errors import StoreError
from wharf_tui.model.ids import BuildId, LogId, StepId
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter


@pytest.fixture
def store(tmp_path: Path) -> Iterator[BuildWriter]:
    steps = tuple(
        StepState(StepInfo(StepId(number), "build", name)) for number, name in enumerate(("good", "bad"), 1)
    )
    writer = BuildWriter.create(tmp_path, BuildInfo(BuildId(42), steps, started_ns=NS))
    yield writer
    with suppress(StoreError):
        writer.close()


def run_step(store: BuildWriter, number: int, status: Status, *lines: bytes, reason: str = "") -> None:
    step_id = StepId(number)
    store.set_status(step_id, Status.RUNNING, at_ns=NS)
    store.log(step_id).append_many([(NS, line) for line in lines])
    store.set_status(
        step_id, status, at_ns=3 * NS, exit_code=2 if status is Status.FAILED else 0, reason=reason
    )
    store.close_log(step_id)


def report(store: BuildWriter) -> BuildReport:
    reader = BuildReader.open(store.path)
    try:
        return report_on(reader)
    finally:
        reader.close()


def test_a_failed_build_tells_its_step_its_causes_and_its_last_lines(store: BuildWriter) -> None:
    run_step(store, 1, Status.SUCCESS, b"fine")
    lines = [b"line %d" % number for number in range(1, 51)]
    lines[9] = b"\x1b[31mmain.c:4:1: error: 'x' undeclared\x1b[0m"
    run_step(store, 2, Status.FAILED, *lines, b"make: *** [all] Error 2", b"", reason="exit code 2")
    store.freeze(Status.FAILED)
    found = report(store)
    assert found.failed_step == "build/bad"
    assert found.outcome == "exit code 2"
    assert re.fullmatch(r"Failed in \S+", found.verdict)
    assert found.cause is not None
    assert found.cause.address == "2:10"
    assert len(found.lines) == 10
    assert found.lines[0].text == "main.c:4:1: error: 'x' undeclared"
    assert found.lines[0].why
    assert [line.text for line in found.lines[-2:]] == ["line 50", "make: *** [all] Error 2"]
    assert [line.log_id for line in found.lines] == sorted(line.log_id for line in found.lines)


def test_a_step_that_printed_nothing_tells_its_reason_alone(store: BuildWriter) -> None:
    run_step(store, 2, Status.FAILED, reason="the image cannot be pulled")
    found = report(store)
    assert found.outcome == "exit code 2, the image cannot be pulled"
    assert found.lines == ()
    assert found.cause is None


def test_a_running_build_says_how_far_it_is(store: BuildWriter) -> None:
    run_step(store, 1, Status.SUCCESS)
    assert report(store).verdict == "Running, 1 of 2 steps have ended"


def test_a_build_whose_worker_was_killed_is_unfinished(store: BuildWriter) -> None:
    run_step(store, 1, Status.SUCCESS)
    store.close()
    assert report(store).verdict.startswith("unfinished")


def test_hostile_lines_and_names_are_harmless(store: BuildWriter) -> None:
    run_step(store, 2, Status.FAILED, b"\x1b]0;title\x07error: \x1b[2J\x00bad", reason="\x1b[31mred")
    found = report(store)
    assert "\x1b" not in found.outcome
    assert not any(set("\x1b\x07\x00") & {*line.text} for line in found.lines)


def test_outcome_says_the_exit_code_once() -> None:
    step = StepState(StepInfo(StepId(1), "a", "b"), exit_code=137, reason="OOMKilled (exit code 137)")
    assert outcome_of(step) == "OOMKilled (exit code 137)"


def test_the_summary_reads_well() -> None:
    line = TellingLine(StepId(4), LogId(1841), "a.c:1: error: no *x*")
    last = TellingLine(StepId(4), LogId(7), "done")
    found = BuildReport(
        BuildId(42),
        "wharf-cmd-build-00042-abcd",
        Status.FAILED,
        "Failed in 1m03s",
        "test/unit",
        "exit code 2",
        lines=(last, line),
        cause=line,
    )
    assert build_summary(found, "wharf-tui open wharf-cmd-build-00042-abcd") == (
        "**Build 42: Failed in 1m03s**\n"
        "\n"
        "Failed step: `test/unit` (exit code 2)\n"
        "\n"
        "```text\n"
        "   4:7  done\n"
        "4:1841  a.c:1: error: no *x*\n"
        "```\n"
        "\n"
        "Open it: `wharf-tui open wharf-cmd-build-00042-abcd --at 4:1841`\n"
    )


@given(st.lists(st.text("`~ a\\*<", max_size=30), min_size=1, max_size=5), st.text("`a @[", min_size=1))
def test_no_line_and_no_name_can_break_out_of_its_fence(texts: list[str], name: str) -> None:
    lines = tuple(TellingLine(StepId(1), LogId(number), text) for number, text in enumerate(texts, 1))
    found = BuildReport(BuildId(1), "b", Status.FAILED, "Failed", name, lines=lines, cause=lines[0])
    rows = build_summary(found, "").split("\n")
    opening = next(row for row in rows if row.endswith("`text"))
    fence = opening.removesuffix("text")
    inside = rows[rows.index(opening) + 1 : rows.index(fence)]
    assert inside == [f"1:{number}  {text}" for number, text in enumerate(texts, 1)]
    span = re.search(r"^Failed step: (`+)( ?)", "\n".join(rows), re.MULTILINE)
    assert span
    assert span[1] not in name
