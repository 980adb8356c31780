"""What a user asks to look for: checked, and told in plain words where it is wrong."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from wharf_tui.insight.re2_engine import compile_re2

LONGEST_PATTERN: Final = 4096
"""Characters of a pattern at most."""


class Case(Enum):
    """Whether upper and lower case are told apart."""

    SMART = "smart"
    """Only if the pattern has an upper-case letter."""
    IGNORE = "ignore"
    RESPECT = "respect"


class Engine(Enum):
    """What finds the pattern."""

    LITERAL = "literal"
    """A run of bytes."""
    RE2 = "re2"
    """A regular expression, in linear time."""
    RE = "re"
    """A regular expression that only Python's engine has; it may take for ever, and so runs where it can be stopped."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that can be looked for. Made by ``compile_pattern``."""

    text: str
    is_regex: bool
    ignore_case: bool
    engine: Engine

    @property
    def encoded(self) -> bytes:
        """The text as UTF-8."""
        return self.text.encode()


@dataclass(frozen=True, slots=True)
class BadPattern:
    """Why a pattern cannot be used."""

    text: str
    problem: str
    """For people: ``unclosed group at 5``."""
    position: int | None = None
    """Character that is wrong, from 1; None where it cannot be told."""
    hint: str = ""


def compile_pattern(text: str, *, is_regex: bool, case: Case = Case.SMART) -> Pattern | BadPattern:
    """Check a pattern.

    Args:
        text: as the user typed it.
        is_regex: a regular expression; else the text itself is looked for.
        case: whether letters are folded.

    Returns:
        The pattern, or what is wrong with it.
    """
    if not text:
        return BadPattern(text, "the pattern is empty", hint="Type what to look for.")
    if len(text) > LONGEST_PATTERN:
        return BadPattern(text, f"the pattern is longer than {LONGEST_PATTERN} characters")
    if not text.isprintable() and any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        return BadPattern(text, "the pattern has bytes that are no text")
    if "\n" in text:
        return BadPattern(text, "the pattern has a line break, and lines have none", text.index("\n") + 1)
    ignore_case = case is Case.IGNORE or (case is Case.SMART and not _has_upper_case(text, is_regex))
    pattern = Pattern(text, is_regex, ignore_case, Engine.LITERAL)
    if not is_regex:
        if not ignore_case or text.isascii():
            return pattern
        return _regex(Pattern(re.escape(text), is_regex=True, ignore_case=True, engine=Engine.RE2))
    if not _SPECIAL.search(text) and (text.isascii() or not ignore_case):
        return pattern
    return _regex(replace(pattern, engine=Engine.RE2))


def _regex(pattern: Pattern) -> Pattern | BadPattern:
    if compile_re2(pattern.encoded, ignore_case=pattern.ignore_case) is not None:
        return pattern
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern.text)
    except re.error as error:
        return _explain(pattern.text, error)
    except (RecursionError, OverflowError):
        return BadPattern(pattern.text, "the pattern is too deep", hint="Use fewer groups within groups.")
    return replace(pattern, engine=Engine.RE)


def _explain(text: str, error: re.error) -> BadPattern:
    message = error.msg
    problem = next((words for start, words in _PLAIN_WORDS.items() if message.startswith(start)), message)
    if error.pos is None:
        return BadPattern(text, problem, hint=_HINT)
    return BadPattern(text, f"{problem} at {error.pos + 1}", error.pos + 1, _HINT)


def _has_upper_case(text: str, is_regex: bool) -> bool:
    if is_regex:
        text = _NOT_TEXT.sub("", text)
    return any(character.isupper() for character in text)


_HINT: Final = "A backslash before a special character takes it as it is."
_SPECIAL: Final = re.compile(r"[\\^$.|?*+()\[\]{}]")
_NOT_TEXT: Final = re.compile(
    r"\\[pP](?:\{[^}]*\}|.)|\\x(?:\{[^}]*\}|..)|\\[NuU]\S*|\\.|\(\?P?<?[^)>:]*[>:)]", re.DOTALL
)
"""Parts of a regular expression whose letters are no letters to look for."""
_PLAIN_WORDS: Final = {
    "missing ), unterminated subpattern": "unclosed group",
    "unbalanced parenthesis": "closing parenthesis without an opening one",
    "unterminated character set": "unclosed set of characters",
    "nothing to repeat": "nothing to repeat",
    "multiple repeat": "repeated twice",
    "bad escape (end of pattern)": "backslash at the end",
    "bad escape": "unknown escape",
    "bad character range": "range of characters that runs backwards",
    "unknown extension": "unknown kind of group",
    "min repeat greater than max repeat": "repeat count that runs backwards",
    "invalid group reference": "reference to a group that is not there",
    "look-behind requires fixed-width pattern": "look-behind of no fixed length",
}
