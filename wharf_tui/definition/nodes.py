"""The tree that a YAML file becomes: each node knows its place in the file and the type that it was written with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

MAX_DEPTH: Final = 100
"""Levels of lists and maps, in a file and after variables are filled in."""

_UNFILLED: Final = re.compile(r"\$\{[\w .-]{1,60}\}")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file; both numbers count from 1, columns in code points."""

    line: int
    column: int


class ScalarKind(Enum):
    """Type of a scalar. The value is how messages name it."""

    STRING = "a string"
    INTEGER = "an integer"
    FLOAT = "a number"
    BOOLEAN = "a boolean"
    NULL = "nothing"
    TIMESTAMP = "a date"


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One value."""

    position: Position
    kind: ScalarKind
    text: str
    """As written, without quotes and escapes, so that ``1.10`` stays ``1.10``; empty for NULL."""
    origin: str = ""
    """Name of the variable that stood here instead, and alone; empty for what the file says itself."""
    secret: bool = False
    """Some of it came from a password: it must not be shown."""


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list."""

    position: Position
    items: tuple[Node, ...]
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a map, and its value."""

    key: ScalarNode
    value: Node


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A map, in file order. Keys are non-empty strings and unique."""

    position: Position
    entries: tuple[Entry, ...]
    origin: str = ""


Node: TypeAlias = ScalarNode | SequenceNode | MappingNode


def describe(node: Node) -> str:
    """What the node is, for messages: ``a list``, ``an integer``; and which variable brought it, or should have."""
    if isinstance(node, ScalarNode):
        what = f"the unknown variable {node.text}" if is_unfilled(node) else node.kind.value
    else:
        what = "a list" if isinstance(node, SequenceNode) else "a map"
    return f"{what} (the value of ${{{node.origin}}})" if node.origin else what


def is_unfilled(node: Node) -> bool:
    """Whether this is one variable alone that nobody has, so that its type is not known either."""
    return isinstance(node, ScalarNode) and not node.secret and _UNFILLED.fullmatch(node.text) is not None


def is_null(node: Node) -> bool:
    """Whether a value was left out."""
    return isinstance(node, ScalarNode) and node.kind is ScalarKind.NULL
