"""Where variables come from, and which source wins."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from wharf_tui.definition.load import LoadOptions, list_variables
from wharf_tui.definition.pipeline import Pipeline
from wharf_tui.definition.step_types import ContainerSpec
from wharf_tui.model.errors import DefinitionError

DEFINITION = """\
inputs:
  - {name: V, type: string, default: from default}
environments:
  dev: {V: from environment}
build:
  step:
    container: {image: alpine, cmds: ['${V}']}
"""
WITHOUT_INPUT = DEFINITION[DEFINITION.index("environments") :]
WITHOUT_BOTH = DEFINITION[DEFINITION.index("build") :]


def used(pipeline: Pipeline) -> str:
    spec = next(pipeline.steps).spec
    assert isinstance(spec, ContainerSpec)
    return spec.cmds[0]


@pytest.fixture
def vars_files(root: Path, tmp_path: Path) -> Path:
    """All files that may have variables, each with V and one of its own."""
    places = {
        "near": root / ".wharf-vars.yml",
        "parent": root.parent / ".wharf-vars.yml",
        "user": tmp_path / "user/iver-wharf/wharf-cmd/wharf-vars.yml",
        "system": tmp_path / "etc/iver-wharf/wharf-cmd/wharf-vars.yml",
    }
    for name, path in places.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"vars:\n  V: from {name}\n  ONLY_{name}: yes\nother: ignored\n")
    return tmp_path / "etc"


def test_the_first_source_in_the_contracts_order_wins(
    load: Callable[..., Pipeline], vars_files: Path, root: Path, tmp_path: Path
) -> None:
    def v(text: str, variables: dict[str, str] | None = None, **given: object) -> str:
        return used(load(text, variables, system_config_dir=vars_files, **given))

    process = {"V": "from process"}
    assert v(DEFINITION, process, environment="dev", inputs=(("V", "x"), ("V", "from -i"))) == "from -i"
    assert v(DEFINITION, process, environment="dev") == "from default"
    assert v(WITHOUT_INPUT, process, environment="dev") == "from environment"
    assert v(WITHOUT_INPUT, process) == "from process"
    assert v(WITHOUT_BOTH) == "from near"
    (root / ".wharf-vars.yml").unlink()
    assert v(WITHOUT_BOTH) == "from parent"
    (root.parent / ".wharf-vars.yml").unlink()
    assert v(WITHOUT_BOTH) == "from user"
    (tmp_path / "user/iver-wharf/wharf-cmd/wharf-vars.yml").unlink()
    assert v(WITHOUT_BOTH) == "from system"
    assert used(load(WITHOUT_BOTH)) == "${V}"


def test_the_commands_own_numbers_win_over_the_process(load: Callable[..., Pipeline]) -> None:
    text = WITHOUT_BOTH.replace("${V}", "${BUILD_REF} ${PROJECT_ID}")
    assert used(load(text, {"BUILD_REF": "1", "PROJECT_ID": "2"}, project_id=7)) == "42 7"
    assert used(load(text, {"PROJECT_ID": "2"})) == "42 2"


@pytest.mark.parametrize(
    ("given", "text", "expected"), [(7, None, 7), (0, "12", 12), (0, "x", 0), (0, None, 0)]
)
def test_the_projects_number_comes_from_anywhere(
    load: Callable[..., Pipeline], given: int, text: str | None, expected: int
) -> None:
    variables = {} if text is None else {"PROJECT_ID": text}
    assert load(WITHOUT_BOTH, variables, project_id=given).project_id == expected


def test_all_variables_are_listed_by_source(
    load: Callable[..., Pipeline],
    options: Callable[..., LoadOptions],
    vars_files: Path,
    root: Path,
) -> None:
    text = DEFINITION.replace(
        "environments:", "  - {name: PW, type: password, default: secret1}\nenvironments:"
    )
    load(text)
    given = options(
        {"V": "from process"},
        environment="dev",
        inputs=(("PW", "secret2"),),
        project_id=3,
        system_config_dir=vars_files,
    )
    groups = list_variables(root, given)
    listed = {
        group.label: [(one.name, one.value, one.overridden) for one in group.variables] for group in groups
    }
    assert listed == {
        "inputs given with -i": [("PW", "********", False)],
        "defaults of inputs": [("PW", "********", True), ("V", "from default", False)],
        "environment 'dev'": [("V", "from environment", True)],
        "build and project": [("BUILD_REF", "42", False), ("PROJECT_ID", "3", False)],
        "environment variables WHARF_VAR_*": [("V", "from process", True)],
        str(root / ".wharf-vars.yml"): [("ONLY_near", "yes", False), ("V", "from near", True)],
        str(root.parent / ".wharf-vars.yml"): [("ONLY_parent", "yes", False), ("V", "from parent", True)],
        str(vars_files.parent / "user/iver-wharf/wharf-cmd/wharf-vars.yml"): [
            ("ONLY_user", "yes", False),
            ("V", "from user", True),
        ],
        str(vars_files / "iver-wharf/wharf-cmd/wharf-vars.yml"): [
            ("ONLY_system", "yes", False),
            ("V", "from system", True),
        ],
    }


def test_a_list_is_listed_as_one(root: Path, options: Callable[..., LoadOptions]) -> None:
    (root / ".wharf-ci.yml").write_text(WITHOUT_BOTH)
    (root / ".wharf-vars.yml").write_text("vars: {L: [1]}\n")
    files = list_variables(root, options())[1]
    assert [(one.name, one.value) for one in files.variables] == [("L", "(a list)")]


def test_git_is_listed_last(root: Path, options: Callable[..., LoadOptions], tmp_path: Path) -> None:
    (root / ".wharf-ci.yml").write_text(WITHOUT_BOTH)
    (tmp_path / "git").write_text("#!/bin/sh\necho main\n")
    (tmp_path / "git").chmod(0o700)
    group = list_variables(root, options(environ={"PATH": str(tmp_path)}))[-1]
    assert group.label == "git"
    assert ("GIT_BRANCH", "main", False) in [(one.name, one.value, one.overridden) for one in group.variables]


def test_listing_says_what_is_wrong_with_inputs_but_not_with_steps(
    root: Path, options: Callable[..., LoadOptions]
) -> None:
    (root / ".wharf-ci.yml").write_text("inputs: 1\nbuild: 2\n")
    with pytest.raises(DefinitionError) as caught:
        list_variables(root, options())
    assert caught.value.problems == ("   1:9   inputs: expected a list of inputs, but this is an integer",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vars: [1]\n", "   1:7   {file}: vars: expected a map of variables, but this is a list"),
        ("- a\n", "   1:1   {file}: expected a map with the key 'vars', but this is a list"),
        (
            "V: 1\n",
            "   1:1   {file}: warning: no variable is read: they belong below the key 'vars'; keys here: 'V'",
        ),
        ("vars:\n  A: 1\n  A: 2\n", "   3:3   {file}: key 'A' was already used on line 2"),
        ("vars: {\n", "   2:1   {file}: not valid YAML: "),
        (b"vars:\n  A: \xff\n", "   2:6   {file}: byte 0xff is not UTF-8: save the file as UTF-8"),
    ],
)
def test_what_is_wrong_in_a_vars_file_is_said_with_its_path(
    problems: Callable[..., list[str]], root: Path, text: str | bytes, expected: str
) -> None:
    file = root / ".wharf-vars.yml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    (said,) = problems(WITHOUT_BOTH)
    assert said.startswith(expected.format(file=file))


@pytest.mark.parametrize(
    "text", ["", "---\n", "vars:\n", "vars: {}\n---\nvars: {V: x}\n---\nother: 1\nvars: {V: y}\n"]
)
def test_vars_files_may_be_empty_or_many_documents(
    load: Callable[..., Pipeline], root: Path, text: str
) -> None:
    (root / ".wharf-vars.yml").write_text(text)
    pipeline = load(WITHOUT_BOTH)
    assert used(pipeline) == ("y" if "y" in text else "${V}")
    assert pipeline.warnings == ()


def test_problems_of_all_files_come_together_the_definition_first(
    problems: Callable[..., list[str]], root: Path
) -> None:
    (root / ".wharf-vars.yml").write_text("vars: 1\n")
    assert [one[:30] for one in problems("build: {\n")] == [
        "   2:1   not valid YAML: did n",
        f"   1:7   {root}/.wharf-vars.yml"[:30],
    ]


@pytest.mark.parametrize("kind", ["folder", "pipe", "unreadable"])
def test_a_vars_file_that_cannot_be_read_is_said(
    load: Callable[..., Pipeline], root: Path, kind: str
) -> None:
    file = root / ".wharf-vars.yml"
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    else:
        file.symlink_to(file)
    (warning,) = load(WITHOUT_BOTH).warnings
    assert warning.message.startswith("variables file is left out: ")
    assert str(file) in warning.message
