"""The door: paths, what is wrong with a whole file, and that all of it is said at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wharf_tui.definition.load import LoadOptions, load_pipeline
from wharf_tui.definition.pipeline import Pipeline, Stage
from wharf_tui.definition.step_types import ContainerSpec
from wharf_tui.model.errors import DefinitionError, ExitStatus, InputError

GOOD = "build:\n  step:\n    container:\n      image: alpine\n      cmds:\n        - make\n"


def test_a_folder_means_the_file_in_it(root: Path, options: Callable[..., LoadOptions]) -> None:
    file = root / ".wharf-ci.yml"
    file.write_text(GOOD)
    by_folder = load_pipeline(root, options())
    assert by_folder.path == file
    assert by_folder.directory == root
    assert load_pipeline(file, options()).stages == by_folder.stages
    other = root / "other.yml"
    other.write_text(GOOD.replace("build", "other"))
    assert load_pipeline(other, options()).stages[0].name == "other"


def test_a_relative_path_becomes_absolute(
    root: Path, options: Callable[..., LoadOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / ".wharf-ci.yml").write_text(GOOD)
    monkeypatch.chdir(root)
    assert load_pipeline(Path(), options()).path == root / ".wharf-ci.yml"
    assert load_pipeline(Path(".wharf-ci.yml"), options()).directory == root


@pytest.mark.parametrize(
    ("others", "hint"),
    [
        ([], "Name a folder that holds .wharf-ci.yml, or the file itself."),
        ([".wharf-ci.yaml"], "There is {root}/.wharf-ci.yaml: rename it to .wharf-ci.yml."),
        (["../.wharf-ci.yml"], "There is {parent}/.wharf-ci.yml: did you mean that?"),
    ],
)
def test_a_file_that_is_not_there(
    root: Path, options: Callable[..., LoadOptions], others: list[str], hint: str
) -> None:
    for other in others:
        (root / other).write_text(GOOD)
    with pytest.raises(InputError) as caught:
        load_pipeline(root, options())
    assert caught.value.message == f"{root / '.wharf-ci.yml'} does not exist"
    assert caught.value.hint == hint.format(root=root, parent=root.parent)
    assert caught.value.exit_status == ExitStatus.USAGE


@pytest.mark.parametrize("kind", ["pipe", "loop", "folder", "large", "nul"])
def test_a_file_that_cannot_be_read(root: Path, options: Callable[..., LoadOptions], kind: str) -> None:
    file = root / ".wharf-ci.yml"
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "loop":
        file.symlink_to(file)
    elif kind == "folder":
        file.mkdir()
    elif kind == "large":
        file.write_bytes(b"#" * 2_000_000)
    path = Path("a\0b") if kind == "nul" else root
    with pytest.raises(InputError) as caught:
        load_pipeline(path, options())
    assert not isinstance(caught.value, DefinitionError)
    assert caught.value.hint


def test_a_working_folder_that_is_gone(
    root: Path, options: Callable[..., LoadOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    root.rmdir()
    with pytest.raises(InputError):
        load_pipeline(Path(), options())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["   -:-   empty document: it must hold at least one stage"]),
        ("# nothing\n", ["   -:-   empty document: it must hold at least one stage"]),
        ("---\n", ["   -:-   empty document: it must hold at least one stage"]),
        ("{}\n", ["   -:-   no stages to run: the file defines none"]),
        ("inputs: []\nenvironments: {}\n", ["   -:-   no stages to run: the file defines none"]),
        ("- a\n", ["   1:1   expected a map of stages, but this is a list"]),
        (f"{GOOD}---\nother: 1\n", ["   8:1   only 1 document is allowed, but there are 2"]),
        (f"{GOOD}---\n---\n", ["   8:1   only 1 document is allowed, but there are 3"]),
        ("build:\n", ["   1:1   build: stage is missing steps"]),
        ("build: {}\n", ["   1:1   build: stage is missing steps"]),
        ("build: {runs-if: fail}\n", ["   1:1   build: stage is missing steps"]),
        ("build: x\n", ["   1:8   build: expected a map of steps, but this is a string"]),
        ("build: ${X}\n", [
            "   1:8   build: expected a map of steps, but this is the unknown variable ${X}",
            "   1:8   build: warning: no variable 'X': ${X} is left as it is"]),
        ("build:\n  a:\n  b: {}\n  c: x\n  d: [y]\n", [
            "   2:3   build/a: missing a step type, one of 'container', 'docker', 'helm', 'helm-package', 'kubectl', 'nuget-package'",
            "   3:3   build/b: missing a step type, one of 'container', 'docker', 'helm', 'helm-package', 'kubectl', 'nuget-package'",
            "   4:6   build/c: expected a map with the step's type as its key, but this is a string",
            "   5:6   build/d: expected a map with the step's type as its key, but this is a list"]),
        ("build:\n  a:\n    contianer: {}\n", ["   3:5   build/a: unknown step type 'contianer'; did you mean 'container'?"]),
        ("build:\n  a:\n    x: {}\n", [
            ("   3:5   build/a: unknown step type 'x'; known are 'container', 'docker', 'helm', 'helm-package', 'kubectl',"
            " 'nuget-package'")]),
        ("build:\n  a:\n    container:\n    image: x\n    cmds: [y]\n", [
            "   4:5   build/a: unknown step type 'image': as a field of 'container' it must be indented below it",
            "   5:5   build/a: unknown step type 'cmds': as a field of 'container' it must be indented below it"]),
        ("build:\n  a:\n    container: {image: x, cmds: [y]}\n    kubectl: {file: f}\n", [
            "   4:5   build/a/kubectl: a step has one type, but 'container' is here already"]),
        (f"{GOOD}  runs-if: sucess\n", [
            "   7:12  build/runs-if: 'sucess' is none of 'success', 'fail', 'always'; did you mean 'success'?"]),
        (f"{GOOD}  runs-if: 1\n", ["   7:12  build/runs-if: expected one of 'success', 'fail', 'always', but this is an integer"]),
        (f"{GOOD}  runs-if: fail\n  run-if: fail\n", [
            "   8:3   build/run-if: means the same as 'runs-if', which is here too"]),
        (f"{GOOD}  environments: dev\n", ["   7:17  build/environments: expected a list of environments, but this is a string"]),
        (f"{GOOD}  environments: [dev, '', [x]]\n", [
            "   7:18  build/environments[0]: use of undefined environment 'dev'; declared are: none",
            "   7:23  build/environments[1]: expected an environment's name, but this is a string",
            "   7:27  build/environments[2]: expected an environment's name, but this is a list"]),
        (f"{GOOD}  enviroments: [dev]\n", [
            ("   7:16  build/enviroments: expected a map with the step's type as its key, but this is a list;"
            " did you mean 'environments'?")]),
        (f"enviroments:\n  dev: {{URL: x}}\n{GOOD}", [
            "   1:1   enviroments: warning: every root key but 'environments', 'inputs' is a stage; did you mean 'environments'?",
            ("   2:9   enviroments/dev: unknown step type 'URL'; known are 'container', 'docker', 'helm', 'helm-package', 'kubectl',"
            " 'nuget-package'")]),
        (f"{GOOD}build: {{}}\n", ["   7:1   key 'build' was already used on line 1"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file(
    problems: Callable[..., list[str]], text: str, expected: list[str]
) -> None:
    assert problems(text) == expected


def test_everything_wrong_is_said_in_one_run_sorted_by_place(
    load: Callable[..., Pipeline], root: Path
) -> None:
    (root / ".wharf-vars.yml").write_text("vars:\n  L: ${L}\n")
    text = """\
inputs:
  - {name: n, type: number, default: x}
environments:
  dev: {a: [1]}
test:
  one:
    container:
      imgae: alpine
      cmds: make ${HOME}
  two:
    docker: {file: Dockerfile, tag: 1, destination: 'r/${L}'}
deploy:
  runs-if: never
  environments: [prod]
  three: {}
  three: {}
"""
    with pytest.raises(DefinitionError) as caught:
        load(text, stage="tset", environment="prd", inputs=(("x", "1"),))
    assert list(caught.value.problems) == [
        "   -:-   inputs: -i x=...: no input 'x'; declared are: 'n'",
        "   -:-   no stages to run: no stage 'tset'; did you mean 'test'?",
        "   2:38  inputs[0]/default: expected a number, but this is a string",
        "   3:1   environments: -e prd: use of undefined environment 'prd'; declared are: 'dev'",
        "   4:12  environments/dev/a: expected a string, a boolean or a number, but this is a list",
        "   7:5   test/one/container: missing required field 'image'",
        "   8:7   test/one/container: warning: unknown field 'imgae' is ignored; did you mean 'image'?",
        "   9:13  test/one/container/cmds: expected a list, one '- ' for each item, but this is a string",
        (
            "  11:37  test/two/docker/tag: warning: an integer is read as text here, but wharf-cmd does not take it:"
            " put it in quotes"
        ),
        "  11:53  test/two/docker/destination: recursive variable loop: L -> L",
        "  13:12  deploy/runs-if: 'never' is none of 'success', 'fail', 'always'",
        "  14:18  deploy/environments[0]: use of undefined environment 'prod'; declared are: 'dev'",
        (
            "  15:3   deploy/three: missing a step type, one of 'container', 'docker', 'helm', 'helm-package',"
            " 'kubectl', 'nuget-package'"
        ),
        "  16:3   key 'three' was already used on line 15",
    ]
    assert caught.value.message == f"{root / '.wharf-ci.yml'} cannot be used: 12 errors"


def test_messages_are_safe_for_terminals_and_short(problems: Callable[..., list[str]]) -> None:
    long = "x" * 10_000
    (said, *_) = problems(f'"a\\x1b[2J\\n{long}":\n  b: c\n')
    assert said.isprintable()
    assert len(said) < 400


WORDS = st.sampled_from(
    ["build", "container", "docker", "helm", "kubectl", "image", "cmds", "tag", "file", "files", "push", "set", "runs-if",
     "run-if", "environments", "inputs", "name", "type", "default", "values", "choice", "number", "password", "dev", "fail",
     "${A}", "x${A}", "${L}", "y${L}", "${M}", "${REPO_NAME}", "${BUILD_REF}", "${%A%}", "secretName", "secretArgs", "1", "true",
     "~", "2024-01-01", "1e9", "''", "'1'"]
)  # fmt: skip
KEYS = WORDS.map(lambda word: f"'{word}'" if word.startswith("${") or word[0].isalpha() else word)
TREES = st.recursive(
    WORDS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(KEYS, inner, max_size=4).map(
            lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}"
        )
    ),
    max_leaves=20,
)
ROOTS = st.dictionaries(KEYS, st.dictionaries(KEYS, st.dictionaries(KEYS, TREES, max_size=2), max_size=2), max_size=3).map(
    lambda stages: "".join(
        f"{stage}:\n"
        + "".join(f"  {step}:\n" + "".join(f"    {key}: {value}\n" for key, value in types.items()) for step, types in steps.items())
        for stage, steps in stages.items()
    )
)  # fmt: skip
CUT = st.tuples(st.just(GOOD), st.integers(0, len(GOOD)), st.integers(0, len(GOOD)), st.text(alphabet=": -[]{}&*!'\"\n\t#x", max_size=4)).map(
    lambda parts: parts[0][: parts[1]] + parts[3] + parts[0][parts[2] :]
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=100) | (CUT | ROOTS | TREES.map(lambda tree: f"build: {tree}")).map(str.encode),
    stage=st.none() | st.just("build"),
)
def test_any_file_gives_a_pipeline_or_says_what_is_wrong(
    root: Path, options: Callable[..., LoadOptions], data: bytes, stage: str | None
) -> None:
    (root / ".wharf-vars.yml").write_text(
        "vars:\n  A: b\n  L: [c, '${A}', [d]]\n  M: {image: e, cmds: ['${L}']}\n"
    )
    (root / ".wharf-ci.yml").write_bytes(data)
    given_options = options(stage=stage, inputs=(("dev", "1"),) if stage else ())
    lines: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    try:
        stages = load_pipeline(root, given_options).stages
    except DefinitionError as error:
        lines = error.problems
    assert bool(lines) != bool(stages)
    assert all(line.isprintable() and line[4] == ":" for line in lines)
    assert list(lines) == sorted(lines, key=place)
    assert all(one.steps for one in stages)
    ids = [step.step_id for one in stages for step in one.steps]
    assert ids == list(range(1, len(ids) + 1))


NAMES = st.text(alphabet="abcäß😀 -_.:#", min_size=1, max_size=8).filter(
    lambda name: name not in {"inputs", "environments"}
)
COMMANDS = st.text(alphabet="ab $'\"\\\n\t#:{}ä😀", max_size=20).filter(lambda text: "${" not in text)
STEPS = st.dictionaries(
    NAMES, st.tuples(NAMES, st.lists(COMMANDS, min_size=1, max_size=3)), min_size=1, max_size=3
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stages=st.dictionaries(NAMES, STEPS, min_size=1, max_size=3))
def test_what_is_written_is_what_will_run(
    root: Path,
    options: Callable[..., LoadOptions],
    stages: dict[str, dict[str, tuple[str, list[str]]]],
) -> None:
    written = {
        stage: {step: {"container": {"image": image, "cmds": cmds}} for step, (image, cmds) in steps.items()}
        for stage, steps in stages.items()
    }
    (root / ".wharf-ci.yml").write_text(
        yaml.safe_dump(written, sort_keys=False, default_style='"', allow_unicode=True)
    )
    pipeline = load_pipeline(root, options())
    assert pipeline.warnings == ()
    assert [(step.stage, step.name, step.spec) for step in pipeline.steps] == [
        (stage, step, ContainerSpec(image=image, cmds=tuple(cmds)))
        for stage, steps in stages.items()
        for step, (image, cmds) in steps.items()
    ]


def place(line: str) -> tuple[int, int]:
    number, _, rest = line.partition(":")
    column = rest.split()[0]
    return (0, 0) if number.strip() == "-" else (int(number), int(column))
