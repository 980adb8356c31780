"""The ``inputs`` block: what a build may be given with ``-i``, of which type, and what it is otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from wharf_tui.definition.fields import Fields
from wharf_tui.definition.nodes import Node, Position, ScalarKind, ScalarNode, SequenceNode, describe, is_null
from wharf_tui.definition.problems import Problems, listing, quote
from wharf_tui.definition.scalars import plain_decimal
from wharf_tui.definition.variables import Variable

BLOCK: Final = "inputs"


class InputKind(Enum):
    """Type of an input. The value is the word that the file has for it."""

    STRING = "string"
    PASSWORD = "password"  # noqa: S105  the word in the file, no password
    NUMBER = "number"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Input:
    """One declared input."""

    name: str
    kind: InputKind
    default: str
    """A number is in plain decimal."""
    position: Position
    choices: tuple[str, ...] = ()
    """What a CHOICE may be."""

    def variable(self, value: str) -> Variable:
        """The variable that this input gives with a value."""
        kind = ScalarKind.FLOAT if self.kind is InputKind.NUMBER else ScalarKind.STRING
        node = ScalarNode(self.position, kind, value, secret=self.kind is InputKind.PASSWORD)
        return Variable(self.name, node)


def parse_inputs(node: Node, problems: Problems) -> dict[str, Input]:
    """Inputs by name, in file order."""
    if is_null(node):
        return {}
    if not isinstance(node, SequenceNode):
        problems.error(f"expected a list of inputs, but this is {describe(node)}", BLOCK, node.position)
        return {}
    inputs: dict[str, Input] = {}
    for index, item in enumerate(node.items):
        scope = f"{BLOCK}[{index}]"
        declared = _parse_input(Fields(item, scope, item.position, problems), problems)
        if declared is None:
            continue
        if declared.name in inputs:
            first = inputs[declared.name].position.line
            problems.error(
                f"input {quote(declared.name)} is already there on line {first}", scope, item.position
            )
        else:
            inputs[declared.name] = declared
    return inputs


def given_values(
    inputs: dict[str, Input], given: Iterable[tuple[str, str]], problems: Problems
) -> dict[str, str]:
    """What was given, checked against what was declared; of a name given twice the last one counts.

    A number comes back in plain decimal.
    """
    values = {}
    for name, value in dict(given).items():
        declared = inputs.get(name)
        if declared is None:
            hint = problems.suggestion(name, inputs) or f"; declared are: {listing(inputs)}"
            problems.error(f"-i {name}=...: no input {quote(name)}{hint}", BLOCK)
            continue
        scope = f"{BLOCK}/{name}"
        values[name] = value
        if declared.kind is InputKind.NUMBER:
            number = plain_decimal(value.strip())
            if number is None:
                problems.error(f"{quote(value)}, given with -i, is not a number", scope, declared.position)
            else:
                values[name] = number
        elif declared.kind is InputKind.CHOICE and value not in declared.choices:
            known = listing(declared.choices)
            problems.error(f"{quote(value)}, given with -i, is none of: {known}", scope, declared.position)
    return values


def _parse_input(fields: Fields, problems: Problems) -> Input | None:
    if not fields.is_usable:
        return None
    name = fields.required_text("name")
    word = fields.required_text("type")
    kind = next((kind for kind in InputKind if kind.value == word), None)
    if kind is None:
        if word:
            known = [kind.value for kind in InputKind]
            hint = problems.suggestion(word, known) or f"; known are: {listing(known)}"
            fields.error("type", f"unknown input type {quote(word)}{hint}")
        return None
    declared = Input(name, kind, "", fields.at)
    if kind is InputKind.CHOICE:
        declared = _with_choices(declared, fields)
    elif kind is InputKind.NUMBER:
        declared = replace(declared, default=fields.number("default"))
    else:
        declared = replace(declared, default=fields.text("default"))
    fields.report_unknown()
    return declared if name else None


def _with_choices(declared: Input, fields: Fields) -> Input:
    choices = fields.texts("values", required=True)
    default = fields.required_text("default")
    if default and choices and default not in choices:
        fields.error("default", f"{quote(default)} is none of the values: {listing(choices)}")
    return replace(declared, default=default, choices=choices)
