"""Shows only some lines of a log: those with a pattern, without one, of a level, of a time, and lines around them.

What is visible is a LineSet: its n-th line is the n-th row, and no place is ever lost, since lines keep their numbers.
Lines that have not been looked at yet are not visible.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from operator import or_

from wharf_tui.insight.hinted_matcher import HintedMatcher
from wharf_tui.insight.level_index import DEBUG_HINTS, WARN_HINTS
from wharf_tui.insight.levels import Level
from wharf_tui.insight.line_form import LineForm, form_of
from wharf_tui.insight.line_level import level_of
from wharf_tui.insight.line_matcher import LineMatcher
from wharf_tui.insight.line_set import LineSet
from wharf_tui.insight.log_scan import LogScan
from wharf_tui.insight.novelty import KnownShapes, NoveltyMatcher
from wharf_tui.insight.pattern import Pattern
from wharf_tui.insight.pattern_matcher import matcher_for
from wharf_tui.insight.slices import Progress
from wharf_tui.model.errors import WharfError
from wharf_tui.results.log_reader import LogReader


@dataclass(frozen=True, slots=True)
class FilterRules:
    """Which lines to show."""

    keep: tuple[Pattern, ...] = ()
    """Lines that have one of these at least; where there are none, any line."""
    drop: tuple[Pattern, ...] = ()
    """But never lines that have one of these, not even as context."""
    min_level: Level | None = None
    """Lines of this level or worse, and the indented lines that belong to them. From WARN on, lines without a level are
    hidden; below, only those that say they are of less."""
    from_ns: int | None = None
    """Lines from this time on, in nanoseconds since the Unix epoch, ..."""
    to_ns: int | None = None
    """... and before this time."""
    before: int = 0
    """Context: so many lines before each that is shown, ..."""
    after: int = 0
    """... and behind it."""
    unlike: KnownShapes | None = None
    """Only lines of a shape that is not among these."""

    @property
    def show_all(self) -> bool:
        """Whether nothing is hidden."""
        return replace(self, before=0, after=0) == FilterRules()


class LineFilter:
    """Some rules applied to one log. To be closed when done with.

    Args:
        log: the log; its owner refreshes it.
        rules: which lines to show.
    """

    def __init__(self, log: LogReader, rules: FilterRules) -> None:
        self.rules = rules
        self.visible = LineSet()
        """The lines that are shown: row n is ``visible.select(n + 1)``."""
        self._matcher = _RulesMatcher(rules, form_of(log))
        self._scan = LogScan(log, self._matcher)
        self._log = log
        self._restarts = 0
        self._time_lines: tuple[int, int] | None = None
        self._timed_lines = -1

    @property
    def restarts(self) -> int:
        """How often the log turned out to be another one: then nothing that was found before holds."""
        return self._restarts

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

    def step(self, budget_bytes: int) -> Progress:
        """Look at about ``budget_bytes`` more; see ``SlicedWork.step``."""
        progress = self._scan.step(budget_bytes)
        if self._restarts != self._scan.restarts:
            self._restarts = self._scan.restarts
            self.visible.clear()
            self._timed_lines = -1
        changed = self._scan.take_changed()
        if changed is not None:
            self._find_time_lines()
            self._combine(*changed)
        return progress

    def set_context(self, before: int, after: int) -> None:
        """Show more or fewer lines around the others; nothing needs to be looked at again."""
        self.rules = replace(self.rules, before=before, after=after)
        self._combine(1, self._log.line_count)

    def nearest_row(self, line: int) -> int | None:
        """The row, from 0, of a line or of the visible line that is nearest to it; None where no line is visible."""
        above, below = self.visible.previous(line), self.visible.next(line)
        if above is None or below is None:
            nearest = above or below
        else:
            nearest = above if line - above < below - line else below
        return None if nearest is None else self.visible.count_before(nearest)

    def line_of_row(self, row: int) -> int | None:
        """The line in a row, from 0; None where there is no such row."""
        return self.visible.select(row + 1)

    def close(self) -> None:
        """Let go of what was needed to look; what was found can still be asked for."""
        self._matcher.close()

    def _combine(self, first: int, last: int) -> None:
        """Work out anew what is visible of these lines and of those near them."""
        rules = self.rules
        context = max(rules.before, rules.after) + (_LONGEST_TAIL if rules.min_level else 0)
        first, last = max(first - context, 1), min(last + context, self._log.line_count)
        low, count = max(first - context, 1), last + context - max(first - context, 1) + 1
        seen, kept, dropped, levelled, tails = (lines.bits(low, count) for lines in self._scan.sets)
        hidden = dropped
        if rules.min_level is not None:
            levelled = _with_tails(levelled, tails)
            if rules.min_level >= Level.WARN:
                kept &= levelled
            else:
                hidden |= levelled
        if self._time_lines is not None:
            start, stop = (max(line - low, 0) for line in self._time_lines)
            seen &= ((1 << stop) - 1) & ~((1 << start) - 1)
        shown = _widened(kept & seen & ~hidden, rules.before, rules.after) & seen & ~hidden
        self.visible.put(first, shown >> (first - low), last - first + 1)

    def _find_time_lines(self) -> None:
        """The lines that are not too early and not too late, by halving; the log's times may not be in order."""
        rules, log = self.rules, self._log
        if (rules.from_ns is None and rules.to_ns is None) or log.line_count == self._timed_lines:
            return
        start = 1 if rules.from_ns is None else log.first_line_at(rules.from_ns)
        stop = log.line_count + 1 if rules.to_ns is None else log.first_line_at(rules.to_ns)
        self._time_lines, self._timed_lines = (start, max(stop, start)), log.line_count


class _RulesMatcher:
    """Sorts lines into: seen at all, kept, dropped, of a level that matters, and tails of other lines."""

    set_count = 5

    def __init__(self, rules: FilterRules, form: LineForm) -> None:
        self._form = form
        self._keep: list[LineMatcher] = [matcher_for(pattern, form) for pattern in rules.keep]
        self._drop: list[LineMatcher] = [matcher_for(pattern, form) for pattern in rules.drop]
        self._level: list[LineMatcher] = []
        if rules.min_level is not None:
            self._level.append(_level_matcher(rules.min_level, form))
        self._new = NoveltyMatcher(rules.unlike, form) if rules.unlike is not None else None

    def match(self, data: bytes) -> tuple[int, ...] | None:
        everything = (1 << data.count(b"\n") + (not data.endswith(b"\n"))) - 1
        found = []
        for matchers in (self._keep, self._drop, self._level):
            answers = [matcher.match(data) for matcher in matchers]
            if None in answers:
                return None
            found.append(reduce(or_, (bits for answer in answers if answer for bits in answer), 0))
        kept, dropped, levelled = found
        tails = _tails(self._form, data, levelled) if self._level else 0
        kept = kept if self._keep else everything
        if self._new is not None:
            kept &= self._new.match(data)[0]
        return everything, kept, dropped, levelled, tails

    def close(self) -> None:
        for matcher in (*self._keep, *self._drop):
            matcher.close()


def _level_matcher(min_level: Level, form: LineForm) -> HintedMatcher:
    """From WARN on it finds the lines to show, below the lines to hide: both are few."""
    if min_level >= Level.WARN:
        return HintedMatcher(
            WARN_HINTS, lambda message: int((level_of(message) or 0) >= min_level), form=form
        )
    return HintedMatcher(
        DEBUG_HINTS, lambda message: int((level_of(message) or min_level) < min_level), form=form
    )


def _tails(form: LineForm, data: bytes, levelled: int) -> int:
    """The indented lines that follow a line that matters, or that stand first and may follow one before them."""
    tails = number = start = 0
    goes_on = True
    data = form.without_escapes(data)
    while start < len(data) and (goes_on or levelled >> number):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        if goes_on:
            message = data[form.message_start(data, start, end) : end]
            goes_on = message.startswith((b" ", b"\t")) and level_of(message) is None
            tails |= goes_on << number
        goes_on = goes_on or bool(levelled >> number & 1)
        number, start = number + 1, end + 1
    return tails


_LONGEST_TAIL = 255
"""Lines that can belong to one other line."""


def _with_tails(lines: int, tails: int) -> int:
    """The lines, and the unbroken runs of tails behind them."""
    for distance in (1, 2, 4, 8, 16, 32, 64, 128):
        lines |= tails & lines << distance
        tails &= tails << distance
    return lines


def _widened(lines: int, before: int, after: int) -> int:
    """The lines, and so many before and behind each."""
    above, below = lines, lines
    for context, side in ((before, "above"), (after, "below")):
        done = 0
        while done < context:
            distance = min(done + 1, context - done)
            if side == "above":
                above |= above >> distance
            else:
                below |= below << distance
            done += distance
    return above | below
