"""Patterns: what they are taken for, and what is said of bad ones."""

from __future__ import annotations

import pytest

from wharf_tui.insight.pattern import BadPattern, Case, Engine, Pattern, compile_pattern


def good(text: str, *, is_regex: bool = True, case: Case = Case.SMART) -> Pattern:
    pattern = compile_pattern(text, is_regex=is_regex, case=case)
    assert isinstance(pattern, Pattern), pattern
    return pattern


@pytest.mark.parametrize(
    ("text", "is_regex", "ignore_case"),
    [
        ("error", False, True),
        ("Error", False, False),
        ("\\W", False, False),
        ("\\Werror\\S\\B", True, True),
        ("\\WError", True, False),
        ("(?P<Name>error)", True, True),
        ("\\p{Lu}x", True, True),
        ("\\x{1F4A9}", True, True),
        ("straße", False, True),
        ("ÄRGER", False, False),
        ("404", False, True),
    ],
)
def test_smart_case(text: str, is_regex: bool, ignore_case: bool) -> None:
    assert good(text, is_regex=is_regex).ignore_case is ignore_case


def test_case_can_be_said() -> None:
    assert good("Error", case=Case.IGNORE).ignore_case
    assert not good("error", case=Case.RESPECT).ignore_case


@pytest.mark.parametrize(
    ("text", "engine"),
    [
        ("plain words", Engine.LITERAL),
        ("a.c", Engine.RE2),
        ("wörter", Engine.RE2),
        ("Wörter", Engine.LITERAL),
        ("(?=x)", Engine.RE),
        (r"(\w)\1", Engine.RE),
        ("x{2000}", Engine.RE),
    ],
)
def test_the_engine_is_the_quickest_that_can_do_it(text: str, engine: Engine) -> None:
    pytest.importorskip("re2")
    assert good(text).engine is engine


@pytest.mark.parametrize(
    ("text", "problem", "position"),
    [
        ("foo(bar", "unclosed group at 4", 4),
        ("foo)", "closing parenthesis without an opening one at 4", 4),
        ("[a", "unclosed set of characters at 1", 1),
        ("a**", "repeated twice at 3", 3),
        ("*", "nothing to repeat at 1", 1),
        ("a\\", "backslash at the end at 2", 2),
        ("\\y", "unknown escape at 1", 1),
        ("[z-a]", "range of characters that runs backwards at 2", 2),
        ("(?<=a+)b", "look-behind of no fixed length", None),
        ("", "the pattern is empty", None),
        ("a\nb", "the pattern has a line break, and lines have none", 2),
        ("\udcff", "the pattern has bytes that are no text", None),
        ("x" * 5000, "the pattern is longer than 4096 characters", None),
    ],
)
def test_what_is_wrong_is_said_in_words(text: str, problem: str, position: int | None) -> None:
    bad = compile_pattern(text, is_regex=True)
    assert isinstance(bad, BadPattern)
    assert (bad.problem, bad.position) == (problem, position)


def test_a_literal_is_never_wrong() -> None:
    assert good("foo(bar[", is_regex=False).engine is Engine.LITERAL


def test_thousands_of_nested_groups_are_refused() -> None:
    result = compile_pattern("(" * 2000 + "(?=a)" + ")" * 2000, is_regex=True)
    assert isinstance(result, BadPattern | Pattern)
