"""The ``environments`` block: named sets of variables, of which a build uses one or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wharf_tui.definition.nodes import MappingNode, Node, ScalarNode, describe, is_null
from wharf_tui.definition.problems import Problems
from wharf_tui.definition.variables import Variable

BLOCK: Final = "environments"


@dataclass(frozen=True, slots=True)
class Environment:
    """A named set of variables."""

    name: str
    variables: Mapping[str, Variable]


def parse_environments(node: Node, problems: Problems) -> dict[str, Environment]:
    """Environments by name, in file order."""
    if is_null(node):
        return {}
    if not isinstance(node, MappingNode):
        problems.error(f"expected a map of environments, but this is {describe(node)}", BLOCK, node.position)
        return {}
    return {
        entry.key.text: Environment(
            entry.key.text, _variables(entry.value, f"{BLOCK}/{entry.key.text}", problems)
        )
        for entry in node.entries
    }


def _variables(node: Node, scope: str, problems: Problems) -> dict[str, Variable]:
    if is_null(node):
        return {}
    if not isinstance(node, MappingNode):
        problems.error(f"expected a map of variables, but this is {describe(node)}", scope, node.position)
        return {}
    variables = {}
    for entry in node.entries:
        name = entry.key.text
        if isinstance(entry.value, ScalarNode):
            variables[name] = Variable(name, entry.value)
        else:
            problems.error(
                f"expected a string, a boolean or a number, but this is {describe(entry.value)}",
                f"{scope}/{name}",
                entry.value.position,
            )
    return variables
