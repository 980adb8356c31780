"""Fills variables into files that are shipped to ``helm`` and ``kubectl`` steps."""

from __future__ import annotations

from wharf_tui.definition.problems import Problem, Problems
from wharf_tui.definition.substitution import Substitution
from wharf_tui.definition.variables import Variables


def substitute_file(data: bytes, variables: Variables, file: str = "") -> tuple[bytes, tuple[Problem, ...]]:
    """The file with its variables filled in, line by line, whatever the length of its lines.

    All bytes but the references stay as they are: line endings, a missing last one, and what is no UTF-8. Names that
    nobody knows are left alone, for such files have ``${}`` of their own.

    Args:
        data: the whole file.
        variables: where to look.
        file: its path, for problems.

    Returns:
        The bytes, and what went wrong: an error (a loop, or a list inside of text) means that they must not be used.
    """
    if b"${" not in data:
        return data, ()
    problems = Problems(file)
    substitution = Substitution(variables)
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    filled = (substitution.fill_line(line, number, problems) for number, line in enumerate(lines, start=1))
    return "\n".join(filled).encode("utf-8", "surrogateescape"), problems.all
