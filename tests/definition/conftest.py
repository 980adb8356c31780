"""What tests of definitions share: a folder with a definition in it, and nothing of this machine around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from wharf_tui.definition.load import LoadOptions, load_pipeline
from wharf_tui.definition.pipeline import Pipeline
from wharf_tui.model.errors import DefinitionError

Load: TypeAlias = Callable[..., Pipeline]
Problems: TypeAlias = Callable[..., list[str]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    return folder.resolve()


@pytest.fixture
def options(tmp_path: Path) -> Callable[..., LoadOptions]:
    def make(variables: Mapping[str, str] | None = None, **given: Any) -> LoadOptions:
        environ = {f"WHARF_VAR_{name}": value for name, value in (variables or {}).items()}
        defaults: dict[str, Any] = {"build_id": 42, "environ": environ, "user_config_dir": tmp_path / "user"}
        # An empty PATH has no git: what a test wants to know of git, it says.
        defaults["environ"] = {"PATH": "", **defaults["environ"]}
        return LoadOptions(**(defaults | given))

    return make


@pytest.fixture
def load(root: Path, options: Callable[..., LoadOptions]) -> Load:
    def run(text: str | bytes, variables: Mapping[str, str] | None = None, **given: Any) -> Pipeline:
        (root / ".wharf-ci.yml").write_bytes(text.encode() if isinstance(text, str) else text)
        return load_pipeline(root, options(variables, **given))

    return run


@pytest.fixture
def problems(load: Load) -> Problems:
    """Everything that is wrong with a definition, warnings included, as it would be printed."""

    def run(text: str | bytes, variables: Mapping[str, str] | None = None, **given: Any) -> list[str]:
        try:
            pipeline = load(text, variables, **given)
        except DefinitionError as error:
            return list(error.problems)
        return [problem.printable() for problem in pipeline.warnings]

    return run
