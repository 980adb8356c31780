"""Why a build failed: its first failed step, and the lines in it that tell most, each with the reason it was picked.

Only the end of a log is read, and the first errors that the error index knows: a bounded part of any log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from wharf_tui.insight.cause_rules import ECHO, Clue, clue_in
from wharf_tui.insight.line_set import LineSet
from wharf_tui.model.build import StepState
from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.lines import LogLine
from wharf_tui.model.status import Status
from wharf_tui.results.log_reader import LogReader


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that tells why a step failed."""

    step_id: StepId
    line: int
    """Line of the step's file, from 1; 0 where it is not in the log, but was told of the step."""
    log_id: LogId
    """ID of that line; 0 as above."""
    why: str
    """Why it was picked, for people: ``compiler error``; for line 0 what was told of the step."""
    score: int
    """Higher is more telling; only to be compared."""


def failed_steps(steps: Iterable[StepState]) -> list[StepState]:
    """The steps that failed, the first in time first. Steps that were cancelled because of them are not among them."""
    failed = [step for step in steps if step.status is Status.FAILED]
    return sorted(failed, key=_when_failed)


def find_causes(
    steps: Iterable[StepState],
    logs: Mapping[StepId, LogReader],
    errors: Mapping[StepId, LineSet] | None = None,
    most: int = 5,
) -> list[Cause]:
    """The likely causes of a build's failure, the likeliest first.

    Args:
        steps: of the build.
        logs: of the failed steps at least; counted to their ends (``is_indexed``).
        errors: error lines of some steps, as far as known (``LevelIndex.errors``).
        most: how many causes to tell of the first failed step; of each later one the likeliest is told.

    Returns:
        The causes; empty where no step failed.

    Raises:
        InputError: a log cannot be read.
    """
    causes: list[Cause] = []
    for step in failed_steps(steps):
        step_id = step.info.step_id
        log = logs.get(step_id)
        known = (errors or {}).get(step_id)
        found = _causes_in(step, log, known) if log is not None else []
        told = [Cause(step_id, 0, LogId(0), step.reason, 0)] if step.reason and not found else []
        causes += (found or told)[: 1 if causes else most]
    return causes


def _when_failed(step: StepState) -> tuple[bool, int, int]:
    return step.finished_ns is None, step.finished_ns or 0, step.info.step_id


def _causes_in(step: StepState, log: LogReader, errors: LineSet | None) -> list[Cause]:
    last = log.line_count
    tail_from = max(last - _TAIL_LINES + 1, 1)
    early = islice(errors, _EARLY_ERRORS) if errors is not None else ()
    causes: list[Cause] = []
    texts: set[bytes] = set()
    for number, line in _lines(log, [line for line in early if line < tail_from], tail_from):
        clue = clue_in(line.message)
        text = _VARYING.sub(b"", line.message)
        if clue is None or text in texts:
            continue
        texts.add(text)
        score = clue.score + _nearness(last - number) + _exit_bonus(clue, step.exit_code)
        causes.append(Cause(step.info.step_id, number, line.log_id, clue.why, score))
    telling = [cause for cause in causes if cause.score >= _TELLING]
    if not telling:
        telling = causes[:1] or _last_words(step, log)
    return sorted(telling, key=_rank)


def _lines(log: LogReader, early: list[int], tail_from: int) -> Iterable[tuple[int, LogLine]]:
    for number in early:
        for line in log.read(number, 1, _MESSAGE_BYTES):
            yield number, line
    for page in range(tail_from, log.line_count + 1, _PAGE):
        yield from enumerate(log.read(page, _PAGE, _MESSAGE_BYTES), page)


def _last_words(step: StepState, log: LogReader) -> list[Cause]:
    """The last line that says anything."""
    first = max(log.line_count - _LAST_WORDS_WITHIN + 1, 1)
    for number, line in reversed(list(enumerate(log.read(first, _LAST_WORDS_WITHIN, _MESSAGE_BYTES), first))):
        if line.message.strip():
            return [Cause(step.info.step_id, number, line.log_id, "last line before the step ended", 1)]
    return []


def _nearness(lines_behind: int) -> int:
    """Errors that a step lived through for long are less likely to be its end."""
    return next((bonus for within, bonus in ((100, 9), (500, 6), (2000, 3)) if lines_behind < within), 0)


def _exit_bonus(clue: Clue, exit_code: int | None) -> int:
    return 15 if exit_code in clue.exit_codes else 0


def _rank(cause: Cause) -> tuple[int, int]:
    return -cause.score, cause.line


_TAIL_LINES: Final = 3000
_EARLY_ERRORS: Final = 40
_PAGE: Final = 512
_MESSAGE_BYTES: Final = 1024
_LAST_WORDS_WITHIN: Final = 200
_TELLING: Final = ECHO + 25
_VARYING: Final = re.compile(rb"\x1b\[[0-9;]*m|[0-9]+")
