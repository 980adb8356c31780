"""Stages, their conditions, their order, and the numbers of their steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wharf_tui.definition.pipeline import Pipeline, RunsIf
from wharf_tui.definition.step_types import ContainerSpec
from wharf_tui.model.build import StepInfo
from wharf_tui.model.ids import StepId

STEP = "container: {image: alpine, cmds: [make]}"
DEFINITION = f"""\
environments:
  dev: {{HOST: dev.example.com, PUSH: true}}
  prod: {{}}
zeta:
  b: {{{STEP}}}
  a: {{{STEP}}}
deploy:
  environments: [dev, prod]
  runs-if: Always
  up: {{{STEP}}}
alpha:
  environments: []
  runs-if: fail
  c: {{{STEP}}}
only-dev:
  environments: [dev]
  d-${{BUILD_REF}}: {{{STEP}}}
"""


def numbered(pipeline: Pipeline) -> list[str]:
    return [f"{step.step_id} {step.stage}/{step.name}" for step in pipeline.steps]


@pytest.mark.parametrize(
    ("environment", "stage", "expected"),
    [
        (None, None, ["1 zeta/b", "2 zeta/a", "3 alpha/c"]),
        ("", "", ["1 zeta/b", "2 zeta/a", "3 alpha/c"]),
        ("dev", None, ["1 zeta/b", "2 zeta/a", "3 deploy/up", "4 alpha/c", "5 only-dev/d-42"]),
        ("prod", None, ["1 zeta/b", "2 zeta/a", "3 deploy/up", "4 alpha/c"]),
        ("prod", "alpha", ["1 alpha/c"]),
        ("dev", "only-dev", ["1 only-dev/d-42"]),
    ],
)
def test_kept_stages_are_numbered_in_file_order(
    load: Callable[..., Pipeline], environment: str | None, stage: str | None, expected: list[str]
) -> None:
    pipeline = load(DEFINITION, environment=environment, stage=stage)
    assert numbered(pipeline) == expected
    assert pipeline.environments == ("dev", "prod")
    assert pipeline.warnings == ()


def test_a_stage_says_when_it_runs(load: Callable[..., Pipeline]) -> None:
    stages = load(DEFINITION, environment="dev").stages
    assert [(stage.name, stage.runs_if, stage.environments) for stage in stages] == [
        ("zeta", RunsIf.SUCCESS, ()),
        ("deploy", RunsIf.ALWAYS, ("dev", "prod")),
        ("alpha", RunsIf.FAIL, ()),
        ("only-dev", RunsIf.SUCCESS, ("dev",)),
    ]
    assert (stages[1].position.line, stages[1].position.column) == (7, 1)


def test_a_step_is_what_stores_call_it(load: Callable[..., Pipeline]) -> None:
    step = next(load(DEFINITION).steps)
    assert step.info == StepInfo(StepId(1), "zeta", "b", "container")
    assert (step.position.line, step.position.column) == (5, 3)


@pytest.mark.parametrize(
    ("runs_if", "after_success", "after_failure"),
    [(RunsIf.SUCCESS, True, False), (RunsIf.FAIL, False, True), (RunsIf.ALWAYS, True, True)],
)
def test_when_a_stage_runs(runs_if: RunsIf, after_success: bool, after_failure: bool) -> None:
    assert runs_if.holds(any_failed=False) is after_success
    assert runs_if.holds(any_failed=True) is after_failure


def test_run_if_is_taken_for_runs_if(load: Callable[..., Pipeline]) -> None:
    pipeline = load(f"build:\n  run-if: always\n  step: {{{STEP}}}\n")
    assert pipeline.stages[0].runs_if is RunsIf.ALWAYS
    assert [warning.printable() for warning in pipeline.warnings] == [
        "   2:3   build/run-if: warning: is read as 'runs-if', but wharf-cmd takes it for a step"
    ]


def test_a_step_may_be_called_run_if(load: Callable[..., Pipeline]) -> None:
    assert numbered(load(f"build:\n  run-if: {{{STEP}}}\n")) == ["1 build/run-if"]


def test_stages_share_by_anchors_and_merges(load: Callable[..., Pipeline]) -> None:
    pipeline = load(
        f"one:\n  a: &a {{{STEP}}}\ntwo:\n  b: *a\nthree:\n  c:\n    container:\n      image: x\n"
        "      <<: {image: y, cmds: [z]}\n"
    )
    assert numbered(pipeline) == ["1 one/a", "2 two/b", "3 three/c"]
    assert pipeline.stages[2].steps[0].spec == ContainerSpec(image="x", cmds=("z",))


def test_a_whole_stage_may_come_from_a_variable(load: Callable[..., Pipeline], root: Path) -> None:
    (root / ".wharf-vars.yml").write_text(f"vars:\n  STAGE:\n    step: {{{STEP}}}\n    runs-if: fail\n")
    pipeline = load("build: ${STAGE}\n")
    assert numbered(pipeline) == ["1 build/step"]
    assert pipeline.stages[0].runs_if is RunsIf.FAIL


DEPLOY = """\
environments:
  dev: {PUSH: true, REG_URL: reg, REPO_GROUP: g, REPO_NAME: n, ARGS: x}
build:
  step: {container: {image: alpine, cmds: [make]}}
deploy:
  environments: [dev]
  step:
    docker: {file: Dockerfile, tag: '${TAG}', push: '${PUSH}', args: '${ARGS}'}
  runs-if: ${WHEN}
  other: ${OTHER}
"""


def test_what_a_stage_that_will_not_run_lacks_is_nobodys_business(load: Callable[..., Pipeline]) -> None:
    assert load(DEPLOY).warnings == ()


def test_but_its_own_mistakes_are_said(problems: Callable[..., list[str]]) -> None:
    assert problems(DEPLOY.replace("tag:", "tga:").replace("'${PUSH}'", "1")) == [
        "   8:5   deploy/step/docker: missing required field 'tag'",
        "   8:32  deploy/step/docker: warning: unknown field 'tga' is ignored; did you mean 'tag'?",
        "   8:53  deploy/step/docker/push: expected true or false, but this is an integer",
    ]


def test_and_where_it_runs_all_is_judged(problems: Callable[..., list[str]]) -> None:
    assert problems(DEPLOY, environment="dev") == [
        "   8:37  deploy/step/docker/tag: warning: no variable 'TAG': ${TAG} is left as it is",
        (
            "   8:70  deploy/step/docker/args: expected a list, one '- ' for each item, but this is a string"
            " (the value of ${ARGS})"
        ),
        "   9:12  deploy/runs-if: '${WHEN}' is none of 'success', 'fail', 'always'",
        "   9:12  deploy/runs-if: warning: no variable 'WHEN': ${WHEN} is left as it is",
        (
            "  10:10  deploy/other: expected a map with the step's type as its key,"
            " but this is the unknown variable ${OTHER}"
        ),
        "  10:10  deploy/other: warning: no variable 'OTHER': ${OTHER} is left as it is",
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"stage": "tst"}, ["   -:-   no stages to run: no stage 'tst'; did you mean 'test'?"]),
        ({"stage": "x"}, ["   -:-   no stages to run: no stage 'x'; there are: 'test', 'deploy'"]),
        ({"stage": "deploy"}, [
            "   -:-   no stages to run: stage 'deploy' runs in some environments only, and none was given: give one with -e: 'prod'"]),
        ({"stage": "deploy", "environment": "dev"}, [
            "   -:-   no stages to run: stage 'deploy' runs in some environments only, not in 'dev': give one with -e: 'prod'"]),
        ({}, ["   -:-   no stages to run: all stages run in some environments only, and none was given: give one with -e: 'dev', 'prod'"]),
        ({"environment": "prd"}, ["   1:1   environments: -e prd: use of undefined environment 'prd'; did you mean 'prod'?"]),
        ({"environment": "x", "stage": "y"}, [
            "   -:-   no stages to run: no stage 'y'; there are: 'test', 'deploy'",
            "   1:1   environments: -e x: use of undefined environment 'x'; declared are: 'dev', 'prod'"]),
    ],
)  # fmt: skip
def test_nothing_to_run_is_explained(
    problems: Callable[..., list[str]], given: dict[str, str], expected: list[str]
) -> None:
    text = f"environments: {{dev: {{}}, prod: {{}}}}\ntest:\n  environments: [dev]\n  a: {{{STEP}}}\n"
    text += f"deploy:\n  environments: [prod]\n  a: {{{STEP}}}\n"
    assert problems(text, **given) == expected
