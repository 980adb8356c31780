"""Where in a log the errors and warnings are. Built in slices; goes on as the log grows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from wharf_tui.insight.levels import Level
from wharf_tui.insight.line_level import level_of
from wharf_tui.insight.line_matcher import HitScan
from wharf_tui.insight.line_set import LineSet
from wharf_tui.insight.log_scan import LogScan
from wharf_tui.insight.re2_engine import compile_re2
from wharf_tui.insight.slices import Progress
from wharf_tui.insight.stored_lines import STAMP, message_start, messages, split_lines, without_escapes
from wharf_tui.model.errors import WharfError
from wharf_tui.results.log_reader import LogReader


class LevelMatcher:
    """Sorts lines by the level that they give themselves.

    Args:
        hints: a pattern, in RE2's syntax and of any case, that every line has that is to be in a set.
        sort: the number of a level's set, from 1, or 0 for none.
        set_count: the highest number.
    """

    def __init__(self, hints: bytes, sort: Callable[[Level], int], set_count: int = 1) -> None:
        self.set_count = set_count
        self._numbers: dict[Level | None, int] = {level: sort(level) for level in Level}
        self._hints = compile_re2(hints, ignore_case=True)
        find = self._find if self._hints is not None else None
        self._scan = HitScan(find, self._judge, self._judge_all, set_count)

    def match(self, data: bytes) -> tuple[int, ...]:
        """As ``LineMatcher.match``."""
        return self._scan.match(without_escapes(data))

    def close(self) -> None:
        """Nothing is held."""

    def _find(self, text: bytes, start: int) -> int:
        assert self._hints is not None
        return self._hints.find(text, start)[0]

    def _judge(self, text: bytes, _hit: int, line_start: int, line_end: int) -> int:
        start = message_start(text, line_start, line_end)
        return self._numbers.get(level_of(text[start : min(line_end, start + _LOOKED_AT)]), 0)

    def _judge_all(self, text: bytes) -> bytes:
        return bytes([self._numbers.get(level_of(message), 0) for message in messages(split_lines(text))])


class LevelIndex:
    """The errors and warnings of one log.

    Args:
        log: the log; its owner refreshes it.
    """

    def __init__(self, log: LogReader) -> None:
        self._scan = LogScan(log, LevelMatcher(WARN_HINTS, _errors_and_warnings, 2))

    @property
    def errors(self) -> LineSet:
        """Lines that say they are errors, or worse."""
        return self._scan.sets[0]

    @property
    def warnings(self) -> LineSet:
        """Lines that say they are warnings."""
        return self._scan.sets[1]

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


def _errors_and_warnings(level: Level) -> int:
    return 1 if level >= Level.ERROR else 2 if level is Level.WARN else 0


_LOOKED_AT: Final = 2048
_LINE_START: Final = b"^(?:%s)?\\s*" % STAMP
WARN_HINTS: Final = (
    (
        rb"err|warn|wrn|fata|ftl|crit|severe|emerg|alert|caution|panic|fail|exception|traceback|terminate called"
        rb"|segmentation|illegal instruction|abort|killed|core dumped|not found|went wrong|not ok|build stopped"
        rb"|out of memory|eror|: \*\*\* |l(?:eve|v)l?\"\s*:\s*\"?\d|severity\"\s*:\s*\"?\d"
        rb"|"
    )
    + _LINE_START
    + "(?:[✕✖✗✘❌×]|[WEF][01][0-9]|[WEF]/|<[0-9]|E )".encode()
)
"""Every line with a level of WARN or worse has this."""
DEBUG_HINTS: Final = (
    (rb"trac|trc|debu|dbg|dbug|fine|config|verbose|silly|l(?:eve|v)l?\"\s*:\s*\"?\d|severity\"\s*:\s*\"?\d|")
    + _LINE_START
    + rb"(?:[VD]/|<\d)"
)
"""Every line with a level of DEBUG or less has this."""
