from __future__ import annotations

from wharf_tui.definition.nodes import Position
from wharf_tui.definition.problems import Problem, Problems, Severity, listing, quote


def test_a_problem_is_one_line_with_its_place_first() -> None:
    assert Problem("bad", "a/b", 7, 9).printable() == "   7:9   a/b: bad"
    assert Problem("bad").printable() == "   -:-   bad"
    assert (
        Problem("bad", "a", 12345, 6789, Severity.WARNING, "f.yml").printable()
        == "12345:6789 f.yml: a: warning: bad"
    )


def test_problems_are_sorted_and_each_is_there_once() -> None:
    problems = Problems()
    problems.warn("late", "s", Position(2, 1))
    problems.error("second", "s", Position(1, 9))
    problems.error("first", "s", Position(1, 2))
    problems.error("second", "s", Position(1, 9))
    problems.error("nowhere")
    other = Problems("other.yml")
    other.error("elsewhere", at=Position(1, 1))
    problems.extend(other.all)
    assert [problem.message for problem in problems.all] == [
        "nowhere",
        "first",
        "second",
        "late",
        "elsewhere",
    ]
    assert [problem.message for problem in problems.warnings] == ["late"]
    assert len(problems.errors) == 4
    assert problems.has_errors
    assert not Problems().has_errors


def test_suggestions_are_for_slips_only_and_end_some_time() -> None:
    problems = Problems()
    assert problems.suggestion("imgae", ["image", "cmds"]) == "; did you mean 'image'?"
    assert problems.suggestion("IMAGE", ["image"]) == "; did you mean 'image'?"
    assert problems.suggestion("foo", ["image"]) == ""
    assert problems.suggestion("x" * 100, ["x" * 99]) == ""
    part = problems.part()
    assert [part.suggestion("imgae", ["image"]) != "" for _ in range(200)].count(True) == 97


def test_long_words_and_lists_are_cut() -> None:
    assert quote("x" * 100) == f"'{'x' * 60}…'"
    assert listing([]) == "none"
    assert listing(map(str, range(30))).endswith("'18', '19', ...")
