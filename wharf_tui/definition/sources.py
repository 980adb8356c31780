"""The chain of sources that a build asks for variables, in wharf-cmd's order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from wharf_tui.definition.environments import Environment
from wharf_tui.definition.git_variables import GitVariables
from wharf_tui.definition.inputs import Input
from wharf_tui.definition.nodes import ScalarKind, ScalarNode
from wharf_tui.definition.variables import NOWHERE, Variable, Variables, VariableTable, text_variable

BUILD_REF: Final = "BUILD_REF"
PROJECT_ID: Final = "PROJECT_ID"
PREFIX: Final = "WHARF_VAR_"
"""Of variables in the process's environment."""


def input_tables(
    inputs: Mapping[str, Input], given: Mapping[str, str]
) -> tuple[VariableTable, VariableTable]:
    """What was given, and the defaults of all."""
    values = {name: inputs[name].variable(value) for name, value in given.items()}
    defaults = {name: declared.variable(declared.default) for name, declared in inputs.items()}
    return VariableTable("inputs given with -i", values), VariableTable("defaults of inputs", defaults)


def flag_table(build_id: int, project_id: int) -> VariableTable:
    """What the command's own options say; a project ID of 0 is none."""
    numbers = {BUILD_REF: build_id} | ({PROJECT_ID: project_id} if project_id else {})
    return VariableTable(
        "build and project",
        {
            name: Variable(name, ScalarNode(NOWHERE, ScalarKind.INTEGER, str(number)))
            for name, number in numbers.items()
        },
    )


def process_table(environ: Mapping[str, str]) -> VariableTable:
    """``WHARF_VAR_<NAME>`` of the process's environment; always strings."""
    names = {name.removeprefix(PREFIX): value for name, value in environ.items() if name.startswith(PREFIX)}
    return VariableTable(
        f"environment variables {PREFIX}*",
        {name: text_variable(name, value) for name, value in names.items() if name},
    )


def chain(
    *,
    inputs: tuple[VariableTable, VariableTable],
    environment: Environment | None,
    flags: VariableTable,
    environ: Mapping[str, str],
    vars_files: Iterable[VariableTable],
    directory: Path,
) -> Variables:
    """All sources; the first that has a name, wins."""
    chosen = (
        [VariableTable(f"environment '{environment.name}'", environment.variables)] if environment else []
    )
    return Variables(
        (*inputs, *chosen, flags, process_table(environ), *vars_files, GitVariables(directory, environ))
    )
