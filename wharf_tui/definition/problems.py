"""What is wrong with a definition: gathered from everywhere, sorted, and printed one per line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import Final

from wharf_tui.definition.nodes import Position, ScalarNode
from wharf_tui.model.text import clean_plain

_LONGEST_QUOTE: Final = 60
_LONGEST_SCOPE: Final = 200
_LONGEST_LISTING: Final = 20
_MOST_SUGGESTIONS: Final = 100
"""Finding a similar word costs: after so many, a file has other troubles than a typing slip."""
_MOST_CANDIDATES: Final = 1000
"""For the same reason."""


class Severity(Enum):
    """Whether the definition can still be run."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where."""

    message: str
    scope: str = ""
    """Path of names inside the file, as ``myStage/myStep/container/image``."""
    line: int | None = None
    """1-based; None where there is no place to point at, as with the command's own words."""
    column: int | None = None
    """1-based, in code points."""
    severity: Severity = Severity.ERROR
    file: str = ""
    """Path of the variables file that it is about; empty for the definition itself."""

    def printable(self) -> str:
        """One line, safe for a terminal: ``   7:9   myStage/myStep/container: missing 'image'``."""
        place = f"{self.line or '-':>4}:{self.column or '-':<3} "
        warning = "warning" if self.severity is Severity.WARNING else ""
        scope = _cut(self.scope, _LONGEST_SCOPE)
        return clean_plain(place + ": ".join(filter(None, (self.file, scope, warning, self.message))))

    def sort_key(self) -> tuple[str, int, int, bool]:
        """The definition before other files, then by place, errors first; what has no place comes before all."""
        return self.file, self.line or 0, self.column or 0, self.severity is Severity.WARNING


@dataclass(slots=True)
class _Budget:
    left: int


class Problems:
    """Gathers what is found, in any order; the same problem at the same place counts once."""

    def __init__(self, file: str = "") -> None:
        self._file = file
        self._found: dict[Problem, None] = {}  # a set that keeps the order
        self._suggestions = _Budget(_MOST_SUGGESTIONS)

    def part(self) -> Problems:
        """An empty gathering for a part of the file, which can be judged before it is taken over."""
        part = Problems(self._file)
        part._suggestions = self._suggestions
        return part

    def error(self, message: str, scope: str = "", at: Position | None = None) -> None:
        """The definition cannot be run."""
        self._add(message, scope, at, Severity.ERROR)

    def warn(self, message: str, scope: str = "", at: Position | None = None) -> None:
        """It can be run, but perhaps not as its author thinks."""
        self._add(message, scope, at, Severity.WARNING)

    def extend(self, problems: Iterable[Problem]) -> None:
        """Take over what was found elsewhere."""
        self._found.update(dict.fromkeys(problems))

    @property
    def has_errors(self) -> bool:
        """Whether something forbids to run it."""
        return any(problem.severity is Severity.ERROR for problem in self._found)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What forbids to run it, sorted."""
        return tuple(problem for problem in self.all if problem.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The rest, sorted."""
        return tuple(problem for problem in self.all if problem.severity is Severity.WARNING)

    @property
    def all(self) -> tuple[Problem, ...]:
        """Everything, sorted."""
        return tuple(sorted(self._found, key=Problem.sort_key))

    def suggestion(self, word: str, known: Iterable[str], likeness: float = 0.65) -> str:
        """``; did you mean 'image'?`` where a known word is similar (1 is the same, 0 has nothing of it), else nothing."""
        if len(word) > _LONGEST_QUOTE or self._suggestions.left <= 0:
            return ""
        self._suggestions.left -= 1
        from difflib import get_close_matches  # files without slips do without it

        by_fold = {candidate.casefold(): candidate for candidate in islice(known, _MOST_CANDIDATES)}
        similar = get_close_matches(word.casefold(), by_fold, n=1, cutoff=likeness)
        return f"; did you mean {quote(by_fold[similar[0]])}?" if similar else ""

    def _add(self, message: str, scope: str, at: Position | None, severity: Severity) -> None:
        line, column = (at.line, at.column) if at else (None, None)
        self._found[Problem(message, scope, line, column, severity, self._file)] = None


def quote(text: str) -> str:
    """A word of the user's, marked off from ours, and cut where it is long."""
    return f"'{_cut(text, _LONGEST_QUOTE)}'"


def quote_value(node: ScalarNode) -> str:
    """A value of the user's; what holds a password is not shown."""
    return "(a password)" if node.secret else quote(node.text)


def listing(words: Iterable[str]) -> str:
    """``'a', 'b', 'c'``, with ``...`` where there are many; ``none`` where there are none."""
    first = [quote(word) for word in islice(words, _LONGEST_LISTING + 1)]
    return ", ".join((*first[:_LONGEST_LISTING], "...") if len(first) > _LONGEST_LISTING else first) or "none"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"
