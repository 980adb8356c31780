"""Finds the lines whose message has a pattern, and where in a line's shown text it stands.

The time before a message is not searched, and neither are escape codes. A character that is no valid UTF-8 counts as
one character that no letter equals.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Protocol

from wharf_tui.insight.line_form import STAMP, STAMP_BYTES, STAMPED, LineForm
from wharf_tui.insight.line_matcher import HitScan, LineMatcher
from wharf_tui.insight.pattern import Engine, Pattern
from wharf_tui.insight.plain_lines import as_utf8, split_lines
from wharf_tui.insight.re2_engine import Re2Finder, compile_re2
from wharf_tui.insight.regex_child import MOST_SPANS

_MARK: Final = b"\xff"
_NO_MARK: Final = b"\xfe"
"""Bytes that no pattern has, since they are never part of UTF-8."""
_ALL_BUT_MARKS: Final = bytes(set(range(256)) - {*_MARK, *b"\n"})


class PatternMatcher(LineMatcher, Protocol):
    """Looks for one pattern."""

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where the pattern stands in a line's clean text: start and end of each match, in characters."""


class LiteralMatcher:
    """Looks for a run of bytes.

    Args:
        literal: what to look for; UTF-8, not empty.
        ignore_case: fold ASCII letters.
        form: how the lines are made.
    """

    set_count = 1

    def __init__(self, literal: bytes, *, ignore_case: bool, form: LineForm = STAMPED) -> None:
        self._form = form
        ignore_case = ignore_case and literal.lower() != literal.upper()
        self._literal = literal.lower() if ignore_case else literal
        self._ignore_case = ignore_case
        self._find = _literal_find(literal, ignore_case=ignore_case)
        self._may_meet_stamp = form.has_stamps and _may_meet_stamp(literal)
        judge = self._judge if self._may_meet_stamp else None
        self._scan = HitScan(self._find_start, judge, self._judge_all)

    def match(self, data: bytes) -> tuple[int, ...]:
        """As ``LineMatcher.match``."""
        return self._scan.match(self._form.without_escapes(data))

    def spans(self, text: str) -> list[tuple[int, int]]:
        """As ``PatternMatcher.spans``."""
        return find_spans(self._find, text)

    def close(self) -> None:
        """Nothing is held."""

    def _find_start(self, text: bytes, start: int) -> int:
        return self._find(text, start)[0]

    def _judge(self, text: bytes, hit: int, line_start: int, line_end: int) -> int:
        start = self._form.message_start(text, line_start, line_end)
        return hit >= start or self._find(text[start:line_end], 0)[0] >= 0

    def _judge_all(self, text: bytes) -> bytes:
        """A literal becomes a mark, and all but marks and line feeds goes: that needs no work for each line."""
        if self._may_meet_stamp:
            text = b"\n".join([*self._form.messages(split_lines(text)), b""])
        elif text and not text.endswith(b"\n"):
            text += b"\n"
        if self._ignore_case:
            text = text.lower()
        if _MARK in text:
            text = text.replace(_MARK, _NO_MARK)
        marked = text.replace(
            self._literal, _MARK + _NO_MARK * (len(self._literal) - 1)
        )  # of equal length: quicker
        marks = marked.translate(None, _ALL_BUT_MARKS)
        while _MARK * 2 in marks:
            marks = marks.replace(_MARK * 2, _MARK)
        return marks.replace(_MARK + b"\n", b"\1").replace(b"\n", b"\0")


class RegexMatcher:
    """Looks for a regular expression of RE2's.

    Args:
        pattern: one that ``compile_re2`` takes.
        ignore_case: fold letters.
        form: how the lines are made.
    """

    set_count = 1

    def __init__(self, pattern: bytes, *, ignore_case: bool, form: LineForm = STAMPED) -> None:
        self._form = form
        exact = compile_re2(pattern, ignore_case=ignore_case)
        assert exact is not None
        self._exact: Re2Finder = exact
        self._starts_line = pattern.startswith(b"^")
        whole_lines = _over_stamps(pattern)
        self._scanner = compile_re2(whole_lines, ignore_case=ignore_case) if whole_lines is not None else None
        self._scan = HitScan(self._find if self._scanner else None, self._judge, self._judge_all)

    def match(self, data: bytes) -> tuple[int, ...]:
        """As ``LineMatcher.match``."""
        return self._scan.match(as_utf8(self._form.without_escapes(data)))

    def spans(self, text: str) -> list[tuple[int, int]]:
        """As ``PatternMatcher.spans``."""
        return find_spans(self._exact.find, text)

    def close(self) -> None:
        """Nothing is held."""

    def _find(self, text: bytes, start: int) -> int:
        assert self._scanner is not None
        return self._scanner.find(text, start)[0]

    def _judge(self, text: bytes, hit: int, line_start: int, line_end: int) -> int:
        start = self._form.message_start(text, line_start, line_end)
        return (hit >= start and not self._starts_line) or self._exact.is_in(text[start:line_end])

    def _judge_all(self, text: bytes) -> bytes:
        return bytes([self._exact.is_in(message) for message in self._form.messages(split_lines(text))])


def matcher_for(pattern: Pattern, form: LineForm = STAMPED) -> PatternMatcher:
    """What looks for a pattern in lines that are made like this; to be closed when done with."""
    if pattern.engine is Engine.LITERAL:
        return LiteralMatcher(pattern.encoded, ignore_case=pattern.ignore_case, form=form)
    if pattern.engine is Engine.RE2:
        return RegexMatcher(pattern.encoded, ignore_case=pattern.ignore_case, form=form)
    from wharf_tui.insight.child_matcher import ChildMatcher

    return ChildMatcher(pattern, form)


def find_spans(find: Callable[[bytes, int], tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """All matches in a text, in characters, up to ``MOST_SPANS``; empty ones are left out.

    Args:
        find: start and end of the first match at or behind an offset, in bytes.
        text: a line's text.
    """
    data = text.encode("utf-8", "replace")
    spans: list[tuple[int, int]] = []
    position = bytes_done = characters_done = 0
    while position <= len(data) and len(spans) < MOST_SPANS:
        start, end = find(data, position)
        if start < 0:
            break
        position = max(end, position + 1) if end == start else end
        if end > start:
            characters_start = characters_done + _characters(data[bytes_done:start])
            characters_done = characters_start + _characters(data[start:end])
            bytes_done = end
            spans.append((characters_start, characters_done))
    return spans


def _characters(data: bytes) -> int:
    return len(data.decode("utf-8", "replace"))


def _literal_find(literal: bytes, *, ignore_case: bool) -> Callable[[bytes, int], tuple[int, int]]:
    """RE2 where it is there, as it is some times faster; a literal is harmless for ``re``, too."""
    quoted = b"".join(b"\\x%02x" % byte for byte in literal)
    finder = compile_re2(quoted, ignore_case=ignore_case, latin1=True)
    if finder is not None:
        return finder.find
    search = re.compile(re.escape(literal), re.IGNORECASE if ignore_case else 0).search

    def find(data: bytes, start: int) -> tuple[int, int]:
        found = search(data, start)
        return found.span() if found else (-1, -1)

    return find


def _may_meet_stamp(literal: bytes) -> bool:
    """Whether a stored time, or its end with the beginning of the message, can have the literal."""
    upper = literal.upper()
    head = upper[: upper.find(b" ") + 1] or upper
    return STAMP_BYTES.issuperset(head) and (head == upper or head.endswith(b" "))


def _over_stamps(pattern: bytes) -> bytes | None:
    """A pattern that finds in stored lines, with their times, all that ``pattern`` finds in messages, and maybe more.

    None where no such pattern is known: ``^`` somewhere within, ends of the whole text, switched-off modes.
    """
    starts_line = pattern.startswith(b"^")
    rest = pattern[1:] if starts_line else pattern
    if b"^" in _ESCAPED_OR_SET.sub(b"", rest) or _WHOLE_TEXT.search(rest):
        return None
    return b"(?:^(?:%s)?)%s" % (STAMP, rest) if starts_line else pattern


_ESCAPED_OR_SET: Final = re.compile(rb"\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]", re.DOTALL)
_WHOLE_TEXT: Final = re.compile(rb"\\[AzQ]|\(\?[a-zA-Z]*-?[a-zA-Z]*m")
