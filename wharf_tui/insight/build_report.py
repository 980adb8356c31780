"""What somebody wants to know of a build that is over: how it ended, which step failed, and the lines that tell why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wharf_tui.insight.causes import Cause, failed_steps, find_causes
from wharf_tui.model.build import Liveness, StepState
from wharf_tui.model.ids import BuildId, LogId, StepId
from wharf_tui.model.lines import LogLine
from wharf_tui.model.status import Status
from wharf_tui.model.text import clean, clean_plain
from wharf_tui.model.timestamps import format_duration
from wharf_tui.results.build_reader import BuildReader

MOST_LINES: Final = 10
_LAST_WITHIN: Final = 200
_MESSAGE_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class TellingLine:
    """A line that tells why a step failed, or one of its last."""

    step_id: StepId
    log_id: LogId
    text: str
    """Safe to show, without colours."""
    why: str = ""
    """Why it was picked; empty for one that only stands at the end."""

    @property
    def address(self) -> str:
        """``4:1841``."""
        return f"{self.step_id}:{self.log_id}"


@dataclass(frozen=True, slots=True)
class BuildReport:
    """A build in a few words. Every text of it is safe to show."""

    build_id: BuildId
    name: str
    """The build's folder."""
    status: Status
    verdict: str
    """``Failed in 1m03s``, ``Running, 4 of 12 steps have ended``."""
    failed_step: str = ""
    """``stage/step`` of the step that failed first; empty where none did."""
    outcome: str = ""
    """How it ended: ``exit code 2``, or what else is known."""
    problem: str = ""
    """Why the build failed where no step did."""
    lines: tuple[TellingLine, ...] = ()
    """In the order of the log."""
    cause: TellingLine | None = None
    """The most telling line."""


def report_on(reader: BuildReader, most_lines: int = MOST_LINES) -> BuildReport:
    """Look at a build, and count the log of the step that failed first to its end.

    Raises:
        InputError: the log cannot be read.
    """
    info = reader.info
    report = BuildReport(
        info.build_id,
        clean_plain(reader.path.name),
        reader.status,
        _verdict(reader),
        problem=clean_plain(info.problem),
    )
    failed = next(iter(failed_steps(info.steps)), None)
    if failed is None:
        return report
    lines, cause = _telling_lines(reader, failed, most_lines)
    return BuildReport(
        report.build_id,
        report.name,
        report.status,
        report.verdict,
        failed_step=clean_plain(failed.info.address),
        outcome=outcome_of(failed),
        problem=report.problem,
        lines=lines,
        cause=cause,
    )


def outcome_of(step: StepState) -> str:
    """How a step ended, beside its status: ``exit code 2``, ``OOMKilled``."""
    code = "" if step.exit_code is None else f"exit code {step.exit_code}"
    reason = clean_plain(step.reason)
    if code and reason and code not in reason:
        return f"{code}, {reason}"
    return reason or code


def _verdict(reader: BuildReader) -> str:
    info, status = reader.info, reader.status
    if reader.liveness is Liveness.UNFINISHED:
        return "unfinished: its worker ended before the build did"
    if not status.is_final:
        ended = sum(step.status.is_final or step.skipped for step in info.steps)
        return f"{status.label}, {ended} of {len(info.steps)} steps have ended"
    if info.started_ns is None or info.finished_ns is None:
        return status.label
    return f"{status.label} in {format_duration(info.finished_ns - info.started_ns)}"


def _telling_lines(
    reader: BuildReader, step: StepState, most: int
) -> tuple[tuple[TellingLine, ...], TellingLine | None]:
    """The likeliest causes; where they are few, the last lines of the step join them."""
    log = reader.log(step.info.step_id)
    log.refresh()
    causes = [cause for cause in find_causes([step], {step.info.step_id: log}, most=most) if cause.line]
    found = {cause.line: _line(cause, log.read(cause.line, 1, _MESSAGE_BYTES)) for cause in causes}
    best = found[causes[0].line] if causes else None
    first = max(log.line_count - _LAST_WITHIN + 1, 1)
    last_lines = list(enumerate(log.read(first, _LAST_WITHIN, _MESSAGE_BYTES), first))
    for number, line in reversed(last_lines):
        if len(found) >= most:
            break
        told = _told(step.info.step_id, line)
        if told.text.strip():
            found.setdefault(number, told)
    return tuple(line for _, line in sorted(found.items())), best


def _line(cause: Cause, read: list[LogLine]) -> TellingLine:
    return (
        _told(cause.step_id, read[0], cause.why)
        if read
        else TellingLine(cause.step_id, cause.log_id, "", cause.why)
    )


def _told(step_id: StepId, line: LogLine, why: str = "") -> TellingLine:
    text = clean(line.message, is_cut=line.is_cut).text.rstrip()
    return TellingLine(step_id, line.log_id, text + ("…" if line.is_cut else ""), why)
