"""Where in a log the errors and warnings are. Built in slices; goes on as the log grows."""

from __future__ import annotations

from typing import Final

from wharf_tui.insight.hinted_matcher import HintedMatcher
from wharf_tui.insight.levels import Level
from wharf_tui.insight.line_form import STAMP, form_of
from wharf_tui.insight.line_level import level_of
from wharf_tui.insight.line_set import LineSet
from wharf_tui.insight.log_scan import LogScan
from wharf_tui.insight.slices import Progress
from wharf_tui.model.errors import WharfError
from wharf_tui.results.log_reader import LogReader


class LevelIndex:
    """The errors and warnings of one log.

    Args:
        log: the log; its owner refreshes it.
    """

    def __init__(self, log: LogReader) -> None:
        self._scan = LogScan(log, HintedMatcher(WARN_HINTS, _errors_and_warnings, 2, form_of(log)))

    @property
    def errors(self) -> LineSet:
        """Lines that say they are errors, or worse."""
        return self._scan.sets[0]

    @property
    def warnings(self) -> LineSet:
        """Lines that say they are warnings."""
        return self._scan.sets[1]

    @property
    def restarts(self) -> int:
        """How often the log turned out to be another one: then nothing that was found before holds."""
        return self._scan.restarts

    @property
    def progress(self) -> Progress:
        """How much has been looked at."""
        return self._scan.progress

    @property
    def problem(self) -> WharfError | None:
        """Why it cannot go on."""
        return self._scan.problem

    def aim(self, line: int, *, backwards: bool = False) -> None:
        """Look on from this line, in this direction, before anywhere else."""
        self._scan.aim(line, backwards=backwards)

    def covers(self, first: int, last: int) -> bool:
        """Whether the lines from ``first`` to ``last`` have all been looked at."""
        return self._scan.covers(first, last)

    def step(self, budget_bytes: int) -> Progress:
        """Look at about ``budget_bytes`` more; see ``SlicedWork.step``."""
        return self._scan.step(budget_bytes)


def _errors_and_warnings(message: bytes) -> int:
    level = level_of(message)
    if level is None or level < Level.WARN:
        return 0
    return 2 if level is Level.WARN else 1


_LINE_START: Final = rb"^(?:%s)?[\s\v]*" % STAMP
_NUMBERED: Final = rb"(?:le?ve?l(?:name)?|severity(?:_text)?)\"\s*:\s*\"?\d"
WARN_HINTS: Final = b"|".join(
    (
        rb"err|warn|wrn|fata|ftl|crit|severe|emerg|alert|caution|panic|fail|exception|traceback|terminate called",
        rb"segmentation|illegal instruction|abort|killed|core dumped|not found|went wrong|not ok|build stopped",
        rb"out of memory|eror|: \*\*\* ",
        _NUMBERED,
        _LINE_START + "(?:[✕✖✗✘❌\u00d7]|[WEF][01][0-9]|[WEF]/|<[0-9]|E )".encode(),
    )
)
"""Every line with a level of WARN or worse has this."""
DEBUG_HINTS: Final = b"|".join(
    (
        rb"trac|trc|debu|dbg|dbug|fine|config|verbose|silly",
        _NUMBERED,
        _LINE_START + rb"(?:[VD]/|<\d)",
    )
)
"""Every line with a level of DEBUG or less has this."""
