"""Sorts lines that have some hint in common by a closer look at each: quick where such lines are few."""

from __future__ import annotations

from collections.abc import Callable

from wharf_tui.insight.line_form import STAMPED, LineForm
from wharf_tui.insight.line_matcher import HitScan
from wharf_tui.insight.plain_lines import split_lines
from wharf_tui.insight.re2_engine import compile_re2


class HintedMatcher:
    """A ``LineMatcher`` for what one can tell of a message, but not in one pattern.

    Args:
        hints: a pattern, in RE2's syntax and of any case, that finds every stored line that is to be in a set.
        judge: the number of a message's set, from 1, or 0 for none; gets the message without escape codes.
        set_count: the highest number.
        form: how the lines are made.
    """

    def __init__(
        self, hints: bytes, judge: Callable[[bytes], int], set_count: int = 1, form: LineForm = STAMPED
    ) -> None:
        self.set_count = set_count
        self._form = form
        self._judge_message = judge
        self._hints = compile_re2(hints, ignore_case=True)
        find = self._find if self._hints is not None else None
        self._scan = HitScan(find, self._judge, self._judge_all, set_count)

    def match(self, data: bytes) -> tuple[int, ...]:
        """As ``LineMatcher.match``."""
        return self._scan.match(self._form.without_escapes(data))

    def close(self) -> None:
        """Nothing is held."""

    def _find(self, text: bytes, start: int) -> int:
        assert self._hints is not None
        return self._hints.find(text, start)[0]

    def _judge(self, text: bytes, _hit: int, line_start: int, line_end: int) -> int:
        return self._judge_message(text[self._form.message_start(text, line_start, line_end) : line_end])

    def _judge_all(self, text: bytes) -> bytes:
        return bytes(map(self._judge_message, self._form.messages(split_lines(text))))
