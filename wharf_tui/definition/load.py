"""The door to this package: from a path and the command's options to a pipeline, or to everything that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wharf_tui.definition import inputs
from wharf_tui.definition.inputs import InputKind
from wharf_tui.definition.nodes import Position, ScalarNode
from wharf_tui.definition.open_definition import OpenedDefinition, open_definition
from wharf_tui.definition.options import LoadOptions
from wharf_tui.definition.pipeline import Pipeline, Stage, Step
from wharf_tui.definition.problems import Problems, listing, quote
from wharf_tui.definition.sources import PROJECT_ID
from wharf_tui.definition.stages import ParsedStage, StageFilter, Surroundings, parse_stage
from wharf_tui.definition.step_context import project_id
from wharf_tui.definition.substitution import Substitution
from wharf_tui.definition.variables import VariableGroup
from wharf_tui.model.errors import DefinitionError
from wharf_tui.model.ids import StepId

__all__ = ["LoadOptions", "list_variables", "load_pipeline"]


def load_pipeline(path: Path, options: LoadOptions) -> Pipeline:
    """Read, check and fill in a definition.

    Args:
        path: the file, or the folder that holds ``.wharf-ci.yml``.
        options: everything else.

    Raises:
        InputError: there is no such file, or it cannot be read.
        DefinitionError: it cannot be run; ``problems`` has everything that was found, warnings included.
    """
    opened = open_definition(path, options)
    problems = opened.problems
    substitution = Substitution(opened.variables)
    around = Surroundings(
        StageFilter(options.environment or None, options.stage or None),
        tuple(opened.environments),
        opened.variables,
        substitution,
    )
    parsed = [parse_stage(entry, around, problems) for entry in opened.stages]
    if not any(stage.is_kept for stage in parsed):
        _explain_nothing_kept(parsed, options, opened)
    passwords = _password_values(opened, substitution, problems)
    _raise_errors(opened)
    return Pipeline(
        path=opened.path,
        stages=_numbered(parsed),
        environments=tuple(opened.environments),
        environment=options.environment or None,
        inputs=tuple(opened.inputs.values()),
        variables=opened.variables,
        project_id=_project_id(substitution),
        password_values=passwords,
        warnings=problems.warnings,
    )


def list_variables(path: Path, options: LoadOptions) -> tuple[VariableGroup, ...]:
    """Everything that the definition could use, by source; the first source wins. Passwords are masked.

    Raises:
        InputError: there is no such file, or it cannot be read.
        DefinitionError: what it, the options or a variables file says of variables is wrong.
    """
    opened = open_definition(path, options)
    _raise_errors(opened)
    return opened.variables.groups()


def _explain_nothing_kept(
    parsed: Sequence[ParsedStage], options: LoadOptions, opened: OpenedDefinition
) -> None:
    problems = opened.problems
    if not parsed:
        if not problems.has_errors:
            problems.error("no stages to run: the file defines none")
        return
    names = [stage.name for stage in parsed]
    if options.stage and options.stage not in names:
        hint = problems.suggestion(options.stage, names) or f"; there are: {listing(names)}"
        problems.error(f"no stages to run: no stage {quote(options.stage)}{hint}")
        return
    if options.environment and options.environment not in opened.environments:
        return  # which has been said already
    wanted = [stage for stage in parsed if not options.stage or options.stage == stage.name]
    usable = [name for name in opened.environments if any(name in stage.environments for stage in wanted)]
    if not usable:
        return  # they run in environments that are not declared, which has been said too
    which = f"stage {quote(options.stage)} runs" if options.stage else "all stages run"
    given = f"not in {quote(options.environment)}" if options.environment else "and none was given"
    problems.error(
        f"no stages to run: {which} in some environments only, {given}: give one with -e: {listing(usable)}"
    )


def _numbered(parsed: Sequence[ParsedStage]) -> tuple[Stage, ...]:
    """The kept stages, their steps counted from 1 through all of them."""
    stages = []
    number = 0
    for stage in parsed:
        if not stage.is_kept:
            continue
        steps = tuple(
            Step(StepId(number + index), stage.name, step.name, step.type, step.spec, step.position)
            for index, step in enumerate(stage.steps, start=1)
        )
        number += len(steps)
        stages.append(Stage(stage.name, stage.runs_if, steps, stage.environments, stage.position))
    return tuple(stages)


def _password_values(
    opened: OpenedDefinition, substitution: Substitution, problems: Problems
) -> tuple[str, ...]:
    values: dict[str, None] = {}
    for declared in opened.inputs.values():
        if declared.kind is InputKind.PASSWORD:
            raw = opened.given.get(declared.name, declared.default)
            filled = substitution.value(
                declared.name, f"{inputs.BLOCK}/{declared.name}", declared.position, problems
            )
            values.update(dict.fromkeys((raw, filled.text if isinstance(filled, ScalarNode) else raw)))
    return tuple(filter(None, values))


def _project_id(substitution: Substitution) -> int:
    node = substitution.value(PROJECT_ID, "", Position(1, 1), Problems())
    return (project_id(node.text) or 0) if isinstance(node, ScalarNode) else 0


def _raise_errors(opened: OpenedDefinition) -> None:
    problems = opened.problems
    if not problems.has_errors:
        return
    count = len(problems.errors)
    raise DefinitionError(
        f"{opened.path} cannot be used: {count} error{'s' if count > 1 else ''}",
        tuple(problem.printable() for problem in problems.all),
        "Each line says line:column and where that is in the file.",
    )
