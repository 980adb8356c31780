"""What a variable is, and the order in which sources are asked for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from wharf_tui.definition.nodes import Node, Position, ScalarKind, ScalarNode, describe

NOWHERE: Final = Position(1, 1)
"""Place of values that do not come from a file; nothing is ever reported there."""

MASK: Final = "********"
"""What is shown instead of a password, whatever its length."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A name and its value as the source has it: variables in the value are not filled in."""

    name: str
    node: Node
    is_template: bool = True
    """Whether ``${...}`` in the value means variables; a commit's subject, for one, is no template."""


class VariableSource(Protocol):
    """Where variables come from."""

    @property
    def label(self) -> str:
        """How listings name it."""

    def find(self, name: str) -> Variable | None:
        """The variable, if this source has it."""

    def names(self) -> Iterable[str]:
        """All names that it may have."""

    def why_missing(self, name: str) -> str:
        """Why it does not have a variable that one expects here; empty where nobody expects it."""


@dataclass(frozen=True, slots=True)
class VariableTable:
    """A source that is known as a whole."""

    label: str
    table: Mapping[str, Variable]

    def find(self, name: str) -> Variable | None:
        """The variable, if it is in the table."""
        return self.table.get(name)

    def names(self) -> Iterable[str]:
        """Names in the table's order."""
        return self.table.keys()

    def why_missing(self, name: str) -> str:  # noqa: ARG002  the protocol's name
        """Nothing is expected of a table."""
        return ""


@dataclass(frozen=True, slots=True)
class ListedVariable:
    """A variable for people to read."""

    name: str
    value: str
    """As the source has it; a password is masked."""
    overridden: bool
    """A source before this one has it too."""


@dataclass(frozen=True, slots=True)
class VariableGroup:
    """What one source has to give."""

    label: str
    variables: tuple[ListedVariable, ...]
    """Sorted by name."""


@dataclass(frozen=True, slots=True)
class Variables:
    """The sources in the order in which they are asked: the first that has a name, wins."""

    sources: tuple[VariableSource, ...]

    def find(self, name: str) -> Variable | None:
        """The variable from the first source that has it."""
        for source in self.sources:
            variable = source.find(name)
            if variable is not None:
                return variable
        return None

    def names(self) -> frozenset[str]:
        """Every name that some source may have."""
        return frozenset(name for source in self.sources for name in source.names())

    def why_missing(self, name: str) -> str:
        """Why nobody has it, where somebody should; else empty."""
        return next(filter(None, (source.why_missing(name) for source in self.sources)), "")

    def groups(self) -> tuple[VariableGroup, ...]:
        """Everything that every source has, first source first; sources that have nothing are left out."""
        seen: set[str] = set()
        groups = []
        for source in self.sources:
            found = [variable for name in sorted(source.names()) if (variable := source.find(name))]
            listed = tuple(ListedVariable(one.name, _shown(one.node), one.name in seen) for one in found)
            seen.update(one.name for one in found)
            if listed:
                groups.append(VariableGroup(source.label, listed))
        return tuple(groups)


def text_variable(name: str, text: str, *, is_template: bool = True) -> Variable:
    """A variable whose value is text from outside of any file."""
    return Variable(name, ScalarNode(NOWHERE, ScalarKind.STRING, text), is_template)


def _shown(node: Node) -> str:
    if not isinstance(node, ScalarNode):
        return f"({describe(node)})"
    return MASK if node.secret else node.text
