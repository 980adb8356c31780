"""Fills variables into text and into trees: ``${name}``, its escapes, and what can go wrong with them.

Values are filled in themselves before they are used, once each. Their nesting and their total size are bounded:
ten short lines that repeat each other could otherwise ask for all memory there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from wharf_tui.definition.nodes import (
    MAX_DEPTH,
    Entry,
    MappingNode,
    Node,
    Position,
    ScalarKind,
    ScalarNode,
    SequenceNode,
    describe,
)
from wharf_tui.definition.problems import Problems, quote
from wharf_tui.definition.variables import Variables

MAX_FILLED: Final = 16 * 1024 * 1024
"""Characters that variables may add to one definition or one file; a node of a list or map counts as 64."""

_COST_OF_NODE: Final = 64
_CONSTANT: Final = re.compile(r"[A-Z][A-Z0-9_]*")
_LIKENESS: Final = 0.75
"""From which on an unknown name is taken for a slip; others may be meant for whoever reads the text after us."""
_SHELL_FIELD: Final = "cmds"
"""Here ``${x}`` may as well be the shell's own variable, so that an unknown name says nothing."""


@dataclass(frozen=True, slots=True)
class Reference:
    """``${name}`` in a text."""

    raw: str
    name: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value is used: what is said about it, is said here."""

    problems: Problems
    scope: str
    position: Position
    is_shell: bool = False


def split(text: str) -> Iterator[str | Reference]:
    """Literal runs and references in order; escapes come out as the literals that they stand for.

    Takes time in proportion to the text, whatever is in it.
    """
    end = 0
    while (start := text.find("${", end)) >= 0:
        close = text.find("}", start)
        if close < 0:
            break
        if start > end:
            yield text[end:start]
        end = close + 1
        inner = text[start + 2 : close]
        name = inner.strip()
        if inner.startswith("%") and inner.endswith("%"):
            yield "${" + inner[1:-1] + "}"
        elif name:
            yield Reference(text[start:end], name)
        else:
            yield text[start:end]
    if end < len(text):
        yield text[end:]


class Substitution:
    """Fills variables in. One object serves one definition or one file, and its bound on size holds for all of it."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._values: dict[str, Node] = {}
        self._known: frozenset[str] | None = None
        self._left = MAX_FILLED

    def fill(self, node: Node, scope: str, problems: Problems) -> Node:
        """The tree with all its variables filled in; nodes keep their places, also those that variables brought."""
        return self._fill(node, _Place(problems, scope, node.position), (), 0)

    def value(self, name: str, scope: str, at: Position, problems: Problems) -> Node | None:
        """A variable's value, filled in and put at ``at``; None where nobody has it."""
        if self._variables.find(name) is None:
            return None
        place = _Place(problems, scope, at)
        value = self._value(name, place, (), 0)
        return None if value is None else self._put(value, name, place, 0)

    def fill_line(self, line: str, number: int, problems: Problems) -> str:
        """One line of a file. Unknown names are left alone, and without a word: such files have their own ``${}``."""
        place = _Place(problems, "", Position(number, 1), is_shell=True)
        filled = self._fill_text(ScalarNode(place.position, ScalarKind.STRING, line), place, (), 0)
        return filled.text

    def _fill(self, node: Node, place: _Place, trail: tuple[str, ...], depth: int) -> Node:
        if isinstance(node, ScalarNode):
            if node.kind is not ScalarKind.STRING or "${" not in node.text:
                return node
            return self._fill_scalar(node, _at(node, place, trail), trail, depth)
        if depth >= MAX_DEPTH:
            place.problems.error(
                f"variables nest deeper than {MAX_DEPTH} levels", place.scope, place.position
            )
            return node
        if isinstance(node, SequenceNode):
            items = (
                self._fill(item, replace(place, scope=f"{place.scope}[{index}]"), trail, depth + 1)
                for index, item in enumerate(node.items)
            )
            return replace(node, items=tuple(items))
        return replace(node, entries=self._fill_entries(node, place, trail, depth + 1))

    def _fill_entries(
        self, node: MappingNode, place: _Place, trail: tuple[str, ...], depth: int
    ) -> tuple[Entry, ...]:
        entries: dict[str, Entry] = {}
        for entry in node.entries:
            at_key = _at(entry.key, place, trail)
            # Filled as text even where it is one variable alone: a key has no type to keep.
            key = self._fill_text(entry.key, at_key, trail, depth)
            is_shell = place.is_shell or key.text == _SHELL_FIELD
            inner = replace(place, scope=f"{place.scope}/{key.text}", is_shell=is_shell)
            if key.secret:
                place.problems.error(
                    f"key {quote(entry.key.text)} would show a password in a name",
                    at_key.scope,
                    at_key.position,
                )
                continue
            value = self._fill(entry.value, inner, trail, depth)
            if not key.text:
                place.problems.error(
                    f"key {quote(entry.key.text)} became empty", at_key.scope, at_key.position
                )
            elif key.text in entries:
                place.problems.error(
                    f"key {quote(entry.key.text)} became {quote(key.text)}, which is there already",
                    at_key.scope,
                    at_key.position,
                )
            else:
                entries[key.text] = Entry(key, value)
        return tuple(entries.values())

    def _fill_scalar(self, node: ScalarNode, place: _Place, trail: tuple[str, ...], depth: int) -> Node:
        pieces = tuple(split(node.text))
        if len(pieces) == 1 and isinstance(pieces[0], Reference):
            value = self._value(pieces[0].name, place, trail, depth)
            return node if value is None else self._put(value, pieces[0].name, place, depth)
        return self._fill_text(node, place, trail, depth)

    def _fill_text(self, node: ScalarNode, place: _Place, trail: tuple[str, ...], depth: int) -> ScalarNode:
        if "${" not in node.text:
            return node
        filled: list[str] = []
        secret = node.secret
        for piece in split(node.text):
            if isinstance(piece, str):
                filled.append(piece)
                continue
            value = self._value(piece.name, place, trail, depth)
            if isinstance(value, ScalarNode) and self._take(len(value.text), place):
                filled.append(value.text)
                secret = secret or value.secret
                continue
            filled.append(piece.raw)
            if value is not None and not isinstance(value, ScalarNode):
                place.problems.error(
                    f"${{{piece.name}}} is {describe(value)}, which cannot stand inside text",
                    place.scope,
                    place.position,
                )
        return replace(node, text="".join(filled), secret=secret)

    def _value(self, name: str, place: _Place, trail: tuple[str, ...], depth: int) -> Node | None:
        """The variable's value, filled in; None where nobody has it, or where it cannot be had."""
        if name in self._values:
            return self._values[name]
        if name in trail:
            loop = " -> ".join((*trail[trail.index(name) :], name))
            place.problems.error(f"recursive variable loop: {loop}", place.scope, place.position)
            return None
        if depth >= MAX_DEPTH:
            place.problems.error(
                f"variables nest deeper than {MAX_DEPTH} levels", place.scope, place.position
            )
            return None
        variable = self._variables.find(name)
        if variable is None:
            self._note_unknown(name, place)
            return None
        value = variable.node
        if variable.is_template:
            value = self._fill(value, place, (*trail, name), depth + 1)
        self._values[name] = value
        return value

    def _put(self, value: Node, name: str, place: _Place, depth: int) -> Node:
        """A copy of the value, all of it at the place where it is used; where that costs too much, the value."""
        cost = _COST_OF_NODE + (len(value.text) if isinstance(value, ScalarNode) else 0)
        affordable = self._take(cost, place)
        if depth >= MAX_DEPTH and not isinstance(value, ScalarNode):
            place.problems.error(
                f"variables nest deeper than {MAX_DEPTH} levels", place.scope, place.position
            )
        elif affordable and isinstance(value, SequenceNode):
            items = tuple(self._put(item, name, place, depth + 1) for item in value.items)
            return SequenceNode(place.position, items, name)
        elif affordable and isinstance(value, MappingNode):
            entries = tuple(
                Entry(
                    replace(entry.key, position=place.position),
                    self._put(entry.value, name, place, depth + 1),
                )
                for entry in value.entries
            )
            return MappingNode(place.position, entries, name)
        return replace(value, position=place.position, origin=name)

    def _take(self, cost: int, place: _Place) -> bool:
        if self._left < 0:
            return False
        self._left -= cost
        if self._left < 0:
            place.problems.error(
                f"variables fill in more than {MAX_FILLED // 1024**2} MiB", place.scope, place.position
            )
        return self._left >= 0

    def _note_unknown(self, name: str, place: _Place) -> None:
        reason = self._variables.why_missing(name)
        if reason:
            place.problems.warn(f"${{{name}}} is left as it is: {reason}", place.scope, place.position)
            return
        if place.is_shell:
            return
        if self._known is None:
            self._known = self._variables.names()
        suggestion = place.problems.suggestion(name, self._known, _LIKENESS)
        if suggestion or _CONSTANT.fullmatch(name):
            place.problems.warn(
                f"no variable {quote(name)}: ${{{name}}} is left as it is{suggestion}",
                place.scope,
                place.position,
            )


def _at(node: Node, place: _Place, trail: tuple[str, ...]) -> _Place:
    """The node's own place; but what is wrong inside a variable's value is said where the variable is used."""
    return place if trail else replace(place, position=node.position)
