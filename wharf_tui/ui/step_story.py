"""Says in words how a step stands: how long it took, whether its log is all there, why nothing is shown."""

from __future__ import annotations

from wharf_tui.model.build import BuildInfo, Liveness, StepState
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.model.text import clean_plain
from wharf_tui.model.timestamps import format_duration
from wharf_tui.ui import words
from wharf_tui.ui.log_document import LogDocument


def duration(step: StepState, now_ns: int, *, live: bool) -> str:
    """How long the step took, or has been running; empty where it has not started or nobody knows."""
    if step.started_ns is None:
        return ""
    if step.finished_ns is not None:
        return format_duration(step.finished_ns - step.started_ns)
    return words.elapsed(now_ns - step.started_ns) if live else ""


def may_grow(step: StepState, document: LogDocument, liveness: Liveness) -> bool:
    """Whether lines may still be added to the step's log; a copy grows after its step has ended."""
    if liveness in (Liveness.FROZEN, Liveness.UNFINISHED) or step.skipped:
        return False
    if liveness is Liveness.RUNNING:
        return step.last_log_id is None or document.log.last_log_id < step.last_log_id
    return not step.status.is_final


def completeness(step: StepState, document: LogDocument, liveness: Liveness) -> tuple[str, bool]:
    """How much of the log is there, and whether something is known to be missing."""
    if document.problem:
        return document.problem, True
    if document.is_counting:
        return f"counting lines… {document.counted_share:.0%}", False
    if document.gaps:
        holes = [gap for gap in document.gaps if gap.kind is not GapKind.TORN]
        first = clean_plain((holes or document.gaps)[0].describe())
        more = len(document.gaps) - 1
        return first + (f" (and {more} more)" if more else ""), True
    last = document.log.last_log_id
    if may_grow(step, document, liveness):
        whole = f"of {step.last_log_id:,} " if step.last_log_id is not None else ""
        return f"{last:,} {whole}{'line' if last == 1 and not whole else 'lines'} so far", False
    if step.last_log_id is not None:
        return _against_record(last, step.last_log_id)
    if liveness is Liveness.UNFINISHED and step.status is Status.UNKNOWN:
        return f"{words.lines(last)}, then the worker was gone", True
    return words.lines(last), False


def _against_record(last: int, recorded: int) -> tuple[str, bool]:
    """What is there beside what the build noted when the step's log ended."""
    if last < recorded:
        return f"{last:,} of {words.lines(recorded)}: the rest is missing", True
    if last > recorded:
        return f"{words.lines(last)} where the build recorded {recorded:,}", True
    return (f"1-{last:,} complete" if last else "no lines, complete"), False


def outcome(step: StepState) -> str:
    """Why the step ended as it did, in a few words; empty where nothing is known."""
    if step.status is Status.RUNNING:  # what it waited for has come
        return ""
    code = f"exit code {step.exit_code}" if step.exit_code else ""
    if code and step.reason.startswith(code):  # with what was said of it besides
        return step.reason
    return ": ".join(filter(None, (code, step.reason)))


def why_empty(step: StepState, build: BuildInfo, liveness: Liveness, now_ns: int) -> tuple[str, str]:
    """A headline and an explanation for a step that has no lines to show."""
    if step.skipped:
        return "This step was skipped", step.reason
    live = liveness in (Liveness.RUNNING, Liveness.UNKNOWN)
    if not live and not step.status.is_final:
        return "This step did not run", step.reason or "The build ended before it."
    if step.status is Status.PENDING:
        return "Not started yet", step.reason or _waits_for(step, build)
    if step.status.is_final:
        return "This step printed nothing", f"{step.status.label} {_after(step)}".strip()
    since = f"for {words.elapsed(now_ns - step.started_ns)}" if step.started_ns is not None else ""
    if step.status is Status.SCHEDULING:
        return "Waiting for a place to run", " ".join(filter(None, (step.reason, since)))
    if step.status is Status.INITIALIZING:
        return "Getting ready", " ".join(filter(None, (step.reason, since)))
    return "No output yet", f"Running {since}".strip()


def _after(step: StepState) -> str:
    if step.started_ns is None or step.finished_ns is None:
        return ""
    return f"after {format_duration(step.finished_ns - step.started_ns)}"


def _waits_for(step: StepState, build: BuildInfo) -> str:
    """The earliest stage before this step's that has not ended."""
    for other in build.steps:
        if other.info.stage == step.info.stage:
            break
        if not other.status.is_final and not other.skipped:
            return f"Waits for stage {other.info.stage}"
    return "Starts in a moment"
