"""Every root key that is not reserved is a stage: its conditions and its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wharf_tui.definition import environments, inputs
from wharf_tui.definition.fields import Fields
from wharf_tui.definition.nodes import (
    Entry,
    MappingNode,
    Node,
    Position,
    ScalarKind,
    ScalarNode,
    SequenceNode,
    describe,
    is_null,
    is_unfilled,
)
from wharf_tui.definition.pipeline import RunsIf
from wharf_tui.definition.problems import Problems, listing, quote, quote_value
from wharf_tui.definition.step_context import StepContext
from wharf_tui.definition.step_types import STEP_TYPES, StepSpec
from wharf_tui.definition.substitution import Substitution
from wharf_tui.definition.variables import Variables

RESERVED: Final = (environments.BLOCK, inputs.BLOCK)
"""Root keys that are no stages."""

_ENVIRONMENTS: Final = "environments"
_RUNS_IF: Final = "runs-if"
_RUN_IF: Final = "run-if"
"""What wharf-cmd's own changelog calls it; its parser then takes it for a step, and fails."""


@dataclass(frozen=True, slots=True)
class StageFilter:
    """Which stages a build keeps."""

    environment: str | None
    stage: str | None

    def keeps(self, name: str, stage_environments: Sequence[str]) -> bool:
        """Whether a stage of this name, which runs in these environments only (none means all), is kept."""
        if self.stage is not None and self.stage != name:
            return False
        return not stage_environments or self.environment in stage_environments


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the stages of one definition are parsed with."""

    keep: StageFilter
    environments: Sequence[str]
    """All that the file declares."""
    variables: Variables
    substitution: Substitution


@dataclass(frozen=True, slots=True)
class ParsedStep:
    """A step before it has its number."""

    name: str
    type: str
    spec: StepSpec
    position: Position


@dataclass(frozen=True, slots=True)
class ParsedStage:
    """A stage, kept or not."""

    name: str
    runs_if: RunsIf
    environments: tuple[str, ...]
    steps: tuple[ParsedStep, ...]
    position: Position
    is_kept: bool


def parse_stage(entry: Entry, around: Surroundings, problems: Problems) -> ParsedStage:
    """Parse one stage. Its name is the key, in which no variable is filled in.

    A stage that is not kept is checked all the same, but not for what its surroundings must give.
    """
    found = problems.part()
    name = entry.key.text
    node = around.substitution.fill(entry.value, name, found)
    if not isinstance(node, MappingNode) and not is_null(node):
        found.error(f"expected a map of steps, but this is {describe(node)}", name, node.position)
    entries = node.entries if isinstance(node, MappingNode) else ()
    conditions = {item.key.text: item for item in entries if _is_condition(item)}
    steps = [item for item in entries if item.key.text not in conditions]
    if not steps and (is_null(node) or isinstance(node, MappingNode)):
        found.error("stage is missing steps", name, entry.key.position)
    runs_in = _environments(
        conditions.get(_ENVIRONMENTS), f"{name}/{_ENVIRONMENTS}", around.environments, found
    )
    is_kept = around.keep.keeps(name, runs_in)
    problems.extend(found.all if is_kept else found.errors)
    found = problems.part()
    parsed = [_parse_step(item, f"{name}/{item.key.text}", around, found, will_run=is_kept) for item in steps]
    runs_if = _runs_if(conditions, name, found, will_run=is_kept)
    if found.has_errors and (suggestion := found.suggestion(name, RESERVED)):
        found.warn(f"every root key but {listing(RESERVED)} is a stage{suggestion}", name, entry.key.position)
    problems.extend(found.all)
    return ParsedStage(name, runs_if, runs_in, tuple(filter(None, parsed)), entry.key.position, is_kept)


def _is_condition(entry: Entry) -> bool:
    """``run-if`` may be a step's name, too: then it has a map below it."""
    return entry.key.text in {_ENVIRONMENTS, _RUNS_IF} or (
        entry.key.text == _RUN_IF and not isinstance(entry.value, MappingNode)
    )


def _environments(
    entry: Entry | None, scope: str, known: Sequence[str], problems: Problems
) -> tuple[str, ...]:
    if entry is None or is_null(entry.value):
        return ()
    if not isinstance(entry.value, SequenceNode):
        problems.error(
            f"expected a list of environments, but this is {describe(entry.value)}",
            scope,
            entry.value.position,
        )
        return ()
    names = []
    for index, item in enumerate(entry.value.items):
        if not isinstance(item, ScalarNode) or item.kind is ScalarKind.NULL or not item.text:
            problems.error(
                f"expected an environment's name, but this is {describe(item)}",
                f"{scope}[{index}]",
                item.position,
            )
            continue
        names.append(item.text)
        if item.text not in known:
            hint = problems.suggestion(item.text, known) or f"; declared are: {listing(known)}"
            problems.error(
                f"use of undefined environment {quote_value(item)}{hint}", f"{scope}[{index}]", item.position
            )
    return tuple(names)


def _runs_if(conditions: dict[str, Entry], stage: str, problems: Problems, *, will_run: bool) -> RunsIf:
    entry = conditions.get(_RUNS_IF)
    alias = conditions.get(_RUN_IF)
    if alias is not None:
        scope = f"{stage}/{_RUN_IF}"
        if entry is not None:
            problems.error(
                f"means the same as {quote(_RUNS_IF)}, which is here too", scope, alias.key.position
            )
        else:
            problems.warn(
                f"is read as {quote(_RUNS_IF)}, but wharf-cmd takes it for a step", scope, alias.key.position
            )
            entry = alias
    if entry is None or _is_unknown_here(entry.value, will_run=will_run):
        return RunsIf.SUCCESS
    scope = f"{stage}/{entry.key.text}"
    words = [word.value for word in RunsIf]
    value = entry.value
    if not isinstance(value, ScalarNode) or value.kind is not ScalarKind.STRING:
        problems.error(
            f"expected one of {listing(words)}, but this is {describe(value)}", scope, value.position
        )
    elif value.text.lower() in words:
        return RunsIf(value.text.lower())
    else:
        hint = problems.suggestion(value.text, words)
        problems.error(f"{quote_value(value)} is none of {listing(words)}{hint}", scope, value.position)
    return RunsIf.SUCCESS


def _parse_step(
    entry: Entry, scope: str, around: Surroundings, problems: Problems, *, will_run: bool
) -> ParsedStep | None:
    value = entry.value
    if _is_unknown_here(value, will_run=will_run):
        return None
    if _is_empty(value):
        problems.error(f"missing a step type, one of {listing(STEP_TYPES)}", scope, entry.key.position)
        return None
    if not isinstance(value, MappingNode):
        hint = problems.suggestion(entry.key.text, (_ENVIRONMENTS, _RUNS_IF))
        problems.error(
            f"expected a map with the step's type as its key, but this is {describe(value)}{hint}",
            scope,
            value.position,
        )
        return None
    types = [item for item in value.entries if item.key.text in STEP_TYPES]
    others = [item.key for item in value.entries if item.key.text not in STEP_TYPES]
    for key in others:
        if len(types) == 1:
            hint = f": as a field of {quote(types[0].key.text)} it must be indented below it"
        else:
            hint = problems.suggestion(key.text, STEP_TYPES) or f"; known are {listing(STEP_TYPES)}"
        problems.error(f"unknown step type {quote(key.text)}{hint}", scope, key.position)
    for extra in types[1:]:
        problems.error(
            f"a step has one type, but {quote(types[0].key.text)} is here already",
            f"{scope}/{extra.key.text}",
            extra.key.position,
        )
    if others:
        return None
    steps = [_read_step(entry, item, scope, around, problems, will_run=will_run) for item in types]
    return steps[0]


def _read_step(
    step: Entry, step_type: Entry, scope: str, around: Surroundings, problems: Problems, *, will_run: bool
) -> ParsedStep:
    word = step_type.key.text
    scope = f"{scope}/{word}"
    at = step_type.key.position
    fields = Fields(step_type.value, scope, at, problems, judges_unfilled=will_run)
    context = StepContext(step.key.text, will_run, around.variables, around.substitution, problems, scope, at)
    spec = STEP_TYPES[word](fields, context)
    fields.report_unknown()
    return ParsedStep(step.key.text, word, spec, step.key.position)


def _is_unknown_here(node: Node, *, will_run: bool) -> bool:
    """Whether a variable stands here that only the environment has in which the stage runs."""
    return not will_run and is_unfilled(node)


def _is_empty(node: Node) -> bool:
    return is_null(node) or (isinstance(node, MappingNode) and not node.entries)
