"""A definition that can be run: its stages and steps, with all variables filled in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from wharf_tui.definition.inputs import Input
from wharf_tui.definition.nodes import Position
from wharf_tui.definition.problems import Problem
from wharf_tui.definition.step_types import StepSpec
from wharf_tui.definition.variables import Variables
from wharf_tui.model.build import StepInfo
from wharf_tui.model.ids import StepId


class RunsIf(Enum):
    """When a stage runs. The value is the word that the file has for it."""

    SUCCESS = "success"
    FAIL = "fail"
    ALWAYS = "always"

    def holds(self, *, any_failed: bool) -> bool:
        """Whether the stage runs, given whether any stage before it has failed."""
        return self is RunsIf.ALWAYS or any_failed == (self is RunsIf.FAIL)


@dataclass(frozen=True, slots=True)
class Step:
    """One step."""

    step_id: StepId
    stage: str
    name: str
    type: str
    """The word for its step type, as ``container``."""
    spec: StepSpec
    position: Position
    """Of its name in the file."""

    @property
    def info(self) -> StepInfo:
        """The step as stores and viewers know it."""
        return StepInfo(self.step_id, self.stage, self.name, self.type)


@dataclass(frozen=True, slots=True)
class Stage:
    """Steps that start together."""

    name: str
    runs_if: RunsIf
    steps: tuple[Step, ...]
    """In file order; at least one."""
    environments: tuple[str, ...]
    """Those in which it runs; empty for always."""
    position: Position
    """Of its name in the file."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A definition as one build runs it."""

    path: Path
    """The file."""
    stages: tuple[Stage, ...]
    """Those that the chosen environment and stage leave, in file order; at least one."""
    environments: tuple[str, ...]
    """All that the file declares, in file order."""
    environment: str | None
    """The chosen one."""
    inputs: tuple[Input, ...]
    """All that the file declares, in file order."""
    variables: Variables
    project_id: int
    """As ``PROJECT_ID`` says it, from wherever; 0 for none."""
    password_values: tuple[str, ...]
    """Values that must not be shown: those of password inputs, and what they become when variables are filled in."""
    warnings: tuple[Problem, ...]
    """Sorted by place."""

    @property
    def directory(self) -> Path:
        """The folder of the file, which is the source tree that steps work on."""
        return self.path.parent

    @property
    def steps(self) -> Iterator[Step]:
        """Steps of all stages, in the order of their IDs."""
        for stage in self.stages:
            yield from stage.steps
