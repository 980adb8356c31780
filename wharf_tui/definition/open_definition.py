"""Finds and reads a definition with all that surrounds it: its environments and inputs, and where variables come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from wharf_tui.definition import environments, inputs
from wharf_tui.definition.compose import compose_documents
from wharf_tui.definition.environments import Environment, parse_environments
from wharf_tui.definition.inputs import Input, given_values, parse_inputs
from wharf_tui.definition.locate import read_definition
from wharf_tui.definition.nodes import Entry, MappingNode, Node, describe, is_null
from wharf_tui.definition.options import LoadOptions
from wharf_tui.definition.problems import Problems, listing, quote
from wharf_tui.definition.sources import chain, flag_table, input_tables
from wharf_tui.definition.stages import RESERVED
from wharf_tui.definition.variables import Variables
from wharf_tui.definition.vars_files import read_vars_file, vars_file_paths

_Declared = TypeVar("_Declared", Environment, Input)


@dataclass(frozen=True, slots=True)
class OpenedDefinition:
    """A definition before its stages are parsed."""

    path: Path
    stages: tuple[Entry, ...]
    environments: dict[str, Environment]
    inputs: dict[str, Input]
    given: dict[str, str]
    variables: Variables
    problems: Problems


def open_definition(path: Path, options: LoadOptions) -> OpenedDefinition:
    """Read the file and everything around it; what is wrong with any of that goes into ``problems``.

    Raises:
        InputError: there is no such file, or it cannot be read.
    """
    file, data = read_definition(path)
    problems = Problems()
    root = _root(data, problems)
    blocks = {entry.key.text: entry for entry in root if entry.key.text in RESERVED}
    declared = _parse_block(blocks.get(environments.BLOCK), parse_environments, problems)
    known_inputs = _parse_block(blocks.get(inputs.BLOCK), parse_inputs, problems)
    chosen: Environment | None = None
    given: dict[str, str] = {}
    if root:
        chosen = _chosen(options.environment, declared, blocks.get(environments.BLOCK), problems)
        given = given_values(known_inputs, options.inputs, problems)
    candidates = vars_file_paths(file.parent, options.user_config_dir, options.system_config_dir)
    variables = chain(
        inputs=input_tables(known_inputs, given),
        environment=chosen,
        flags=flag_table(options.build_id, options.project_id),
        environ=options.environ,
        vars_files=[table for one in candidates if (table := read_vars_file(one, problems)) is not None],
        directory=file.parent,
    )
    stages = tuple(entry for entry in root if entry.key.text not in RESERVED)
    return OpenedDefinition(file, stages, declared, known_inputs, given, variables, problems)


def names_in(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The stages and the environments that a definition names, as far as it can be read.

    Raises:
        InputError: there is no such file, or it cannot be read.
    """
    problems = Problems()
    root = _root(read_definition(path)[1], problems)
    block = next((entry for entry in root if entry.key.text == environments.BLOCK), None)
    declared = _parse_block(block, parse_environments, problems)
    return tuple(entry.key.text for entry in root if entry.key.text not in RESERVED), tuple(declared)


def _parse_block(
    block: Entry | None, parse: Callable[[Node, Problems], dict[str, _Declared]], problems: Problems
) -> dict[str, _Declared]:
    return parse(block.value, problems) if block else {}


def _root(data: bytes, problems: Problems) -> tuple[Entry, ...]:
    """Keys of the one document; none where it cannot be used, which is then a problem."""
    documents = compose_documents(data, problems)
    if len(documents) > 1:
        problems.error(
            f"only 1 document is allowed, but there are {len(documents)}", at=documents[1].position
        )
    if not documents or is_null(documents[0]):
        if not problems.has_errors:
            problems.error("empty document: it must hold at least one stage")
        return ()
    root = documents[0]
    if isinstance(root, MappingNode):
        return root.entries
    problems.error(f"expected a map of stages, but this is {describe(root)}", at=root.position)
    return ()


def _chosen(
    name: str | None, declared: Mapping[str, Environment], block: Entry | None, problems: Problems
) -> Environment | None:
    if not name:
        return None
    if name in declared:
        return declared[name]
    hint = problems.suggestion(name, declared) or f"; declared are: {listing(declared)}"
    at = block.key.position if block else None
    problems.error(f"-e {name}: use of undefined environment {quote(name)}{hint}", environments.BLOCK, at)
    return None
