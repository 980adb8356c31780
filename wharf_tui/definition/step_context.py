"""What a step type may ask besides its own fields: the step's name, and variables with a meaning of their own."""

from __future__ import annotations

from dataclasses import dataclass

from wharf_tui.definition.fields import Fields, read_flag
from wharf_tui.definition.nodes import Position, ScalarNode, describe
from wharf_tui.definition.problems import Problems
from wharf_tui.definition.sources import PREFIX, PROJECT_ID
from wharf_tui.definition.substitution import Substitution
from wharf_tui.definition.variables import Variables


@dataclass(frozen=True, slots=True)
class StepContext:
    """Around one step."""

    step_name: str
    will_run: bool
    """Whether the step's stage is kept. Where not, it does not matter that a variable is missing."""
    variables: Variables
    substitution: Substitution
    problems: Problems
    scope: str
    at: Position
    """Of the step type: where a missing variable is reported."""

    def lookup(self, name: str) -> str:
        """The variable's value; empty where it is not set, or is no text, which is then a problem."""
        node = self.substitution.value(name, self.scope, self.at, self.problems)
        if node is None or isinstance(node, ScalarNode):
            return node.text if node else ""
        self.problems.error(f"expected a string, but there is {describe(node)}", self.scope, self.at)
        return ""

    def require(self, name: str, purpose: str) -> str:
        """The variable's value, which must not be empty.

        Args:
            name: of the variable.
            purpose: what it is needed for, as ``the default of 'repo'``.
        """
        node = self.substitution.value(name, self.scope, self.at, self.problems)
        if self.will_run and (node is None or (isinstance(node, ScalarNode) and not node.text)):
            why = "it is set, but empty"
            if self.variables.find(name) is None:
                reason = self.variables.why_missing(name)
                why = f"set it in .wharf-vars.yml, or as {PREFIX}{name}" + (f" ({reason})" if reason else "")
            self.problems.error(
                f"missing built-in variable {name}, needed for {purpose}: {why}", self.scope, self.at
            )
        return self.lookup(name)

    def lookup_flag(self, name: str) -> bool:
        """A boolean variable, also where it came as the word ``true`` or ``false``; False where it is not set."""
        node = self.substitution.value(name, self.scope, self.at, self.problems)
        flag = None if node is None else read_flag(node, self.scope, self.problems)
        return bool(flag)

    def check_secret_name(self, secret_name: str, fields: Fields) -> None:
        """A ``secretName`` is found by the project's number: there must be one."""
        if not secret_name:
            return
        number = self.require(PROJECT_ID, "'secretName' (or give --project-id)")
        if number and project_id(number) is None:
            fields.error("secretName", f"variable {PROJECT_ID} must be a whole number above zero")


def project_id(text: str) -> int | None:
    """The number of a project; None where the text is none. Larger ones than 64 bits do not exist."""
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    return int(text) or None
